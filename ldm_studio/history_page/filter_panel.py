"""The filter panel: filters, and collections onto which images can be dragged."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPalette,
)
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from ldm_studio.history.query_terms import has
from ldm_studio.look.icons import icon, menu_icon

from .filter_counts import FilterChoice, FilterGroup
from .filter_line import CHOSEN, COUNT, TARGET, TERM, FilterLine
from .history_texts import digits
from .image_list_model import IDS, ids_in

Role = QPalette.ColorRole
_SEARCH = TARGET + 1
_KEY = TARGET + 2
"""Of a collection; for a "more" line, of its group."""
_COMMAND = TARGET + 3
_MAX_LINES = 12


class PanelCommand(Enum):
    """A line that is a command instead of a filter."""

    MORE = "more"
    NEW = "new"
    REMOVE_FROM_COLLECTION = "take out"
    """Shown while images of the current collection are dragged."""


class FilterPanel(QTreeWidget):
    """A click on a line adds its term to the query, another click removes it."""

    toggled = Signal(str)
    """A term of the query."""
    excluded = Signal(str)
    """A term to exclude."""
    chosen = Signal(str)
    """A saved search."""
    removed = Signal(str)
    """The name of a saved search."""
    collected = Signal(str, list)
    """The key of a collection, and the ids of images to add."""
    remove_from_collection_requested = Signal(str, list)
    """The key of a collection, and the ids of images to remove."""
    new_requested = Signal(list)
    """A new collection of these images."""
    rename_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("facets")
        self.setAccessibleName(self.tr("Filters"))
        self.setAccessibleDescription(self.tr("Return shows only images with the selected values."))
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setItemDelegate(FilterLine(self))
        self.setAcceptDrops(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemClicked.connect(self._clicked)
        self.itemActivated.connect(self._clicked)
        self._open: set[str] = set()
        self._groups: tuple[FilterGroup, ...] = ()
        self._query = ""
        self._target: QTreeWidgetItem | None = None
        self._out: QTreeWidgetItem | None = None
        self._dragged_over = False
        self._held: tuple[tuple[FilterGroup, ...], str] | None = None
        """Groups that arrived during a drag."""

    def show_groups(self, groups: tuple[FilterGroup, ...], query: str) -> None:
        """Keeps expanded groups and the scroll position."""
        if self._dragged_over:  # what the pointer aims at stays in place
            self._held = groups, query
            return
        if (groups, query) == (self._groups, self._query):
            return
        self._groups, self._query = groups, query
        place = self.verticalScrollBar().value()
        self._target = self._out = None
        self.clear()
        for group in groups:
            self._add_group(group, query)
        self.verticalScrollBar().setValue(place)

    def _add_group(self, group: FilterGroup, query: str) -> None:
        top = QTreeWidgetItem([group.name])
        top.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.addTopLevelItem(top)
        most = len(group.choices) if group.id in self._open else _MAX_LINES
        for choice in group.choices[:most]:
            top.addChild(self._line(choice, group, query))
        if len(group.choices) > most:
            number = digits(len(group.choices) - most)
            more = self._command_line(
                self.tr("{number} more…").format(number=number), PanelCommand.MORE
            )
            more.setData(0, _KEY, group.id)
            top.addChild(more)
        if group.is_collections:
            new = self._command_line(self.tr("New Collection…"), PanelCommand.NEW)
            new.setToolTip(0, self.tr("Drag images here, or onto a collection."))
            top.addChild(new)
        top.setExpanded(True)

    def _line(self, choice: FilterChoice, group: FilterGroup, query: str) -> QTreeWidgetItem:
        line = QTreeWidgetItem([choice.label])
        line.setData(0, TERM, choice.query)
        line.setData(0, COUNT, choice.images)
        whole = query == choice.query
        line.setData(0, CHOSEN, whole if group.saved else has(query, choice.query))
        line.setData(0, _SEARCH, choice.label if group.saved else None)
        line.setData(0, _KEY, choice.key)
        tip = f"{choice.label}\n{choice.query}"
        exclude = self.tr("Ctrl+click to exclude")
        line.setToolTip(0, tip if group.saved else f"{tip}\n{exclude}")
        if choice.icon:
            line.setIcon(0, icon(choice.icon, Role.PlaceholderText, Role.HighlightedText))
        return line

    @staticmethod
    def _command_line(words: str, deed: PanelCommand) -> QTreeWidgetItem:
        line = QTreeWidgetItem([words])
        line.setData(0, _COMMAND, deed)
        return line

    def _clicked(self, item: QTreeWidgetItem) -> None:
        above = item.parent()
        if above is None:
            item.setExpanded(not item.isExpanded())
            return
        query = item.data(0, TERM)
        match item.data(0, _COMMAND):
            case PanelCommand.MORE:
                self._open.add(item.data(0, _KEY))
                groups, self._groups = self._groups, ()
                self.show_groups(groups, self._query)
            case PanelCommand.NEW:
                self.new_requested.emit([])
            case _ if query is None:
                return
            case _ if item.data(0, _SEARCH) is not None:
                self.chosen.emit(query)
            case _ if self._is_excluding():
                self.excluded.emit(query)
            case _:
                self.toggled.emit(query)

    def _is_excluding(self) -> bool:
        modifiers = QApplication.keyboardModifiers()
        return bool(modifiers & Qt.KeyboardModifier.ControlModifier)

    def _menu(self, where: QPoint) -> None:
        item = self.itemAt(where)
        if item is None or item.data(0, TERM) is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name, query, key = item.data(0, _SEARCH), item.data(0, TERM), item.data(0, _KEY)
        if name is not None:
            words = self.tr("Remove “{name}”").format(name=name)
            menu.addAction(words, lambda: self.removed.emit(name))
        else:
            menu.addAction(self.tr("Only These"), lambda: self.toggled.emit(query))
            menu.addAction(self.tr("All but These"), lambda: self.excluded.emit(query))
        if key:
            menu.addSeparator()
            menu.addAction(
                menu_icon("pen"), self.tr("Rename…"), lambda: self.rename_requested.emit(key)
            )
            menu.addAction(
                menu_icon("trash"),
                self.tr("Remove Collection"),
                lambda: self.remove_requested.emit(key),
            )
        menu.popup(self.viewport().mapToGlobal(where))

    # Images dragged here

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not event.mimeData().hasFormat(IDS):
            event.ignore()
            return
        self._dragged_over = True
        shown = self._shown_collection()
        if shown is not None and self._out is None:
            words = self.tr("Remove from “{name}”").format(name=shown.text(0))
            self._out = self._command_line(words, PanelCommand.REMOVE_FROM_COLLECTION)
            if (above := shown.parent()) is not None:
                above.insertChild(above.indexOfChild(shown) + 1, self._out)
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        item = self.itemAt(event.position().toPoint())
        takes = item is not None and self._accepts(item)
        self._aim(item if takes else None)
        event.setAccepted(takes)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_drag()

    def dropEvent(self, event: QDropEvent) -> None:
        item = self.itemAt(event.position().toPoint())
        numbers, shown = ids_in(event.mimeData()), self._shown_collection()
        if item is not None and self._accepts(item) and numbers:
            match item.data(0, _COMMAND):
                case PanelCommand.NEW:
                    self.new_requested.emit(numbers)
                case PanelCommand.REMOVE_FROM_COLLECTION if shown is not None:
                    self.remove_from_collection_requested.emit(shown.data(0, _KEY), numbers)
                case _:
                    self.collected.emit(item.data(0, _KEY), numbers)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        self._end_drag()

    def _accepts(self, item: QTreeWidgetItem) -> bool:
        deed = item.data(0, _COMMAND)
        return bool(item.data(0, _KEY)) if deed is None else deed is not PanelCommand.MORE

    def _aim(self, item: QTreeWidgetItem | None) -> None:
        if item is not self._target:
            for line, on in ((self._target, False), (item, True)):
                if line is not None:
                    line.setData(0, TARGET, on)
            self._target = item

    def _end_drag(self) -> None:
        self._aim(None)
        if self._out is not None:
            if (above := self._out.parent()) is not None:
                above.removeChild(self._out)
            self._out = None
        self._dragged_over = False
        if self._held is not None:
            held, self._held = self._held, None
            self.show_groups(*held)

    def _shown_collection(self) -> QTreeWidgetItem | None:
        """The line of the collection that is shown, if any."""
        found = [
            item
            for item in self.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
            if item.data(0, _KEY) and item.data(0, CHOSEN)
        ]
        return found[0] if len(found) == 1 else None
