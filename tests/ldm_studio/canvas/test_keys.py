"""Keys of the canvas."""

from __future__ import annotations

from dataclasses import asdict
from operator import attrgetter

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QAction,
)
from PySide6.QtWidgets import QMainWindow

from ldm_studio.canvas.tools.tool_options import ToolOptions
from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
from tests.ldm_studio.canvas.canvas_actions import LEFT, NO_KEY, drag, place, stroke_of


@pytest.mark.parametrize(
    ("key", "modifier", "name", "value"),
    [
        (Qt.Key.Key_E, NO_KEY, "tool", Tool.ERASER),
        (Qt.Key.Key_X, NO_KEY, "tool", Tool.ERASER),
        (Qt.Key.Key_H, NO_KEY, "tool", Tool.PAN),
        (Qt.Key.Key_BracketRight, NO_KEY, "options.size", 27),
        (Qt.Key.Key_BracketLeft, NO_KEY, "options.size", 21),
        (Qt.Key.Key_BracketRight, Qt.KeyboardModifier.ShiftModifier, "options.hardness", 90),
        (Qt.Key.Key_BraceLeft, Qt.KeyboardModifier.ShiftModifier, "options.hardness", 70),
        (Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.ControlModifier, "options.flow", 90),
        (Qt.Key.Key_R, NO_KEY, "tool", Tool.RECTANGLE),
        (Qt.Key.Key_L, NO_KEY, "tool", Tool.LASSO),
        (Qt.Key.Key_F, NO_KEY, "tool", Tool.FILL),
        (Qt.Key.Key_G, NO_KEY, "tool", Tool.GRADIENT),
        (Qt.Key.Key_0, NO_KEY, "fitting", True),
        (Qt.Key.Key_1, Qt.KeyboardModifier.KeypadModifier, "zoom", 1.0),
        (Qt.Key.Key_M, NO_KEY, "overlay_visible", False),
        (
            Qt.Key.Key_Plus,
            Qt.KeyboardModifier.ShiftModifier,
            "zoom",
            pytest.approx(1.1892, abs=1e-4),
        ),
    ],
)
def test_single_keys_run_their_commands(qtbot, view, key, modifier, name, value):
    qtbot.keyClick(view, key, modifier)
    assert attrgetter(name)(view) == value


def test_x_switches_back_to_the_brush(qtbot, view):
    qtbot.keyClick(view, Qt.Key.Key_X)
    qtbot.keyClick(view, Qt.Key.Key_X)
    assert view.tool is Tool.BRUSH
    qtbot.keyClick(view, Qt.Key.Key_E)
    qtbot.keyClick(view, Qt.Key.Key_B)
    assert view.tool is Tool.BRUSH


def test_mask_keys_run_their_commands(qtbot, view):
    qtbot.keyClick(view, Qt.Key.Key_I)
    assert (view.mask() == 255).all()
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.mask() is None


def test_a_result_of_the_same_size_does_not_interrupt_the_stroke(qtbot, view, rgb):
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 50))
    view.set_image(rgb // 2)
    qtbot.mouseMove(view, place(view, 120, 50))
    qtbot.mouseRelease(view, LEFT, pos=place(view, 120, 50))
    assert np.array_equal(view.mask(), stroke_of(view, (40, 50), (120, 50)))
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 50))
    view.set_image(np.zeros((64, 64, 3), np.uint8))
    qtbot.mouseMove(view, place(view, 30, 30))
    qtbot.mouseRelease(view, LEFT, pos=place(view, 30, 30))
    assert view.mask() is None


def test_undo_keys_undo_and_redo(qtbot, view):
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    drag(qtbot, view, (40, 30))
    qtbot.keyClick(view, Qt.Key.Key_Z, control)
    assert view.mask() is None
    qtbot.keyClick(view, Qt.Key.Key_Z, control | shift)
    assert view.mask() is not None


def test_canvas_keys_override_window_shortcuts_only_with_focus(qtbot, rgb):
    window = QMainWindow()
    qtbot.addWidget(window)
    view = CanvasView()
    window.setCentralWidget(view)
    view.set_image(rgb)
    action = QAction("Undo", window)
    action.setShortcut("Ctrl+Z")
    window.addAction(action)
    triggered = []
    action.triggered.connect(triggered.append)
    with qtbot.waitExposed(window):
        window.show()
    view.setFocus()
    view.set_mask(np.full((100, 200), 255, np.uint8))
    qtbot.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.mask() is None
    assert not triggered


def test_options_have_limits_and_emit_changes(qtbot, view):
    with qtbot.waitSignal(view.options_changed):
        view.adjust(size=10**6, hardness=200, flow=0)
    assert (view.options.size, view.options.hardness, view.options.flow) == (1000, 100, 1)
    view.adjust(size=-5)
    assert view.options.size == 1
    qtbot.keyClick(view, Qt.Key.Key_BracketLeft)
    assert view.options.size == 1
    qtbot.keyClick(view, Qt.Key.Key_BracketRight)
    assert view.options.size == 2
    with qtbot.assertNotEmitted(view.options_changed):
        view.adjust(hardness=100)


def test_options_survive_the_session_and_damage():
    options = ToolOptions(size=77, hardness=3, radial=True, pressure_flow=True)
    assert ToolOptions.restored(asdict(options)) == options
    assert ToolOptions.restored({"size": "large", "flow": 50, "other": 1}) == ToolOptions(flow=50)
