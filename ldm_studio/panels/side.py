"""The column of settings beside the canvas: it scrolls, and is as wide as its words need."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ldm_studio.look.theme import GRID

WIDTH = 344
"""Logical pixels, in languages whose words are no longer than the English ones."""
_EDGE = 1


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
        # The scroll bar, where there is one, is in the margin at the right.
        self.column.setContentsMargins(2 * GRID, 12, 12, 2 * GRID)
        self.column.setSpacing(GRID // 2)
        self.inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and watched is self.inside:
            needed = self.inside.minimumSizeHint().width() + 2 * _EDGE
            self.setFixedWidth(max(WIDTH, needed))
        return False
