"""The unfinished jobs in their order. The caller holds the engine's lock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.images.generated_image import GeneratedImage
from core.request.request import Change, Request
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.run_record import Record
from ldm_studio.images.trajectory_store import Trajectory

from .events import Job, JobState, QueueChanged, QueueItem

MAX_JOBS = 500


@dataclass(frozen=True, eq=False)
class Unsaved:
    """A finished image, and what is saved with it."""

    index: int
    """Its index in the job."""
    image: GeneratedImage
    model: ModelInfo
    record: Record
    trajectory: Trajectory | None
    """Its steps, if they are to be saved."""


@dataclass(eq=False)
class Entry:
    """A job, its progress, and its files on disk."""

    job: Job
    key: str
    """The name of its folder."""
    state: JobState = "waiting"
    done: int = 0
    """Finished images of the batch."""
    step: int = 0
    """The step at which the next image stopped."""
    steps: int = 0
    stored: Request | None = None
    """The request with the digests of its images, as on disk."""
    kept: threading.Event = field(default_factory=threading.Event)
    """Set once it has been written to disk, or that has failed."""
    unsaved: Unsaved | None = None
    """A finished image that could not be saved yet."""

    cancelled: bool = False
    """To be cancelled after the current step or tile."""
    held: bool = False
    """To be paused after the current step or tile."""
    steers: deque[tuple[Change, Mapping[str, np.ndarray]]] = field(
        default_factory=deque[tuple[Change, Mapping[str, np.ndarray]]]
    )
    """Changes to apply after the current step."""

    def item(self) -> QueueItem:
        step, steps = (self.step, self.steps) if self.state != "running" else (0, 0)
        return QueueItem(self.job.id, self.job.request, self.state, self.done, step, steps)


class Queue:
    """Live jobs come first and run even while it is paused; the others keep their order."""

    def __init__(self) -> None:
        self.paused = False
        self.waits_for_disk = False
        """Paused because an image could not be saved; resumes when it is."""
        self.running: Entry | None = None
        """May be a live job; `entries` includes the running job, unless it is live."""
        self.entries: list[Entry] = []
        self.live: list[Entry] = []
        """The queued jobs."""

    def snapshot(self) -> QueueChanged:
        return QueueChanged(tuple(entry.item() for entry in self.entries), self.paused)

    @property
    def unsaved(self) -> Entry | None:
        """The job whose finished image could not be saved, if there is one."""
        return next((entry for entry in self.entries if entry.unsaved is not None), None)

    def add(self, entry: Entry) -> None:
        (self.live if entry.job.live else self.entries).append(entry)

    def find(self, job_id: int) -> Entry | None:
        known = [*self.entries, *self.live, *([self.running] if self.running else [])]
        return next((entry for entry in known if entry.job.id == job_id), None)

    def next(self) -> Entry | None:
        """The next job to run; it stays in the queue."""
        if self.live:
            return self.live[-1]
        if self.paused:
            return None
        ready = (entry for entry in self.entries if entry.state in ("waiting", "paused"))
        return next(ready, None)

    def begin(self, entry: Entry) -> None:
        self.running, entry.state, entry.held = entry, "running", False
        if entry.job.live:
            self.live.remove(entry)
        else:
            self.to_front(entry)

    def to_front(self, entry: Entry) -> None:
        self.entries.remove(entry)
        self.entries.insert(0, entry)

    def pause_running(self, entry: Entry) -> None:
        """The running job will continue later."""
        self.running, entry.state = None, "paused" if entry.step or entry.done else "waiting"

    def remove(self, entry: Entry) -> None:
        for entries in (self.entries, self.live):
            if entry in entries:
                entries.remove(entry)
        if self.running is entry:
            self.running = None

    def move(self, entry: Entry, index: int) -> None:
        """Moves it to `index` among the jobs that are not running."""
        self.entries.remove(entry)
        first = sum(other.state == "running" for other in self.entries)
        self.entries.insert(first + max(0, index), entry)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to run, now or when the queue is resumed."""
        return not self.live and all(entry.state == "interrupted" for entry in self.entries)
