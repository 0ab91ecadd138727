"""The bar above the images: search, count, size, folders."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSlider,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.look.icons import icon, menu_icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.widgets.fields import tool_button

from .file_operations import FileOperations
from .name_dialog import ask_for_name
from .open_history import Library
from .search_field import SearchField
from .search_help import how_to_search
from .section_view import LARGEST, SMALLEST, USUAL

_ROOM_FOR_ZOOM = 720
"""Logical pixels; below it, only Ctrl+wheel zooms."""


class SearchBar(QWidget):
    """Problems of a query are shown in a line below it."""

    def __init__(
        self, library: Library, deeds: FileOperations, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._library, self._deeds = library, deeds
        self.search = SearchField()
        self.problem = PlainLabel()
        self.problem.setObjectName("wrong")
        self.problem.setContentsMargins(100, 0, 0, 0)
        self.problem.hide()
        self.count = PlainLabel()
        self.count.setObjectName("caption")
        self.zoom = QSlider(Qt.Orientation.Horizontal)
        self.zoom.setRange(SMALLEST, LARGEST)
        self.zoom.setValue(USUAL)
        self.zoom.setMinimumWidth(60)
        self.zoom.setMaximumWidth(110)
        self.zoom.setToolTip(self.tr("Size of the images (Ctrl+wheel)"))
        self.zoom.setAccessibleName(self.tr("Size of the images"))
        self.back = QToolButton()
        self.back.setText(self.tr("Canvas"))
        self.back.setIcon(icon("chevron-left"))
        self.back.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.back.setToolTip(self.tr("Back to the canvas (Ctrl+H, Esc)"))
        self.filters = tool_button(
            "filter", self.tr("Filters"), self.tr("Show or hide the filters"), checkable=True
        )
        self.details = tool_button(
            "details", self.tr("Details"), self.tr("Show or hide the details"), checkable=True
        )
        self.save = tool_button("star", self.tr("Save this search"), self.tr("Save this search"))
        self.help = tool_button("info", self.tr("How to search"), how_to_search())
        self.folders = tool_button("folder", self.tr("Folders"), self.tr("Import and scan folders"))
        self.folders.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.folders.setMenu(QMenu(self.folders))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.back)
        row.addWidget(self.filters)
        row.addWidget(self.search, 1)
        row.addWidget(self.save)
        row.addWidget(self.help)
        row.addSpacing(GRID)
        row.addWidget(self.count)
        row.addSpacing(GRID)
        row.addWidget(self.zoom)
        row.addWidget(self.folders)
        row.addWidget(self.details)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, 12, GRID)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.problem)
        self.search.problem_changed.connect(self._on_problem)
        self.help.clicked.connect(self._show_help)
        self.save.clicked.connect(self.ask_for_name)
        self.folders.menu().aboutToShow.connect(self._fill_folders)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.zoom.setVisible(event.size().width() >= _ROOM_FOR_ZOOM)

    def ask_for_name(self) -> None:
        """Save the search under a name."""
        caption = self.tr("A name for “{query}”:").format(query=self.search.text().strip())
        ask_for_name(self, self.tr("Save Search"), caption, self.tr("Save"), self.save_search)

    def save_search(self, name: str) -> None:
        """Saves the current query."""
        if name.strip() and self.search.text().strip():
            self._deeds.save_search(name.strip(), self.search.text().strip())

    def _on_problem(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

    def _fill_folders(self) -> None:
        menu = self.folders.menu()
        menu.clear()
        menu.addAction(menu_icon("plus"), self.tr("Import a Folder…"), self._deeds.ask_for_folder)
        menu.addAction(
            menu_icon("replay"),
            self.tr("Rescan All Folders"),
            lambda: self._library.index(self._library.folders),
        )
        menu.addSeparator()
        for folder in self._library.folders:
            inside = menu.addMenu(menu_icon("folder"), str(folder))
            inside.addAction(self.tr("Rescan"), lambda folder=folder: self._library.index([folder]))
            if folder != self._library.own:
                inside.addAction(
                    self.tr("Stop Watching"),
                    lambda folder=folder: self._library.remove_folder(folder),
                )
        menu.setEnabled(self._library.is_open)

    def _show_help(self) -> None:
        below = self.help.mapToGlobal(QPoint(0, self.help.height()))
        QToolTip.showText(below, self.help.toolTip(), self.help)
