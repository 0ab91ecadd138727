"""Small controls for the bars and menus of the canvas."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QSizePolicy, QSlider, QSpinBox, QToolButton, QWidget

from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import Role

ICON_SIZE = 20  # logical pixels


@dataclass(frozen=True, slots=True)
class ButtonRow:
    """An icon-only button. `run` is the name of a method of CanvasView; None if it is connected
    elsewhere.
    """

    text: str
    hint: str
    icon: str
    keys: str = ""
    run: str = ""


class IconButton(QToolButton):
    """Shows its icon; the text is in the tooltip."""

    def __init__(
        self, row: ButtonRow, parent: QWidget, *, checkable: bool = False, tool: bool = False
    ) -> None:
        """`tool`: one of several of which one is chosen."""
        super().__init__(parent)
        self.row = row
        self.setIcon(icon(row.icon, checked=Role.HighlightedText if tool else Role.Link))
        self.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.setAutoRaise(True)
        self.setCheckable(checkable or tool)
        self.setProperty("tool", tool)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.retranslate()

    def retranslate(self) -> None:
        name, hint = translated(self.row.text), translated(self.row.hint)
        self.setAccessibleName(name)
        self.setText(name)
        keys = f" ({native(self.row.keys)})" if self.row.keys else ""
        self.setToolTip(f"{name}{keys}\n{hint}")


class AmountSlider:
    """A label, a slider and a number for one value. Some of them may be hidden."""

    def __init__(self, low: int, high: int) -> None:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(low, high)
        self.slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # keys change the number beside it
        self.slider.setMinimumWidth(40)
        self.slider.setMaximumWidth(140)
        self.slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.number = QSpinBox()
        self.number.setRange(low, high)
        self.number.setKeyboardTracking(False)
        self.number.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.label = PlainLabel()
        self.label.setBuddy(self.number)
        self.label.setContentsMargins(6, 0, 0, 0)  # nearer to its own than to what is before it

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        return self.label, self.slider, self.number

    def set_texts(self, label: str, name: str, hint: str, suffix: str) -> None:
        self.label.setText(label)
        self.number.setSuffix(suffix)
        for control in self.slider, self.number:
            control.setAccessibleName(name)
            control.setToolTip(hint)


def line(shape: QFrame.Shape) -> QFrame:
    made = QFrame()
    made.setFrameShape(shape)
    made.setFrameShadow(QFrame.Shadow.Plain)
    made.setForegroundRole(made.palette().ColorRole.Mid)
    return made


def translated(text: str) -> str:
    """All texts of buttons, tools and menus are in one context."""
    return QCoreApplication.translate("CanvasPanel", text)


def native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
