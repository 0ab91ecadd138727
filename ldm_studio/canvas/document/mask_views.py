"""The mask as painted and as used, kept up to date in the background."""

from __future__ import annotations

from concurrent.futures import Future
from enum import StrEnum

import numpy as np
from PySide6.QtCore import QObject, QRect, QRectF, Signal
from PySide6.QtGui import QColor, QPainter

from ldm_studio.canvas.view.mask_overlay import MaskOverlay
from ldm_studio.threads.background import Background

from .canvas_document import CanvasDocument
from .mask import Mask
from .mask_usage import MaskUsage, UsedMask, apply_usage

LINES_FROM = 5.0  # logical pixels of a cell; lines between smaller ones would hide them


class MaskView(StrEnum):
    """The available views."""

    PAINTED = "painted"
    LATENT = "latent"
    BLEND = "blend"


class MaskViews(QObject):
    """Computes how the document's mask is used, and paints the chosen view."""

    changed = Signal()
    """The view was switched, or its contents changed."""
    chosen = Signal()
    """The user chose a view."""

    def __init__(self, document: CanvasDocument, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._background = Background(self)
        self._view = MaskView.PAINTED
        self._usage: MaskUsage | None = None
        self._used: UsedMask | None = None
        self._overlays: dict[MaskView, MaskOverlay] = {}
        self._working: Future[UsedMask | None] | None = None
        self._stale = False
        document.mask_changed.connect(self._refresh)
        document.replaced.connect(self._on_replaced)
        document.changed.connect(self._on_stroke)

    @property
    def view(self) -> MaskView:
        return self._view

    @view.setter
    def view(self, view: MaskView) -> None:
        if view != self._view:
            self._view = view
            self._refresh()
            self.changed.emit()

    def next_view(self) -> None:
        """Cycles through painted, latent and blend, if the mask is used at all."""
        if self._usage is not None:
            views = list(MaskView)
            self.choose(views[(views.index(self._view) + 1) % len(views)])

    def choose(self, view: MaskView) -> None:
        """Shows this view, even if masks were hidden."""
        self.view = view
        self.chosen.emit()

    @property
    def used(self) -> UsedMask | None:
        """The mask as it is used; None if it is not used, or not computed yet."""
        return self._used

    def use(self, usage: MaskUsage | None) -> None:
        """Sets how the mask is used; None if it is not."""
        if usage != self._usage:
            self._usage = usage
            if usage is None:
                self._on_computed(None)
            self._refresh()

    def close(self) -> None:
        """Ends the thread."""
        self._background.close()

    # --- keeping up ---

    def _on_stroke(self) -> None:
        if self._view is not MaskView.PAINTED and self._document.stroking:
            self._refresh()

    def _on_replaced(self) -> None:
        """The image, its size or the tint changed."""
        if self._used is not None and self._used.alpha.shape[::-1] != self._document.frame:
            self._on_computed(None)
        self._overlays.clear()
        self._refresh()

    def _refresh(self) -> None:
        mask = self._document.mask
        if self._usage is None or mask is None or mask.is_empty:
            self._stale = False
            if self._used is not None:
                self._on_computed(None)
            return
        if self._working is not None:
            self._stale = True  # the newest one is computed after this one
            return
        pixels, usage = mask.pixels, self._usage
        # The copy is made in the background too: if a stroke changes the pixels meanwhile, they are
        # computed once more.
        self._working = self._background.run(lambda: apply_usage(pixels.copy(), usage), self._done)

    def _done(self, future: Future[UsedMask | None]) -> None:
        self._working = None
        found = future.result()
        mask = self._document.mask
        current = mask is not None and (found is None or found.alpha.shape == mask.pixels.shape)
        if self._usage is not None and current:
            self._on_computed(found)
        if self._stale:
            self._stale = False
            self._refresh()

    def _on_computed(self, found: UsedMask | None) -> None:
        self._used = found
        self._overlays.clear()
        self.changed.emit()

    # --- painting ---

    def paint(self, painter: QPainter, target: QRectF, clip: QRect, zoom: float) -> None:
        """Paints the tint of the chosen view over `target`, the rectangle of the whole image,
        within `clip`; `zoom`: device pixels per image pixel.
        """
        found, view = self._used, self._view
        if found is None or view is MaskView.PAINTED:
            if self._document.overlay:
                self._document.overlay.paint(painter, target, clip, zoom)
            return
        if view not in self._overlays:
            pixels = found.cells if view is MaskView.LATENT else found.alpha
            self._overlays[view] = _overlay(pixels, *self._document.tint)
        if view is MaskView.BLEND:
            self._overlays[view].paint(painter, target, clip, zoom)
            return
        place = self.place(target)
        rows, columns = found.cells.shape
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        cell = place.width() / columns, place.height() / rows
        ratio = painter.device().devicePixelRatioF()
        self._overlays[view].paint(painter, place, clip, min(cell) * ratio)
        if min(cell) >= LINES_FROM:
            _paint_lines(painter, place, *cell)
        painter.restore()

    def place(self, target: QRectF) -> QRectF:
        """The rectangle of the generated region, if the whole image is at `target`."""
        assert self._used is not None
        height, width = self._used.alpha.shape
        x, y = target.width() / width, target.height() / height
        region = self._used.region
        return QRectF(
            target.x() + region.left * x,
            target.y() + region.top * y,
            region.size[0] * x,
            region.size[1] * y,
        )

    @property
    def is_part(self) -> bool:
        """Whether only a region of the image is generated."""
        return self._used is not None and self._used.usage.inpaint.area == "masked"


def _overlay(pixels: np.ndarray, color: QColor, opacity: float) -> MaskOverlay:
    mask = Mask(pixels.shape[1], pixels.shape[0])
    mask.pixels = pixels
    return MaskOverlay(mask, color, opacity)


def _paint_lines(painter: QPainter, place: QRectF, width: float, height: float) -> None:
    """Between cells of this size in logical pixels."""
    line, color = 1 / painter.device().devicePixelRatioF(), QColor(128, 128, 128, 90)
    for i in range(1, round(place.width() / width)):
        painter.fillRect(QRectF(place.x() + i * width, place.y(), line, place.height()), color)
    for i in range(1, round(place.height() / height)):
        painter.fillRect(QRectF(place.x(), place.y() + i * height, place.width(), line), color)
