"""A scrolling column whose contents do not move when its scroll bar appears."""

from __future__ import annotations

from PySide6.QtCore import QMargins, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget


class StableScrollArea(QScrollArea):
    """`column` holds the contents, children of `inside`. The scroll bar is in the right margin,
    which is at least as wide.
    """

    def __init__(self, margins: QMargins) -> None:
        super().__init__(widgetResizable=True)
        self._margins = margins
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its controls consume it, and scroll into view
        self.viewport().setAutoFillBackground(False)
        self.inside = QWidget()
        self.inside.setObjectName("column")
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(margins)
        self.setWidget(self.inside)

    def bar_width(self) -> int:
        """0 if it is hidden."""
        bar = self.verticalScrollBar()
        return bar.sizeHint().width() if bar.isVisibleTo(self) else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The visible width, which the scroll bar reduces."""
        self.column.setContentsMargins(self._margins - QMargins(0, 0, self.bar_width(), 0))
        super().resizeEvent(event)


def column_around(widget: QWidget) -> QScrollArea | None:
    """The scroll area that contains a widget."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    return above
