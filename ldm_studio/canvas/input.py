"""Mouse, pen, touchpad and keys of the canvas, turned into gestures and commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)

from ldm_studio.canvas.tools import TOOLS, Gesture, Pan, Sample, Tool
from ldm_studio.canvas.zooming import NOTCHES_TO_DOUBLE

if TYPE_CHECKING:
    from ldm_studio.canvas.view import CanvasView

NOTCH = 120  # wheel delta of one click of a usual mouse wheel
PAN_STEP = 40  # logical pixels an arrow key moves the view; five times as far with Shift
PENS = (QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser)


class CanvasInput:
    """One gesture at a time, from the press of a button to the release of the same button."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._gesture: Gesture | None = None
        self._button = Qt.MouseButton.NoButton
        self._space = False
        self.hover: QPointF | None = None  # where the pointer is, None when it is elsewhere
        self._keys = _key_table(view)
        kind = QEvent.Type
        self._handlers: dict[QEvent.Type, Callable[..., bool]] = {
            kind.MouseButtonPress: self._mouse,
            kind.MouseButtonDblClick: self._mouse,
            kind.MouseMove: self._mouse,
            kind.MouseButtonRelease: self._mouse,
            kind.TabletPress: self._tablet,
            kind.TabletMove: self._tablet,
            kind.TabletRelease: self._tablet,
            kind.Wheel: self._wheel,
            kind.NativeGesture: self._pinch,
            kind.KeyPress: self.key_press,
            kind.KeyRelease: self.key_release,
            kind.ShortcutOverride: self._claim_key,
            kind.Leave: self._leave,
            kind.FocusOut: self._focus_out,
        }

    def handle(self, event: QEvent) -> bool:
        """Whether the event was for the canvas and nobody else."""
        handler = self._handlers.get(event.type())
        return handler is not None and handler(event)

    @property
    def panning(self) -> bool:
        """Whether a press pans, or a pan is under way."""
        return self._space or isinstance(self._gesture, Pan) or self._view.tool is Tool.PAN

    @property
    def busy(self) -> bool:
        return self._gesture is not None

    def cancel(self) -> None:
        """Give up the gesture under way."""
        if self._gesture:
            gesture, self._gesture = self._gesture, None
            gesture.cancel()
            self._view.update_cursor()

    # --- mouse and pen ---

    def _mouse(self, event: QMouseEvent) -> bool:
        if event.pointerType() in PENS:  # a pen speaks through tablet events
            return True
        return self._pointer(event, erase=False, pressure=1.0)

    def _tablet(self, event: QTabletEvent) -> bool:
        event.accept()  # else Qt sends the same as a mouse event
        erase = event.pointerType() == QPointingDevice.PointerType.Eraser
        # A lifted pen reports no pressure: the stroke ends as wide as it was.
        pressure = None if event.type() == QEvent.Type.TabletRelease else event.pressure()
        return self._pointer(event, erase, pressure)

    def _pointer(
        self, event: QMouseEvent | QTabletEvent, erase: bool, pressure: float | None
    ) -> bool:
        position, kind = event.position(), event.type()
        self._move_hover(position)
        if kind in (
            QEvent.Type.MouseButtonPress,
            QEvent.Type.MouseButtonDblClick,
            QEvent.Type.TabletPress,
        ):
            return self._press(event.button(), self._sample(position, pressure or 0.0), erase)
        if self._gesture and pressure is not None:
            self._gesture.move(self._sample(position, pressure))
        released = kind in (QEvent.Type.MouseButtonRelease, QEvent.Type.TabletRelease)
        if self._gesture and released and event.button() == self._button:
            gesture, self._gesture = self._gesture, None
            gesture.finish()
            self._view.update_cursor()
        return True

    def _press(self, button: Qt.MouseButton, sample: Sample, erase: bool) -> bool:
        if self._gesture:
            return True
        tool = Tool.ERASER if erase else self._view.tool
        if button == Qt.MouseButton.MiddleButton or (
            button == Qt.MouseButton.LeftButton and self._space
        ):
            tool = Tool.PAN
        elif button != Qt.MouseButton.LeftButton:
            return False
        self._button, self._gesture = button, TOOLS[tool].begin(self._view, sample)
        self._view.update_cursor()
        return True

    def _sample(self, position: QPointF, pressure: float) -> Sample:
        x, y = self._view.to_image(position)
        return Sample(x, y, position.x(), position.y(), pressure)

    def _move_hover(self, position: QPointF | None) -> None:
        self._view.update_ring()
        self.hover = position
        if position is not None:
            self._view.wake_tint()
        self._view.update_ring()

    def _leave(self, _event: QEvent) -> bool:
        self._move_hover(None)
        return False

    def _focus_out(self, _event: QEvent) -> bool:
        self._space = False
        self._view.set_comparing(False)
        self._view.update_cursor()
        return False

    # --- wheel and touchpad ---

    def _wheel(self, event: QWheelEvent) -> bool:
        """A wheel zooms; two fingers on a touchpad pan, and zoom with Ctrl."""
        touchpad = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        if self.busy:
            return True
        if touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._view.pan_by(event.pixelDelta().x(), event.pixelDelta().y())
        elif notches := event.angleDelta().y() / NOTCH:
            old = self._view.zoom
            new = old * 2 ** (notches / NOTCHES_TO_DOUBLE)
            if abs(notches) >= 1 and min(old, new) < 1 < max(old, new):
                new = 1.0  # do not step over 100 %
            self._view.zoom_to(new, event.position())
        event.accept()
        return True

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._view.zoom_to(self._view.zoom * (1 + event.value()), event.position())
            return True
        if event.gestureType() == Qt.NativeGestureType.SmartZoomNativeGesture:  # a double tap
            if self._view.fitting:
                self._view.zoom_to(1.0, event.position())
            else:
                self._view.fit()
            return True
        return False

    # --- keys ---

    def key_press(self, event: QKeyEvent) -> bool:
        if not self._owns(event):
            return False
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif event.key() == Qt.Key.Key_Space:
            self._space = True
            self._view.update_cursor()
        elif _is_compare(event):
            self._view.set_comparing(True)
        else:
            self._keys[_combination(event)]()
        event.accept()
        return True

    def key_release(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return False
        if event.key() == Qt.Key.Key_Space:
            self._space = False
            self._view.update_cursor()
            return True
        if event.key() in (Qt.Key.Key_C, Qt.Key.Key_Backslash):
            self._view.set_comparing(False)
            return True
        return False

    def _claim_key(self, event: QKeyEvent) -> bool:
        """While the canvas has the focus, its keys are its own: no shortcut of the window takes
        them away.
        """
        if self._owns(event):
            event.accept()
            return True
        return False

    def _owns(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self.busy
        plain = _modifiers(event) == Qt.KeyboardModifier.NoModifier
        return (
            (plain and event.key() == Qt.Key.Key_Space)
            or _is_compare(event)
            or _combination(event) in self._keys
        )


def _key_table(view: CanvasView) -> dict[str, Callable[[], None]]:
    def pan(dx: int, dy: int) -> Callable[[], None]:
        return lambda: view.pan_by(dx * PAN_STEP, dy * PAN_STEP)

    return {
        "B": view.use_brush,
        "E": view.use_eraser,
        "H": view.use_hand,
        "X": view.swap_tool,
        "[": view.smaller_brush,
        "]": view.larger_brush,
        "Shift+[": view.softer_brush,
        "Shift+]": view.harder_brush,
        "Shift+{": view.softer_brush,  # what Shift+[ is on a US keyboard
        "Shift+}": view.harder_brush,
        "I": view.invert_mask,
        "Del": view.clear_mask,
        "M": view.toggle_overlay,
        "0": view.fit,
        "1": view.actual_size,
        "+": view.zoom_in,
        "Shift++": view.zoom_in,
        "=": view.zoom_in,
        "-": view.zoom_out,
        "Ctrl+Z": view.undo,
        "Ctrl+Shift+Z": view.redo,
        "Ctrl+Y": view.redo,
        "Left": pan(1, 0),
        "Right": pan(-1, 0),
        "Up": pan(0, 1),
        "Down": pan(0, -1),
        "Shift+Left": pan(5, 0),
        "Shift+Right": pan(-5, 0),
        "Shift+Up": pan(0, 5),
        "Shift+Down": pan(0, -5),
    }


def _modifiers(event: QKeyEvent) -> Qt.KeyboardModifier:
    """Without those that say where on the keyboard the key was."""
    return event.modifiers() & ~(
        Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
    )


def _combination(event: QKeyEvent) -> str:
    """Like "Ctrl+Z"."""
    return QKeySequence(_modifiers(event).value | event.key()).toString()


def _is_compare(event: QKeyEvent) -> bool:
    keys = Qt.Key.Key_C, Qt.Key.Key_Backslash
    return _modifiers(event) == Qt.KeyboardModifier.NoModifier and event.key() in keys
