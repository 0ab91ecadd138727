"""The mask as a tint over the picture, made from the mask itself while it is painted."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from PIL import Image
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from ldm_studio.canvas.mask import Mask
from ldm_studio.canvas.tiles import TILE, Rect, TileIndex, tiles_in

SHRUNK_MOST = 64  # the coarsest reduction: 1 % on a screen of double resolution needs no more


class MaskOverlay:
    """Paints the tint. Keeps nothing but, below 50 %, a reduced copy of the mask, whose tiles are
    brought up to date when they are next seen.
    """

    def __init__(self, mask: Mask, color: QColor, opacity: float) -> None:
        self._mask = mask
        self._tint = QColor(color)
        self._tint.setAlphaF(opacity)
        self._factor = 1
        self._reduced = mask.pixels
        self._stale: set[TileIndex] = set()

    def touched(self, rect: Rect) -> None:
        """These pixels of the mask are different now."""
        if self._factor > 1:
            self._stale.update(tiles_in(rect))

    def inverted(self) -> None:
        """All of them are 255 minus what they were: and so are their means."""
        if self._factor > 1:
            np.invert(self._reduced, out=self._reduced)

    def paint(self, painter: QPainter, target: QRectF, clip: QRect, zoom: float) -> None:
        """Lay the tint over `target`, where the whole mask belongs, within `clip`. `zoom`: device
        pixels per pixel of the mask. The painter's render hints say how to interpolate.
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
        while factor * zoom < 0.5 and factor < SHRUNK_MOST:
            factor *= 2
        if factor != self._factor:
            self._factor = factor
            if factor == 1:
                self._reduced, self._stale = self._mask.pixels, set()
            else:
                size = ceil(self._mask.height / factor), ceil(self._mask.width / factor)
                self._reduced = np.empty(size, np.uint8)
                self._stale = set(self._mask.tiles())
        if self._stale:
            self._bring_up_to_date()
        return self._reduced

    def _bring_up_to_date(self) -> None:
        pixels = self._mask.pixels
        height, width = pixels.shape
        whole = Image.frombuffer("L", (width, height), pixels, "raw", "L", 0, 1)
        small = TILE // self._factor
        if len(self._stale) * 2 > len(list(self._mask.tiles())):
            self._reduced[...] = np.asarray(whole.reduce(self._factor))
        else:
            for column, row in self._stale:
                x, y = column * TILE, row * TILE
                box = x, y, min(x + TILE, width), min(y + TILE, height)
                tile = np.asarray(whole.reduce(self._factor, box))
                at = np.s_[row * small : (row + 1) * small, column * small : (column + 1) * small]
                self._reduced[at] = tile
        self._stale.clear()
