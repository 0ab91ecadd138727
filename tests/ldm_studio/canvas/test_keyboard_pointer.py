"""Painting by keyboard: the crosshair, and every tool that uses it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPushButton

from ldm_studio.canvas.document.selections import gradient, polygon, same_colour
from ldm_studio.canvas.tools.tools import Tool
from tests.ldm_studio.canvas.canvas_actions import LEFT, color, place, shot, stroke_of
from tests.narrowing import present

Key = Qt.Key
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
KEYS = {"left": Key.Key_Left, "right": Key.Key_Right, "up": Key.Key_Up, "down": Key.Key_Down}


@pytest.fixture
def view(qtbot, view):
    """With the keyboard; the image of 200 x 100 at 100 %, its middle at (100, 50)."""
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    return view


def type_(qtbot, view, *words: str) -> None:
    """Words like "right", "right*4", "shift+down", "space", "enter"."""
    more = {"space": Key.Key_Space, "enter": Key.Key_Return, "back": Key.Key_Backspace}
    for word in words:
        name, _, times = word.partition("*")
        held = SHIFT if "shift+" in name else CONTROL if "ctrl+" in name else None
        key = (KEYS | more)[name.rpartition("+")[2]]
        for _ in range(int(times or 1)):
            qtbot.keyClick(view, key, held or Qt.KeyboardModifier.NoModifier)


def test_arrows_move_a_visible_crosshair(qtbot, view):
    plain = color(view, 108, 40)
    type_(qtbot, view, "right")  # from the middle
    assert view.accessibleDescription().endswith("108, 50 · Space to begin")
    assert color(view, 108, 40) != plain
    type_(qtbot, view, "shift+up", "ctrl+left", "down")
    assert view.accessibleDescription().endswith("107, 18 · Space to begin")
    type_(qtbot, view, "shift+left*9", "shift+down*9")
    assert view.accessibleDescription().endswith("0, 100 · Space to begin")


@pytest.mark.parametrize(("tool", "erases"), [(Tool.BRUSH, False), (Tool.ERASER, True)])
def test_a_keyboard_stroke_equals_one_by_mouse(qtbot, view, tool, erases):
    if erases:
        view.fill_mask()
    view.set_tool(tool)
    type_(qtbot, view, "left", "right", "space", "right*5", "down", "space", "right*3")
    points = [(100 + 8 * i, 50) for i in range(6)] + [(140, 58)]
    expected = stroke_of(view, *points)
    assert np.array_equal(view.mask(), 255 - expected if erases else expected)
    assert view.undo_stack.undoText() == ("Erase" if erases else "Brush stroke")


def test_a_dab_needs_no_movement(qtbot, view):
    type_(qtbot, view, "left", "right", "space", "space")
    assert np.array_equal(view.mask(), stroke_of(view, (100, 50)))


def test_a_rectangle_of_few_pixels_is_exact(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    type_(qtbot, view, "left", "right", "space", "shift+right", "down*2", "enter")
    assert (view.mask()[50:66, 100:140] == 255).all()
    assert np.count_nonzero(view.mask()) == 16 * 40
    view.clear_mask()
    type_(qtbot, view, "space", "ctrl+right*2", "ctrl+up", "space")
    assert np.count_nonzero(view.mask()) == 2


def test_the_whole_image_can_be_selected(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    far = ("shift+left*5", "shift+up*5", "space", "shift+right*9", "shift+down*9", "space")
    type_(qtbot, view, *far)
    assert (view.mask() == 255).all()


def test_a_gradient_by_keyboard(qtbot, view):
    view.set_tool(Tool.GRADIENT)
    type_(qtbot, view, "left", "right", "space", "shift+right", "space")
    assert np.array_equal(view.mask(), gradient((100, 50), (140, 50), 200, 100).values)


def test_a_lasso_corner_can_be_removed(qtbot, view):
    view.set_tool(Tool.LASSO)
    type_(qtbot, view, "left", "right", "space", "shift+right", "space", "up*2", "space", "back")
    assert "Enter to close" in view.accessibleDescription()
    type_(qtbot, view, "down*6", "space", "enter")
    expected = polygon([(100, 50), (140, 50), (140, 82)], 200, 100)
    x, y, w, h = present(expected).rect
    assert np.array_equal(view.mask()[y : y + h, x : x + w], present(expected).values)
    assert "to apply here" in view.accessibleDescription()


@pytest.mark.parametrize("corner", [(199, 99), (200, 100)])
def test_filling_works_at_the_last_pixel(qtbot, view, rgb, corner):
    rgb = rgb.copy()
    rgb[60:, 150:] = (200, 40, 30)
    view.set_image(rgb)
    view.set_tool(Tool.FILL)
    type_(qtbot, view, "shift+right*9", "shift+down*9")
    if corner == (199, 99):
        type_(qtbot, view, "ctrl+left", "ctrl+up")
    type_(qtbot, view, "space")
    assert np.array_equal(view.mask(), same_colour(rgb, 199, 99, 0.12).values)
    assert np.count_nonzero(view.mask()) == 40 * 50


def test_escape_cancels_the_gesture(qtbot, view):
    type_(qtbot, view, "right", "space", "right*4")
    qtbot.keyClick(view, Key.Key_Escape)
    assert view.mask() is None
    type_(qtbot, view, "right*4")  # the brush is up again
    assert view.mask() is None
    type_(qtbot, view, "space", "space")
    assert view.mask() is not None


def test_a_held_key_does_not_repeat_presses(qtbot, view):
    type_(qtbot, view, "left", "right", "space")
    held = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True)
    QApplication.sendEvent(view, held)
    type_(qtbot, view, "right", "space")
    assert np.array_equal(view.mask(), stroke_of(view, (100, 50), (108, 50)))


def test_the_mouse_takes_over_without_losing_the_gesture(qtbot, view):
    type_(qtbot, view, "left", "right", "space", "right*2")
    qtbot.mouseMove(view, place(view, 20, 20))
    stroke = stroke_of(view, (100, 50), (108, 50), (116, 50))
    assert np.array_equal(view.mask(), stroke)
    assert "Arrow keys" in view.accessibleDescription()
    qtbot.keyPress(view, Key.Key_Space)  # which pans the view, as with a mouse
    qtbot.mousePress(view, LEFT, pos=place(view, 20, 20))
    qtbot.mouseMove(view, place(view, 40, 20))
    qtbot.mouseRelease(view, LEFT, pos=place(view, 40, 20))
    qtbot.keyRelease(view, Key.Key_Space)
    assert np.array_equal(view.mask(), stroke)


def test_a_mouse_click_ends_a_keyboard_stroke(qtbot, view):
    type_(qtbot, view, "left", "right", "space", "right")
    qtbot.mousePress(view, LEFT, pos=place(view, 20, 20))
    qtbot.mouseRelease(view, LEFT, pos=place(view, 20, 20))
    view.undo()
    assert np.array_equal(view.mask(), stroke_of(view, (100, 50), (108, 50)))


def test_the_crosshair_hides_on_focus_loss_and_returns_to_its_place(qtbot, view):
    other = QPushButton(view)
    other.move(view.width(), 0)
    other.show()
    type_(qtbot, view, "left", "right", "space", "right*2")
    other.setFocus()
    assert np.array_equal(view.mask(), stroke_of(view, (100, 50), (108, 50), (116, 50)))
    hidden = shot(view)
    view.setFocus()
    assert shot(view) == hidden
    type_(qtbot, view, "ctrl+right")
    assert view.accessibleDescription().endswith("117, 50 · Space to begin")


def test_the_image_pans_when_the_crosshair_would_leave_the_view(qtbot, view):
    view.zoom_to(8.0)
    type_(qtbot, view, *("shift+right",) * 30, *("shift+down",) * 20)
    assert view.accessibleDescription().endswith("200, 100 · Space to begin")
    assert view.rect().contains(view.to_widget(200, 100).toPoint())
    view.zoom_to(2.0)  # about the crosshair
    assert view.rect().contains(view.to_widget(200, 100).toPoint())


def test_a_lasso_keeps_its_corners_while_the_image_pans(qtbot, view):
    view.zoom_to(8.0)
    view.set_tool(Tool.LASSO)
    way = ("space", "shift+right*20", "space", "shift+down*20", "space", "shift+left*20", "space")
    type_(qtbot, view, "left", "right", *way, "enter")
    expected = polygon([(100, 50), (180, 50), (180, 100), (100, 100)], 200, 100)
    x, y, w, h = present(expected).rect
    assert np.array_equal(view.mask()[y : y + h, x : x + w], present(expected).values)


def test_with_the_hand_arrows_move_the_view(qtbot, view):
    view.set_tool(Tool.PAN)
    before = view.to_widget(0, 0)
    type_(qtbot, view, "right", "down", "ctrl+down")
    moved = view.to_widget(0, 0) - before
    assert (moved.x(), moved.y()) == (-40, -41)


def test_without_an_image_there_is_no_crosshair(qtbot, view):
    view.set_image(None)
    type_(qtbot, view, "right", "space", "right", "space")
    assert "Arrow keys" not in view.accessibleDescription()
    assert view.mask() is None


def test_screen_readers_announce_presses_and_releases(qtbot, application, aio):
    view, reported = application.studio.view, []
    view.set_image(np.full((100, 200, 3), 210, np.uint8))
    application.window.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    application.announcer.announced.connect(reported.append)
    type_(qtbot, view, "right", "left", "space", "ctrl+right", "space")
    assert [text.split(" · ")[1] for text in reported] == [
        "Space to finish, Esc to cancel",
        "Space to begin",
    ]
