"""Live mode: generates again after every change; images are saved only when they are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from core.errors import RequestError
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Finished, Progress
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore

from .order import Order, entry_of

DELAY_MS = 150
"""After the last change."""
LONGEST_MS = 400
"""After the first change, while changes keep coming."""
PREVIEW_FROM = 0.15
"""Share of the steps: earlier estimates are blurred and would flicker."""
_UNSEEN = frozenset(("seed_locked", "count", "more_open", "finer_open", "model_folders"))
"""Parameters that do not affect the image."""


class LiveController(QObject):
    """Submits the settings of the panels shortly after they changed; only the newest run
    continues.
    """

    shown = Signal(object)
    """StripEntry: a finished live image, not kept."""
    previewed = Signal(object)
    """Preview"""

    def __init__(
        self,
        store: StudioStore,
        bridge: EngineBridge,
        order: Callable[[], Order],
        parent: QObject | None = None,
    ) -> None:
        """`order` returns what to generate, and raises RequestError if that is impossible."""
        super().__init__(parent)
        self._store, self._bridge, self._order = store, bridge, order
        self._ids: set[int] = set()
        self._newest: int | None = None
        self._ordered: Order | None = None
        self._due = False
        self._since = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self._draw)
        store.modified.connect(self._on_modified)
        store.run_changed.connect(self._on_run)
        bridge.progress.connect(self._on_progress)
        bridge.finished.connect(self._on_finished)

    @property
    def is_on(self) -> bool:
        return self._store.run.live

    @property
    def is_drawing(self) -> bool:
        """Whether one of its own images is running."""
        return self._newest is not None

    def owns(self, job_id: int) -> bool:
        """Whether a job is one of its own."""
        return job_id in self._ids

    def continues_after(self, job_id: int) -> bool:
        """Whether a job is one of its own, and another follows when it ends."""
        return self.is_on and self.owns(job_id)

    def turn(self, on: bool) -> None:
        if on != self.is_on:
            self._store.run = replace(self._store.run, live=on)
            if on:
                self.touch()
            else:
                self.pause()

    def touch(self) -> None:
        """Something changed: generate soon."""
        if not self.is_on:
            return
        if not self._due:
            self._due = True
            self._since.start()
        if not self._timer.isActive() or self._since.elapsed() < LONGEST_MS - DELAY_MS:
            self._timer.start()

    def pause(self) -> None:
        """Ignores changes so far, and the running image."""
        self._due = False
        self._timer.stop()
        if self._newest is not None:
            self._bridge.cancel(self._newest)
            self._newest = None

    def _on_modified(self, name: str) -> None:
        if name not in _UNSEEN:
            self.touch()

    def _on_run(self, run: RunState) -> None:
        if self._due and not self._timer.isActive() and self._is_free(run):
            self._timer.start()

    def _draw(self) -> None:
        if not (self._due and self._is_free(self._store.run)):
            return  # an image to keep comes first: `_on_run` reports when it is finished
        self._due = False
        try:
            order = self._order()
        except RequestError:
            return  # reported where it was typed, or when it is to be kept
        self._ordered = order
        self._newest = self._bridge.submit(
            replace(order.request, count=1), order.inputs, parent=order.parent, live=True
        )
        self._ids.add(self._newest)

    def _on_progress(self, event: Progress) -> None:
        late = event.step >= PREVIEW_FROM * event.steps
        if event.id == self._newest and event.preview is not None and late:
            self.previewed.emit(event.preview)

    def _on_finished(self, event: Finished) -> None:
        if event.id == self._newest:
            self._newest = None
            self.shown.emit(entry_of(event, self._ordered))

    @staticmethod
    def _is_free(run: RunState) -> bool:
        rests = run.paused or not run.busy
        return run.live and rests and not run.loading and run.model is not None
