"""Translates mouse, pen, touchpad and key events of the canvas to gestures and commands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)

from ldm_studio.canvas.view.brush_cursor import BrushCursor
from ldm_studio.canvas.view.layer_view import LayerView
from ldm_studio.canvas.view.zoomable import NOTCHES_TO_DOUBLE

from .canvas_keys import REACH, combination, is_compare, key_table, modifiers
from .gestures import DragImage, Gesture, Pan, Sample
from .keyboard_outpainting import KeyboardOutpainting
from .keyboard_pointer import KeyboardPointer
from .tools import TOOLS, Tool

NOTCH = 120  # wheel delta of one click of a usual mouse wheel
PENS = (QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser)
PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.TabletPress)
RELEASES = (QEvent.Type.MouseButtonRelease, QEvent.Type.TabletRelease)
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class CanvasInput:
    """One gesture at a time. The view can be panned while a gesture waits for its next press."""

    def __init__(self, view: LayerView) -> None:
        self._view = view
        self._gesture: Gesture | None = None
        self._pan: Pan | None = None
        self._button = Qt.MouseButton.NoButton  # the pressed button
        self._pressure = 1.0
        self._space = False
        self.mouse: QPointF | None = None  # where it is; None when it is elsewhere
        self.keyboard_pointer, self.keyboard_outpainting = (
            KeyboardPointer(view, self),
            KeyboardOutpainting(view, self),
        )
        self.brush_cursor = BrushCursor(view, self)
        self._keys = key_table(view, self._move_by_key)
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
            kind.NativeGesture: self._touch,
            kind.KeyPress: self.key_press,
            kind.KeyRelease: self.key_release,
            kind.ShortcutOverride: self._claim_key,
            kind.Leave: self._leave,
            kind.FocusOut: self._focus_out,
        }

    def handle(self, event: QEvent) -> bool:
        """Handles an event; whether it was for the canvas only."""
        handler = self._handlers.get(event.type())
        return handler is not None and handler(event)

    @property
    def panning(self) -> bool:
        """Whether a press pans, or panning is in progress."""
        return self._space or self._pan is not None or self._view.tool is Tool.PAN

    @property
    def pressed(self) -> bool:
        return self._button != Qt.MouseButton.NoButton

    @property
    def gesturing(self) -> bool:
        return self._gesture is not None

    @property
    def hover(self) -> QPointF | None:
        """The position of the tool: the crosshair, or the mouse."""
        return self.keyboard_pointer.position or self.mouse

    def cancel(self) -> None:
        """Cancels the current gesture."""
        self._pan, self._button = None, Qt.MouseButton.NoButton
        if self._gesture:
            gesture, self._gesture = self._gesture, None
            gesture.cancel()
            self.keyboard_pointer.announce()
        self.brush_cursor.update_cursor()

    # --- mouse and pen ---

    def _mouse(self, event: QMouseEvent) -> bool:
        if event.pointerType() in PENS:  # a pen sends tablet events
            return True
        self._pressure = 1.0
        return self._pointer(event, turned=False)

    def _tablet(self, event: QTabletEvent) -> bool:
        event.accept()  # otherwise Qt sends it again as a mouse event
        if event.type() != QEvent.Type.TabletRelease:
            self._pressure = event.pressure()  # a lifted pen reports none: end as wide as it was
        return self._pointer(event, event.pointerType() == QPointingDevice.PointerType.Eraser)

    def _pointer(self, event: QMouseEvent | QTabletEvent, turned: bool) -> bool:
        position, kind = event.position(), event.type()
        if position != self.mouse or kind in PRESSES:
            self.keyboard_pointer.hide()
            self.keyboard_outpainting.hide()
        self._move_hover(position)
        sample = self._sample(event, turned)
        if kind in PRESSES:
            return self._press(event.button(), sample, turned)
        if kind in RELEASES:
            if self.pressed and event.button() == self._button:
                self._release(sample)
        elif self._pan:
            self._pan.move(sample)
        elif self._gesture:
            self._gesture.move(sample)
        return True

    def _press(self, button: Qt.MouseButton, sample: Sample, turned: bool) -> bool:
        if self.pressed:
            return True
        left = button == Qt.MouseButton.LeftButton
        carries = sample.invert and self._view.tool is Tool.PAN and not self._space
        if left and carries and self._gesture is None:
            self._gesture = DragImage(self._view, sample)
        elif button == Qt.MouseButton.MiddleButton or (left and self.panning):
            self._pan = Pan(self._view, sample)
        elif not left:
            return False
        elif self._gesture is None:
            tool = self._view.tool
            # The other end of a pen erases, or subtracts areas.
            self._gesture = TOOLS[Tool.BRUSH if turned and TOOLS[tool].ring else tool].begin(
                self._view, sample
            )
        elif self._gesture.press(sample):
            self._gesture = None
        self._button = button
        self.brush_cursor.update_cursor()
        return True

    def _release(self, sample: Sample) -> None:
        self._button = Qt.MouseButton.NoButton
        if self._pan:
            self._pan.release(sample)
            self._pan = None
        elif self._gesture and self._gesture.release(sample):
            self._gesture = None
        self.brush_cursor.update_cursor()

    def _sample(self, event: QMouseEvent | QTabletEvent, turned: bool) -> Sample:
        position, held = event.position(), event.modifiers()
        return Sample(
            *self._view.to_image(position),
            position.x(),
            position.y(),
            self._pressure,
            constrain=bool(held & Qt.KeyboardModifier.ShiftModifier),
            invert=turned or bool(held & Qt.KeyboardModifier.ControlModifier),
            scale=self._view.scale,
        )

    def _move_hover(self, position: QPointF | None) -> None:
        self.brush_cursor.update_ring()
        comes_or_goes = (position is None) != (self.mouse is None)
        self.mouse = position
        if comes_or_goes and self.keyboard_outpainting.usable:
            self.keyboard_outpainting.announce()
        if self._view.tool is Tool.EXTEND and not self.pressed:
            self.brush_cursor.update_cursor()
        if position is not None:
            self._view.wake_tint()
        self.brush_cursor.update_ring()

    def _leave(self, _event: QEvent) -> bool:
        self._move_hover(None)
        return False

    def _focus_out(self, _event: QEvent) -> bool:
        self._space = False
        self.keyboard_pointer.hide()
        self.keyboard_outpainting.hide()
        self._view.set_comparing(False)
        self.brush_cursor.update_cursor()
        return False

    # --- arrow keys ---

    @property
    def hint(self) -> str:
        """What keys do next; empty while the mouse is used, or if no key does anything."""
        by_keys = (
            self.keyboard_pointer if self.keyboard_pointer.shown else self.keyboard_outpainting
        )
        return by_keys.hint() if by_keys.shown else ""

    def _move_by_key(self, dx: int, dy: int, held: str) -> None:
        """Handles an arrow key: moves the crosshair, an edge of the image, or the view; `held`: one
        of REACH.
        """
        edges = self.keyboard_outpainting.usable
        crosshair, window = REACH["" if edges else held]
        if edges and held != "Ctrl+":
            self.keyboard_outpainting.move(dx, dy, back=held == "Shift+")
        elif self.keyboard_pointer.usable:
            self.keyboard_pointer.move(dx, dy, crosshair)
        else:
            self._view.pan_by(-dx * window, -dy * window)

    def press_by_key(self, sample: Sample) -> None:
        self._press(Qt.MouseButton.LeftButton, sample, turned=False)

    def move_by_key(self, sample: Sample) -> None:
        if self._gesture:
            self._gesture.move(sample)

    def release_by_key(self, sample: Sample) -> None:
        self._release(sample)

    # --- wheel and touchpad ---

    def _wheel(self, event: QWheelEvent) -> bool:
        """A wheel zooms; two fingers on a touchpad pan, and zoom with Ctrl."""
        touchpad = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        if self.pressed:
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

    def _touch(self, event: QNativeGestureEvent) -> bool:
        kind = event.gestureType()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self._view.zoom_to(self._view.zoom * (1 + event.value()), event.position())
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            self._view.pan_by(event.delta().x(), event.delta().y())
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:  # a double tap
            if self._view.fitting:
                self._view.zoom_to(1.0, event.position())
            else:
                self._view.fit()
        else:
            return False
        return True

    # --- keys ---

    def key_press(self, event: QKeyEvent) -> bool:
        if not self._owns(event):
            return False
        if event.key() == Qt.Key.Key_Escape:
            if self._gesture is None and self._pan is None:
                self._view.outpaint_frame.clear()
            self.cancel()
        elif event.key() in ENTER and self._gesture and not self.pressed:
            gesture, self._gesture = self._gesture, None
            gesture.finish()
            self.keyboard_pointer.announce()
        elif event.key() in ENTER and self._gesture is None and self._view.awaits_enter:
            self._view.enter()
        elif event.key() in (*ENTER, Qt.Key.Key_Space) and self.keyboard_pointer.shown:
            if not event.isAutoRepeat():
                self.keyboard_pointer.press()
        elif event.key() == Qt.Key.Key_Backspace and self._gesture:
            self._gesture.step_back()
        elif event.key() == Qt.Key.Key_Space:
            self._space = True
            self.brush_cursor.update_cursor()
        elif is_compare(event):
            self._view.set_comparing(True)
        else:
            self._keys[combination(event)]()
        event.accept()
        return True

    def key_release(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return False
        if event.key() == Qt.Key.Key_Space:
            self._space = False
            self.brush_cursor.update_cursor()
            return True
        if event.key() in (Qt.Key.Key_C, Qt.Key.Key_Backslash):
            self._view.set_comparing(False)
            return True
        return False

    def _claim_key(self, event: QKeyEvent) -> bool:
        """While the canvas has the focus, its keys take precedence over shortcuts of the window."""
        if self._owns(event):
            event.accept()
            return True
        return False

    def _owns(self, event: QKeyEvent) -> bool:
        plain = modifiers(event) == Qt.KeyboardModifier.NoModifier
        if event.key() == Qt.Key.Key_Escape:
            extends = not self._view.outpaint_frame.extension.is_none
            return self._gesture is not None or self._pan is not None or extends
        if plain and event.key() in ENTER and self._view.awaits_enter and self._gesture is None:
            return True
        if plain and event.key() in ENTER and self.keyboard_pointer.shown:
            return True
        if plain and event.key() in (*ENTER, Qt.Key.Key_Backspace):
            return self._gesture is not None and not self.pressed
        return (
            (plain and event.key() == Qt.Key.Key_Space)
            or is_compare(event)
            or combination(event) in self._keys
        )
