"""The controls around the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QSlider, QSpinBox, QToolButton

from ldm_studio.canvas.panel import CanvasPanel
from ldm_studio.canvas.tools import Tool

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot, rgb) -> CanvasPanel:
    made = CanvasPanel()
    qtbot.addWidget(made)
    made.resize(800, 500)
    with qtbot.waitExposed(made):
        made.show()
    made.view.set_picture(rgb)
    return made


def button(panel: CanvasPanel, name: str) -> QToolButton:
    found = [b for b in panel.findChildren(QToolButton) if b.accessibleName() == name]
    assert len(found) == 1, name
    return found[0]


def control(panel: CanvasPanel, kind: type, name: str):
    return next(c for c in panel.findChildren(kind) if c.accessibleName() == name)


def test_every_control_has_a_name_and_a_tooltip_with_its_keys(panel):
    for widget in panel.findChildren(QToolButton):
        assert widget.accessibleName()
        assert "(" in widget.toolTip()
        assert not widget.icon().isNull()
    for kind in QSlider, QSpinBox:
        for widget in panel.findChildren(kind):
            assert widget.accessibleName()
            assert "[" in widget.toolTip()
    for widget in (*panel.findChildren(QAbstractButton), *panel.findChildren(QSpinBox)):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_tool_buttons_and_tool_keys_go_together(qtbot, panel):
    qtbot.mouseClick(button(panel, "Eraser"), LEFT)
    assert panel.view.tool is Tool.ERASER
    qtbot.keyClick(panel.view, Qt.Key.Key_H)
    assert button(panel, "Hand").isChecked()
    assert not button(panel, "Eraser").isChecked()


def test_size_slider_number_and_brush_agree(panel):
    slider, number = control(panel, QSlider, "Brush size"), control(panel, QSpinBox, "Brush size")
    for step in range(slider.minimum(), slider.maximum() + 1):
        slider.setValue(step)
        assert slider.value() == step  # the slider never jumps under the hand
        assert number.value() == panel.view.brush_size
    assert number.value() == 1000
    number.setValue(57)
    assert panel.view.brush_size == 57
    panel.view.brush_size = 1
    assert number.value() == 1
    assert slider.value() == 0


def test_hardness_controls(panel):
    control(panel, QSlider, "Brush hardness").setValue(35)
    assert panel.view.brush_hardness == 35
    panel.view.harder_brush()
    assert control(panel, QSpinBox, "Brush hardness").value() == 45


def test_buttons_are_enabled_when_they_can_do_something(qtbot, panel, rgb):
    def enabled() -> set[str]:
        names = "Invert mask", "Clear mask", "Undo", "Redo", "Compare", "Fit"
        return {name for name in names if button(panel, name).isEnabled()}

    assert enabled() == {"Invert mask", "Fit"}
    qtbot.mouseClick(button(panel, "Invert mask"), LEFT)
    assert enabled() == {"Invert mask", "Clear mask", "Undo", "Fit"}
    qtbot.mouseClick(button(panel, "Undo"), LEFT)
    assert enabled() == {"Invert mask", "Redo", "Fit"}
    qtbot.mouseClick(button(panel, "Redo"), LEFT)
    qtbot.mouseClick(button(panel, "Clear mask"), LEFT)
    assert panel.view.mask() is None
    panel.view.set_before(rgb)
    assert "Compare" in enabled()
    panel.view.set_picture(None)
    assert "Invert mask" not in enabled()
    assert "Fit" not in enabled()


def test_zoom_is_shown(qtbot, panel):
    qtbot.mouseClick(button(panel, "100 %"), LEFT)
    assert panel.view.zoom == 1.0
    assert "100 %" in [label.text() for label in panel.findChildren(type(panel._zoom))]
    qtbot.mouseClick(button(panel, "Fit"), LEFT)
    assert panel.view.fitting


def test_the_compare_button_works_while_held(qtbot, panel):
    panel.view.set_before(np.zeros((100, 200, 3), np.uint8))
    qtbot.mousePress(button(panel, "Compare"), LEFT)
    middle = panel.view.rect().center()
    assert panel.view.grab().toImage().pixelColor(middle).red() == 0
    qtbot.mouseRelease(button(panel, "Compare"), LEFT)
    assert panel.view.grab().toImage().pixelColor(middle).red() == 210


def test_the_keys_work_from_the_controls_too(qtbot, panel):
    qtbot.keyClick(button(panel, "Fit"), Qt.Key.Key_E)
    assert panel.view.tool is Tool.ERASER


def test_where_there_is_little_room_the_sliders_give_way(panel):
    slider = control(panel, QSlider, "Brush size")
    assert slider.isVisible()
    panel.resize(panel.minimumSizeHint())
    assert panel.width() < 520
    assert not slider.isVisible()
    assert control(panel, QSpinBox, "Brush size").isVisible()
    panel.resize(900, 500)
    assert slider.isVisible()


def test_where_it_is_low_tools_stay_and_what_has_keys_gives_way(panel):
    panel.resize(300, 190)
    assert button(panel, "Brush").isVisible()
    assert button(panel, "Eraser").isVisible()
    assert not button(panel, "Undo").isVisible()
    assert not control(panel, QSpinBox, "Brush hardness").isVisible()
    panel.resize(900, 500)
    assert button(panel, "Undo").isVisible()
    assert control(panel, QSpinBox, "Brush hardness").isVisible()
