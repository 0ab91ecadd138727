"""The scrolling settings column next to the canvas, as wide as its texts need."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMargins, QObject
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ldm_studio.look.theme import GRID
from ldm_studio.widgets.stable_scroll_area import StableScrollArea

WIDTH = 344
"""Logical pixels, for languages with texts no longer than English."""
_EDGE = 1
_RIGHT = 14


class SettingsColumn(QFrame):
    """`column` holds the panels from top to bottom; they are children of `inside`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setFixedWidth(WIDTH)
        holder = QVBoxLayout(self)
        holder.setContentsMargins(0, 0, _EDGE, 0)
        self._scroll = StableScrollArea(QMargins(2 * GRID, 12, _RIGHT, 2 * GRID))
        holder.addWidget(self._scroll)
        self.inside, self.column = self._scroll.inside, self._scroll.column
        self.column.setSpacing(GRID)
        self.inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and watched is self.inside:
            needed = self.inside.minimumSizeHint().width() + self._scroll.bar_width() + 2 * _EDGE
            self.setFixedWidth(max(WIDTH, needed))
        return False
