"""A text button with an arrow that opens or unfolds something."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QToolButton

from ldm_studio.look.icons import icon

ARROW = 14
GAP = 4
"""Logical pixels, as in Qt's styles between icon and text."""


class LinkButton(QToolButton):
    """As wide as arrow and text, so that it lines up with its neighbours."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setObjectName("link")
        self.setText(text)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(ARROW, ARROW))
        self.show_open(True)

    def show_open(self, is_open: bool) -> None:
        """The arrow points down if open, or sideways."""
        name = "chevron-down" if is_open else "chevron-right"
        self.setIcon(icon(name, checked=QPalette.ColorRole.Text))

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text()).width()
        return QSize(ARROW + GAP + words, super().sizeHint().height())
