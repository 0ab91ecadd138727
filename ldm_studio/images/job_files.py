"""The queue on disk: queued and interrupted jobs, which the next start finds.

    queue/<process>.lock         held as long as the process lives
    queue/<process>/order.json   the keys of its jobs in the user's order
    queue/<process>/<key>/job.json
    queue/<process>/<key>/<n>-<step>.safetensors   the state of image n after its last step
    queue/<process>/<key>/<n>.steps                the estimates of each step, see `step_log`
    queue/damaged/               unreadable files

The next process that starts takes over the jobs that a process leaves behind.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Literal

from core import typed_json
from core.errors import InvalidError, Message, RequestError
from core.request.request import Request
from core.untrusted_files import read_bytes
from ldm_studio.json_files import read_json, read_object, write_json

from .run_record import Parent
from .step_log import StepLog

MAX_STATE_BYTES = 1 << 30
VERSION = 1

StoredState = Literal["waiting", "running", "paused"]


@dataclass(frozen=True)
class StoredJob:
    """The contents of `job.json`."""

    request: Request
    """Refers to its images by digest; they are among the stored inputs."""
    state: StoredState = "waiting"
    done: int = 0
    """Finished images."""
    parent: Parent | None = None
    resume: str = ""
    """The state file that it resumes from, which does not belong to the queue."""

    def to_json(self) -> dict[str, object]:
        parent = asdict(self.parent) if self.parent else None
        request = json.loads(self.request.to_json())
        return {**vars(self), "version": VERSION, "request": request, "parent": parent}

    @classmethod
    def from_json(cls, data: dict[str, object]) -> StoredJob:
        """Raises ValueError."""
        try:
            request = Request.from_json(json.dumps(data.pop("request", None)))
        except RequestError as error:
            raise ValueError(str(error)) from error
        if data.pop("version", None) != VERSION:
            raise InvalidError("it has another version")
        rest = typed_json.read(_Rest, data, "the job")
        if not 0 <= rest.done <= request.count:
            raise InvalidError(
                "{done} of {count} images are finished", done=rest.done, count=request.count
            )
        return cls(request, rest.state, rest.done, rest.parent, rest.resume)


@dataclass(frozen=True)
class _Rest:
    state: StoredState
    done: int
    parent: Parent | None
    resume: str


@dataclass(frozen=True)
class FoundJob:
    """A job that a process left behind."""

    key: str
    job: StoredJob
    step: int
    """Steps done of the next image."""
    steps: int
    """The number of its steps; 0 if unknown."""


class JobStore:
    """The jobs of this process. Nothing is written before `open`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._keys = count()
        self._name = f"{time.time_ns():020d}-{os.getpid()}"
        self._lock: int | None = None
        self._latest = 0
        self._beginning = threading.Lock()

    def open(self) -> tuple[list[FoundJob], list[Message]]:
        """Takes over the jobs that were left behind, in their order; and reports unusable ones.

        Raises OSError if nothing can be written here.
        """
        self._begin()
        found: list[FoundJob] = []
        problems: list[Message] = []
        for folder in sorted(self._root.iterdir()):
            if folder.is_dir() and folder.name not in (self._name, "damaged"):
                for key in self._take_over(folder):
                    self._read(key, found, problems)
        if found:
            self.order([job.key for job in found])
        return found, problems

    def _begin(self) -> None:
        """Creates and locks the folder of this process; folders without a lock are taken over by
        other processes. Raises OSError."""
        with self._beginning:
            lock = self._lock_of(self._name)
            if self._lock is not None and not lock.exists():  # it was deleted
                os.close(self._lock)
                self._lock = None
            if self._lock is None:
                self._root.mkdir(parents=True, exist_ok=True)
                self._lock = _try_lock(lock)
            self._own.mkdir(exist_ok=True)

    def close(self) -> None:
        """Leaves all jobs to the next process."""
        if self._lock is None:
            return
        if not any(item.is_dir() for item in self._own.iterdir()):
            shutil.rmtree(self._own, ignore_errors=True)
        os.close(self._lock)
        self._lock = None
        if not self._own.exists():
            self._lock_of(self._name).unlink(missing_ok=True)

    def new_key(self) -> str:
        """Later keys sort after earlier ones, even if the clock is set back."""
        with self._beginning:
            self._latest = max(time.time_ns(), self._latest + 1)
            return f"{self._latest:020d}-{next(self._keys)}"

    def write(self, key: str, job: StoredJob) -> None:
        """Raises OSError."""
        self._begin()  # the disk may have been full when it was opened, or the folder may be gone
        write_json(self._own / key / "job.json", job.to_json())

    def order(self, keys: list[str]) -> None:
        """Raises OSError."""
        write_json(self._own / "order.json", {"order": keys})

    def remove(self, key: str) -> None:
        """Removes the job and all its files. Raises OSError."""
        # job.json first: what a crash leaves is then not a job any more.
        (self._own / key / "job.json").unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.rmtree(self._own / key)

    def journal(self, key: str, index: int) -> Journal:
        """The journal of image `index` of the job."""
        return Journal(self._own / key, index)

    @property
    def _own(self) -> Path:
        return self._root / self._name

    def _lock_of(self, name: str) -> Path:
        return self._root / f"{name}.lock"

    def _take_over(self, folder: Path) -> Iterator[str]:
        """Moves the jobs of a process that has ended to this one; returns their keys in order."""
        lock = _try_lock(self._lock_of(folder.name))
        if lock is None:  # it is alive
            return
        if not folder.exists():  # another process was quicker
            os.close(lock)
            return
        keys = [item.name for item in folder.iterdir() if (item / "job.json").exists()]
        given = read_json(folder / "order.json").get("order")
        places = {key: i for i, key in enumerate(given)} if isinstance(given, list) else {}
        for key in sorted(keys, key=lambda key: (places.get(key, len(places)), key)):
            (folder / key).rename(self._own / key)
            yield key
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        self._lock_of(folder.name).unlink(missing_ok=True)

    def _read(self, key: str, found: list[FoundJob], problems: list[Message]) -> None:
        folder = self._own / key
        try:
            job = StoredJob.from_json(read_object(folder / "job.json"))
        except (OSError, ValueError) as error:
            aside = self._root / "damaged" / key
            aside.parent.mkdir(exist_ok=True)
            folder.rename(aside)
            problems.append(
                Message(
                    "A job of the queue cannot be read ({error}); it was moved to {path}.",
                    error=error,
                    path=aside,
                )
            )
            return
        if job.done == job.request.count:  # only its removal was interrupted
            self.remove(key)
            return
        journal = self.journal(key, job.done)
        step = steps = 0
        try:
            step, steps = journal.reached()
        except (OSError, ValueError) as error:
            journal.remove()
            problems.append(
                Message(
                    "The unfinished image of “{prompt}” cannot be read ({error}); it is restarted.",
                    prompt=job.request.prompt[:40],
                    error=error,
                )
            )
        found.append(FoundJob(key, job, step, steps))


