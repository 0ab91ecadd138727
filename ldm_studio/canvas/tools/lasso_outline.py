"""A freehand outline while it is drawn. Each part is painted once instead of at every move, because
an outline may cross itself a thousand times.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from ldm_studio.canvas.document.selections import Corner
from ldm_studio.canvas.view.layer_painting import outline_pens
from ldm_studio.canvas.view.zoomable import ZoomableWidget

FINE = 256  # sides that are painted smoothly at once; more only when the view moves under them
AROUND = 4  # logical pixels that a line reaches


class LassoOutline:
    """Corners in image pixels, and the pointer, where the last side ends."""

    def __init__(self, view: ZoomableWidget) -> None:
        self._view = view
        self._corners: Sequence[Corner] = ()
        self._pointer: Corner = 0.0, 0.0
        self._sheet: QImage | None = None
        self._painted = 0  # corners up to which the sheet has it
        self._length = 0.0  # of what it has, in logical pixels, for the dashes
        self._place: tuple[QRectF, QRect] | None = None  # of the image and the view, back then

    def show(self, corners: Sequence[Corner], pointer: Corner) -> QRect:
        """Repaints what changed. `corners` may grow or shrink until the next call."""
        gone = self._dirty()
        self._corners, self._pointer = corners, pointer
        if len(corners) < self._painted:
            self._sheet = None
            return self._view.rect()
        return gone.united(self._dirty())

    def paint(self, painter: QPainter, clip: QRect) -> None:
        sheet = self._up_to_date()
        ratio = sheet.devicePixelRatio()
        source = QRectF(
            clip.x() * ratio, clip.y() * ratio, clip.width() * ratio, clip.height() * ratio
        )
        painter.drawImage(QRectF(clip), sheet, source)
        self._paint_sides(painter, [*self._corners[-1:], self._pointer], self._length)

    def _dirty(self) -> QRect:
        """The area around sides that are not on the sheet."""
        points = [self._view.to_widget(*c) for c in self._corners[max(0, self._painted - 1) :]]
        points.append(self._view.to_widget(*self._pointer))
        left, right = min(p.x() for p in points), max(p.x() for p in points)
        top, bottom = min(p.y() for p in points), max(p.y() for p in points)
        area = QRectF(QPointF(left, top), QPointF(right, bottom)).toAlignedRect()
        return area.adjusted(-AROUND, -AROUND, AROUND, AROUND)

    def _up_to_date(self) -> QImage:
        view, place = self._view, (self._view.target(), self._view.rect())
        if self._sheet is None or place != self._place:
            ratio = view.devicePixelRatioF()
            self._sheet = QImage(view.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            self._sheet.setDevicePixelRatio(ratio)
            self._sheet.fill(Qt.GlobalColor.transparent)
            self._painted, self._length, self._place = 1, 0.0, place
        new = self._corners[self._painted - 1 :]
        if len(new) > 1:
            with QPainter(self._sheet) as painter:
                self._length = self._paint_sides(painter, new, self._length)
            self._painted = len(self._corners)
        return self._sheet

    def _paint_sides(self, painter: QPainter, corners: Sequence[Corner], length: float) -> float:
        """One by one: Qt would unite them into one shape first. `length`: of the previous sides;
        returns the new total.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(corners) <= FINE)
        shadow, dashes = outline_pens()
        points = [self._view.to_widget(*corner) for corner in corners]
        for start, end in pairwise(points):
            side = QLineF(start, end)
            painter.setPen(shadow)
            painter.drawLine(side)
            dashes.setDashOffset(length / dashes.widthF())
            painter.setPen(dashes)
            painter.drawLine(side)
            length += side.length()
        return length
