"""The queue in the window: what the engine says of it, and what is asked of the engine."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from ..engine.bridge import EngineBridge
from ..engine.events import Progress, QueueChanged, QueueItem
from ..main_window import MainWindow
from .changes import MOST
from .recovered import Recovered
from .store import StudioStore


class Queueing(QObject):
    """Connects the queue's panel with the engine, and offers what was left from the last time."""

    def __init__(
        self,
        store: StudioStore,
        bridge: EngineBridge,
        window: MainWindow,
        recovered: Recovered,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._bridge, self._window = store, bridge, window
        self._recovered = recovered
        self._asked = False
        panel = window.run_area.queue
        panel.move_requested.connect(bridge.move)
        panel.remove_requested.connect(bridge.cancel)
        panel.resume_requested.connect(bridge.resume_item)
        panel.discard_requested.connect(bridge.discard_item)
        panel.pause_toggled.connect(self.toggle_pause)
        window.run_area.pause_toggled.connect(self.toggle_pause)
        bridge.queue_changed.connect(self._on_changed)
        bridge.progressed.connect(self._on_progress)

    def toggle_pause(self) -> None:
        """Let what runs stand still, with its state on disk, or go on."""
        run = self._store.run
        if run.paused:
            self._bridge.resume()
        elif run.busy:
            self._bridge.pause()

    def _on_changed(self, event: QueueChanged) -> None:
        self._window.run_area.queue.show_queue(event.items, paused=event.paused)
        if event.paused and all(item.state == "interrupted" for item in event.items):
            self._bridge.resume()  # nothing is left to stand still: the next press draws at once
        first, self._asked = not self._asked, True
        if first and event.items:
            self._offer(event)

    def _on_progress(self, event: Progress) -> None:
        self._window.run_area.queue.show_progress(event.id, event.step, event.steps)

    def _offer(self, event: QueueChanged) -> None:
        """What was there before anything was asked for in this session."""
        if not event.paused and all(item.state != "interrupted" for item in event.items):
            return  # it goes on by itself
        items = event.items
        every = " All" if len(items) > 1 else ""
        self._recovered.offer(
            left_words(items),
            "What was begun goes on where it stopped, to the same picture.",
            (f"Resume{every}", lambda: self._resume(items)),
            (f"Discard{every}", lambda: self._discard(items)),
        )

    def _resume(self, items: Sequence[QueueItem]) -> None:
        for item in reversed(items):  # each goes on next
            if item.state == "interrupted":
                self._bridge.resume_item(item.id)
        self._bridge.resume()

    def _discard(self, items: Sequence[QueueItem]) -> None:
        for item in items:
            if item.state == "interrupted":
                self._bridge.discard_item(item.id)
            else:
                self._bridge.cancel(item.id)


def left_words(items: Sequence[QueueItem]) -> str:
    """What was left from the last time, in a sentence."""
    begun = [item for item in items if item.state == "interrupted"]
    rest = len(items) - len(begun)
    waits = "1 waits" if rest == 1 else f"{rest} wait"
    if not begun:
        return f"{'A picture waits' if rest == 1 else f'{rest} pictures wait'} in the queue."
    if len(begun) == 1:
        (item,) = begun
        at = f" at step {item.step} of {item.steps}" if item.step and item.steps else ""
        words = f"A picture{_named(item)} was interrupted{at}"
    else:
        words = f"{len(begun)} pictures were interrupted"
    return f"{words}, and {waits} in the queue." if rest else f"{words}."


def _named(item: QueueItem) -> str:
    name = " ".join(item.request.prompt.split())
    if not name:
        return ""
    return f" (“{name if len(name) <= MOST else name[: MOST - 1] + '…'}”)"
