"""The settings column next to the canvas: what is always in sight above, what scrolls below. It is
as wide as its texts need.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMargins, QObject
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ldm_studio.look.theme import GRID
from ldm_studio.widgets.stable_scroll_area import StableScrollArea

WIDTH = 344
"""Logical pixels, for languages with texts no longer than English."""
_EDGE = 1
_LEFT, _RIGHT = 2 * GRID, 14


class SettingsColumn(QFrame):
    """`pinned` holds the panels that never scroll, children of `top`; `column` those that do,
    children of `inside`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setFixedWidth(WIDTH)
        holder = QVBoxLayout(self)
        holder.setContentsMargins(0, 0, _EDGE, 0)
        holder.setSpacing(0)
        self.top = QWidget()
        self.pinned = QVBoxLayout(self.top)
        self.pinned.setContentsMargins(_LEFT, 12, _RIGHT, 12)
        self.pinned.setSpacing(GRID)
        holder.addWidget(self.top)
        self._scroll = StableScrollArea(QMargins(_LEFT, 0, _RIGHT, 2 * GRID))
        holder.addWidget(self._scroll, 1)
        self.inside, self.column = self._scroll.inside, self._scroll.column
        self.column.setSpacing(GRID)
        for part in (self.inside, self.top):
            part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and watched in (self.inside, self.top):
            scrolled = self.inside.minimumSizeHint().width() + self._scroll.bar_width()
            needed = max(scrolled, self.top.minimumSizeHint().width()) + 2 * _EDGE
            self.setFixedWidth(max(WIDTH, needed))
        return False
