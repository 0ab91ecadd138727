"""The base of the help dialogs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import translate

ButtonRole = QDialogButtonBox.ButtonRole
AROUND = QSize(32, 64)
"""Logical pixels of a screen for the window frame and the system's bars."""


class HelpDialog(QDialog):
    """A column over a row of buttons, deleted when it closes, never larger than its screen."""

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout()
        self.column.setSpacing(2 * GRID)
        self._buttons = QDialogButtonBox()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        outer.setSpacing(2 * GRID)
        outer.addLayout(self.column, 1)
        outer.addWidget(self._buttons)

    def add_button(
        self, text: str, act: Callable[[], object], role: ButtonRole, *, default: bool = False
    ) -> QPushButton:
        """Placed by the platform's rules for its `role`."""
        button = self._buttons.addButton(text, role)
        button.setAutoDefault(default)
        button.setDefault(default)
        button.clicked.connect(lambda: act())
        return button

    def open_at(self, wanted: QSize) -> None:
        """As large as `wanted`, limited by the screen."""
        room = self.screen().availableGeometry().size() - AROUND
        self.resize(wanted.expandedTo(self.minimumSizeHint()).boundedTo(room))
        self.open()


def text_label(text: str = "", *, faint: bool = False) -> QLabel:
    """Selectable, wrapped plain text."""
    label = PlainLabel(text, wordWrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if faint:
        label.setObjectName("caption")
    return label


def fixed_text(name: str) -> QPlainTextEdit:
    """A read-only monospaced text field for reports."""
    field = QPlainTextEdit()
    field.setReadOnly(True)
    field.setTabChangesFocus(True)
    field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    field.setAccessibleName(name)
    field.setAccessibleDescription(translate("HelpDialog", "Text that can be read and copied."))
    return field