class Journal:
    """The files of one unfinished image."""

    def __init__(self, folder: Path, index: int) -> None:
        self._folder = folder
        self._index = index
        self.log = StepLog(folder / f"{index}.steps")

    def state_after(self, step: int) -> Path:
        """The path for the state after `step`."""
        # Each has its own name: some file systems write a file that replaces another through to the
        # disk at once, which takes longer than all the rest.
        return self._folder / f"{self._index}-{step:06d}.safetensors"

    def states(self) -> list[Path]:
        """The existing ones in order: one, and after a crash perhaps the previous one too.
        Raises OSError."""
        return sorted(self._folder.glob(f"{self._index}-*.safetensors"))

    def reached(self) -> tuple[int, int]:
        """Steps done, and the total; 0 if unknown. Imports no torch.

        Raises OSError, and ValueError if the state is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        states = self.states()
        if not states:
            return 0, 0
        try:
            index = load(read_bytes(states[-1], MAX_STATE_BYTES))["index"]
        except (SafetensorError, KeyError) as error:
            raise InvalidError("{error}", error=error) from error
        return int(index), self.log.total()

    def remove(self) -> None:
        """Raises OSError."""
        self.log.close()
        self.log.path.unlink(missing_ok=True)
        for state in self.states():
            state.unlink(missing_ok=True)


def _try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock until it is closed; None if another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
