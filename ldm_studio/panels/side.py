"""The column of settings beside the canvas: it scrolls, and is as wide as its words need."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ldm_studio.look.theme import GRID

WIDTH = 344
"""Logical pixels, in languages whose words are no longer than the English ones."""
_EDGE = 1
_RIGHT = 14
"""Logical pixels at the right of the panels: the scroll bar, where there is one, lies within."""


class Side(QFrame):
    """`column` takes the panels, from the top down; they are children of `inside`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setFixedWidth(WIDTH)
        holder = QVBoxLayout(self)
        holder.setContentsMargins(0, 0, _EDGE, 0)
        scroll = QScrollArea(widgetResizable=True)
        holder.addWidget(scroll)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its controls take it, and scroll into view
        scroll.viewport().setAutoFillBackground(False)
        self.inside = QWidget()
        self.inside.setObjectName("column")
        scroll.setWidget(self.inside)
        self.column = QVBoxLayout(self.inside)
        self.column.setSpacing(GRID // 2)
        self._bar = scroll.verticalScrollBar()
        self._leave_margins()
        for widget in (self.inside, self._bar):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self.inside and kind == QEvent.Type.LayoutRequest:
            needed = self.inside.minimumSizeHint().width() + self._bar_width() + 2 * _EDGE
            self.setFixedWidth(max(WIDTH, needed))
        elif watched is self._bar and kind in (QEvent.Type.Show, QEvent.Type.Hide):
            self._leave_margins()
        return False

    def _leave_margins(self) -> None:
        """The panels keep their width and place when the scroll bar comes and goes."""
        self.column.setContentsMargins(2 * GRID, 12, _RIGHT - self._bar_width(), 2 * GRID)

    def _bar_width(self) -> int:
        return self._bar.sizeHint().width() if self._bar.isVisibleTo(self) else 0
