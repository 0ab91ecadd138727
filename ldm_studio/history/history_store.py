"""The history as the application uses it: one writer thread, and readers that never wait for it.

Writes are queued and return futures. All queued writes share one transaction, so a thousand images
cost one wait for the disk.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from core.errors import InvalidError, Message
from ldm_studio.threads.worker import Worker

from . import collections, index_rows, kept_steps, user_journal
from .collections import CollectionContents
from .database_schema import (
    MIGRATIONS,
    OpenedDatabase,
    State,
    error_text,
    is_damage,
    open_for_writing,
)
from .database_watch import Identity, RestoredDatabase, identity, write_again, write_journal_again
from .history_errors import HistoryError
from .history_reader import Reader
from .image_reader import ScannedImage
from .index_rows import IndexedRow
from .kept_steps import KeptSteps
from .user_journal import MAX_RATING, Collection, Folder, Mark, Member, SavedSearch, Saying

log = logging.getLogger(__name__)

T = TypeVar("T")

DATABASE = "history.sqlite3"
JOURNAL = "history-marks.jsonl"
_BATCH = 500
_JOURNAL_APPLIED_ID = 0x4C444D53
"""The application id of a database to which the journal has been applied."""


@dataclass(frozen=True)
class Recovery:
    """A damaged database was replaced by a new one, which already contains the user's marks."""

    set_aside: Path
    folders: tuple[Path, ...]
    """Folders to index again."""

    @property
    def message(self) -> Message:
        return Message(
            "The history was damaged. It was moved to {path} and is rebuilt from the image "
            "files; tags, ratings, favourites, collections and saved searches are kept.",
            path=self.set_aside,
        )


@dataclass(frozen=True)
class _Job:
    run: Callable[[sqlite3.Connection], Any]
    future: Future[Any]
    sayings: Callable[[Any], Sequence[Saying]]
    """The journal entries of its result."""


