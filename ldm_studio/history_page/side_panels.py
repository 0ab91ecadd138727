"""Shows or hides the side panels, depending on the room and on the user's choice."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QToolButton, QWidget

ROOM_FOR_FILTERS = 920
"""Logical pixels of the page's width from which the filters are shown by default."""
ROOM_FOR_DETAILS = 680
MIN_GRID_WIDTH = 180


class SidePanels(QObject):
    """A manual choice lasts until the width class of the page changes."""

    def __init__(
        self,
        filters: QWidget,
        filters_button: QToolButton,
        details: QWidget,
        details_button: QToolButton,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._filters, self._filters_button = filters, filters_button
        self._details, self._details_button = details, details_button
        self._page = parent
        self._room: tuple[bool, bool] | None = None
        self._covered = self._empty = False
        filters_button.toggled.connect(self._on_filters)
        details_button.toggled.connect(self._on_details)

    def fit(self, width: int) -> None:
        """Sets the width of the page."""
        room = (width >= ROOM_FOR_FILTERS, width >= ROOM_FOR_DETAILS)
        if room != self._room:
            self._room = room
            self._filters_button.setChecked(room[0])
            self._details_button.setChecked(room[1])
            self._apply()

    def cover(self, covered: bool) -> None:
        """Hides the details while two images are compared."""
        self._covered = covered
        self._apply()

    def leave_empty(self, empty: bool) -> None:
        """Hides both panels if there are no images at all."""
        if empty != self._empty:
            self._empty = empty
            self._apply()

    def _on_filters(self, on: bool) -> None:
        if on and self._is_narrow():
            self._details_button.setChecked(False)
        self._apply()

    def _on_details(self, on: bool) -> None:
        if on and self._is_narrow():
            self._filters_button.setChecked(False)
        self._apply()

    def _is_narrow(self) -> bool:
        """Whether both together leave too little room between them."""
        both = self._filters.width() + self._details.width()
        return self._page.width() - both < MIN_GRID_WIDTH

    def _apply(self) -> None:
        has_details = not (self._covered or self._empty)
        self._filters.setVisible(self._filters_button.isChecked() and not self._empty)
        self._filters_button.setEnabled(not self._empty)
        self._details.setVisible(self._details_button.isChecked() and has_details)
        self._details_button.setEnabled(has_details)
