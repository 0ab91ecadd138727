"""Where the engine's thread meets the interface: mailbox to signals, at frame rate."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.errors import StudioError
from core.request import Request

from .engine import Engine, Save
from .events import (
    Cancelled,
    Failed,
    Finished,
    Idle,
    LoadFailed,
    Loading,
    Progress,
    Ready,
    Started,
    Work,
)
from .mailbox import Mailbox
from .pipeline import Pipeline

FRAME_MS = 16


class EngineBridge(QObject):
    """Owns the engine. Signals are emitted on the interface's thread, in order."""

    loading = Signal()
    ready = Signal(object)
    """Ready"""
    load_failed = Signal(object)
    """LoadFailed"""
    started = Signal(object)
    """Started"""
    progressed = Signal(object)
    """Progress; the newest of a frame"""
    finished = Signal(object)
    """Finished: a picture, one of perhaps several of its work"""
    failed = Signal(object)
    """Failed"""
    cancelled = Signal(object)
    """Cancelled"""
    ended = Signal(int)
    """The work of this id is over, for whatever reason."""
    idle = Signal()

    _wake = Signal()

    def __init__(self, pipeline: Pipeline, save: Save, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids = count(1)
        self._waiting: list[int] = []
        self._cancelling: set[int] = set()
        self._timer = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._drain)
        self._wake.connect(self._arm, Qt.ConnectionType.QueuedConnection)
        self._mailbox = Mailbox(self._wake.emit)
        self._engine = Engine(pipeline, self._mailbox, save)
        self._deliver: dict[type[Any], Any] = {
            Loading: lambda event: self.loading.emit(),
            Ready: self.ready.emit,
            LoadFailed: self.load_failed.emit,
            Started: self.started.emit,
            Progress: self._progress,
            Finished: self._finish,
            Failed: lambda event: self._end(event, self.failed),
            Cancelled: lambda event: self._end(event, self.cancelled),
            Idle: lambda event: self.idle.emit(),
        }

    @property
    def waiting(self) -> tuple[int, ...]:
        """Works not yet over, the running one first."""
        return tuple(self._waiting)

    def warm_up(self) -> None:
        self._engine.warm_up()

    def submit(
        self, request: Request, image: np.ndarray | None = None, mask: np.ndarray | None = None
    ) -> int:
        """Queue a request and return its id. The arrays must not be written to again."""
        work = Work(next(self._ids), request, image, mask)
        self._waiting.append(work.id)
        self._engine.submit(work)
        return work.id

    def cancel(self, work_id: int) -> None:
        """No preview of it arrives after this; `cancelled` follows within one step."""
        if work_id in self._waiting:
            self._cancelling.add(work_id)
            self._engine.cancel(work_id)

    def close(self) -> None:
        """Ask the engine to end. Does not wait."""
        self._engine.close()

    def join(self, timeout: float) -> bool:
        """Wait for the engine's thread; not to be called on the interface's thread in a run."""
        return self._engine.join(timeout)

    def _arm(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _drain(self) -> None:
        for event in self._mailbox.drain():
            self._deliver[type(event)](event)

    def _progress(self, event: Progress) -> None:
        if event.id not in self._cancelling:
            self.progressed.emit(event)

    def _finish(self, event: Finished) -> None:
        self.finished.emit(event)
        if event.index == event.count - 1 and event.path is not None:
            self._over(event.id)

    def _end(self, event: Failed | Cancelled, signal: Any) -> None:
        self._forget(event.id)
        signal.emit(event)
        self.ended.emit(event.id)

    def _over(self, work_id: int) -> None:
        self._forget(work_id)
        self.ended.emit(work_id)

    def _forget(self, work_id: int) -> None:
        if work_id in self._waiting:
            self._waiting.remove(work_id)
        self._cancelling.discard(work_id)


class Generations(QObject):
    """The awaitable face of the bridge. Cancelling the task cancels the work."""

    def __init__(self, bridge: EngineBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._results: dict[int, list[Finished]] = {}
        self._futures: dict[int, asyncio.Future[list[Finished]]] = {}
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._failed)
        bridge.cancelled.connect(self._cancelled)
        bridge.ended.connect(self._ended)

    async def run(
        self, request: Request, image: np.ndarray | None = None, mask: np.ndarray | None = None
    ) -> list[Finished]:
        """The finished pictures. Raises StudioError, or CancelledError when it was cancelled."""
        future = asyncio.get_running_loop().create_future()
        work_id = self._bridge.submit(request, image, mask)
        self._futures[work_id] = future
        self._results[work_id] = []
        try:
            return await future
        except asyncio.CancelledError:
            self._bridge.cancel(work_id)
            raise
        finally:
            del self._futures[work_id], self._results[work_id]

    def _finished(self, event: Finished) -> None:
        if event.id in self._results:
            self._results[event.id].append(event)

    def _failed(self, event: Failed) -> None:
        self._settle(event.id, event.error)

    def _cancelled(self, event: Cancelled) -> None:
        self._settle(event.id, None)

    def _ended(self, work_id: int) -> None:
        future = self._futures.get(work_id)
        if future is not None and not future.done():
            future.set_result(self._results[work_id])

    def _settle(self, work_id: int, error: StudioError | None) -> None:
        future = self._futures.get(work_id)
        if future is None or future.done():
            return
        if error is None:
            future.cancel()
        else:
            future.set_exception(error)
