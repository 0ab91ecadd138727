"""A searchable drop-down list of files with thumbnail and two lines of text."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QBuffer,
    QEvent,
    QIODevice,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon, QImage, QImageReader, QKeyEvent, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import InvalidError
from core.untrusted_files import read_bytes
from ldm_studio.canvas.document.qimage import in_srgb
from ldm_studio.look.fuzzy_ranking import Ranked, rank
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID, Role
from ldm_studio.threads.background import Background

THUMB = 40
ROW_HEIGHT = THUMB + GRID
BETWEEN = 3
"""Logical pixels between the two lines of a row."""
WIDTH, ROWS = 440, 8
MAX_THUMBS = 500
MAX_PREVIEW_BYTES = 50_000_000
PREVIEWS = (".preview.png", ".png", ".preview.jpg", ".jpg", ".jpeg", ".webp", ".preview.webp")
"""Suffixes of preview images next to a file."""


@dataclass(frozen=True)
class FileItem:
    """A row."""

    key: Hashable
    title: str
    detail: str = ""
    """The second line."""
    tip: str = ""
    path: Path | None = None
    """A file that may have a preview image next to it."""
    problem: str = ""
    """Why it cannot be chosen."""
    symbol: str = "image"
    """The icon if there is no image."""


def preview_beside(path: Path) -> Path | None:
    """The preview image of a model or LoRA."""
    stem = path if os.path.isdir(path) else path.with_suffix("")
    return next((p for end in PREVIEWS if os.path.isfile(p := Path(f"{stem}{end}"))), None)


def read_thumb(path: Path, side: int) -> QImage | None:
    """The preview image, cropped to a square; None if there is none."""
    beside = preview_beside(path)
    if beside is None:
        return None
    try:
        buffer = QBuffer()
        buffer.setData(read_bytes(beside, MAX_PREVIEW_BYTES))
    except (OSError, InvalidError):
        return None
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and not size.isEmpty():
        reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    image = reader.read()
    if image.isNull():
        return None
    image = in_srgb(image)
    corner = (image.width() - side) // 2, (image.height() - side) // 2
    return image.copy(QRect(*corner, side, side))


class FileItemModel(Ranked[FileItem]):
    """The items that match the text, best first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._all: Sequence[FileItem] = ()
        self._query = ""
        self.background = Background(self)
        self._thumbs: OrderedDict[Path, QPixmap | None] = OrderedDict()
        """None while it is loading, or if there is none."""
        self.pixels = THUMB

    def show(self, items: Sequence[FileItem]) -> None:
        self._all = items
        self.find(self._query)

    def find(self, words: str) -> None:
        self._query = words
        ranked = [
            (fits, place, item)
            for place, item in enumerate(self._all)
            if (fits := rank(f"{item.title} {item.detail}", words)) is not None
        ]
        if not words.strip():
            ranked = [(0, place, item) for place, item in enumerate(self._all)]
        self.put(item for *_, item in sorted(ranked, key=lambda row: row[:2]))

    def index_of(self, key: Hashable) -> QModelIndex:
        """Invalid if it is not shown."""
        for row, item in enumerate(self.shown):
            if item.key == key:
                return self.index(row)
        return QModelIndex()

    def forget_thumbs(self) -> None:
        """Files may have changed."""
        self._thumbs.clear()

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        item = self.shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return item.title
            case Qt.ItemDataRole.UserRole:
                return item
            case Qt.ItemDataRole.DecorationRole:
                return self._thumb(item)
            case Qt.ItemDataRole.ToolTipRole:
                return item.tip or None
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(filter(None, (item.title, item.detail, item.problem)))
        return None

    def _thumb(self, item: FileItem) -> QPixmap | None:
        path = item.path
        if path is None:
            return None
        if path not in self._thumbs:
            self._thumbs[path] = None
            while len(self._thumbs) > MAX_THUMBS:
                self._thumbs.popitem(last=False)
            self.background.run(partial(read_thumb, path, self.pixels), partial(self._read, path))
        return self._thumbs[path]

    def _read(self, path: Path, done: Future[QImage | None]) -> None:
        if done.exception() is not None:  # the file was removed meanwhile
            return
        image = done.result()
        if image is not None and path in self._thumbs:
            self._thumbs[path] = QPixmap.fromImage(image)
            for row, item in enumerate(self.shown):
                if item.path == path:
                    self.dataChanged.emit(self.index(row), self.index(row))


