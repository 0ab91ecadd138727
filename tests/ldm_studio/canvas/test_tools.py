"""Selection tools with the mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from ldm_studio.canvas.document.selections import gradient, polygon, same_colour
from ldm_studio.canvas.tools.tools import Tool
from tests.ldm_studio.canvas.canvas_actions import LEFT, MIDDLE, drag, place, wheel
from tests.narrowing import present

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def click(qtbot, view, x: float, y: float, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    spot = place(view, x, y)
    qtbot.mouseMove(view, spot)
    qtbot.mousePress(view, LEFT, modifier, spot)
    qtbot.mouseRelease(view, LEFT, modifier, spot)


def test_a_rectangle_is_masked_from_corner_to_corner(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    drag(qtbot, view, (120, 70), (40, 30))
    mask = view.mask()
    assert (mask[30:70, 40:120] == 255).all()
    assert np.count_nonzero(mask) == 40 * 80
    assert view.undo_stack.undoText() == "Rectangle"
    view.undo()
    assert view.mask() is None


def test_shift_makes_a_square_and_a_click_selects_nothing(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 30))
    qtbot.mouseMove(view, place(view, 80, 40))
    qtbot.mouseRelease(view, LEFT, SHIFT, place(view, 80, 40))
    assert np.count_nonzero(view.mask()) == 40 * 40
    view.undo()
    click(qtbot, view, 50, 50)
    assert view.mask() is None


def test_areas_are_subtracted_by_option_or_ctrl(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    view.fill_mask()
    view.adjust(subtract=True)
    drag(qtbot, view, (40, 30), (60, 50))
    assert not view.mask()[30:50, 40:60].any()
    spot, end = place(view, 45, 35), place(view, 55, 45)
    qtbot.mousePress(view, LEFT, CONTROL, spot)
    qtbot.mouseMove(view, end)
    qtbot.mouseRelease(view, LEFT, CONTROL, end)
    assert (view.mask()[35:45, 45:55] == 255).all()


def test_escape_cancels_an_area(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 30))
    qtbot.mouseMove(view, place(view, 80, 60))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(view, LEFT, pos=place(view, 80, 60))
    assert view.mask() is None


def test_a_freehand_lasso_closes_at_the_release(qtbot, view):
    view.set_tool(Tool.LASSO)
    path = [(30, 20), (120, 25), (110, 80), (40, 70)]
    drag(qtbot, view, *path)
    expected = polygon(path, 200, 100)
    x, y, w, h = present(expected).rect
    assert np.array_equal(view.mask()[y : y + h, x : x + w], present(expected).values)


CORNERS = [(30, 20), (120, 25), (110, 80)]


@pytest.mark.parametrize("end", ["enter", "start", "double"])
def test_a_lasso_of_corners_closes_in_three_ways(qtbot, view, end):
    view.set_tool(Tool.LASSO)
    for corner in CORNERS:
        click(qtbot, view, *corner)
    assert view.mask() is None
    if end == "enter":
        qtbot.keyClick(view, Qt.Key.Key_Return)
    elif end == "start":
        click(qtbot, view, 31, 21)
    else:
        spot = place(view, *CORNERS[-1])
        qtbot.mouseDClick(view, LEFT, pos=spot)
        qtbot.mouseRelease(view, LEFT, pos=spot)
    expected = polygon(CORNERS, 200, 100)
    x, y, w, h = present(expected).rect
    assert np.array_equal(view.mask()[y : y + h, x : x + w], present(expected).values)
    drag(qtbot, view, (150, 10), (190, 10), (190, 40))  # and the next begins anew
    assert view.undo_stack.count() == 2


def test_backspace_removes_a_corner(qtbot, view):
    view.set_tool(Tool.LASSO)
    for corner in (*CORNERS[:2], (190, 5), CORNERS[2]):
        click(qtbot, view, *corner)
        if corner == (190, 5):
            qtbot.keyClick(view, Qt.Key.Key_Backspace)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    expected = polygon(CORNERS, 200, 100)
    x, y, w, h = present(expected).rect
    assert np.array_equal(view.mask()[y : y + h, x : x + w], present(expected).values)


def test_the_view_pans_and_zooms_between_lasso_corners(qtbot, view):
    view.set_tool(Tool.LASSO)
    click(qtbot, view, *CORNERS[0])
    drag(qtbot, view, (50, 50), (70, 60), button=MIDDLE)
    wheel(view, QPoint(200, 150), 4)
    assert view.zoom == pytest.approx(2.0)
    view.fit()
    for corner in CORNERS[1:]:
        click(qtbot, view, *corner)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert view.mask()[40, 80] == 255


def test_another_tool_cancels_an_open_lasso(qtbot, view):
    view.set_tool(Tool.LASSO)
    for corner in CORNERS:
        click(qtbot, view, *corner)
    view.set_tool(Tool.BRUSH)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert view.mask() is None


def test_filling_masks_the_colour_under_the_pointer(qtbot, view, rgb):
    rgb = rgb.copy()
    rgb[20:60, 40:90] = (200, 40, 30)
    rgb[70:80, 150:160] = (210, 45, 30)
    view.set_image(rgb)
    view.set_tool(Tool.FILL)
    click(qtbot, view, 50, 30)
    assert np.array_equal(view.mask(), same_colour(rgb, 50, 30, 0.12).values)
    assert np.count_nonzero(view.mask()) == 40 * 50
    view.undo()
    view.adjust(connected=False)
    click(qtbot, view, 50, 30)
    assert np.count_nonzero(view.mask()) == 40 * 50 + 10 * 10
    view.undo()
    click(qtbot, view, -30, 30)
    assert view.mask() is None


@pytest.mark.parametrize("radial", [False, True])
def test_a_gradient_runs_from_press_to_release(qtbot, view, radial):
    view.set_tool(Tool.GRADIENT)
    view.adjust(radial=radial)
    drag(qtbot, view, (50, 50), (150, 50))
    expected = gradient((50, 50), (150, 50), 200, 100, radial=radial).values
    assert np.array_equal(view.mask(), expected)


def test_grow_shrink_and_feather_have_keys(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    drag(qtbot, view, (50, 30), (150, 70))
    before = view.mask()
    qtbot.keyClick(view, Qt.Key.Key_Period)
    assert view.mask()[50, 42:158].all()
    assert not view.mask()[50, :42].any()
    qtbot.keyClick(view, Qt.Key.Key_Comma)
    assert np.array_equal(view.mask()[35:65, 60:140], before[35:65, 60:140])
    qtbot.keyClick(view, Qt.Key.Key_Slash)
    assert 0 < view.mask()[50, 48] < 255
    for _ in range(3):
        view.undo()
    assert np.array_equal(view.mask(), before)


def test_transparent_pixels_can_be_masked(view, rgb):
    alpha = np.zeros((100, 200), np.uint8)
    alpha[:, :50] = 200
    view.set_image(rgb, alpha)
    view.mask_transparent()
    assert np.array_equal(view.mask(), 255 - alpha)
