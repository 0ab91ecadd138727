"""Tells the canvas how its mask will be used, and shows how much was changed."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.document.mask_usage import MaskUsage
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.store.store import Mode, StudioStore
from ldm_studio.translation import translate


class MaskUsageController(QObject):
    """Updates the mask views of the canvas from the panels."""

    def __init__(self, store: StudioStore, canvas: CanvasPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._canvas = store, canvas
        self._changed: int | None = None
        store.modified.connect(self._update_usage)
        store.run_changed.connect(self._update_usage)
        canvas.view.mask_views.changed.connect(self._show)
        self._update_usage()

    def _update_usage(self) -> None:
        store, usage = self._store, None
        model = store.run.model
        if model is not None:
            self._canvas.view.outpaint_frame.unit = model.size_multiple
        if store.mode is Mode.INPAINT and model is not None and not store.problem():
            usage = MaskUsage(store.inpaint, store.drawn_size, model.factor, store.conventions)
        self._canvas.view.mask_views.use(usage)
        self._show()

    def show_changed_pixels(self, entry: StripEntry | None) -> None:
        """Shows how many pixels of an image were changed."""
        self._changed = None if entry is None else entry.image.changed
        self._show()

    def _show(self) -> None:
        busy = self._store.run.busy and not self._store.run.live
        badge, changed = self._canvas.badge, self._changed
        if changed is None or busy:
            badge.show_text("")
        else:
            badge.show_text(_words(changed), f"{changed:,}")
        self._canvas.view_switch.setVisible(self._canvas.view.mask_views.used is not None)


def _words(changed: int) -> str:
    """How many pixels differ from the init image; asserts that unmasked ones do not."""
    if changed == 0:
        return translate("MaskUsageController", "No pixel changed")
    if changed == 1:
        return translate("MaskUsageController", "1 pixel changed, inside the mask")
    number = f"{changed:,}"
    words = translate("MaskUsageController", "{number} pixels changed, all inside the mask")
    return words.format(number=number)
