"""Every state of every control is readable in both themes: it is drawn, and measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.canvas.bars.canvas_controls import ButtonRow, IconButton
from ldm_studio.draw.run.run_button import RunButton
from ldm_studio.look.theme import Theme
from ldm_studio.settings.settings import Scheme
from ldm_studio.widgets.fields import SegmentedControl, tool_button
from ldm_studio.widgets.link_button import LinkButton
from tests.ldm_studio.look.contrast import contrast

ROW = ButtonRow("Brush", "", "brush")
STATES = ("default", "hover", "pressed", "checked", "checked and hover", "disabled", "focus")
TEXT, MARK = 4.5, 3.0
"""The contrast that text and icons need. Their finest strokes are blended with what is behind, so
they are drawn large here.
"""
DISABLED = 1.5
"""WCAG exempts what cannot be used; it should still be seen."""

Make = Callable[[QWidget], QWidget]


def text_button(button: QAbstractButton) -> QAbstractButton:
    button.setText("HIHI")
    button.setCheckable(True)
    return button


def framed_button() -> QAbstractButton:
    button = QToolButton()
    button.setProperty("framed", True)
    return text_button(button)


def combo_box() -> QComboBox:
    combo = QComboBox()
    combo.addItem("HIHI")
    return combo


def spin_box() -> QSpinBox:
    spin = QSpinBox()
    spin.setMaximum(999999)
    spin.setValue(111141)
    return spin


def tab_bar() -> QTabBar:
    tabs = QTabBar()
    tabs.addTab("HIHI")
    return tabs


CONTROLS: dict[str, Make] = {
    "primary": lambda _: text_button(RunButton()),
    "button": lambda _: QPushButton("HIHI"),
    "field": lambda _: QLineEdit("HIHI"),
    "number": lambda _: spin_box(),
    "list": lambda _: combo_box(),
    "tab": lambda _: tab_bar(),
}
CHECKABLE: dict[str, Make] = {
    "toggle": lambda _: text_button(QToolButton()),
    "framed toggle": lambda _: framed_button(),
    "segment": lambda _: SegmentedControl([(1, "HIHI", ""), (2, "HIHI", "")]),
    "link": lambda _: text_button(LinkButton()),
    "check box": lambda _: text_button(QCheckBox()),
}
ICONS: dict[str, Make] = {
    "tool": lambda parent: IconButton(ROW, parent, tool=True),
    "toggle with an icon": lambda parent: IconButton(ROW, parent, checkable=True),
    "framed toggle with an icon": lambda _: tool_button(
        "lock", "", "", checkable=True, framed=True
    ),
}
CASES = [
    *((name, state) for name in CONTROLS for state in STATES if "checked" not in state),
    *((name, state) for name in CHECKABLE | ICONS for state in STATES),
]


@pytest.fixture(params=[Scheme.LIGHT, Scheme.DARK], ids=["light", "dark"])
def themed(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[QApplication]:
    before, font, colours = qapp.styleSheet(), qapp.font(), qapp.palette()
    Theme(qapp, request.param)
    large = QFont(font)
    large.setPixelSize(26)
    large.setBold(True)
    qapp.setFont(large)
    yield qapp
    qapp.setFont(font)
    qapp.setPalette(colours)
    qapp.setStyleSheet(before)


@pytest.mark.parametrize(("name", "state"), CASES)
def test_a_state_of_a_control_is_readable(
    qtbot, themed: QApplication, name: str, state: str
) -> None:
    window = QDialog()
    qtbot.addWidget(window)
    made = (CONTROLS | CHECKABLE | ICONS)[name](window)
    QVBoxLayout(window).addWidget(made)
    control = made.button(1) if isinstance(made, SegmentedControl) else made
    if isinstance(made, SegmentedControl):
        made.set_value(1 if "checked" in state else 2)
    elif "checked" in state:
        assert isinstance(control, QAbstractButton)
        control.setChecked(True)
    if name in ICONS:
        assert isinstance(control, QAbstractButton)
        control.setIconSize(QSize(48, 48))
    if state == "pressed" and isinstance(control, QAbstractButton):
        control.setDown(True)
    control.setEnabled(state != "disabled")
    with qtbot.waitExposed(window):
        window.show()
    if "hover" in state:
        control.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    if state == "focus":
        control.setFocus(Qt.FocusReason.TabFocusReason)
    needed = DISABLED if state == "disabled" else MARK if name in ICONS else TEXT
    found = most_contrast(control)
    assert found >= needed, f"{found:.1f}"


def most_contrast(control: QWidget) -> float:
    """Between what is in the middle of a control and its background, which is most of it."""
    window = control.window()
    place = QRect(control.mapTo(window, QPoint(0, 0)), control.size()).adjusted(6, 6, -6, -6)
    if isinstance(control, QCheckBox):
        place.adjust(22, 0, 0, 0)  # without the box
    drawn = window.grab(place).toImage()  # with what is behind a control without a background
    inside = [
        drawn.pixelColor(x, y).rgb() for x in range(drawn.width()) for y in range(drawn.height())
    ]
    [(ground, _)] = Counter(inside).most_common(1)
    return max(contrast(QColor(ground), QColor(colour)) for colour in set(inside))


def test_the_measure_finds_unreadable_text(qtbot, themed: QApplication) -> None:
    button = QPushButton("HIHI")
    qtbot.addWidget(button)
    button.setStyleSheet("QPushButton { background: #eeeeee; color: #ffffff; }")
    with qtbot.waitExposed(button):
        button.show()
    assert most_contrast(button) < TEXT
