"""Zooming and panning."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QNativeGestureEvent,
    QPointingDevice,
)
from PySide6.QtWidgets import QApplication

from tests.ldm_studio.canvas.canvas_actions import LEFT, MIDDLE, drag, place, wheel


def test_the_wheel_zooms_to_the_pointer(qtbot, view):
    at = place(view, 150, 30)
    under = view.to_image(QPointF(at))
    with qtbot.waitSignal(view.zoom_changed) as zoomed:
        wheel(view, at, 4)
    assert zoomed.args == [pytest.approx(2.0)]
    assert view.to_image(QPointF(at)) == pytest.approx(under, abs=0.5)
    assert not view.fitting


def test_the_wheel_does_not_step_over_100_percent(view):
    view.zoom_to(0.93)
    wheel(view, QPoint(200, 150), 1)
    assert view.zoom == 1.0


def test_the_middle_button_and_space_pan(qtbot, view):
    def corner() -> QPointF:
        return view.to_widget(0, 0)

    before = corner()
    qtbot.mousePress(view, MIDDLE, pos=QPoint(200, 150))
    qtbot.mouseMove(view, QPoint(230, 160))
    qtbot.mouseRelease(view, MIDDLE, pos=QPoint(230, 160))
    assert corner() - before == QPointF(30, 10)

    before = corner()
    qtbot.keyPress(view, Qt.Key.Key_Space)
    qtbot.mousePress(view, LEFT, pos=QPoint(200, 150))
    qtbot.mouseMove(view, QPoint(190, 150))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(190, 150))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert corner() - before == QPointF(-10, 0)
    assert view.mask() is None
    drag(qtbot, view, (100, 50))
    assert view.mask() is not None


def test_pinching_zooms(view):
    device = QPointingDevice.primaryPointingDevice()
    at = QPointF(200, 150)
    kind = Qt.NativeGestureType.ZoomNativeGesture
    event = QNativeGestureEvent(kind, device, 2, at, at, at, 0.5, QPointF(), 1)
    QApplication.sendEvent(view, event)
    assert view.zoom == pytest.approx(1.5)


def test_fit_follows_the_widget_size(qtbot, view):
    view.fit()
    narrow = view.zoom
    with qtbot.waitSignal(view.zoom_changed):
        view.resize(800, 600)
    assert view.zoom > narrow
    assert view.target().center().toPoint() == QPoint(400, 300)
    view.actual_size()
    view.resize(500, 500)
    assert view.zoom == 1.0


def test_two_fingers_on_a_touchpad_pan(view):
    device = QPointingDevice.primaryPointingDevice()
    at, before = QPointF(200, 150), view.to_widget(0, 0)
    kind = Qt.NativeGestureType.PanNativeGesture
    event = QNativeGestureEvent(kind, device, 3, at, at, at, 0.0, QPointF(12, -7), 1)
    QApplication.sendEvent(view, event)
    assert view.to_widget(0, 0) - before == QPointF(12, -7)
