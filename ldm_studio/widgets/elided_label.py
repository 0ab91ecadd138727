"""A label that is elided if there is too little room."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent

from ldm_studio.look.plain_label import PlainLabel


class ElidedLabel(PlainLabel):
    """Plain text in one line, elided at the end. Its tooltip should show all of it."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setMinimumWidth(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        box, margins = self.contentsRect(), 2 * self.margin()
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, box.width() - margins
        )
        self.style().drawItemText(
            QPainter(self), box, self.alignment(), self.palette(), self.isEnabled(), text,
            self.foregroundRole(),
        )  # fmt: skip
