"""Keeps a copy of the queue on disk, on its own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import ImageError, Message, StudioError
from core.request.request import Request
from ldm_studio.images.job_files import FoundJob, StoredJob, StoredState

from .disk_writer import RETRY_SECONDS, DiskWriter
from .engine_storage import Storage
from .events import Job
from .job_queue import Entry

log = logging.getLogger(__name__)


class QueueStore:
    """Nothing here waits for the disk, except `restore` and `close`."""

    def __init__(
        self,
        storage: Storage,
        warn: Callable[[StudioError], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._storage = storage
        self._jobs = storage.jobs
        self._warn = warn
        self._reported = False
        self._unwritten: dict[str, Entry] = {}
        """Jobs whose files are outdated. Used on the writer's thread."""
        self._disk_writer = DiskWriter(self.failed, self._retry, retry_seconds)

    def restore(self, ids: Iterator[int]) -> list[Entry]:
        """The jobs that the last process left, in their order."""
        try:
            found, problems = self._jobs.open()
        except OSError as error:
            self.failed(error)
            return []
        for problem in problems:
            self._warn(StudioError(problem))
        return [_entry(found_job, next(ids)) for found_job in found]

    def new(self, job: Job) -> Entry:
        return Entry(job, self._jobs.new_key())

    def put(self, entry: Entry) -> None:
        """Writes a new job and its images; then `entry.kept` is set."""

        def write() -> None:
            try:
                self._write(entry, "waiting", 0)
            finally:
                entry.kept.set()

        self._disk_writer.do(write)

    def update(self, entry: Entry) -> None:
        """Writes its progress."""
        state, done = entry.state, entry.done
        if state == "interrupted":
            return

        self._disk_writer.do(lambda: self._write(entry, state, done))

    def finished(self, entry: Entry, index: int) -> None:
        """Image `index` is finished and saved: it need not be generated again."""
        self.update(entry)
        self._disk_writer.do(self._jobs.journal(entry.key, index).remove)

    def remove(self, entry: Entry) -> None:
        def forget() -> None:
            self._unwritten.pop(entry.key, None)
            self._jobs.remove(entry.key)

        self._disk_writer.do(forget)

    def order(self, entries: list[Entry]) -> None:
        keys = [entry.key for entry in entries]
        self._disk_writer.do(lambda: self._jobs.order(keys))

    def do(self, task: Callable[[], object]) -> None:
        """Runs any other task on the writer's thread."""
        self._disk_writer.do(task)

    def failed(self, error: Exception) -> None:
        """Reports once that the disk cannot be written; on any thread."""
        log.warning("not written: %s", error)
        if self._reported:
            return
        self._reported = True
        folder: Message | str = Message("its folders")
        reason = str(error)
        if isinstance(error, OSError):
            reason = error.strerror or reason
            folder = str(Path(error.filename).parent) if error.filename else folder
        self._warn(
            ImageError(
                "LDM Studio cannot write into {folder}: {error}.",
                "Images are still generated. Unfinished ones are written as soon as possible; "
                "until then they would be lost if the program ended.",
                folder=folder,
                error=reason,
            )
        )

    def _write(self, entry: Entry, state: StoredState, done: int) -> None:
        """Raises OSError; then it is tried again later."""
        self._unwritten[entry.key] = entry
        if entry.stored is None:
            entry.stored = self._storage.keep_inputs(entry.job)
        self._jobs.write(entry.key, _stored_job(entry, entry.stored, state, done))
        del self._unwritten[entry.key]

    def _retry(self) -> bool:
        """Writes what could not be written; False once everything is written."""
        for entry in list(self._unwritten.values()):
            if entry.state == "interrupted":
                continue
            try:
                self._write(entry, entry.state, entry.done)
            except OSError as error:
                log.info("still not written: %s", error)
                return True
        self._reported = False  # after a success, another failure is reported again
        return False

    def close(self) -> None:
        """Waits until everything is written; the next start finds what is left."""
        self._disk_writer.do(self._retry)
        self._disk_writer.do(self._jobs.close)
        self._disk_writer.close()


def _stored_job(entry: Entry, request: Request, state: StoredState, done: int) -> StoredJob:
    job = entry.job
    resume = str(job.resume.absolute()) if job.resume else ""
    return StoredJob(request, state, done, job.parent, resume)


def _entry(found: FoundJob, job_id: int) -> Entry:
    stored = found.job
    resume = Path(stored.resume) if stored.resume else None
    entry = Entry(Job(job_id, stored.request, parent=stored.parent, resume=resume), found.key)
    # "Running" is written next to the first steps, and may have come too late.
    ran = stored.state == "running" or (stored.state == "waiting" and found.step > 0)
    entry.state = "interrupted" if ran else stored.state
    entry.done, entry.step, entry.steps = stored.done, found.step, found.steps
    entry.stored = stored.request
    entry.kept.set()
    return entry
