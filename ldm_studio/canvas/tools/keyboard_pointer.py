"""The tools without a mouse: arrow keys move a crosshair, Space puts the tool down and up."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from ldm_studio.canvas.document.selections import Corner
from ldm_studio.canvas.view import layer_painting
from ldm_studio.canvas.view.layer_view import LayerView
from ldm_studio.translation import translate

from .gestures import CLICK, Hand, Sample
from .tools import TOOLS, KeyboardMode

EDGE = 40.0  # logical pixels: nearer to the edge of the view than this, the picture is moved


class KeyboardPointer:
    """Speaks to the tools as a mouse does. It is there from the first arrow key until the mouse is
    moved or the keyboard goes elsewhere, and then comes back where it was.
    """

    def __init__(self, view: LayerView, hand: Hand) -> None:
        self._view, self._hand = view, hand
        self._place: Corner | None = None  # in pixels of the picture
        self._there, self._down = False, False

    @property
    def usable(self) -> bool:
        """Whether the arrow keys move it: with a tool that paints, on something to paint."""
        view = self._view
        paints = TOOLS[view.tool].by_keys in (KeyboardMode.HOLD, KeyboardMode.CLICK)
        return paints and view.document.paintable and view.hasFocus()

    @property
    def shown(self) -> bool:
        return self._there and self.usable

    @property
    def down(self) -> bool:
        """Whether the tool is being held to the picture."""
        return self._down and self._hand.pressed

    @property
    def at(self) -> Corner:
        """In pixels of the picture, whole ones, its edges included."""
        width, height = self._view.document.frame or (0, 0)
        x, y = self._place or (width // 2, height // 2)
        return min(max(x, 0), width), min(max(y, 0), height)

    @property
    def position(self) -> QPointF | None:
        """In the widget; None while it is not shown."""
        return self._view.to_widget(*self.at) if self.shown else None

    # --- what keys do ---

    def move(self, dx: int, dy: int, reach: float) -> None:
        """`reach`: logical pixels, but at least one pixel of the picture."""
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
        """Put the tool down, or lift it; a click with those that are not held."""
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
        """What is being drawn is complete, but for a lasso."""
        if not self.down:
            return
        self._down = False
        self._hand.release_by_key(self._sample())
        self.announce()
        self._view.pointed.emit(self.hint())

    def hide(self) -> None:
        """Lift the tool and hide."""
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
        """Move the picture under it where it would leave the view."""
        view = self._view
        at, room = view.to_widget(*self.at), QRectF(view.rect())
        margin = min(EDGE, room.width() / 4, room.height() / 4)
        room.adjust(margin, margin, -margin, -margin)
        if not view.fitting and not room.contains(at):
            x = min(max(at.x(), room.left()), room.right())
            y = min(max(at.y(), room.top()), room.bottom())
            view.pan_by(x - at.x(), y - at.y())

    def _sample(self) -> Sample:
        """Every pixel is meant: there is no trembling hand to make allowance for."""
        at = self._view.to_widget(*self.at)
        return Sample(*self.at, at.x(), at.y(), scale=max(self._view.scale, CLICK))

    def announce(self) -> None:
        """What is under way at it has changed."""
        self._view.update()
        self._view.crosshair_changed.emit()

    # --- what is seen and said ---

    def hint(self) -> str:
        """Where it is, and what Space does next."""
        by_keys = TOOLS[self._view.tool].by_keys
        if self.down:
            text = translate("CanvasView", "{x}, {y} · Space ends, Esc takes back")
        elif by_keys is KeyboardMode.HOLD:
            text = translate("CanvasView", "{x}, {y} · Space begins")
        elif self._hand.gesturing:
            text = translate("CanvasView", "{x}, {y} · Space sets a corner, Enter closes")
        else:
            text = translate("CanvasView", "{x}, {y} · Space sets it here")
        x, y = self.at
        return text.format(x=round(x), y=round(y))

    def paint(self, painter: QPainter) -> None:
        position = self.position
        if position is not None:
            layer_painting.paint_crosshair(painter, position, pressed=self.down)
