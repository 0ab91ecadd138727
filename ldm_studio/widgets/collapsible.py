"""A collapsible section, with a mark that shows whether its settings are changed."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import counted

from .fields import tool_button
from .link_button import LinkButton
from .stable_scroll_area import column_around


class Collapsible(QWidget):
    """A header that shows or hides the `body`, counts changed settings and resets them."""

    def __init__(self, text: str, tip: str) -> None:
        super().__init__()
        self.toggle = LinkButton(text)
        self.toggle.setCheckable(True)
        self.toggle.setToolTip(tip)
        self.mark = PlainLabel()
        self.mark.setForegroundRole(QPalette.ColorRole.Link)
        self.reset = tool_button(
            "undo", self.tr("Reset all"), self.tr("Reset all of these to their defaults.")
        )
        self.body = QWidget()
        header = QHBoxLayout()
        header.setSpacing(4)
        header.addWidget(self.toggle)
        header.addStretch(1)
        header.addWidget(self.mark)
        header.addWidget(self.reset)
        header.addStrut(self.reset.sizeHint().height())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(header)
        column.addWidget(self.body)
        self.toggle.toggled.connect(self._fold)
        self.toggle.clicked.connect(self._reveal)
        self._fold(False)
        self.show_changed([])

    def show_changed(self, changed: list[str]) -> None:
        """Shows the changed settings with their values."""
        what = "\n".join(changed)
        self.mark.setText(counted("Collapsible", "%n changed", len(changed)) if changed else "")
        self.mark.setToolTip(what)
        self.toggle.setAccessibleDescription(
            self.tr("Changed: {what}").format(what=what) if changed else ""
        )
        self.reset.setVisible(bool(changed))

    def _fold(self, shown: bool) -> None:
        self.body.setVisible(shown)
        self.toggle.show_open(shown)

    def _reveal(self, shown: bool) -> None:
        """Scrolls the body into view once it is laid out."""
        if shown:
            QTimer.singleShot(0, self, self._scroll)

    def _scroll(self) -> None:
        if (column := column_around(self)) is not None:
            column.ensureWidgetVisible(self.body, 0, GRID)
            column.ensureWidgetVisible(self.toggle, 0, GRID)
