"""The brush circle and the mouse cursor."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from ldm_studio.canvas.tools.gestures import Hand
from ldm_studio.canvas.tools.outpaint_frame import GRIP, cursor_of
from ldm_studio.canvas.tools.tools import TOOLS, Tool

from . import layer_painting
from .layer_view import LayerView


class BrushCursor:
    """The ring and the cursor of a view."""

    def __init__(self, view: LayerView, hand: Hand) -> None:
        self._view, self._hand = view, hand
        self._shown_radius = 0.0  # of the ring, in logical pixels

    def update_ring(self) -> None:
        """Repaints the brush circle."""
        self._shown_radius = self._radius
        self._update_ring_of(self._radius)

    def on_options_changed(self) -> None:
        """The circle may have another size."""
        self._update_ring_of(self._shown_radius)
        self.update_ring()

    def update_cursor(self) -> None:
        """A hand while panning, and no arrow inside the brush circle."""
        self.update_ring()
        shape = self._cursor()
        if self._view.cursor().shape() != shape:
            self._view.setCursor(shape)

    def paint(self, painter: QPainter) -> None:
        if self._ring_shown and self._hand.hover:
            layer_painting.paint_ring(painter, self._hand.hover, self._radius)

    @property
    def _radius(self) -> float:
        return self._view.options.size / 2 * self._view.scale

    @property
    def _ring_shown(self) -> bool:
        paints = TOOLS[self._view.tool].ring and self._view.document.paintable
        return paints and not self._hand.panning

    def _update_ring_of(self, radius: float) -> None:
        if self._hand.hover and self._ring_shown:
            reach = QPointF(1, 1) * (max(radius, 4) + 4)
            centre = self._hand.hover
            self._view.update(QRectF(centre - reach, centre + reach).toAlignedRect())

    def _cursor(self) -> Qt.CursorShape:
        view, hand = self._view, self._hand
        size, row = view.document.frame, TOOLS[view.tool]
        if hand.panning and size:
            return Qt.CursorShape.ClosedHandCursor if hand.pressed else TOOLS[Tool.PAN].cursor
        if self._ring_shown:
            return Qt.CursorShape.BlankCursor
        if not view.document.paintable:
            return Qt.CursorShape.ArrowCursor
        if view.tool is Tool.EXTEND and hand.hover and size:
            at = view.to_image(hand.hover)
            return cursor_of(view.outpaint_frame.sides_at(*at, size, GRIP / view.scale))
        return row.cursor