class _Row(QStyledItemDelegate):
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        item: FileItem = index.data(Qt.ItemDataRole.UserRole)
        view = option.widget
        assert isinstance(view, QWidget)
        colours, rect = view.palette(), option.rect.adjusted(2, 1, -2, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(Role.Highlight if chosen else Role.Midlight))
            painter.drawRoundedRect(rect, 5, 5)
        place = QRect(rect.left() + 3, rect.top() + (rect.height() - THUMB) // 2, THUMB, THUMB)
        thumb = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(thumb, QPixmap):
            painter.drawPixmap(place, thumb)
        else:
            middle = place.adjusted(10, 10, -10, -10)
            usual = QIcon.Mode.Disabled if item.problem else QIcon.Mode.Normal
            mode = QIcon.Mode.Selected if chosen else usual
            icon(item.symbol).paint(painter, middle, Qt.AlignmentFlag.AlignCenter, mode)
        group = QPalette.ColorGroup.Disabled if item.problem else QPalette.ColorGroup.Active
        strong = colours.color(group, Role.Text)
        faint = colours.color(Role.PlaceholderText)
        if chosen:
            strong = faint = colours.color(Role.HighlightedText)
        metrics, elide = option.fontMetrics, Qt.TextElideMode.ElideMiddle
        lines = [(item.title, strong), (item.problem or item.detail, faint)]
        lines = [line for line in lines if line[0]]
        height = metrics.height()
        box = rect.adjusted(THUMB + GRID + 2, 0, -GRID, 0)
        box.setTop(box.center().y() - (height * len(lines) + BETWEEN * (len(lines) - 1)) // 2)
        for text, colour in lines:
            painter.setPen(colour)
            line = metrics.elidedText(text, elide, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, line)
            box.setTop(box.top() + height + BETWEEN)
            elide = Qt.TextElideMode.ElideRight
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, max(ROW_HEIGHT, 2 * option.fontMetrics.height() + 10))


class FilePicker(QFrame):
    """Keys go to the search field; arrow keys to the list."""

    chosen = Signal(object)
    """The key of the chosen item."""
    closed = Signal()

    def __init__(self, parent: QWidget, name: str, nothing: str) -> None:
        """`name`: accessible name of the list; `nothing`: text of an empty list."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("floating")
        self.setAccessibleName(name)
        self.items = FileItemModel(self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setToolTip(self.tr("Find by a part of the name or by family."))
        self.list = QListView(uniformItemSizes=True)
        self.list.setObjectName("queue")
        self.list.setAccessibleName(name)
        self.list.setToolTip(self.tr("Choose with a click, or with Enter."))
        self.list.setModel(self.items)
        self.list.setMouseTracking(True)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._nothing, self._scanning = nothing, False
        self._below: QWidget | None = None
        self.empty = PlainLabel(nothing, wordWrap=True)
        self.empty.setObjectName("caption")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GRID, GRID, GRID, GRID)
        self.column.setSpacing(GRID)
        self.column.addWidget(self.search)
        self.column.addWidget(self.list, 1)
        self.column.addWidget(self.empty, 1)
        self.setFocusProxy(self.search)
        self.search.textChanged.connect(self._find)
        self.search.installEventFilter(self)
        self.list.clicked.connect(self._choose)

    def show_items(
        self, items: Sequence[FileItem], current: Hashable = None, *, looking: bool = False
    ) -> None:
        """Shows these items, with `current` selected; while open, keeps the selection if possible.
        `looking`: more may follow.
        """
        marked = self._marked() if self.isVisible() else None
        before, self._scanning = self.items.rowCount(), looking
        self.items.pixels = round(THUMB * self.devicePixelRatioF())
        self.items.show(items)
        self._mark(current if marked is None else marked.key)
        self._show_empty_text()
        count = self.items.rowCount()
        grows = before < min(ROWS, count) or not count  # to the text that replaces them
        if grows and self._below is not None and self.isVisible():
            self._place(self._below)

    def open_below(self, widget: QWidget) -> None:
        """As large as fits on the screen."""
        self._below = widget
        self.items.forget_thumbs()
        self.search.clear()
        self._place(widget)
        self.show()
        self.list.scrollTo(self.list.currentIndex())
        self.search.setFocus()

    def _place(self, widget: QWidget) -> None:
        screen = widget.screen().availableGeometry()
        corner = widget.mapToGlobal(QPoint(0, widget.height() + 2))
        width = min(max(WIDTH, widget.width()), screen.width())
        if self.items.rowCount():
            rows = min(ROWS, max(3, self.items.rowCount()))
            chrome = self.sizeHint().height() - self.list.sizeHint().height()
            height = rows * ROW_HEIGHT + chrome + 10
        else:
            height = self.column.heightForWidth(width) + 2 * GRID
        height = min(height, screen.height())
        left = min(max(screen.left(), corner.x()), screen.right() + 1 - width)
        top = min(max(screen.top(), corner.y()), screen.bottom() + 1 - height)
        self.setGeometry(left, top, width, height)

    def hideEvent(self, event: QEvent) -> None:  # type: ignore[override]  # the stub wants more
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex())
            return True
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        steps |= {Qt.Key.Key_PageUp: 1 - ROWS, Qt.Key.Key_PageDown: ROWS - 1}
        count = self.items.rowCount()
        if key in steps and count:
            row = min(max(0, self.list.currentIndex().row() + steps[key]), count - 1)
            self.list.setCurrentIndex(self.items.index(row))
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no control inside has handled."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _find(self, words: str) -> None:
        marked = self._marked()
        self.items.find(words)
        self._mark(None if words.strip() or marked is None else marked.key)
        self._show_empty_text()

    def _show_empty_text(self) -> None:
        has_rows = bool(self.items.rowCount())
        self.list.setVisible(has_rows)
        self.empty.setVisible(not has_rows)
        nothing = "" if self._scanning else self._nothing
        searched = self.tr("Nothing found.")
        self.empty.setText(searched if self.search.text().strip() else nothing)

    def _marked(self) -> FileItem | None:
        index = self.list.currentIndex()
        return self.items.shown[index.row()] if index.isValid() else None

    def _mark(self, key: Hashable) -> None:
        index = self.items.index_of(key)
        if not index.isValid() and self.items.rowCount():
            index = self.items.index(0)
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def _choose(self, index: QModelIndex) -> None:
        item = self.items.shown[index.row()] if index.isValid() else None
        if item is not None and not item.problem:
            self.chosen.emit(item.key)
