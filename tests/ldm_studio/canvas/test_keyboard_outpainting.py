"""Outpainting by keyboard: arrow keys move the edges."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QPushButton

from core.images.outpainting import Border, extended
from core.request.parameters import MAX_SIDE
from ldm_studio.canvas.tools.tools import Tool
from tests.ldm_studio.canvas.canvas_actions import Repaints, place, shot

Key = Qt.Key
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot, view):
    """With the keyboard and the tool; an image of 200 x 100, for a model of multiples of 16."""
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    view.outpaint_frame.unit = 16
    view.fit()
    qtbot.keyClick(view, Key.Key_O)
    return view


def border(view) -> Border:
    return view.outpaint_frame.extension.border


@pytest.mark.parametrize(
    ("key", "side", "steps", "fixed"),
    [
        (Key.Key_Left, "left", (8, 24), (200, 0)),  # 208, 224
        (Key.Key_Right, "right", (8, 24), (0, 0)),
        (Key.Key_Up, "top", (12, 28), (0, 100)),  # 112, 128
        (Key.Key_Down, "bottom", (12, 28), (0, 0)),
    ],
)
def test_an_edge_moves_in_multiples(qtbot, view, key, side, steps, fixed):
    before = view.to_widget(*fixed), view.scale
    for pixels in steps:
        qtbot.keyClick(view, key)
        assert border(view) == Border(**{side: pixels})
    assert (view.to_widget(*fixed), view.scale) == before  # nothing else has moved
    for pixels in (*steps[-2::-1], 0, 0):
        qtbot.keyClick(view, key, SHIFT)
        assert border(view) == Border(**{side: pixels})


def test_opposite_edges_share_one_multiple(qtbot, view):
    view.outpaint_frame.set_side("left", 5)  # typed: 205 wide
    qtbot.keyClick(view, Key.Key_Right)
    assert border(view) == Border(left=5, right=3)
    qtbot.keyClick(view, Key.Key_Left, SHIFT)
    assert border(view) == Border(left=0, right=3)


def test_no_side_exceeds_the_models_maximum(qtbot, view):
    view.outpaint_frame.set_side("right", MAX_SIDE - 200 - 8)
    for _ in range(3):
        qtbot.keyClick(view, Key.Key_Right)
    assert border(view) == Border(right=MAX_SIDE - 200)


def test_enter_extends_and_escape_cancels(qtbot, view, rgb):
    qtbot.keyClick(view, Key.Key_Right)
    qtbot.keyClick(view, Key.Key_Up)
    qtbot.keyClick(view, Key.Key_Escape)
    assert border(view) == Border()
    assert view.tool is Tool.EXTEND
    qtbot.keyClick(view, Key.Key_Right)
    with qtbot.waitSignal(view.extended):
        qtbot.keyClick(view, Key.Key_Return)
    assert np.array_equal(view.image(), extended(rgb, Border(right=8), "edge", overlap=8)[0])


def test_the_whole_frame_stays_visible(qtbot, view):
    for key, times in ((Key.Key_Right, 30), (Key.Key_Down, 30), (Key.Key_Left, 10)):
        for _ in range(times):
            qtbot.keyClick(view, key)
        frame = view.outpaint_frame.frame(view.target(), view.scale)
        assert QRectF(view.rect()).contains(frame)


def test_with_ctrl_arrows_move_the_view(qtbot, view):
    before = view.to_widget(0, 0)
    qtbot.keyClick(view, Key.Key_Right, CONTROL)
    qtbot.keyClick(view, Key.Key_Down, CONTROL)
    moved = view.to_widget(0, 0) - before
    assert (moved.x(), moved.y()) == (-40, -40)
    assert border(view) == Border()


def test_the_hint_explains_the_keys_and_their_effect(qtbot, view):
    reported = []
    view.pointed.connect(reported.append)
    assert view.accessibleDescription().endswith("Arrow keys widen, Shift narrows")
    qtbot.keyClick(view, Key.Key_Right)
    done = "Right +8 · 208 × 100 · Enter to apply, Esc to cancel"
    assert view.accessibleDescription().endswith(done)
    qtbot.keyClick(view, Key.Key_Up)
    assert reported == [done, "Top +12 · 208 × 112 · Enter to apply, Esc to cancel"]
    qtbot.keyClick(view, Key.Key_Escape)
    assert view.accessibleDescription().endswith("Arrow keys widen, Shift narrows")


def test_the_hint_hides_for_the_mouse_and_on_focus_loss(qtbot, view):
    other = QPushButton(view)
    other.move(view.width(), 0)
    other.show()
    spoken = shot(view)
    repaints = Repaints()
    view.installEventFilter(repaints)
    qtbot.mouseMove(view, place(view, 100, 50))
    qtbot.waitUntil(lambda: any(rect.contains(20, 20) for rect in repaints.rects))
    silent = shot(view)
    assert silent != spoken
    qtbot.keyClick(view, Key.Key_Right)
    qtbot.keyClick(view, Key.Key_Right, SHIFT)
    assert shot(view) == spoken
    other.setFocus()
    assert shot(view) == silent


def test_outpainting_needs_an_image(qtbot, view):
    view.set_image(None)
    qtbot.keyClick(view, Key.Key_Right)
    assert border(view) == Border()
    assert "Arrow keys" not in view.accessibleDescription()
