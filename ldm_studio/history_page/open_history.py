"""The history while the window is open: opened in the background, kept in step with the files."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from core.atomic_write import remove_left_behind
from core.errors import StudioError
from ldm_studio import paths
from ldm_studio.history.history_errors import HistoryError
from ldm_studio.threads.background import Background
from ldm_studio.threads.folder_watch import Watcher, below
from ldm_studio.threads.main_thread import Failed, MainThreadInvoker, hand_over

if TYPE_CHECKING:  # imported by the threads that need them, when the window is there
    from ldm_studio.history.database_watch import RestoredDatabase
    from ldm_studio.history.folder_scan import Progress, Report
    from ldm_studio.history.history_store import History

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_MS = 5000
_PROGRESS_SECONDS = 0.1


@dataclass(frozen=True)
class Indexing:
    """A scan in progress: `done` of `total` files; 0 of 0 while they are counted."""

    folders: tuple[Path, ...]
    quiet: bool
    """Whether it was started automatically."""
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class IndexResult:
    """The result of a scan."""

    folders: tuple[Path, ...]
    quiet: bool
    report: Report


class Library(QObject):
    """Owns the history. Everything slow runs on its own threads."""

    opened = Signal()
    failed = Signal(object)
    """StudioError: the history cannot be opened, read or written."""
    recovered = Signal(object)
    """Recovery: a damaged history was replaced; or RestoredDatabase: it was deleted and is
    restored.
    """
    changed = Signal()
    """The contents of the history changed."""
    folders_changed = Signal()
    indexing = Signal(object)
    """Indexing; None when it is over."""
    indexed = Signal(object)
    """IndexResult"""

    def __init__(
        self,
        folder: Path,
        own: Path,
        parent: QObject | None = None,
        *,
        trajectories: Path | None = None,
    ) -> None:
        """`folder` contains the database, `own` this program's images, `trajectories` their saved
        steps.
        """
        super().__init__(parent)
        self.folder, self.own = folder, own
        self._trajectories = trajectories or paths.trajectories_dir()
        self.inputs = paths.inputs_dir()
        """The folder of init images and masks."""
        self.invoker = MainThreadInvoker(self)
        self._watcher = Watcher(self)
        self._watcher.changed.connect(lambda folders: self.index(folders, quiet=True))
        self._history: History | None = None
        self._folders: tuple[Path, ...] = ()
        self._error: StudioError | None = None
        self._noted: list[Path] = []
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self._note_again)
        self._background = Background(self, threads=2)
        self._indexer = Background(self)
        self._stop = threading.Event()
        self._is_cleaned = False
        self._ending = threading.Event()
        self._opening = False

    @property
    def history(self) -> History:
        """Raises HistoryError if it is not open."""
        if self._history is None:
            raise HistoryError("The history is not open.")
        return self._history

    @property
    def is_open(self) -> bool:
        return self._history is not None

    @property
    def watched(self) -> list[Path]:
        """The folders whose changes are noticed immediately."""
        return self._watcher.folders

    @property
    def error(self) -> StudioError | None:
        """Why it could not be opened."""
        return self._error

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders that are kept in step: this program's own first."""
        return (self.own, *(folder for folder in self._folders if folder != self.own))

    # Opening and closing

    def open(self) -> None:
        """Opens in the background; emits `opened` or `failed`. Then scans for changes."""
        if self._opening or self.is_open:
            return
        self._opening, self._error = True, None
        self.run(self._open, self._on_opened, self._on_failed)

    def close(self) -> None:
        """Stops the scan at the next file and writes what is queued."""
        self._stop.set()
        self._ending.set()
        self.invoker.close()
        self._indexer.close(discard=True)
        self._background.close()
        if self._history is not None:
            self._history.close()
            self._history = None

    def _open(self) -> tuple[History, tuple[Path, ...]]:
        from ldm_studio.history.history_store import History

        history = History(self.folder)
        try:
            with history.reader() as reader:
                return history, reader.folders()
        except BaseException:
            history.close()
            raise

    def _on_opened(self, found: tuple[History, tuple[Path, ...]]) -> None:
        self._opening = False
        self._history, self._folders = found
        noted, self._noted = self._noted, []
        self.opened.emit()
        if noted:
            self.note(noted)
        if self.history.recovery is not None:
            self.recovered.emit(self.history.recovery)
        self.history.on_restored = lambda restored: self.invoker.post(
            lambda: self._on_restored(restored)
        )
        self.index(self.folders, quiet=True)

    def _on_restored(self, restored: RestoredDatabase) -> None:
        self.recovered.emit(restored)
        self.changed.emit()
        self.index(self.folders, quiet=True)

    def _on_failed(self, error: StudioError) -> None:
        self._opening, self._error = False, error
        self.failed.emit(error)

    # Writing

    def note(self, files: Iterable[Path]) -> None:
        """Adds these finished images; they wait until the history is open."""
        files = tuple(files)
        if self._history is None:
            self._noted += files
            return
        for folder in {path.parent for path in files}:
            self._watcher.watch_also(folder)
        history = self._history

        def work() -> None:
            from ldm_studio.history import steps_on_disk
            from ldm_studio.history.image_reader import scan

            history.put([scan(path) for path in files]).result()
            steps_on_disk.follow(history, self._trajectories)

        def failed(error: StudioError) -> None:
            """The disk is full, or another program holds the lock: try again."""
            self._noted += files
            self._retry.start(RETRY_MS)
            self.failed.emit(error)

        self.run(work, lambda _: self.changed.emit(), failed)

    def _note_again(self) -> None:
        noted, self._noted = self._noted, []
        self.note(noted)

    def wrote(self, future: Future[T], then: Callable[[T], None] = lambda _: None) -> None:
        """Waits for a method of the history: emits `changed` afterwards, or `failed`."""

        def done(result: T) -> None:
            then(result)
            self.changed.emit()

        self.invoker.when_done(future, done, self.failed.emit)

    def run(
        self, work: Callable[[], T], then: Callable[[T], None], failed: Failed | None = None
    ) -> None:
        """Does something slow in the background and passes its result to `then`."""
        if not self._ending.is_set():
            fail = failed or self.failed.emit
            self._background.run(work, lambda future: hand_over(future, then, fail))

    # Folders

    def add_folder(self, folder: Path) -> None:
        """Indexes a folder and watches it from now on."""
        if folder not in self.folders:
            self._folders = (*self._folders, folder)
            self.wrote(self.history.add_folder(folder))
            self.folders_changed.emit()
        self.index([folder])

    def remove_folder(self, folder: Path) -> None:
        """Stops watching it; its images stay in the history."""
        self._folders = tuple(known for known in self._folders if known != folder)
        self.wrote(self.history.remove_folder(folder))
        self.folders_changed.emit()

    def index(self, folders: Sequence[Path], *, quiet: bool = False) -> None:
        """Scans folders for new, changed, moved and missing files."""
        chosen = tuple(folders)
        if self._history is None or self._ending.is_set():
            return
        self._indexer.run(
            partial(self._index, self._history, chosen, quiet),
            lambda future: hand_over(
                future,
                lambda report: self._on_indexed(IndexResult(chosen, quiet, report)),
                self._on_index_failed,
            ),
        )

    def cancel_indexing(self) -> None:
        """Indexed files stay; the next scan continues from there."""
        self._stop.set()

    def _index(self, history: History, folders: tuple[Path, ...], quiet: bool) -> Report:
        from ldm_studio.history import steps_on_disk
        from ldm_studio.history.folder_scan import rebuild

        if not self._ending.is_set():
            self._stop.clear()
        reported_at = 0.0

        def tell(progress: Progress) -> None:
            nonlocal reported_at
            now = time.monotonic()
            if now - reported_at >= _PROGRESS_SECONDS:
                reported_at = now
                state = Indexing(folders, quiet, progress.done, progress.total)
                self.invoker.post(lambda: self.indexing.emit(state))

        if not quiet:
            self.invoker.post(lambda: self.indexing.emit(Indexing(folders, quiet)))
        here = [folder for folder in folders if folder.exists() or folder != self.own]
        steps_on_disk.follow(history, self._trajectories)
        return rebuild(history, here, progress=tell, cancelled=self._stop.is_set)

    def _on_indexed(self, indexed: IndexResult) -> None:
        self.indexing.emit(None)
        report = indexed.report
        for problem in report.problems:
            log.info("%s: %s", problem.path, problem.message)
        if report.added or report.changed or report.moved or report.missing:
            self.changed.emit()
        self._watch()
        self._clean_once(indexed)
        self.indexed.emit(indexed)

    def _clean_once(self, indexed: IndexResult) -> None:
        """Removes unused init images, once all references are known."""
        complete = not indexed.report.cancelled and set(indexed.folders) >= set(self.folders)
        if self._is_cleaned or not complete or self._ending.is_set():
            return
        self._is_cleaned = True
        if self.history.is_new or not all(folder.is_dir() for folder in self.folders):
            return
        self._indexer.run(
            partial(_clean, self.history),
            lambda future: hand_over(future, lambda _: None, self.failed.emit),
        )

    def _watch(self) -> None:
        """Watches folders as they appear and disappear."""
        folders = self.folders
        self.run(lambda: below(folders), self._watcher.watch)

    def _on_index_failed(self, error: StudioError) -> None:
        self.indexing.emit(None)
        self.failed.emit(error)


def _clean(history: History) -> None:
    """Raises HistoryError."""
    from ldm_studio.images.input_cleanup import clean_inputs

    others = (paths.queue_dir(), paths.trajectories_dir(), paths.state_dir(), paths.config_dir())
    left = map(remove_left_behind, (paths.data_dir(), paths.pictures_dir(), *others[2:]))
    if removed := sum(left):
        log.info("removed %d unfinished file(s) of a process that crashed", removed)
    try:
        with history.reader() as reader:
            cleaned = clean_inputs(paths.inputs_dir(), reader.requests(), others)
    except OSError as error:
        log.warning("init images cannot be looked through: %s", error)
        return
    if cleaned.files:
        log.info(
            "removed %d init image(s) that nothing names, %.1f MB",
            cleaned.files,
            cleaned.size / 1e6,
        )
