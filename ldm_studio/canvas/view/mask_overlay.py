"""The mask as a tint over the image, painted directly from the mask."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from PIL import Image
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from ldm_studio.canvas.document.mask import Mask
from ldm_studio.canvas.document.undo_tiles import Rect, unite

MAX_REDUCTION = 64  # the coarsest reduction: 1 % on a screen of double resolution needs no more


class MaskOverlay:
    """Paints the tint. Keeps nothing but, below 50 %, a reduced copy of the mask, which is updated
    when it is next shown.
    """

    def __init__(self, mask: Mask, color: QColor, opacity: float) -> None:
        self._mask = mask
        self._tint = QColor(color)
        self._tint.setAlphaF(opacity)
        self._factor = 1
        self._reduced = np.empty((0, 0), np.uint8)
        self._stale: Rect | None = None  # where the copy is not up to date, in the mask's pixels

    def touched(self, rect: Rect) -> None:
        """These pixels of the mask have changed."""
        if self._factor > 1:
            self._stale = unite(self._stale, rect)

    def inverted(self) -> None:
        """All pixels, and therefore their means, are inverted."""
        if self._factor > 1:
            np.invert(self._reduced, out=self._reduced)

    def paint(self, painter: QPainter, target: QRectF, clip: QRect, zoom: float) -> None:
        """Paints the tint over `target`, the rectangle of the whole mask, within `clip`. `zoom`:
        device pixels per mask pixel. The painter's render hints set the interpolation.
        """
        visible = target.toAlignedRect().intersected(clip)
        if visible.isEmpty():
            return
        ratio = painter.device().devicePixelRatioF()
        left, top = floor(visible.left() * ratio), floor(visible.top() * ratio)
        right = ceil((visible.right() + 1) * ratio)
        bottom = ceil((visible.bottom() + 1) * ratio)
        # A sheet of the tint, of which the mask leaves what is masked.
        sheet = QImage(right - left, bottom - top, QImage.Format.Format_ARGB32_Premultiplied)
        sheet.fill(Qt.GlobalColor.transparent)
        with QPainter(sheet) as cut:
            cut.setRenderHints(painter.renderHints())
            cut.translate(-left, -top)
            cut.scale(ratio, ratio)
            cut.fillRect(target, self._tint)
            cut.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            self._cut(cut, target, zoom)
        painter.drawImage(
            QRectF(left / ratio, top / ratio, (right - left) / ratio, (bottom - top) / ratio), sheet
        )

    def _cut(self, cut: QPainter, target: QRectF, zoom: float) -> None:
        mask = self._at(zoom)
        height, width = mask.shape
        shape = QImage(mask.data, width, height, width, QImage.Format.Format_Alpha8)
        scale_x = target.width() / self._mask.width * self._factor
        scale_y = target.height() / self._mask.height * self._factor
        cut.drawImage(QRectF(target.x(), target.y(), width * scale_x, height * scale_y), shape)

    def _at(self, zoom: float) -> np.ndarray:
        """The mask, reduced so far that it is shrunk by no more than half when shown."""
        factor = 1
        while factor * zoom < 0.5 and factor < MAX_REDUCTION:
            factor *= 2
        if factor != self._factor:
            self._factor = factor
            self._stale = None
            if factor > 1:
                size = ceil(self._mask.height / factor), ceil(self._mask.width / factor)
                self._reduced = np.empty(size, np.uint8)
                self._stale = self._mask.bounds
        if factor == 1:
            return self._mask.pixels
        if self._stale:
            self._update(self._stale)
            self._stale = None
        return self._reduced

    def _update(self, rect: Rect) -> None:
        pixels, factor = self._mask.pixels, self._factor
        height, width = pixels.shape
        left, top = rect[0] // factor, rect[1] // factor
        right, bottom = ceil((rect[0] + rect[2]) / factor), ceil((rect[1] + rect[3]) / factor)
        box = left * factor, top * factor, min(right * factor, width), min(bottom * factor, height)
        whole = Image.frombuffer("L", (width, height), pixels, "raw", "L", 0, 1)  # no copy
        self._reduced[top:bottom, left:right] = np.asarray(whole.reduce(factor, box))
