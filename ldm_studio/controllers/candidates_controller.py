"""Flips through the results of one mask in place, until one is kept."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Finished

from .canvas_controller import CanvasController


class CandidatesController(QObject):
    """Collects the results of one press of Generate with a mask. The strip keeps all of them."""

    changed = Signal()
    """`offered` may have changed."""

    def __init__(
        self, showing: CanvasController, bridge: EngineBridge, canvas: CanvasPanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._showing = showing
        self._view, self._bar = canvas.view, canvas.candidates
        self._work = -1
        self._entries: list[StripEntry] = []
        self._at = 0
        self._bar.flipped.connect(self.flip)
        self._bar.keep_requested.connect(self.keep)
        self._view.flipped.connect(self.flip)
        self._view.keep_requested.connect(self.keep)
        self._view.mask_changed.connect(self._on_mask_changed)
        self._view.about_to_extend.connect(self._continue)
        bridge.finished.connect(self._on_finished)
        showing.changed.connect(self._on_shown)

    @property
    def offered(self) -> bool:
        """Whether one of several results is visible."""
        return len(self._entries) > 1 and self._showing.shown in self._entries

    def flip(self, by: int) -> None:
        """Shows the result `by` places further on, cyclically."""
        if self.offered:
            self._at = (self._at + by) % len(self._entries)
            self._showing.preview(self._entries[self._at])

    def keep(self) -> None:
        """Keeps the visible result."""
        if self.offered:
            self._continue()
            self._view.clear_mask()

    def _on_finished(self, event: Finished) -> None:
        shown = self._showing.shown
        if event.live or not event.image.request.mask or event.count < 2 or shown is None:
            return
        if event.id != self._work:
            self._entries = []
        self._work = event.id
        self._entries.append(shown)
        self._at = len(self._entries) - 1
        self._emit_changed()

    def _on_shown(self) -> None:
        """Another image may have been shown."""
        shown = self._showing.shown
        if shown is not None and shown in self._entries:
            self._at = self._entries.index(shown)
        self._emit_changed()

    def _on_mask_changed(self) -> None:
        if not self._showing.is_applying:
            self._continue()

    def _continue(self) -> None:
        """Painting or extending continues from the visible result."""
        if self.offered:
            entry = self._entries[self._at]
            self._forget()
            self._showing.continue_from(entry)

    def _forget(self) -> None:
        self._entries = []
        self._emit_changed()

    def _emit_changed(self) -> None:
        self._bar.show_place(self._at, len(self._entries) if self.offered else 0)
        self._view.flips = self.offered
        self.changed.emit()
