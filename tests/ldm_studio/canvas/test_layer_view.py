"""The visible layers of the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
)

from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
from tests.ldm_studio.canvas.canvas_actions import color, drag, place, shot


def test_the_empty_canvas_shows_advice(qtbot):
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    drawn = from_qimage(shot(view))
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 10  # words and a drawing
    view.resize(160, 160)
    shot(view)
    view.set_image(np.zeros((20, 20, 3), np.uint8))
    view.set_image(None)
    view.resize(500, 400)
    assert np.array_equal(from_qimage(shot(view)), drawn)


def test_pixels_are_exact_at_100_percent(view, rgb):
    noise = np.random.default_rng(0).integers(0, 256, rgb.shape, np.uint8)
    view.set_image(noise)
    shown = from_qimage(shot(view).copy(view.target().toRect()))
    assert np.array_equal(shown, noise)


def test_the_preview_covers_the_image_until_it_ends(view, rgb):
    view.set_preview(np.full((50, 100, 3), (0, 90, 0), np.uint8))
    assert color(view, 5, 5) == (0, 90, 0)
    assert color(view, 195, 95) == (0, 90, 0)
    view.set_preview(None)
    assert color(view, 5, 5) == (210, 210, 210)
    view.set_preview(np.full((50, 100, 3), (0, 90, 0), np.uint8))
    view.set_image(rgb)
    assert color(view, 5, 5) == (210, 210, 210)


def test_a_preview_is_visible_without_an_image(view):
    view.set_image(None)
    view.set_preview(np.full((64, 64, 3), (0, 90, 0), np.uint8))
    assert color(view, 32, 32) == (0, 90, 0)
    assert view.fitting


def test_the_mask_tint_can_be_hidden(qtbot, view):
    view.tint = QColor(255, 0, 0), 0.5
    drag(qtbot, view, (60, 50), (100, 50))
    qtbot.mouseMove(view, place(view, 180, 90))
    assert color(view, 80, 50) == pytest.approx((233, 105, 105), abs=2)
    assert color(view, 150, 20) == (210, 210, 210)
    view.toggle_overlay()
    assert color(view, 80, 50) == (210, 210, 210)
    assert view.mask() is not None
    view.toggle_overlay()
    view.set_preview(np.full((100, 200, 3), (0, 90, 0), np.uint8))
    assert color(view, 80, 50) == (0, 90, 0)


def test_a_result_hides_the_tint_until_the_pointer_returns(qtbot, view):
    view.tint = QColor(255, 0, 0), 0.5
    drag(qtbot, view, (60, 50), (100, 50))
    result = np.full((100, 200, 3), (0, 90, 0), np.uint8)
    view.set_preview(result)
    view.set_image(result)
    assert color(view, 80, 50) == (0, 90, 0)
    assert view.mask() is not None
    qtbot.mouseMove(view, place(view, 181, 91))
    assert color(view, 80, 50) != (0, 90, 0)


def test_holding_c_shows_the_previous_image(qtbot, view):
    view.set_before(np.full((100, 200, 3), (0, 0, 90), np.uint8))
    for key in Qt.Key.Key_C, Qt.Key.Key_Backslash:
        qtbot.keyPress(view, key)
        assert color(view, 150, 80) == (0, 0, 90)
        qtbot.keyRelease(view, key)
        assert color(view, 150, 80) == (210, 210, 210)


def test_transparency_shows_a_checkerboard_or_white(view):
    rgb = np.full((100, 200, 3), 255, np.uint8)
    alpha = np.zeros((100, 200), np.uint8)
    alpha[:, :100] = 255
    rgb[:, :100] = (10, 20, 30)
    view.set_image(rgb, alpha)
    assert color(view, 150, 50) == (255, 255, 255)
    view.set_show_transparency(True)
    assert color(view, 50, 50) == (10, 20, 30)
    squares = {color(view, x, 50) for x in range(110, 190, 8)}
    assert len(squares) == 2


@pytest.mark.parametrize("ground", [0, 255])
def test_the_brush_ring_is_visible_on_light_and_dark(qtbot, view, ground):
    view.set_image(np.full((100, 200, 3), ground, np.uint8))
    view.adjust(size=40)
    qtbot.mouseMove(view, place(view, 10, 10))  # a move without a change of position is no event
    qtbot.mouseMove(view, place(view, 100, 50))
    view.set_tool(Tool.PAN)
    without = from_qimage(shot(view)).astype(int)
    view.set_tool(Tool.BRUSH)
    ring = np.abs(from_qimage(shot(view)) - without).max(-1) > 80
    rows, columns = np.nonzero(ring)
    centre = place(view, 100, 50)
    assert np.hypot(columns - centre.x(), rows - centre.y()) == pytest.approx(20, abs=2.5)
    assert len(rows) > 80


def test_the_accessible_description_follows_the_canvas(qtbot, view):
    assert view.accessibleName() == "Canvas"
    view.actual_size()
    keys = "Arrow keys move a crosshair, Space puts the tool down and lifts it"
    seen = f"zoom 100 %, tool: Brush. {keys}"
    assert view.accessibleDescription() == f"Canvas 200 by 100, nothing masked, {seen}"
    mask = np.zeros((100, 200), np.uint8)
    mask[:, :24] = 255
    view.set_mask(mask)
    assert view.accessibleDescription() == f"Canvas 200 by 100, mask covers 12 %, {seen}"
    view.set_tool(Tool.ERASER)
    assert view.accessibleDescription().endswith(f"zoom 100 %, tool: Eraser. {keys}")
    view.set_tool(Tool.PAN)
    assert view.accessibleDescription().endswith("zoom 100 %, tool: Hand")
    view.set_image(None)
    assert view.accessibleDescription() == "Canvas, no image yet"


def test_pixels_are_squares_above_200_percent_and_smooth_below(view):
    stripes = np.zeros((100, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    view.set_image(stripes)

    def levels(zoom: float) -> int:
        view.zoom_to(zoom)
        across = from_qimage(shot(view))[150, 150:250, 0]
        return len(np.unique(across))

    assert levels(3.0) == 2
    assert levels(1.7) > 2
    view.set_image(np.repeat(stripes[:16, :16], 1, 0).copy())
    view.fit()  # a small image in a large window
    assert view.zoom > 2
    assert len(np.unique(from_qimage(shot(view))[150, 150:250, 0])) > 2


def test_grid_lines_appear_at_high_zoom(view):
    view.set_tool(Tool.PAN)
    view.zoom_to(6.0)
    assert len(np.unique(from_qimage(shot(view))[140:160, 190:210])) == 1
    view.zoom_to(20.0)
    seen = from_qimage(shot(view))[100:200, 150:250, 0]
    lines = (seen != 210).all(0)
    assert np.count_nonzero(lines) == 5
    assert np.ptp(np.diff(np.flatnonzero(lines))) <= 1


def test_the_zoom_has_limits(view):
    view.zoom_to(1e9)
    assert view.zoom == 64.0
    view.zoom_to(1e-9)
    assert view.zoom == 0.01
    shot(view)