class History:
    """Open until `close`. Methods may be called on any thread; only `close` waits."""

    def __init__(self, folder: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        """Opens or creates the history in `folder`. Raises HistoryError, NewerHistory."""
        self.path = folder / DATABASE
        self.recovery: Recovery | None = None
        self.is_new = False
        """The database was just created: images may be missing from it."""
        self.on_restored: Callable[[RestoredDatabase], None] = lambda _: None
        """Called on the writer thread when the database was deleted and restored."""
        self._journal = folder / JOURNAL
        self._unsaid: list[Saying] = []
        """Journal entries that could not be written yet."""
        self._file: Identity | None = None
        self._jobs: deque[_Job] = deque()
        self._closed = False
        self._worker = Worker("ldm-history")
        try:
            self._connection = self._worker.submit(partial(self._open, migrations)).result()
        except BaseException:
            self._worker.close()
            raise

    def reader(self) -> Reader:
        """A connection for the calling thread, which must close it."""
        return Reader(self.path)

    def close(self) -> None:
        """Writes what is queued, and ends."""
        self._closed = True
        self._worker.close(self._close_connection)

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Images

    def put(self, images: Sequence[ScannedImage]) -> Future[list[IndexedRow]]:
        """Indexes new, changed or moved files."""
        return self._submit(lambda c: [index_rows.put(c, image) for image in images])

    def locate(self, number: int, image: ScannedImage) -> Future[None]:
        """Sets the path of this image."""
        return self._submit(lambda c: index_rows.locate(c, number, image))

    def set_state(self, numbers: Iterable[int], state: State) -> Future[None]:
        """Sets the state of these images; their rows stay."""
        numbers = tuple(numbers)
        return self._submit(lambda c: index_rows.set_state(c, numbers, state))

    def move(self, number: int, path: Path) -> Future[None]:
        """Records that the file of this image was renamed."""
        return self._submit(lambda c: index_rows.move(c, number, path))

    def set_steps(self, kept: Sequence[KeptSteps], gone: Sequence[str] = ()) -> Future[None]:
        """Records which images have saved steps now, and which no longer do."""
        return self._submit(lambda c: kept_steps.put(c, kept, gone))

    # What the user says

    def favourite(self, numbers: Iterable[int], favourite: bool = True) -> Future[list[Mark]]:
        return self._mark(numbers, lambda mark: replace(mark, favourite=favourite))

    def rate(self, numbers: Iterable[int], stars: int) -> Future[list[Mark]]:
        """0 removes the rating. Raises ValueError outside 0 to 5."""
        if not 0 <= stars <= MAX_RATING:
            raise InvalidError(
                "a rating is 0 to {most} stars, not {stars}", most=MAX_RATING, stars=stars
            )
        return self._mark(numbers, lambda mark: replace(mark, rating=stars))

    def tag(self, numbers: Iterable[int], tags: Iterable[str]) -> Future[list[Mark]]:
        """Adds tags; blank ones are ignored."""
        added = tuple(tag for tag in (clean_tag(tag) for tag in tags) if tag)
        return self._mark(numbers, lambda mark: replace(mark, tags=_joined(mark.tags, added)))

    def untag(self, numbers: Iterable[int], tags: Iterable[str]) -> Future[list[Mark]]:
        gone = {clean_tag(tag).casefold() for tag in tags}

        def without(mark: Mark) -> Mark:
            kept = tuple(tag for tag in mark.tags if tag.casefold() not in gone)
            return replace(mark, tags=kept)

        return self._mark(numbers, without)

    def save_search(self, name: str, query: str) -> Future[list[Saying]]:
        """An empty query removes the search."""
        return self._apply_sayings([SavedSearch(name, query)])

    def add_folder(self, folder: Path) -> Future[list[Saying]]:
        """Adds a folder of images."""
        return self._apply_sayings([Folder(str(folder))])

    def remove_folder(self, folder: Path) -> Future[list[Saying]]:
        """Its images stay in the history."""
        return self._apply_sayings([Folder(str(folder), known=False)])

    # Collections

    def create_collection(
        self, title: str, numbers: Iterable[int] = ()
    ) -> Future[CollectionContents]:
        """Creates a collection with these images. The future raises HistoryError if the name is
        taken.
        """
        numbers = tuple(numbers)
        return self._submit(
            lambda c: collections.create(c, title, index_rows.digests(c, numbers)),
            sayings=lambda made: made.sayings,
        )

    def rename_collection(self, key: str, title: str) -> Future[list[Saying]]:
        """The future raises HistoryError if the name is taken."""
        return self._submit(lambda c: collections.rename(c, key, title), sayings=list)

    def remove_collection(self, key: str) -> Future[CollectionContents]:
        """Its images stay; the result can be passed to `apply_sayings` to restore it."""
        return self._submit(
            lambda c: collections.remove(c, key),
            sayings=lambda _: [Collection(key, "")],
        )

    def add_to_collection(self, key: str, numbers: Iterable[int]) -> Future[list[Saying]]:
        """Appends images to a collection."""
        numbers = tuple(numbers)
        return self._submit(
            lambda c: collections.add(c, key, index_rows.digests(c, numbers)), sayings=list
        )

    def remove_from_collection(self, key: str, numbers: Iterable[int]) -> Future[list[Member]]:
        """Removes images; the result can be passed to `apply_sayings` to restore them."""
        numbers = tuple(numbers)
        return self._submit(
            lambda c: collections.remove_members(c, key, index_rows.digests(c, numbers)),
            sayings=lambda gone: [replace(member, place=None) for member in gone],
        )

    def move_in_collection(
        self, key: str, numbers: Iterable[int], before: int | None
    ) -> Future[list[Saying]]:
        """Moves images of a collection before another one; None: to its end."""
        numbers = tuple(numbers)

        def run(connection: sqlite3.Connection) -> list[Saying]:
            named = index_rows.digests(connection, [] if before is None else [before])
            moved = index_rows.digests(connection, numbers)
            return collections.move(connection, key, moved, named[0] if named else "")

        return self._submit(run, sayings=list)

    def apply_sayings(self, sayings: Iterable[Saying]) -> Future[list[Saying]]:
        """Applies journal entries again."""
        return self._apply_sayings(list(sayings))

    def _mark(self, numbers: Iterable[int], change: Callable[[Mark], Mark]) -> Future[list[Mark]]:
        numbers = tuple(numbers)

        def run(connection: sqlite3.Connection) -> list[Mark]:
            found = index_rows.digests(connection, numbers)
            marks = [change(index_rows.mark_of(connection, digest)) for digest in found]
            index_rows.apply_sayings(connection, marks)
            return marks

        return self._submit(run, sayings=list)

    def _apply_sayings(self, sayings: list[Saying]) -> Future[list[Saying]]:
        def run(connection: sqlite3.Connection) -> list[Saying]:
            index_rows.apply_sayings(connection, sayings)
            return sayings

        return self._submit(run, sayings=list)

    def _submit(
        self,
        run: Callable[[sqlite3.Connection], T],
        sayings: Callable[[T], Sequence[Saying]] = lambda _: (),
    ) -> Future[T]:
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(HistoryError("The history is closed."))
        else:
            self._jobs.append(_Job(run, future, sayings))
            self._worker.do(self._write_queued)
        return future

    # On the thread that writes

    def _open(self, migrations: Sequence[str]) -> sqlite3.Connection:
        opened = open_for_writing(self.path, migrations)
        self.recovery = self._apply_journal(opened)
        self.is_new = opened.is_new
        self._file = identity(self.path)
        return opened.connection

    def _write_queued(self) -> None:
        """Writes all queued jobs at once; the tasks of the other jobs find nothing left to do."""
        batch: list[_Job] = []
        while self._jobs and len(batch) < _BATCH:
            batch.append(self._jobs.popleft())
        if not batch:
            return
        try:
            self._connection = self._followed(self._connection)
        except HistoryError as error:
            for job in batch:
                job.future.set_exception(error)
        else:
            self._commit(self._connection, batch)

    def _close_connection(self) -> None:
        with suppress(sqlite3.Error):  # only makes the next start quicker
            self._connection.execute("PRAGMA optimize")
        self._connection.close()

    def _apply_journal(self, opened: OpenedDatabase) -> Recovery | None:
        """Applies the journal to a new database, in case the last one was lost.

        Raises HistoryError.
        """
        connection = opened.connection
        try:
            if connection.execute("PRAGMA application_id").fetchone()[0] != _JOURNAL_APPLIED_ID:
                connection.execute("BEGIN IMMEDIATE")
                index_rows.apply_sayings(connection, user_journal.read(self._journal))
                # In the same transaction, because the process may be killed at any moment.
                connection.execute(f"PRAGMA application_id = {_JOURNAL_APPLIED_ID}")
                connection.execute("COMMIT")
            if opened.set_aside is None:
                return None
            rows = connection.execute("SELECT path FROM folders")
            return Recovery(opened.set_aside, tuple(Path(path) for (path,) in rows))
        except sqlite3.Error as error:
            connection.close()
            raise error_text(error, self.path) from error

    def _followed(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """A connection to the file that is there now. Raises HistoryError."""
        now = identity(self.path)
        if now is not None and now == self._file:
            return connection
        log.error("%s is gone or another file", self.path)
        try:
            if now is None:
                fresh = write_again(connection, self.path)
                write_journal_again(fresh, self._journal)
            else:
                opened = open_for_writing(self.path)
                self._apply_journal(opened)
                fresh = opened.connection
        except sqlite3.Error as error:
            raise error_text(error, self.path) from error
        except OSError as error:
            raise HistoryError(
                "The history {path} was deleted and cannot be written again: {error}.",
                "Restore its folder, or start LDM Studio again; no image is lost.",
                path=self.path,
                error=error,
            ) from error
        connection.close()
        self._file = identity(self.path)
        self.on_restored(RestoredDatabase(self.path))
        return fresh

    def _commit(self, connection: sqlite3.Connection, batch: Sequence[_Job]) -> None:
        results: list[tuple[_Job, Any, Exception | None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                results.append((job, *_attempt(connection, job)))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                connection.execute("ROLLBACK")
            history_error = error_text(error, self.path)
            for job in batch:
                job.future.set_exception(history_error)
            return
        self._note(results)
        for job, result, error in results:
            if error is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(error)

    def _note(self, results: Sequence[tuple[_Job, Any, Exception | None]]) -> None:
        sayings = [
            s for job, result, error in results if error is None for s in job.sayings(result)
        ]
        self._unsaid += sayings
        try:
            user_journal.write(self._journal, self._unsaid)
        except OSError as error:  # it is in the database, which is what counts today
            log.error("%s cannot be written: %s", self._journal, error)
        else:
            self._unsaid = []


def _attempt(connection: sqlite3.Connection, job: _Job) -> tuple[Any, Exception | None]:
    """Runs a job so that its failure does not affect the others of its batch."""
    connection.execute("SAVEPOINT job")
    try:
        result = job.run(connection)
    except Exception as error:  # raised by the future
        if isinstance(error, sqlite3.OperationalError) or is_damage(error):
            raise  # disk, lock or database: other jobs would fail too
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return None, error
    connection.execute("RELEASE job")
    return result, None


def clean_tag(tag: str) -> str:
    """A tag in one line with single spaces."""
    return " ".join(tag.split())[:100].encode("utf-8", "replace").decode().replace("\0", "")


def _joined(tags: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    known = {tag.casefold() for tag in tags}
    return (*tags, *(tag for tag in dict.fromkeys(added) if tag.casefold() not in known))
