"""Connects the queue panel with the engine."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from core.request.request import Request
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Progress, QueueChanged, QueueItem
from ldm_studio.main_window import MainWindow
from ldm_studio.store.change_texts import MOST
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import counted, joined, translate

from .recovery_notice import RecoveryNotice


class QueueController(QObject):
    """Connects the queue panel with the engine, and offers interrupted jobs of the last session."""

    def __init__(
        self,
        store: StudioStore,
        bridge: EngineBridge,
        window: MainWindow,
        recovered: RecoveryNotice,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._bridge, self._window = store, bridge, window
        self._recovered = recovered
        self._offered = False
        self._resume_request: Request | None = None
        panel = window.run_area.queue
        panel.move_requested.connect(bridge.move)
        panel.remove_requested.connect(bridge.cancel)
        panel.resume_requested.connect(bridge.resume_item)
        panel.discard_requested.connect(bridge.discard_item)
        panel.pause_toggled.connect(self.toggle_pause)
        window.run_area.pause_toggled.connect(self.toggle_pause)
        bridge.queue_changed.connect(self._on_changed)
        bridge.progress.connect(self._on_progress)

    def resume_request(self, request: Request) -> None:
        """Resumes the job of `request`, and what is queued behind it."""
        self._resume_request = request

    def toggle_pause(self) -> None:
        """Pauses the running job, with its state on disk, or resumes it."""
        run = self._store.run
        if run.paused:
            self._bridge.resume()
        elif run.busy:
            self._bridge.pause()

    def _on_changed(self, event: QueueChanged) -> None:
        self._window.run_area.queue.show_queue(event.items, paused=event.paused)
        if event.paused and all(item.state == "interrupted" for item in event.items):
            self._bridge.resume()  # nothing is left to pause: the next press generates immediately
        first, self._offered = not self._offered, True
        if first and self._resume_request is not None:
            self._resume([item for item in event.items if item.request == self._resume_request][:1])
            return
        if first and event.items:
            self._offer(event)

    def _on_progress(self, event: Progress) -> None:
        self._window.run_area.queue.show_progress(event.id, event.step, event.steps)

    def _offer(self, event: QueueChanged) -> None:
        """Offers jobs of the last session, before anything else is queued."""
        if not event.paused and all(item.state != "interrupted" for item in event.items):
            return  # it resumes automatically
        items = event.items
        several = len(items) > 1
        resume = self.tr("Resume All") if several else self.tr("Resume")
        discard = self.tr("Discard All") if several else self.tr("Discard")
        self._recovered.offer(
            interrupted_text(items),
            self.tr("Interrupted images resume where they stopped, with identical results."),
            (resume, lambda: self._resume(items)),
            (discard, lambda: self._discard(items)),
        )

    def _resume(self, items: Sequence[QueueItem]) -> None:
        for item in reversed(items):  # each is put first
            if item.state == "interrupted":
                self._bridge.resume_item(item.id)
        self._bridge.resume()

    def _discard(self, items: Sequence[QueueItem]) -> None:
        for item in items:
            if item.state == "interrupted":
                self._bridge.discard_item(item.id)
            else:
                self._bridge.cancel(item.id)


def interrupted_text(items: Sequence[QueueItem]) -> str:
    """The interrupted jobs, in a sentence."""
    begun = [item for item in items if item.state == "interrupted"]
    rest = len(items) - len(begun)
    if not begun:
        return counted("QueueController", "%n images in the queue.", rest)
    if len(begun) == 1:
        words = _interrupted(begun[0])
    else:
        words = counted("QueueController", "%n images were interrupted.", len(begun))
    waits = counted("QueueController", "%n more in the queue.", rest) if rest else ""
    return joined(words, waits)


def _interrupted(item: QueueItem) -> str:
    name = " ".join(item.request.prompt.split())
    known = bool(item.step and item.steps)
    if name and known:
        text = translate(
            "QueueController", "An image (“{name}”) was interrupted at step {step} of {steps}."
        )
    elif name:
        text = translate("QueueController", "An image (“{name}”) was interrupted.")
    elif known:
        text = translate("QueueController", "An image was interrupted at step {step} of {steps}.")
    else:
        text = translate("QueueController", "An image was interrupted.")
    short = name if len(name) <= MOST else f"{name[: MOST - 1]}…"
    return text.format(name=short, step=item.step, steps=item.steps)
