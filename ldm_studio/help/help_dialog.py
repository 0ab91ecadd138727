"""What the small windows of help have in common."""

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

from ldm_studio.look.theme import GRID
from ldm_studio.translation import translate

ButtonRole = QDialogButtonBox.ButtonRole
AROUND = QSize(32, 64)
"""Of a screen, in logical pixels: what a window's frame and the system's bars may take."""


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
        """Where the platform has those of its `role`."""
        button = self._buttons.addButton(text, role)
        button.setAutoDefault(default)
        button.setDefault(default)
        button.clicked.connect(lambda: act())
        return button

    def open_at(self, wanted: QSize) -> None:
        """As large as `wanted`, or as the screen allows."""
        room = self.screen().availableGeometry().size() - AROUND
        self.resize(wanted.expandedTo(self.minimumSizeHint()).boundedTo(room))
        self.open()


def text_label(text: str = "", *, faint: bool = False) -> QLabel:
    """Plain text that wraps and can be copied."""
    label = QLabel(text, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if faint:
        label.setObjectName("caption")
    return label


def fixed_text(name: str) -> QPlainTextEdit:
    """A field for reports: every character as wide as the next, not to be written in."""
    field = QPlainTextEdit()
    field.setReadOnly(True)
    field.setTabChangesFocus(True)
    field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    field.setAccessibleName(name)
    field.setAccessibleDescription(translate("HelpDialog", "Text that can be read and copied."))
    return field
