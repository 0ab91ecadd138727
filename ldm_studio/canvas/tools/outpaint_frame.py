"""The outpainting frame: how far the image will be extended, by dragging edges or typing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Flag, auto

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPalette

from core.images.outpainting import Border, Fill
from core.request.parameters import MAX_SIDE
from ldm_studio.canvas.view import layer_painting

GRIP = 12.0  # logical pixels around an edge that take hold of it
HANDLE = 8.0  # logical pixels


class Side(Flag):
    """The dragged sides of the frame."""

    NONE = 0
    LEFT = auto()
    TOP = auto()
    RIGHT = auto()
    BOTTOM = auto()


@dataclass(frozen=True)
class Extension:
    """The area added to an image."""

    border: Border = field(default_factory=Border)
    fill: Fill = "edge"
    overlap: int = 8
    """Pixels of the old image that are inpainted too, with a fade, so that both join."""

    @property
    def is_none(self) -> bool:
        return self.border == Border()


class OutpaintFrame(QObject):
    """The extension that is being chosen, for an image of a known size."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._extension = Extension()
        self._sides = Side.NONE
        self.unit = 8
        """Dragged sides snap to multiples of this many pixels."""

    @property
    def extension(self) -> Extension:
        return self._extension

    def change(self, **fields: object) -> None:
        """Called when the extension changes."""
        self._set(replace(self._extension, **fields))

    def set_side(self, side: str, pixels: int) -> None:
        """`side`: a field of Border."""
        border = replace(self._extension.border, **{side: max(0, pixels)})
        self._set(replace(self._extension, border=border))

    def clear(self) -> None:
        """Resets the extension."""
        self._sides = Side.NONE
        self.change(border=Border())

    def _set(self, extension: Extension) -> None:
        if extension != self._extension:
            self._extension = extension
            self.changed.emit()

    def step(self, side: str, size: tuple[int, int], *, back: bool = False) -> None:
        """Moves the edge `side`, a field of Border, out or back to the next multiple."""
        own = getattr(self._extension.border, side)
        whole = self.whole(size)[0 if side in ("left", "right") else 1]
        there = (whole - 1 if back else whole + self.unit) // self.unit * self.unit
        self.set_side(side, own + min(there, MAX_SIDE) - whole)

    def whole(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size of an extended image of `size`."""
        border, (width, height) = self._extension.border, size
        return width + border.left + border.right, height + border.top + border.bottom

    # --- dragging, in pixels of the image ---

    def sides_at(self, x: float, y: float, size: tuple[int, int], reach: float) -> Side:
        """The edges that a press at (x, y) grabs; `reach`: the tolerance. Outside the frame it is
        the nearest edge.
        """
        border, (width, height) = self._extension.border, size
        left, right = -border.left, width + border.right
        top, bottom = -border.top, height + border.bottom
        sides = Side.NONE
        if x < left + reach:
            sides |= Side.LEFT
        elif x > right - reach:
            sides |= Side.RIGHT
        if y < top + reach:
            sides |= Side.TOP
        elif y > bottom - reach:
            sides |= Side.BOTTOM
        return sides

    def begin(self, x: float, y: float, size: tuple[int, int], reach: float) -> None:
        self._sides = self.sides_at(x, y, size, reach)

    def drag(self, x: float, y: float, size: tuple[int, int]) -> None:
        """Moves the grabbed edges to (x, y), or to the nearest multiple."""
        border, (width, height) = self._extension.border, size
        if Side.LEFT in self._sides:
            border = replace(border, left=self._snapped(-x, width + border.right))
        if Side.RIGHT in self._sides:
            border = replace(border, right=self._snapped(x - width, width + border.left))
        if Side.TOP in self._sides:
            border = replace(border, top=self._snapped(-y, height + border.bottom))
        if Side.BOTTOM in self._sides:
            border = replace(border, bottom=self._snapped(y - height, height + border.top))
        self.change(border=border)

    def end(self) -> None:
        self._sides = Side.NONE

    def _snapped(self, wanted: float, rest: int) -> int:
        """The border nearest to `wanted` for which the side is a multiple; 0 always snaps."""
        if wanted < self.unit / 2:
            return 0
        total = round((wanted + rest) / self.unit) * self.unit
        return min(max(0, total - rest), MAX_SIDE - rest)

    # --- painting ---

    def frame(self, target: QRectF, scale: float) -> QRectF:
        """The frame around the image at `target`; `scale`: logical pixels per image pixel."""
        border = self._extension.border
        return target.adjusted(
            -border.left * scale, -border.top * scale, border.right * scale, border.bottom * scale
        )

    def paint(self, painter: QPainter, target: QRectF, scale: float, palette: QPalette) -> None:
        frame = self.frame(target, scale)
        added, path = QPainterPath(), QPainterPath()
        added.addRect(frame)
        old = QPainterPath()
        old.addRect(target)
        wash = palette.color(QPalette.ColorRole.Highlight)
        wash.setAlphaF(0.18)
        painter.fillPath(added.subtracted(old), QBrush(wash))
        path.addRect(frame)
        layer_painting.paint_outline(painter, path)
        painter.setPen(QColor(0, 0, 0, 200))
        painter.setBrush(QColor(255, 255, 255))
        for corner in handles(frame):
            box = QRectF(0, 0, HANDLE, HANDLE)
            box.moveCenter(corner)
            painter.drawRect(box)


def handles(frame: QRectF) -> list[QPointF]:
    """The corners and the midpoints of the edges."""
    middle = frame.center()
    xs, ys = (frame.left(), middle.x(), frame.right()), (frame.top(), middle.y(), frame.bottom())
    return [QPointF(x, y) for x in xs for y in ys if QPointF(x, y) != middle]


def cursor_of(sides: Side) -> Qt.CursorShape:
    """The mouse cursor over these sides."""
    falling = (Side.LEFT | Side.TOP, Side.RIGHT | Side.BOTTOM)
    rising = (Side.RIGHT | Side.TOP, Side.LEFT | Side.BOTTOM)
    if sides in falling:
        return Qt.CursorShape.SizeFDiagCursor
    if sides in rising:
        return Qt.CursorShape.SizeBDiagCursor
    if sides in (Side.LEFT, Side.RIGHT):
        return Qt.CursorShape.SizeHorCursor
    if sides in (Side.TOP, Side.BOTTOM):
        return Qt.CursorShape.SizeVerCursor
    return Qt.CursorShape.ArrowCursor
