"""Beside the grid: what there is to filter by, and how many pictures each would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from ldm_studio.history.query import Query, parse
from ldm_studio.history.reader import Count, Reader
from ldm_studio.history.terms import has, term
from ldm_studio.theme import icon

from .model import Index

Role = QPalette.ColorRole
_TERM = int(Qt.ItemDataRole.UserRole)
_COUNT = _TERM + 1
_CHOSEN = _TERM + 2
_SEARCH = _TERM + 3
_MOST = 12
_DAYS = 10_000

_MARKS = (
    ("Favourites", "is:favourite", "heart"),
    ("4 stars and more", "rating:>=4", "star"),
    ("Not rated", "-has:rating", "minus"),
    ("Inpainted", "has:mask", "mask"),
    ("Made from another", "has:parent", "branch"),
    ("Missing files", "is:missing", "warning"),
    ("In the trash", "is:deleted", "trash"),
)


@dataclass(frozen=True)
class Choice:
    """A line: a term of the query, or a whole saved one."""

    words: str
    query: str
    pictures: int | None = None
    icon: str = ""


@dataclass(frozen=True)
class Group:
    name: str
    choices: tuple[Choice, ...]
    saved: bool = False
    """Its choices are searches the user saved: they replace the query."""


def gather(reader: Reader, query: Query, text: str) -> tuple[Group, ...]:
    """What the pictures of a query have; lines that would find nothing are left out."""
    facets = reader.facets(query, limit=_DAYS)
    marks: list[Choice] = []
    for words, wanted, sign in _MARKS:
        number = reader.count(parse(f"{text} {wanted}"))
        if number or has(text, wanted):
            marks.append(Choice(words, wanted, number, sign))
    searches = [Choice(name, saved, None, "search") for name, saved in reader.searches().items()]
    months = Counter[str]()
    for day in facets.days:
        months[day.value[:7]] += day.pictures
    tags = reader.tags(query)
    groups = (
        Group("Saved searches", tuple(searches), saved=True),
        Group("Marks", tuple(marks)),
        Group("Date", tuple(Choice(_month(m), f"date:{m}", n) for m, n in months.items())),
        Group("Tags", _choices("tag", tags)),
        Group("Model", _choices("model", facets.models)),
        Group("Sampler", _choices("sampler", facets.samplers)),
    )
    return tuple(group for group in groups if group.choices)


def _choices(field: str, counts: Sequence[Count]) -> tuple[Choice, ...]:
    return tuple(Choice(one.value, term(field, one.value), one.pictures) for one in counts)


def _month(month: str) -> str:
    try:
        return f"{date.fromisoformat(f'{month}-01'):%B %Y}"
    except ValueError:
        return month


class FacetPanel(QTreeWidget):
    """A click on a line adds its term to the query, another takes it out."""

    toggled = Signal(str)
    """A term of the query."""
    excluded = Signal(str)
    """A term that no picture may fulfil."""
    chosen = Signal(str)
    """A saved search."""
    removed = Signal(str)
    """The name of a saved search."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("facets")
        self.setAccessibleName("Filters")
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setItemDelegate(_Line(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemClicked.connect(self._clicked)
        self.itemActivated.connect(self._clicked)
        self._open: set[str] = set()
        self._groups: tuple[Group, ...] = ()
        self._query = ""

    def show_groups(self, groups: tuple[Group, ...], query: str) -> None:
        """What is unfolded and where it is scrolled to stays."""
        if (groups, query) == (self._groups, self._query):
            return
        self._groups, self._query = groups, query
        place = self.verticalScrollBar().value()
        self.clear()
        for group in groups:
            self._add_group(group, query)
        self.verticalScrollBar().setValue(place)

    def _add_group(self, group: Group, query: str) -> None:
        top = QTreeWidgetItem([group.name])
        top.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.addTopLevelItem(top)
        most = len(group.choices) if group.name in self._open else _MOST
        for choice in group.choices[:most]:
            chosen = query == choice.query if group.saved else has(query, choice.query)
            line = QTreeWidgetItem([choice.words])
            line.setData(0, _TERM, choice.query)
            line.setData(0, _COUNT, choice.pictures)
            line.setData(0, _CHOSEN, chosen)
            line.setData(0, _SEARCH, choice.words if group.saved else None)
            tip = f"{choice.words}\n{choice.query}"
            line.setToolTip(0, tip if group.saved else f"{tip}\nCtrl+click to exclude")
            if choice.icon:
                line.setIcon(0, icon(choice.icon, Role.PlaceholderText, Role.HighlightedText))
            top.addChild(line)
        if len(group.choices) > most:
            rest = QTreeWidgetItem([f"{len(group.choices) - most:,} more…"])
            top.addChild(rest)
        top.setExpanded(True)

    def _clicked(self, item: QTreeWidgetItem) -> None:
        above = item.parent()
        if above is None:
            item.setExpanded(not item.isExpanded())
            return
        query = item.data(0, _TERM)
        if query is None:
            self._open.add(above.text(0))
            groups, self._groups = self._groups, ()
            self.show_groups(groups, self._query)
        elif item.data(0, _SEARCH) is not None:
            self.chosen.emit(query)
        elif self._is_excluding():
            self.excluded.emit(query)
        else:
            self.toggled.emit(query)

    def _is_excluding(self) -> bool:
        modifiers = QApplication.keyboardModifiers()
        return bool(modifiers & Qt.KeyboardModifier.ControlModifier)

    def _menu(self, where: QPoint) -> None:
        item = self.itemAt(where)
        if item is None or item.data(0, _TERM) is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name, query = item.data(0, _SEARCH), item.data(0, _TERM)
        if name is not None:
            menu.addAction(f"Remove “{name}”", lambda: self.removed.emit(name))
        else:
            menu.addAction("Only These", lambda: self.toggled.emit(query))
            menu.addAction("All but These", lambda: self.excluded.emit(query))
        menu.popup(self.viewport().mapToGlobal(where))


class _Line(QStyledItemDelegate):
    """A heading, or a name with its number at the right."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box: QRect = option.rect  # type: ignore[attr-defined]  # a QStyleOption has it
        colours: QPalette = option.palette  # type: ignore[attr-defined]
        hover = bool(option.state & QStyle.StateFlag.State_MouseOver)  # type: ignore[attr-defined]
        group = QPalette.ColorGroup.Active
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        if not index.parent().isValid():
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(colours.color(group, Role.PlaceholderText))
            painter.drawText(box.adjusted(12, 8, -8, 0), middle, index.data())
            painter.restore()
            return
        chosen = bool(index.data(_CHOSEN))
        line = box.adjusted(6, 1, -6, -1)
        if chosen or hover:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(group, Role.Highlight if chosen else Role.Midlight))
            painter.drawRoundedRect(line, 5, 5)
        front = Role.HighlightedText if chosen else Role.Text
        faint = Role.HighlightedText if chosen else Role.PlaceholderText
        left = line.left() + 8
        sign = index.data(Qt.ItemDataRole.DecorationRole)
        if sign is not None:
            place = QRect(left, line.center().y() - 7, 15, 15)
            mode = sign.Mode.Selected if chosen else sign.Mode.Normal
            sign.paint(painter, place, Qt.AlignmentFlag.AlignCenter, mode)
            left += 22
        count = index.data(_COUNT)
        right = line.right() - 6
        if count is not None:
            words = f"{count:,}"
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.setPen(colours.color(group, faint))
            painter.drawText(QRect(right - width, line.top(), width, line.height()), middle, words)
            right -= width + 8
        is_name = index.data(_TERM) is not None
        painter.setPen(colours.color(group, front if is_name else Role.Link))
        where = QRect(left, line.top(), max(0, right - left), line.height())
        elided = painter.fontMetrics().elidedText(
            index.data(), Qt.TextElideMode.ElideRight, where.width()
        )
        painter.drawText(where, middle, elided)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = option.fontMetrics.height()  # type: ignore[attr-defined]
        return QSize(0, line + (10 if index.parent().isValid() else 20))
