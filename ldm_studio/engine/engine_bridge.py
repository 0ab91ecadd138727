"""Connects the engine's thread to the interface: turns its events into signals at frame rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.request.inputs import Inputs
from core.request.request import Change, Request
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.images.run_record import Parent
from ldm_studio.models.found_models import DEFAULT

from .engine import Engine
from .engine_storage import Save, Storage
from .event_signals import EventSignals, signal_name
from .events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Job,
    Progress,
    QueueChanged,
    Saved,
    Started,
)
from .mailbox import Mailbox

FRAME_MS = 16


class EngineBridge(EventSignals):
    """Owns the engine. Emits the signals of its events on the interface's thread, in order:
    `model_offloaded` for `ModelOffloaded`, and so on."""

    ended = Signal(int)
    """The job with this id has ended, for whatever reason."""

    _wake = Signal()

    def __init__(
        self,
        pipeline: Pipeline,
        save: Save,
        parent: QObject | None = None,
        *,
        storage: Storage | None = None,
    ) -> None:
        """`storage`: None for the default folders."""
        super().__init__(parent)
        self._ids = count(1)
        self._waiting: list[int] = []
        self._cancelling: set[int] = set()
        self._live: set[int] = set()
        self._running: int | None = None
        self._timer = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._drain)
        self._wake.connect(self._arm, Qt.ConnectionType.QueuedConnection)
        self._mailbox = Mailbox(self._wake.emit)
        self._engine = Engine(pipeline, self._mailbox, save, storage, ids=self._ids)
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            Started: self._start,
            Progress: self._progress,
            Finished: self._finish,
            Saved: self._save,
            Failed: self._end,
            Cancelled: self._end,
            QueueChanged: self._change_queue,
        }
        """Handlers of events that are processed before their signal."""

    @property
    def waiting(self) -> tuple[int, ...]:
        """Unfinished jobs, the running one first."""
        return tuple(self._waiting)

    def warm_up(self, model: str = DEFAULT, vae: str = "") -> None:
        """Loads a model now rather than with the first job that names it; `vae` is for one
        without a VAE."""
        self._engine.warm_up(model, vae)

    def submit(
        self,
        request: Request,
        inputs: Inputs | None = None,
        *,
        parent: Parent | None = None,
        live: bool = False,
        resume: Path | None = None,
    ) -> int:
        """Queues a request and returns its id. The arrays must not be written to again.

        For the arguments, see `Job`. A live job comes before queued ones, even while the queue is
        paused, and cancels earlier live ones.
        """
        job_id = next(self._ids)
        job = Job(job_id, request, inputs or Inputs(), parent, live, resume)
        self._waiting.append(job.id)
        if live:
            self._cancelling |= self._live
            self._live.add(job.id)
        self._engine.submit(job)
        return job.id

    def cancel(self, job_id: int) -> None:
        """No preview of it arrives after this; `cancelled` follows within a step, or a tile."""
        if job_id in self._waiting:
            self._cancelling.add(job_id)
            self._engine.cancel(job_id)

    def move(self, job_id: int, index: int) -> None:
        """Moves a queued job to `index` among the queued ones; 0 is the next to run."""
        self._engine.move(job_id, index)

    def pause(self) -> None:
        """The running job stops after its step, with its state on disk; nothing new starts."""
        self._engine.pause()

    def resume(self) -> None:
        """Continues after `pause`, or after the last end of the program."""
        self._engine.resume()

    def resume_item(self, job_id: int) -> None:
        """Runs an interrupted job next, and resumes a paused queue."""
        self._engine.resume_item(job_id)

    def discard_item(self, job_id: int) -> None:
        """Discards an interrupted job and its files."""
        self._engine.discard_item(job_id)

    def steer(
        self, job_id: int, change: Change, images: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Changes the running image from its next step on, whatever `change.step` says.

        `images` are those that the change refers to, by digest. Answered by `steered` or
        `steer_refused`. Later images of the same batch are not changed.
        """
        self._engine.steer(job_id, change, images or {})

    def view_step(self, trajectory: Path, step: int) -> None:
        """Shows a saved trajectory after `step` steps, from 1 on; only the latest request is
        answered."""
        self._engine.view_step(trajectory, step)

    def replay(self, path: Path) -> None:
        """Replays an image from its own recipe and compares, after the running job."""
        self._engine.replay(path)

    def stop_replay(self) -> None:
        """Cancels running and queued replays; each is answered by `replay_failed`."""
        self._engine.stop_replay()

    def show_previews(self, interval: float | None) -> None:
        """Minimum seconds between two previews; None shows none."""
        self._engine.show_previews(interval)

    def keep_trajectories(self, mib: int) -> None:
        """The disk limit for saved steps of finished images; 0 keeps nothing."""
        self._engine.keep_trajectories(mib * 2**20)

    def deliver(self) -> None:
        """Emits what the engine has posted so far, rather than with the next frame."""
        self._drain()

    def close(self) -> None:
        """Asks the engine to end. Does not wait."""
        self._engine.close()

    def join(self, timeout: float | None) -> bool:
        """Waits for the engine's thread, without limit for None; not to be called on the
        interface's thread during a run."""
        return self._engine.join(timeout)

    def _arm(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _drain(self) -> None:
        for event in self._mailbox.drain():
            self._handlers.get(type(event), self._emit)(event)

    def _emit(self, event: Event) -> None:
        signal = getattr(self, signal_name(type(event)))
        signal.emit(*([event] if fields(event) else ()))

    def _start(self, event: Started) -> None:
        self._running = event.id
        self._emit(event)

    def _progress(self, event: Progress) -> None:
        if event.id not in self._cancelling:
            self._emit(event)

    def _finish(self, event: Finished) -> None:
        self._emit(event)
        if event.index == event.count - 1 and (event.live or event.path is not None):
            self._over(event.id)

    def _save(self, event: Saved) -> None:
        self._emit(event)
        if event.over:
            self._over(event.id)

    def _change_queue(self, event: QueueChanged) -> None:
        """Updates the order, and the interrupted jobs."""
        queued = [item.id for item in event.items if item.state != "interrupted"]
        rest = [job_id for job_id in self._waiting if job_id not in queued]
        self._waiting = sorted([*queued, *rest], key=lambda job_id: job_id != self._running)
        self._emit(event)

    def _end(self, event: Failed | Cancelled) -> None:
        self._forget(event.id)
        self._emit(event)
        self.ended.emit(event.id)

    def _over(self, job_id: int) -> None:
        self._forget(job_id)
        self.ended.emit(job_id)

    def _forget(self, job_id: int) -> None:
        if job_id in self._waiting:
            self._waiting.remove(job_id)
        self._cancelling.discard(job_id)
        self._live.discard(job_id)
