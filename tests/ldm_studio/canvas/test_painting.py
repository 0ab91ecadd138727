"""Painting with mouse and pen."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt

from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
from tests.ldm_studio.canvas.canvas_actions import LEFT, drag, pen, place, stroke_of


def test_press_move_release_paints_a_stroke(qtbot, view):
    points = (40, 30), (90, 60), (160, 40)
    with qtbot.waitSignal(view.mask_changed):
        drag(qtbot, view, *points)
    assert np.array_equal(view.mask(), stroke_of(view, *points))


def test_a_click_paints_one_dab(qtbot, view):
    drag(qtbot, view, (100, 50))
    assert np.array_equal(view.mask(), stroke_of(view, (100, 50)))


def test_erasing_everything_leaves_no_mask(qtbot, view):
    assert view.mask() is None
    drag(qtbot, view, (100, 50))
    view.set_tool(Tool.ERASER)
    view.adjust(size=60)
    view.adjust(hardness=100)
    drag(qtbot, view, (100, 50))
    assert view.mask() is None


def test_moving_without_a_button_paints_nothing(qtbot, view):
    qtbot.mouseMove(view, place(view, 50, 50))
    qtbot.mouseMove(view, place(view, 90, 50))
    qtbot.mousePress(view, Qt.MouseButton.RightButton, pos=place(view, 50, 50))
    qtbot.mouseRelease(view, Qt.MouseButton.RightButton, pos=place(view, 50, 50))
    assert view.mask() is None


def test_a_stroke_may_start_outside_the_image(qtbot, view):
    drag(qtbot, view, (-30, 50), (230, 50))
    mask = view.mask()
    assert mask is not None
    assert (mask[50] == 255).all()


def test_painting_needs_an_image(qtbot):
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(300, 300)
    drag(qtbot, view, (50, 50), (100, 100))
    view.invert_mask()
    view.clear_mask()
    assert view.mask() is None
    assert not view.undo_stack.canUndo()


@pytest.mark.parametrize("zoom", [0.37, 1.0, 2.0, 13.0])
def test_a_stroke_hits_the_same_pixels_at_any_zoom(qtbot, view, zoom):
    view.resize(380, 310)
    view.adjust(hardness=100)
    view.zoom_to(zoom)
    view.pan_by(31, -17)
    spot = view.to_widget(100.5, 50.5).toPoint()
    drag(qtbot, view, view.to_image(QPointF(spot)))
    mask = view.mask()
    assert mask is not None
    rows, columns = np.nonzero(mask > 127)
    slack = 0.5 / zoom + 0.3  # a mouse reports whole pixels of the screen
    assert columns.mean() + 0.5 == pytest.approx(100.5, abs=slack)
    assert rows.mean() + 0.5 == pytest.approx(50.5, abs=slack)


HIDPI = """
import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
app = QApplication([])
view = CanvasView()
view.resize(300, 200)
view.show()
view.set_image(np.full((100, 200, 3), 255, np.uint8))
view.actual_size()
assert view.devicePixelRatioF() == 2
assert view.target().width() == 100  # logical: 200 device pixels
view.adjust(size=6)
QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.to_widget(60, 40).toPoint())
rows, columns = np.nonzero(view.mask() > 127)
assert (columns.mean() + 0.5, rows.mean() + 0.5) == (60, 40)
view.set_tool(Tool.PAN)  # no brush ring
shown = view.grab().toImage()
assert shown.width() == 600
corner = view.target().topLeft() * 2
spots = [(corner + QPointF(x, 40)).toPoint() for x in (60, 80)]
assert [shown.pixelColor(spot).green() < 200 for spot in spots] == [True, False]
"""


def test_a_stroke_hits_the_same_pixels_on_a_high_density_screen():
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2"}
    done = subprocess.run([sys.executable, "-c", HIDPI], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_new_image_of_the_same_size_keeps_the_mask(qtbot, view, rgb):
    drag(qtbot, view, (40, 30), (90, 60))
    mask = view.mask()
    view.set_image(rgb // 2)
    assert np.array_equal(view.mask(), mask)
    view.set_image(np.zeros((64, 64, 3), np.uint8))
    assert view.mask() is None


def test_mask_commands_can_be_undone(qtbot, view):
    drag(qtbot, view, (40, 30), (90, 60))
    painted = view.mask()
    view.invert_mask()
    assert np.array_equal(view.mask(), 255 - painted)
    view.clear_mask()
    assert view.mask() is None
    view.undo()
    view.undo()
    assert np.array_equal(view.mask(), painted)
    view.undo()
    assert view.mask() is None
    view.redo()
    assert np.array_equal(view.mask(), painted)
    view.set_mask(np.full((100, 200), 9, np.uint8))
    view.undo()
    assert np.array_equal(view.mask(), painted)


def test_the_returned_mask_is_a_copy(qtbot, view):
    drag(qtbot, view, (40, 30))
    mask = view.mask()
    mask[:] = 7
    assert not np.array_equal(view.mask(), mask)


def test_escape_cancels_the_stroke(qtbot, view):
    qtbot.mousePress(view, LEFT, pos=place(view, 50, 50))
    qtbot.mouseMove(view, place(view, 90, 50))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(view, LEFT, pos=place(view, 90, 50))
    assert view.mask() is None
    assert not view.undo_stack.canUndo()


def test_pen_pressure_widens_the_stroke(view):
    view.adjust(size=40, hardness=100)
    widths = []
    for x, pressure in (50, 0.25), (150, 1.0):
        assert pen(view, QEvent.Type.TabletPress, x, 50, pressure).isAccepted()
        assert pen(view, QEvent.Type.TabletRelease, x, 50, 0.0).isAccepted()
        widths.append(np.count_nonzero(view.mask()[50, x - 40 : x + 40] > 127))
        view.clear_mask()
    assert widths[0] == pytest.approx(10, abs=2)
    assert widths[1] == pytest.approx(40, abs=3)


def test_pen_pressure_can_control_the_flow(view):
    view.adjust(size=40, hardness=100, pressure_size=False, pressure_flow=True)
    pen(view, QEvent.Type.TabletPress, 50, 50, 0.25)
    pen(view, QEvent.Type.TabletRelease, 50, 50, 0.0)
    mask = view.mask()
    assert mask[50, 50] == pytest.approx(64, abs=1)
    assert np.count_nonzero(mask[50] > 30) == pytest.approx(40, abs=3)


def test_ctrl_swaps_brush_and_eraser_for_a_stroke(qtbot, view):
    view.fill_mask()
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mousePress(view, LEFT, control, place(view, 60, 50))
    qtbot.mouseRelease(view, LEFT, control, place(view, 60, 50))
    assert view.mask()[50, 60] == 0
    assert view.tool is Tool.BRUSH


def test_the_other_end_of_the_pen_erases(view):
    view.set_mask(np.full((100, 200), 255, np.uint8))
    pen(view, QEvent.Type.TabletPress, 50, 50, 1.0, eraser=True)
    pen(view, QEvent.Type.TabletMove, 90, 50, 1.0, eraser=True)
    pen(view, QEvent.Type.TabletRelease, 90, 50, 0.0, eraser=True)
    assert (view.mask()[50, 50:90] == 0).all()
    assert view.tool is Tool.BRUSH
