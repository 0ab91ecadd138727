"""Tools by keyboard: arrow keys move a crosshair, Space presses and releases the tool."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from ldm_studio.canvas.document.selections import Corner
from ldm_studio.canvas.view import layer_painting
from ldm_studio.canvas.view.layer_view import LayerView
from ldm_studio.translation import translate

from .gestures import CLICK, Hand, Sample
from .tools import TOOLS, KeyboardMode

EDGE = 40.0  # logical pixels: nearer to the edge of the view than this, the image is moved


class KeyboardPointer:
    """Acts like a mouse. Visible from the first arrow key until the mouse moves or the focus
    leaves; it returns to its last position.
    """

    def __init__(self, view: LayerView, hand: Hand) -> None:
        self._view, self._hand = view, hand
        self._place: Corner | None = None  # in pixels of the image
        self._there, self._down = False, False

    @property
    def usable(self) -> bool:
        """Whether the arrow keys move it: with a painting tool and an image."""
        view = self._view
        paints = TOOLS[view.tool].by_keys in (KeyboardMode.HOLD, KeyboardMode.CLICK)
        return paints and view.document.paintable and view.hasFocus()

    @property
    def shown(self) -> bool:
        return self._there and self.usable

    @property
    def down(self) -> bool:
        """Whether the tool is pressed."""
        return self._down and self._hand.pressed

    @property
    def at(self) -> Corner:
        """In whole image pixels, including the edges."""
        width, height = self._view.document.frame or (0, 0)
        x, y = self._place or (width // 2, height // 2)
        return min(max(x, 0), width), min(max(y, 0), height)

    @property
    def position(self) -> QPointF | None:
        """In the widget; None while it is hidden."""
        return self._view.to_widget(*self.at) if self.shown else None

    # --- what keys do ---

    def move(self, dx: int, dy: int, reach: float) -> None:
        """`reach`: logical pixels, but at least one image pixel."""
        self._appear()
        x, y = self.at
        step = max(1, round(reach / self._view.scale))
        before = self.at
        self._place = round(x + dx * step), round(y + dy * step)
        if self.at != before:
            self._keep_in_sight()
            self._hand.move_by_key(self._sample())
        self.announce()

    def press(self) -> None:
        """Presses or releases the tool; a click with tools that are not held."""
        if self.down:
            self.lift()
            return
        if self._hand.pressed:  # a button of the mouse is
            return
        self._hand.press_by_key(self._sample())
        self._down = True
        if TOOLS[self._view.tool].by_keys is KeyboardMode.CLICK:
            self.lift()
            return
        self.announce()
        self._view.pointed.emit(self.hint())

    def lift(self) -> None:
        """Completes what is being drawn, except for a lasso."""
        if not self.down:
            return
        self._down = False
        self._hand.release_by_key(self._sample())
        self.announce()
        self._view.pointed.emit(self.hint())

    def hide(self) -> None:
        """Releases the tool and hides."""
        if self._there:
            self.lift()
            self._there = False
            self.announce()

    def _appear(self) -> None:
        if self._there:
            return
        view = self._view
        start = self._hand.mouse if self._place is None else view.to_widget(*self.at)
        seen = QRectF(view.rect()).intersected(view.target())
        if start is None or not seen.contains(start):
            start = seen.center()
        x, y = view.to_image(start)
        self._place = round(x), round(y)
        self._there = True
        view.wake_tint()

    def _keep_in_sight(self) -> None:
        """Pans the image if the crosshair would leave the view."""
        view = self._view
        at, room = view.to_widget(*self.at), QRectF(view.rect())
        margin = min(EDGE, room.width() / 4, room.height() / 4)
        room.adjust(margin, margin, -margin, -margin)
        if not view.fitting and not room.contains(at):
            x = min(max(at.x(), room.left()), room.right())
            y = min(max(at.y(), room.top()), room.bottom())
            view.pan_by(x - at.x(), y - at.y())

    def _sample(self) -> Sample:
        """Exact positions: no tolerance for a moving hand."""
        at = self._view.to_widget(*self.at)
        return Sample(*self.at, at.x(), at.y(), scale=max(self._view.scale, CLICK))

    def announce(self) -> None:
        """The current action changed."""
        self._view.update()
        self._view.crosshair_changed.emit()

    # --- what is seen and said ---

    def hint(self) -> str:
        """Its position, and what Space does next."""
        by_keys = TOOLS[self._view.tool].by_keys
        if self.down:
            text = translate("CanvasView", "{x}, {y} · Space to finish, Esc to cancel")
        elif by_keys is KeyboardMode.HOLD:
            text = translate("CanvasView", "{x}, {y} · Space to begin")
        elif self._hand.gesturing:
            text = translate("CanvasView", "{x}, {y} · Space to set a corner, Enter to close")
        else:
            text = translate("CanvasView", "{x}, {y} · Space to apply here")
        x, y = self.at
        return text.format(x=round(x), y=round(y))

    def paint(self, painter: QPainter) -> None:
        position = self.position
        if position is not None:
            layer_painting.paint_crosshair(painter, position, pressed=self.down)
