"""The controls around the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QLabel, QMenu, QSlider, QSpinBox, QToolButton

from ldm_studio.canvas.bars.canvas_controls import IconButton
from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.tools.tools import TOOLS, Tool
from tests.narrowing import present

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot, rgb) -> CanvasPanel:
    made = CanvasPanel()
    qtbot.addWidget(made)
    made.resize(800, 500)
    with qtbot.waitExposed(made):
        made.show()
    made.view.set_image(rgb)
    return made


def button(panel: CanvasPanel, name: str) -> QToolButton:
    found = [b for b in panel.findChildren(QToolButton) if b.accessibleName() == name]
    assert len(found) == 1, name
    return found[0]


def control(panel: CanvasPanel, kind: type, name: str):
    return next(c for c in panel.findChildren(kind) if c.accessibleName() == name)


def test_every_control_has_a_name_and_a_tooltip_with_its_keys(panel):
    buttons = panel.findChildren(QToolButton)
    assert len(buttons) >= len(TOOLS)
    for widget in buttons:
        assert widget.accessibleName()
        assert widget.toolTip()
        assert not isinstance(widget, IconButton) or not widget.icon().isNull()
    for row in TOOLS.values():
        assert f"({row.key})" in button(panel, row.text).toolTip()
    for kind in QSlider, QSpinBox:
        widgets = panel.findChildren(kind)
        assert widgets
        for widget in widgets:
            assert widget.accessibleName()
            assert widget.toolTip()
    for widget in (*panel.findChildren(QAbstractButton), *panel.findChildren(QSpinBox)):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_tool_buttons_and_tool_keys_agree(qtbot, panel):
    qtbot.mouseClick(button(panel, "Eraser"), LEFT)
    assert panel.view.tool is Tool.ERASER
    qtbot.keyClick(panel.view, Qt.Key.Key_H)
    assert button(panel, "Hand").isChecked()
    assert not button(panel, "Eraser").isChecked()


def test_size_slider_number_and_brush_agree(panel):
    slider, number = control(panel, QSlider, "Brush size"), control(panel, QSpinBox, "Brush size")
    for step in range(slider.minimum(), slider.maximum() + 1):
        slider.setValue(step)
        assert slider.value() == step  # the slider never jumps while it is dragged
        assert number.value() == panel.view.options.size
    assert number.value() == 1000
    number.setValue(57)
    assert panel.view.options.size == 57
    panel.view.adjust(size=1)
    assert number.value() == 1
    assert slider.value() == 0


def test_hardness_controls_set_the_hardness(qtbot, panel):
    control(panel, QSlider, "Brush hardness").setValue(35)
    assert panel.view.options.hardness == 35
    qtbot.keyClick(panel.view, Qt.Key.Key_BracketRight, Qt.KeyboardModifier.ShiftModifier)
    assert control(panel, QSpinBox, "Brush hardness").value() == 45


def test_buttons_are_enabled_when_they_have_an_effect(qtbot, panel, rgb):
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
    panel.view.set_image(None)
    assert "Invert mask" not in enabled()
    assert "Fit" not in enabled()


def test_zoom_is_shown(qtbot, panel):
    qtbot.mouseClick(button(panel, "100 %"), LEFT)
    assert panel.view.zoom == 1.0
    assert "100 %" in [label.text() for label in panel.findChildren(QLabel)]
    qtbot.mouseClick(button(panel, "Fit"), LEFT)
    assert panel.view.fitting


def test_the_compare_button_compares_while_held(qtbot, panel):
    panel.view.set_before(np.zeros((100, 200, 3), np.uint8))
    qtbot.mousePress(button(panel, "Compare"), LEFT)
    middle = panel.view.rect().center()
    assert panel.view.grab().toImage().pixelColor(middle).red() == 0
    qtbot.mouseRelease(button(panel, "Compare"), LEFT)
    assert panel.view.grab().toImage().pixelColor(middle).red() == 210


def test_canvas_keys_work_while_a_control_has_the_focus(qtbot, panel):
    qtbot.keyClick(button(panel, "Fit"), Qt.Key.Key_E)
    assert panel.view.tool is Tool.ERASER


def test_sliders_hide_in_a_narrow_panel(panel):
    slider = control(panel, QSlider, "Brush size")
    assert slider.isVisible()
    panel.resize(panel.minimumSizeHint())
    assert panel.width() < 520
    assert not slider.isVisible()
    assert control(panel, QSpinBox, "Brush size").isVisible()
    panel.resize(900, 500)
    assert slider.isVisible()


def test_commands_with_keys_hide_in_a_low_panel(panel):
    panel.resize(300, 190)
    assert button(panel, "Brush").isVisible()
    assert button(panel, "Eraser").isVisible()
    assert not button(panel, "Undo").isVisible()
    assert not control(panel, QSpinBox, "Brush hardness").isVisible()
    panel.resize(900, 540)
    assert button(panel, "Undo").isVisible()
    assert control(panel, QSpinBox, "Brush hardness").isVisible()


def test_options_follow_the_tool(panel):
    def shown() -> set[str]:
        names = "Brush size", "Brush flow", "Colour tolerance"
        return {name for name in names if control(panel, QSpinBox, name).isVisible()}

    assert shown() == {"Brush size", "Brush flow"}
    panel.view.set_tool(Tool.FILL)
    assert shown() == {"Colour tolerance"}
    assert button(panel, "Subtract from the mask").isVisible()
    assert not button(panel, "In circles").isVisible()
    panel.view.set_tool(Tool.GRADIENT)
    assert shown() == set()
    assert button(panel, "In circles").isVisible()
    panel.view.set_tool(Tool.PAN)
    assert not button(panel, "Subtract from the mask").isVisible()


def test_the_option_buttons_set_the_options(qtbot, panel):
    panel.view.set_tool(Tool.GRADIENT)
    qtbot.mouseClick(button(panel, "Subtract from the mask"), LEFT)
    qtbot.mouseClick(button(panel, "In circles"), LEFT)
    assert panel.view.options.subtract
    assert panel.view.options.radial
    qtbot.mouseClick(button(panel, "Add to the mask"), LEFT)
    assert not panel.view.options.subtract
    panel.view.set_tool(Tool.FILL)
    qtbot.mouseClick(button(panel, "Connected only"), LEFT)
    assert not panel.view.options.connected


def menu_of(panel: CanvasPanel, name: str) -> QMenu:
    menu = button(panel, name).menu()
    menu.aboutToShow.emit()
    return menu


def entry(menu: QMenu, text: str) -> QAction:
    return next(a for a in menu.actions() if a.text().startswith(text))


def test_the_mask_menu_grows_the_mask_by_the_given_radius(panel):
    mask = np.zeros((100, 200), np.uint8)
    mask[50, 100] = 255
    menu = menu_of(panel, "Mask")
    assert not entry(menu, "Grow").isEnabled()
    panel.view.set_mask(mask)
    menu = menu_of(panel, "Mask")
    present(menu.findChild(QSpinBox)).setValue(5)
    entry(menu, "Grow").trigger()
    assert np.count_nonzero(panel.view.mask()[50]) == 11
    panel.view.undo()
    assert np.array_equal(panel.view.mask(), mask)
    assert not entry(menu, "Mask transparent pixels").isEnabled()


def test_the_tint_menu_sets_the_colour(panel):
    menu = menu_of(panel, "Tint of the mask")
    panel.view.overlay_visible = False
    next(b for b in menu.findChildren(QToolButton) if "34c759" in b.toolTip()).click()
    present(menu.findChild(QSlider)).setValue(80)
    color, opacity = panel.view.tint
    assert (color.name(), opacity) == ("#34c759", 0.8)
    assert panel.view.overlay_visible


def test_the_pressure_menu_sets_what_pressure_changes(panel):
    entry(menu_of(panel, "Pen pressure"), "Pressure changes the flow").trigger()
    assert panel.view.options.pressure_flow
