"""Runs a job of the queue: one image after the other, step by step."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import Cancelled as RunCancelled
from core.errors import ImageError, Message, RequestError, StateError, StudioError
from core.images.preview import Preview
from core.request.request import Request
from core.runtime.device import PeakMemory
from ldm_studio.engine_protocol import ModelInfo, Pipeline, Run, memory_shortage
from ldm_studio.prompts.wildcard_files import Wildcards, each_image

from .engine_storage import Save, Storage
from .events import (
    Cancelled,
    Failed,
    Finished,
    NotSaved,
    Paused,
    Progress,
    Saved,
    Started,
    Steered,
    SteerRefused,
    Warned,
)
from .job_queue import Entry, Unsaved
from .mailbox import Mailbox
from .model_loader import explain
from .queue_store import QueueStore
from .running_image import RunningImage, decode_failure

log = logging.getLogger(__name__)


class JobRunner:
    """Posts events to the mailbox. Used on the engine's thread only."""

    def __init__(
        self,
        pipeline: Pipeline,
        mailbox: Mailbox,
        storage: Storage,
        queue_store: QueueStore,
        save: Save,
        *,
        between_steps: Callable[[], None],
        preview_interval: float,
    ) -> None:
        """`between_steps`: called for requests that should not wait until the image is
        finished.

        `preview_interval`: minimum seconds between two previews.
        """
        self._pipeline = pipeline
        self._mailbox = mailbox
        self._storage = storage
        self._queue_store = queue_store
        self._save = save
        self._between_steps = between_steps
        self.preview_interval: float | None = preview_interval
        """Seconds; None for no previews. May be changed on any thread."""
        self._running_image: RunningImage | None = None
        """The running image; None while it is prepared."""
        self._peak: PeakMemory | None = None
        self._reported: set[Message] = set()
        """The notes of the previous image and of this one."""

    def run(self, entry: Entry, model: ModelInfo) -> bool:
        """Runs the job. False if it is paused; otherwise it has ended, and that was posted."""
        try:
            return self._run_images(entry, model)
        except RunCancelled:
            return self._stopped(entry)
        except BaseException as error:  # the thread must outlive every failure of a job
            self._mailbox.post(Failed(entry.job.id, *explain(error)))
            return True

    def _run_images(self, entry: Entry, model: ModelInfo) -> bool:
        job = entry.job
        entry.kept.wait()
        if entry.unsaved is not None and (error := self.save_again(entry)) is not None:
            self._mailbox.post(NotSaved(job.id, not_saved(error)))
            return self._stopped(entry)
        singles = list(each_image(entry.stored or job.request, Wildcards()))
        for index, request in enumerate(singles):
            if index < entry.done:
                continue
            if entry.cancelled or (entry.held and not job.live):
                return self._stopped(entry)
            self._mailbox.post(Started(job.id, request, index, len(singles)))
            self._peak = PeakMemory(model.torch_device)
            self._running_image = image = self._begin(entry, request, index)
            self._post_notes(image.run.notes)
            try:
                if not self._run_steps(entry, image):
                    return self._stopped(entry)
                if not self._finish(entry, image, model, index, len(singles)):
                    return True
                if entry.unsaved is not None:
                    return self._stopped(entry)
                refuse_steers(entry, self._mailbox)  # they were not meant for the next image
            finally:
                self._running_image = None
                self._reported = set(image.run.notes)
                image.close()
        return True

    def _post_notes(self, notes: tuple[Message, ...]) -> None:
        """Posts notes, except those that the previous image had too."""
        for note in notes:
            if note not in self._reported:
                self._mailbox.post(Warned(StudioError(note)))
        self._reported.update(notes)

    def _stopped(self, entry: Entry) -> bool:
        if entry.cancelled:
            self._mailbox.post(Cancelled(entry.job.id))
            return True
        self._mailbox.post(Paused(entry.job.id, entry.step, entry.steps))
        return False

    # An image

    def _begin(self, entry: Entry, request: Request, index: int) -> RunningImage:
        job = entry.job
        entry.step = entry.steps = 0
        if job.live:
            return RunningImage(
                self._begin_run(entry, request), None, self._queue_store.failed, keeps=False
            )
        journal = self._storage.jobs.journal(entry.key, index)
        states = journal.states()
        run = self._resume(entry, states[-1]) if states else None
        if run is None:
            try:
                journal.remove()
            except OSError as error:
                self._queue_store.failed(error)
            run = self._begin_run(entry, request)
        keeps = self._storage.trajectories.budget > 0
        return RunningImage(run, journal, self._queue_store.failed, keeps=keeps)

    def _begin_run(self, entry: Entry, request: Request) -> Run:
        check = partial(self._check, entry)
        if entry.job.resume is not None:
            return self._pipeline.resume(entry.job.resume, check=check)
        found = self._storage.inputs_of(entry.job, request)
        return self._pipeline.begin(request, found, check=check)

    def _resume(self, entry: Entry, state: Path) -> Run | None:
        """The interrupted run; None if it cannot be resumed, which is posted."""
        try:
            return self._pipeline.resume(
                state,
                lambda request: self._storage.inputs_of(entry.job, request),
                check=partial(self._check, entry),
            )
        except (StateError, RequestError) as error:
            self._mailbox.post(
                Warned(
                    StateError(
                        "The unfinished image could not be resumed and is restarted. {error}",
                        error.hint,
                        error=error.message,
                    )
                )
            )
            return None

    def _run_steps(self, entry: Entry, image: RunningImage) -> bool:
        """Runs the steps. False if it was stopped before the end."""
        job_id = entry.job.id
        if not self._handle_requests(entry, image):
            return False
        began_at = image.done
        seconds = 0.0
        previewed = began = time.monotonic()
        for step in image.steps():
            if entry.cancelled:
                return False
            done, total = image.done, image.total
            now = time.monotonic()
            first = done - began_at <= 2
            seconds = now - began if first else 0.8 * seconds + 0.2 * (now - began)
            interval = self.preview_interval
            due = interval is not None and (
                now - previewed >= interval or done in (began_at + 1, total)
            )
            preview = None
            if due and (done == total or not self._mailbox.has_unread(job_id)):
                preview = _preview(image.run, step)
                previewed = time.monotonic()
            self._mailbox.post(Progress(job_id, done, total, seconds, preview))
            if not self._handle_requests(entry, image):
                return False
            began = time.monotonic()
        return not entry.cancelled

    def _handle_requests(self, entry: Entry, image: RunningImage) -> bool:
        """Handles requests since the last step; False if one of them stops the job."""
        self._between_steps()
        while entry.steers:
            change, images = entry.steers.popleft()
            self._steer(entry, image, change, images)
        if entry.cancelled:
            return False
        return image.done == image.total or not self._should_pause(entry, image)

    def _check(self, entry: Entry) -> None:
        """Called between two tiles. Raises RunCancelled to stop after the last complete step."""
        if entry.cancelled or self._should_pause(entry, self._running_image):
            raise RunCancelled

    def _should_pause(self, entry: Entry, image: RunningImage | None) -> bool:
        """Whether a pause was requested and the state is on disk."""
        if not entry.held or entry.job.live:
            return False
        if image is not None:
            entry.step, entry.steps = image.done, image.total
            entry.held = (
                image.pause()
            )  # false if the disk is full, which was reported: the image is finished instead
        return entry.held

    def _steer(self, entry: Entry, image: RunningImage, change: Any, images: Any) -> None:
        try:
            for name, pixels in images.items():
                self._storage.inputs.keep(name, pixels)
        except OSError as error:
            self._queue_store.failed(error)
        try:
            change = image.steer(replace(change, step=image.done), images)
        except StudioError as error:
            self._mailbox.post(SteerRefused(entry.job.id, error))
        else:
            self._mailbox.post(Steered(entry.job.id, change))
            self._post_notes(image.run.notes)

    def _finish(
        self, entry: Entry, running: RunningImage, model: ModelInfo, index: int, count: int
    ) -> bool:
        """Decodes and saves the image; False if that failed, which was posted."""
        job = entry.job
        try:
            image = running.finish()
        except (StudioError, MemoryError, RuntimeError) as error:
            why = explain(error) if job.live else self._rescue(running, error)
            self._mailbox.post(Failed(job.id, *why))
            return False
        self._post_notes(running.run.notes)
        if job.live:
            self._mailbox.post(Finished(job.id, image, None, index, count, live=True))
            return True
        memory = self._peak.read() if self._peak else None
        record = running.record(image, job.parent)
        finished = Unsaved(index, image, model, record, running.trajectory(record, image))
        running.close()
        try:
            path = self._save(image, model, record)
        except (OSError, ImageError) as error:
            entry.unsaved = finished
            entry.step, entry.steps = running.done, running.total
            self._mailbox.post(Finished(job.id, image, None, index, count, record))
            self._mailbox.post(NotSaved(job.id, not_saved(error)))
            return True
        kept = self._saved(entry, finished)
        self._mailbox.post(Finished(job.id, image, path, index, count, record, kept, memory=memory))
        return True

    def save_again(self, entry: Entry) -> OSError | ImageError | None:
        """Tries again to save the finished image; returns the error if it fails."""
        finished = entry.unsaved
        assert finished is not None
        try:
            path = self._save(finished.image, finished.model, finished.record)
        except (OSError, ImageError) as error:
            return error
        except MemoryError:
            return ImageError("There is not enough memory to save the image.")
        entry.unsaved = None
        kept = self._saved(entry, finished)
        over = entry.done == entry.job.request.count
        self._mailbox.post(Saved(entry.job.id, finished.image, path, kept, over))
        return None

    def _saved(self, entry: Entry, finished: Unsaved) -> Path | None:
        """Marks the image as saved and stores its steps; returns their file if they are kept."""
        kept = None
        try:
            if finished.trajectory is not None:
                name = finished.record.pixels
                kept = self._storage.trajectories.keep(name, finished.trajectory)
        except OSError as error:
            self._queue_store.failed(error)
        entry.done = finished.index + 1
        self._queue_store.finished(entry, finished.index)
        return kept

    def _rescue(self, image: RunningImage, error: BaseException) -> tuple[StudioError, str]:
        """Saves the latent of an image that cannot be decoded; returns the message about it."""
        reported, bug = explain(error)
        seed = image.run.request.seed
        try:
            with self._storage.next_image(seed) as path:
                file = path.with_suffix(".safetensors")
                image.rescue(file)
        except (OSError, ImageError, StateError) as failure:
            log.warning("the latent could not be kept: %s", failure)
            return reported, bug
        return decode_failure(error, file), bug


def _preview(run: Run, step: Any) -> Preview | None:
    """None if memory is short: a preview never fails an image."""
    try:
        return run.preview(step)
    except (MemoryError, RuntimeError) as error:
        if memory_shortage(error) is None:
            raise
        log.warning("no preview: %s", error)
        return None


def refuse_steers(entry: Entry, mailbox: Mailbox) -> None:
    """Refuses changes that came while the image was decoded."""
    while entry.steers:
        entry.steers.popleft()
        mailbox.post(SteerRefused(entry.job.id, not_running()))


def not_running() -> RequestError:
    return RequestError("changes", "Only a running image can be changed.")


def not_saved(error: OSError | ImageError) -> ImageError:
    keep = Message(
        "The image is kept, and saved as soon as possible; until then the queue waits. "
        "Free some space, or use File > Save Image As."
    )
    if isinstance(error, ImageError):
        return ImageError(error.message, keep)
    folder = Path(error.filename).parent if error.filename else Message("the output folder")
    reason = error.strerror or str(error)
    return ImageError(
        "The image could not be saved in {folder}: {error}.", keep, folder=folder, error=reason
    )
