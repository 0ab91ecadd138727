"""The engine: one thread that loads models and runs jobs in order.

A plain thread without Qt. It communicates only through a `Mailbox`, never waits for the window, and
never collects cyclic garbage: cycles may contain widgets, which only the main thread may free.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from core.errors import RequestError, StudioError
from core.request.request import Change
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.models.found_models import DEFAULT
from ldm_studio.settings.settings import Settings

from .disk_writer import RETRY_SECONDS
from .engine_storage import Save, Storage
from .events import (
    Cancelled,
    Failed,
    Idle,
    Job,
    Replayed,
    ReplayFailed,
    ReplayProgress,
    Resumed,
    SteerRefused,
    StepViewed,
    StepViewFailed,
    Warned,
)
from .job_queue import MAX_JOBS, Entry, Queue
from .job_runner import JobRunner, not_running, refuse_steers
from .mailbox import Mailbox
from .model_loader import Loader, explain
from .queue_store import QueueStore
from .step_viewer import StepViewer

THREAD_NAME = "ldm-engine"


class Engine:
    """Runs jobs one after the other. Every method may be called from any thread."""

    def __init__(
        self,
        pipeline: Pipeline,
        mailbox: Mailbox,
        save: Save,
        storage: Storage | None = None,
        *,
        ids: Iterator[int] | None = None,
        preview_interval: float = 0.1,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """`ids`: the ids for jobs of the last session.

        `preview_interval`: minimum seconds between two previews; `retry_seconds`: seconds between
        attempts to write on a full disk.
        """
        self._pipeline = pipeline
        self._mailbox = mailbox
        self._storage = storage or Storage.in_user_folders(Settings().steps.trajectory_mib * 2**20)
        self._ids = ids or count(1_000_000)
        self._queue_store = QueueStore(
            self._storage, lambda error: mailbox.post(Warned(error)), retry_seconds
        )
        self._step_viewer = StepViewer(pipeline, self._storage)
        self._loader = Loader(pipeline, mailbox, self._step_viewer.forget)
        self._job_runner = JobRunner(
            pipeline,
            mailbox,
            self._storage,
            self._queue_store,
            save,
            between_steps=self._handle_requests,
            preview_interval=preview_interval,
        )
        self._retry_seconds = retry_seconds
        self._retry_at = 0.0
        self._changed = threading.Condition()
        self._queue = Queue()
        self._model_requested: tuple[str, str] | None = None
        self._step_requested: tuple[Path, int] | None = None
        self._replays: deque[Path] = deque()
        self._stop_replay = False
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def warm_up(self, model: str = DEFAULT, vae: str = "") -> None:
        """Loads the model in advance; `vae` is for one without a VAE."""
        with self._changed:
            self._model_requested = model, vae
            self._changed.notify()

    # The queue

    def submit(self, job: Job) -> None:
        """Appends a job to the queue; a live one replaces earlier live ones."""
        with self._changed:
            if self._closing:
                raise RuntimeError("The engine is closed.")
            if job.live:
                self._cancel_live()
            elif len(self._queue.entries) >= MAX_JOBS:
                self._mailbox.post(Failed(job.id, _too_many()))
                return
            entry = self._queue_store.new(job)
            self._queue.add(entry)
            if job.live:
                entry.kept.set()
            else:
                self._queue_store.put(entry)
                self._post_queue()
            self._changed.notify()

    def cancel(self, job_id: int) -> None:
        """Answered by `Cancelled`: immediately if the job is queued, else after the step or
        tile.
        """
        with self._changed:
            if entry := self._queue.find(job_id):
                self._cancel(entry)

    def move(self, job_id: int, index: int) -> None:
        """Moves a queued job to `index` among the queued ones."""
        with self._changed:
            entry = self._queue.find(job_id)
            if entry is not None and entry.state != "running" and not entry.job.live:
                self._queue.move(entry, index)
                self._queue_store.order(self._queue.entries)
                self._post_queue()

    def pause(self) -> None:
        """Answered by `Paused` after the current step, if something runs. Nothing new starts."""
        with self._changed:
            self._queue.paused, self._queue.waits_for_disk = True, False
            if self._queue.running is not None:
                self._queue.running.held = True
            self._post_queue()

    def resume(self) -> None:
        with self._changed:
            self._wake_up()

    def resume_item(self, job_id: int) -> None:
        """Runs an interrupted job next, and resumes the queue."""
        with self._changed:
            entry = self._queue.find(job_id)
            if entry is not None and entry.state == "interrupted":
                entry.state = "paused"
                self._queue.move(entry, 0)
                self._queue_store.update(entry)
                self._wake_up()

    def discard_item(self, job_id: int) -> None:
        with self._changed:
            entry = self._queue.find(job_id)
            if entry is not None and entry.state == "interrupted":
                self._cancel(entry)

    def steer(self, job_id: int, change: Change, images: Mapping[str, np.ndarray]) -> None:
        """Answered by `Steered` before the next step, or by `SteerRefused`."""
        with self._changed:
            entry = self._queue.find(job_id)
            if entry is None or entry.state not in ("running", "paused"):
                self._mailbox.post(SteerRefused(job_id, not_running()))
            else:
                entry.steers.append((change, images))

    # Finished images

    def view_step(self, trajectory: Path, step: int) -> None:
        """Answered by `StepViewed` or `StepViewFailed`, unless another step is requested before."""
        with self._changed:
            self._step_requested = trajectory, step
            self._changed.notify()

    def replay(self, path: Path) -> None:
        """Answered by `Replayed` or `ReplayFailed`."""
        with self._changed:
            self._replays.append(path)
            self._stop_replay = False
            self._changed.notify()

    def stop_replay(self) -> None:
        with self._changed:
            self._stop_replay = True
            self._drop_replays()

    def show_previews(self, interval: float | None) -> None:
        """Minimum seconds between two previews; None shows none."""
        self._job_runner.preview_interval = interval

    def keep_trajectories(self, budget: int) -> None:
        """In bytes; 0 keeps nothing."""
        self._queue_store.do(lambda: self._storage.trajectories.set_budget(budget))

    # The end

    def close(self) -> None:
        """Stops after the current step or tile and ends the thread. Does not wait.

        The queue and the state of the running job stay on disk for the next start.
        """
        with self._changed:
            self._closing = True
            self._stop_replay = True
            self._drop_replays()
            self._cancel_live()
            if self._queue.running is not None:
                self._queue.running.held = True
            for entry in self._queue.entries:
                if entry is not self._queue.running and entry.state != "interrupted":
                    self._mailbox.post(Cancelled(entry.job.id))
            self._changed.notify()

    def join(self, timeout: float | None) -> bool:
        """Waits until the thread has ended; False if it has not within `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # With the lock held

    def _post_queue(self) -> None:
        self._mailbox.post(self._queue.snapshot())

    def _wake_up(self) -> None:
        self._queue.paused = self._queue.waits_for_disk = False
        if self._queue.running is not None:
            self._queue.running.held = False
        self._post_queue()
        self._changed.notify()

    def _cancel(self, entry: Entry) -> None:
        if entry is self._queue.running:
            entry.cancelled = True
            return
        self._queue.remove(entry)
        self._mailbox.post(Cancelled(entry.job.id))
        if not entry.job.live:
            self._queue_store.remove(entry)
            if self._queue.waits_for_disk and self._queue.unsaved is None:
                self._wake_up()
            else:
                self._post_queue()

    def _cancel_live(self) -> None:
        for entry in list(self._queue.live):
            self._cancel(entry)
        running = self._queue.running
        if running is not None and running.job.live:
            running.cancelled = True

    def _drop_replays(self) -> None:
        while self._replays:
            self._mailbox.post(ReplayFailed(self._replays.popleft(), None))

    # On the engine's thread

    def _work(self) -> None:
        self._restore()
        while task := self._next():
            task()
            del task  # and with it the images it was about
        self._queue_store.close()

    def _restore(self) -> None:
        entries = self._queue_store.restore(self._ids)
        with self._changed:
            self._queue.entries[:0] = entries
            # After any end, nothing starts automatically.
            self._queue.paused |= any(entry.state != "interrupted" for entry in entries)
            if entries:
                self._post_queue()

    def _next(self) -> Callable[[], None] | None:
        """The next task; None at the end."""
        with self._changed:
            while not self._closing:
                if (wanted := self._model_requested) is not None:
                    self._model_requested = None
                    return partial(self._warm_up, *wanted)
                if self._step_requested is not None:
                    return partial(self._view_step_now, load=True)
                if self._replays:
                    return partial(self._replay, self._replays.popleft())
                if entry := self._queue.next():
                    resumes = entry.state == "paused"
                    self._queue.begin(entry)
                    if not entry.job.live:
                        self._queue_store.update(entry)
                        self._post_queue()
                    return partial(self._run_job, entry, resumes=resumes)
                if (entry := self._queue.unsaved) is None:
                    self._changed.wait()
                elif (left := self._retry_at - time.monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    return partial(self._save_again, entry)
            return None

    def _warm_up(self, model: str, vae: str) -> None:
        try:
            self._loader.need(model, vae)
        except Exception as error:  # a name that is no path, or no model's
            self._mailbox.post(Warned(explain(error)[0]))

    def _run_job(self, entry: Entry, *, resumes: bool) -> None:
        over = self._run_with_model(entry, resumes=resumes)
        with self._changed:
            if over:
                refuse_steers(entry, self._mailbox)
                self._queue.remove(entry)
                if not entry.job.live:
                    self._queue_store.remove(entry)
            else:
                self._queue.pause_running(entry)
                if entry.unsaved is not None:
                    self._queue.paused = self._queue.waits_for_disk = True
                    self._retry_at = time.monotonic() + self._retry_seconds
                self._queue_store.update(entry)
                if self._closing:
                    self._mailbox.post(Cancelled(entry.job.id))
            if not entry.job.live:
                self._post_queue()
            if self._queue.is_empty:
                self._mailbox.post(Idle())

    def _save_again(self, entry: Entry) -> None:
        """Retries unsaved images; afterwards the queue resumes, unless the user paused it."""
        error = self._job_runner.save_again(entry)
        with self._changed:
            self._retry_at = time.monotonic() + self._retry_seconds
            if error is not None:
                return
            if entry.done == entry.job.request.count:
                refuse_steers(entry, self._mailbox)
                self._queue.remove(entry)
                self._queue_store.remove(entry)
            else:
                entry.step = entry.steps = 0
            if self._queue.waits_for_disk:
                self._wake_up()
            else:
                self._post_queue()
            if self._queue.is_empty:
                self._mailbox.post(Idle())

    def _run_with_model(self, entry: Entry, *, resumes: bool) -> bool:
        """Whether the job is finished."""
        job_id = entry.job.id
        try:
            request = entry.job.request
            model = self._loader.need(request.model, request.vae)
        except Exception as error:  # a name that is no path, or no model's
            self._mailbox.post(Failed(job_id, *explain(error)))
            return True
        if model is None:
            with self._changed:
                self._queue.paused |= len(self._queue.entries) > 1
            self._mailbox.post(Cancelled(job_id))
            return True
        if resumes:
            self._mailbox.post(Resumed(job_id))
        return self._job_runner.run(entry, model)

    def _handle_requests(self) -> None:
        """Between the steps of a job."""
        self._loader.report_model()  # the model may have made room for another
        if self._step_requested is not None:
            self._view_step_now(load=False)

    def _view_step_now(self, *, load: bool) -> None:
        with self._changed:
            wanted, self._step_requested = self._step_requested, None
        if wanted is None:
            return
        try:
            if load and self._pipeline.info is None and self._loader.need(DEFAULT) is None:
                return
            pixels = self._step_viewer.view(*wanted)
        except Exception as error:  # viewing a step must not end the running job
            self._mailbox.post(StepViewFailed(*wanted, explain(error)[0]))
        else:
            self._mailbox.post(StepViewed(*wanted, pixels))

    def _replay(self, path: Path) -> None:
        from ldm_studio.images.replay import replay

        def on_step(step: int, steps: int) -> None:
            if self._stop_replay:
                raise _Stopped
            self._mailbox.post(ReplayProgress(path, step, steps))
            self._handle_requests()

        self._step_viewer.forget()  # it may need another model
        try:
            verdict = replay(path, self._pipeline, self._storage.inputs, on_step)
        except _Stopped:
            self._mailbox.post(ReplayFailed(path, None))
        except BaseException as error:  # the thread must outlive every failure
            self._mailbox.post(ReplayFailed(path, *explain(error)))
        else:
            self._mailbox.post(Replayed(path, verdict))
        self._loader.report_model()


class _Stopped(Exception):
    """A replay was cancelled."""


def _too_many() -> StudioError:
    return RequestError(
        "queue",
        "The queue is full: it has {count} jobs.",
        "Wait until some are finished, or remove some.",
        count=MAX_JOBS,
    )
