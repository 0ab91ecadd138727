"""Helpers for canvas tests: mouse, wheel and pen input; and the visible pixels."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import (
    QImage,
    QInputDevice,
    QPaintEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication

from ldm_studio.canvas.document.brush import Stroke
from ldm_studio.canvas.document.mask import Mask
from ldm_studio.canvas.view.canvas_view import CanvasView

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NO_KEY = Qt.KeyboardModifier.NoModifier


def place(view: CanvasView, x: float, y: float) -> QPoint:
    """The widget position of an image point."""
    return view.to_widget(x, y).toPoint()


def drag(qtbot, view: CanvasView, *points: tuple[float, float], button=LEFT) -> None:
    first, *rest = [place(view, *point) for point in points]
    qtbot.mousePress(view, button, pos=first)
    for position in rest:
        qtbot.mouseMove(view, position)
    qtbot.mouseRelease(view, button, pos=rest[-1] if rest else first)


def wheel(view: CanvasView, at: QPoint, notches: float) -> None:
    where = QPointF(at)
    turn = QPoint(0, round(120 * notches))
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        where,
        view.mapToGlobal(where),
        QPoint(),
        turn,
        Qt.MouseButton.NoButton,
        NO_KEY,
        phase,
        False,
    )
    QApplication.sendEvent(view, event)


def pen(view: CanvasView, kind: QEvent.Type, x: float, y: float, pressure: float, eraser=False):
    """A tablet event sent to the canvas."""
    tip = QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen
    device = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        tip,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        3,
    )
    where = view.to_widget(x, y)
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else LEFT
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT
    event = QTabletEvent(
        kind, device, where, view.mapToGlobal(where), pressure, 0, 0, 0, 0, 0, NO_KEY, button, held
    )
    QApplication.sendEvent(view, event)
    return event


def stroke_of(view: CanvasView, *points: tuple[float, float]) -> np.ndarray:
    """The mask of a stroke through these points with the view's brush."""
    mask = Mask(200, 100)
    stroke = Stroke(mask, view.options.brush(erase=False))
    for point in points:
        stroke.move_to(*point)
    stroke.finish()
    return mask.pixels


def shot(view: CanvasView) -> QImage:
    return view.grab().toImage()


def color(view: CanvasView, x: float, y: float) -> tuple[int, int, int]:
    """The colour of the widget at an image point."""
    found = shot(view).pixelColor(place(view, x, y))
    return found.red(), found.green(), found.blue()


class Repaints(QObject):
    """The area of each repaint of a widget."""

    def __init__(self) -> None:
        super().__init__()
        self.rects: list[QRect] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.rects.append(event.rect())
        return False
