"""Keeps the state of the engine in the store; and cancels jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject

from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Progress, QueueChanged, Ready, Started
from ldm_studio.store.store import StudioStore


class RunStateController(QObject):
    """Counts only jobs to be kept, not live ones."""

    def __init__(
        self,
        store: StudioStore,
        bridge: EngineBridge,
        is_live: Callable[[int], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._bridge, self._is_live = store, bridge, is_live
        bridge.loading.connect(self._on_loading)
        bridge.ready.connect(self._on_ready)
        bridge.model_offloaded.connect(lambda event: self._run(model=event.model))
        bridge.load_failed.connect(self._on_load_failed)
        bridge.started.connect(self._on_started)
        bridge.progress.connect(self._on_progress)
        bridge.ended.connect(self._on_ended)
        bridge.queue_changed.connect(self._on_queue_changed)

    @property
    def waiting(self) -> list[int]:
        """Unfinished jobs, the running one first."""
        return [job_id for job_id in self._bridge.waiting if not self._is_live(job_id)]

    def count(self) -> None:
        """Updates the number of queued jobs."""
        self._run(waiting=len(self.waiting))

    def cancel(self) -> None:
        """Cancels the running job; queued ones stay."""
        if waiting := self.waiting:
            self._run(cancelling=not self._store.run.paused)
            self._bridge.cancel(waiting[0])

    def cancel_all(self) -> None:
        if waiting := self.waiting:
            self._run(cancelling=not self._store.run.paused)
            for job_id in reversed(waiting):
                self._bridge.cancel(job_id)

    def _on_loading(self) -> None:
        self._run(loading=True)

    def _on_ready(self, event: Ready) -> None:
        self._run(loading=False, model=event.model)

    def _on_load_failed(self) -> None:
        self._run(loading=False, model=None)

    def _on_started(self, event: Started) -> None:
        if not self._is_live(event.id):
            self._run(index=event.index, count=event.count, step=0, steps=0)

    def _on_progress(self, event: Progress) -> None:
        if not self._is_live(event.id):
            self._run(step=event.step, steps=event.steps, seconds=event.seconds)

    def _on_ended(self, job_id: int) -> None:
        if not self._is_live(job_id):
            self._run(
                waiting=len(self.waiting), cancelling=False, step=0, steps=0, index=0, count=1,
                seconds=0.0,
            )  # fmt: skip

    def _on_queue_changed(self, event: QueueChanged) -> None:
        waiting = self.waiting
        self._run(waiting=len(waiting), paused=event.paused and bool(waiting))

    def _run(self, **changes: Any) -> None:
        self._store.run = replace(self._store.run, **changes)
