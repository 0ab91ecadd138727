"""The grid of thumbnails: a view that lays out days, not pictures, so that their number is free."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QWidget

from ldm_studio.history.reader import Listed

from .layout import GAP, HEADING, MARGIN, Layout, Section
from .model import Index, PictureModel
from .thumbs import ThumbnailLoader, Wanted
from .tile import paint_heading, paint_tile

SMALLEST, LARGEST = 72, 320
USUAL = 152
_AHEAD_MS = 0
"""What comes into sight is asked for once an event loop's turn, however often it moved."""

_MOVES = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Space,
)

Flag = QItemSelectionModel.SelectionFlag
Move = QAbstractItemView.CursorAction


class Grid(QAbstractItemView):
    """Keyboard, mouse and selection are those of a file manager."""

    side_changed = Signal(int)
    """The side of a tile in logical pixels."""
    opened = Signal(QModelIndex)
    """Double click, or Enter."""

    def __init__(
        self, model: PictureModel, loader: ThumbnailLoader, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("grid")
        self.setAccessibleName("Pictures")
        self._pictures, self._loader = model, loader
        self._side = USUAL
        self._layout: Layout | None = None
        self._hovered: int | None = None
        self._band_from = QPoint()
        self._anchor: tuple[int, int] | None = None
        self._kept: list[int] = []
        self._ahead = QTimer(self, singleShot=True, interval=_AHEAD_MS)
        self._ahead.timeout.connect(self.want)
        self.setModel(model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.viewport().setMouseTracking(True)
        model.sections_changed.connect(self._on_sections)
        model.described.connect(self._on_described)
        loader.ready.connect(self.viewport().update)
        self.doubleClicked.connect(self.opened)

    # Size

    @property
    def side(self) -> int:
        return self._side

    @side.setter
    def side(self, side: int) -> None:
        side = max(SMALLEST, min(side, LARGEST))
        if side != self._side:
            self._keep_place()
            self._side = side
            self._relayout()
            self.side_changed.emit(side)

    def layout_now(self) -> Layout:
        """Where everything is."""
        if self._layout is None:
            self._layout = Layout(self._pictures.sections, self.viewport().width(), self._side)
        return self._layout

    def _keep_place(self) -> None:
        """What is first in sight stays first in sight when the layout becomes another."""
        if self._anchor is not None or self._layout is None:
            return
        layout, top = self._layout, self.verticalOffset()
        first, _ = layout.rows_between(top, top + 1)
        if top > 0 and first < layout.rows:
            self._anchor = (int(self._pictures.ids[first]), layout.box(first).y - top)

    def _relayout(self) -> None:
        self._layout = None
        layout = self.layout_now()
        room = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, layout.height - room))
        bar.setPageStep(room)
        bar.setSingleStep((layout.side + GAP) // 2)
        if self._anchor is not None:
            number, below = self._anchor
            self._anchor = None
            row = self._pictures.row_of(number)
            if row is not None and row < layout.rows:
                bar.setValue(layout.box(row).y - below)
        self.viewport().update()
        self._ahead.start()

    def updateGeometries(self) -> None:  # noqa: N802
        if self._layout is None or self._layout.rows == self._pictures.rowCount():
            self._relayout()
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._keep_place()
        super().resizeEvent(event)
        self._relayout()

    def _on_sections(self) -> None:
        self._keep_place()
        self._relayout()

    def setModel(self, model: QAbstractItemModel | None) -> None:  # noqa: N802
        super().setModel(model)
        if model is not None:
            model.modelAboutToBeReset.connect(self._before_reset)
            model.modelReset.connect(self._after_reset)

    def _before_reset(self) -> None:
        self._kept = self.selected_ids()

    def _after_reset(self) -> None:
        """A search that finds what was selected leaves it selected."""
        self._anchor = None
        self._layout = None
        self._hovered = None
        self.verticalScrollBar().setValue(0)
        if 0 < len(self._kept) <= 500:
            self.select_ids(self._kept)

    # What is in sight

    def want(self) -> None:
        """Ask for what is seen, then for as much below and above it."""
        layout, top, room = self.layout_now(), self.verticalOffset(), self.viewport().height()
        if layout.rows != self._pictures.rowCount():
            return  # between two answers
        first, end = layout.rows_between(top, top + room)
        before, _ = layout.rows_between(max(0, top - room), top)
        _, after = layout.rows_between(top + room, top + 2 * room)
        self._pictures.want(before, after)
        rows = (*range(first, end), *range(end, after), *range(first - 1, before - 1, -1))
        found = (self._pictures.listed(row) for row in rows)
        pixels = self._pixels()
        self._loader.want(
            "grid",
            [
                Wanted(picture.digest, picture.path, pixels)
                for picture in found
                if picture is not None and picture.digest
            ],
        )

    def _on_described(self) -> None:
        self.viewport().update()
        self._ahead.start()

    def _pixels(self) -> int:
        return round(self.layout_now().side * self.devicePixelRatioF())

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802
        self.viewport().scroll(dx, dy)
        self._ahead.start()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl the wheel makes tiles larger and smaller."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.side += round(event.angleDelta().y() / 120 * 16)
            event.accept()
        else:
            super().wheelEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        layout, top = self.layout_now(), self.verticalOffset()
        painter = QPainter(self.viewport())
        area = event.rect()
        painter.fillRect(area, self.palette().color(QPalette.ColorRole.Window))
        if layout.rows != self._pictures.rowCount():
            return
        chosen, current = self.selectionModel(), self.currentIndex().row()
        width, pixels = self.viewport().width(), self._pixels()
        for section, y in layout.headings_between(top + area.top(), top + area.bottom() + 1):
            where = QRect(MARGIN, y - top, width - 2 * MARGIN, HEADING)
            paint_heading(painter, where, heading(section), section.count, self.palette())
        first, end = layout.rows_between(top + area.top(), top + area.bottom() + 1)
        model = self._pictures
        for row in range(first, min(end, layout.rows)):
            box = layout.box(row)
            picture = model.listed(row)
            image = None
            if picture is not None:
                image = self._loader.image(picture.digest, pixels)
            paint_tile(
                painter,
                QRect(box.x, box.y - top, box.side, box.side),
                picture,
                image,
                self.palette(),
                bad=picture is not None and self._is_bad(picture, image),
                selected=chosen.isSelected(model.index(row)),
                current=row == current and self.hasFocus(),
                hovered=row == self._hovered,
            )
        if self.state() == QAbstractItemView.State.DragSelectingState:
            self._paint_band(painter)

    def _is_bad(self, picture: Listed, image: QImage | None) -> bool:
        if picture.problem:
            return True
        return image is None and self._loader.is_bad(picture.digest)

    def _paint_band(self, painter: QPainter) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
        wash = QColor(self.palette().color(QPalette.ColorRole.Highlight))
        wash.setAlpha(40)
        painter.setBrush(wash)
        painter.drawRect(self._band())

    def _band(self) -> QRect:
        pointer = self.viewport().mapFromGlobal(self.cursor().pos())
        start = self._band_from - QPoint(0, self.verticalOffset())
        return QRect(start, pointer).normalized()

    # What a view must know

    def visualRect(self, index: Index) -> QRect:  # noqa: N802
        layout = self.layout_now()
        if not index.isValid() or index.row() >= layout.rows:
            return QRect()
        box = layout.box(index.row())
        return QRect(box.x, box.y - self.verticalOffset(), box.side, box.side)

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802
        row = self.layout_now().row_at(point.x(), point.y() + self.verticalOffset())
        if row is None or row >= self._pictures.rowCount():
            return QModelIndex()
        return self._pictures.index(row)

    def scrollTo(  # noqa: N802
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        layout = self.layout_now()
        if not index.isValid() or index.row() >= layout.rows:
            return
        box, bar, room = layout.box(index.row()), self.verticalScrollBar(), self.viewport().height()
        top, bottom = box.y - GAP, box.y + box.side + GAP
        if any(
            section.first == index.row() for section, _ in layout.headings_between(top - 1, box.y)
        ):
            top -= HEADING
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue((top + bottom - room) // 2)
        elif top < bar.value():
            bar.setValue(top)
        elif bottom > bar.value() + room:
            bar.setValue(bottom - room)

    def moveCursor(  # noqa: N802
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        layout, last = self.layout_now(), self._pictures.rowCount() - 1
        if last < 0 or layout.rows != last + 1:
            return QModelIndex()
        row = self.currentIndex().row()
        if row < 0:
            return self._pictures.index(0)
        page = max(1, self.viewport().height() // (layout.side + GAP) - 1)
        match action:
            case Move.MoveLeft | Move.MovePrevious:
                row -= 1
            case Move.MoveRight | Move.MoveNext:
                row += 1
            case Move.MoveUp:
                row = layout.above(row)
            case Move.MoveDown:
                row = layout.below(row)
            case Move.MovePageUp:
                for _ in range(page):
                    row = layout.above(row)
            case Move.MovePageDown:
                for _ in range(page):
                    row = layout.below(row)
            case Move.MoveHome:
                row = 0
            case Move.MoveEnd:
                row = last
        return self._pictures.index(max(0, min(row, last)))

    def horizontalOffset(self) -> int:  # noqa: N802
        return 0

    def verticalOffset(self) -> int:  # noqa: N802
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:  # noqa: N802
        return False

    def setSelection(self, rect: QRect, command: Flag) -> None:  # noqa: N802
        """With the rubber band what it touches; else from where it began to where it is."""
        layout, top = self.layout_now(), self.verticalOffset()
        chosen = QItemSelection()
        model = self._pictures
        if self.state() == QAbstractItemView.State.DragSelectingState:
            band = rect.normalized()
            runs = layout.rows_in(band.left(), band.top() + top, band.right(), band.bottom() + top)
            self.viewport().update()
        else:
            ends = [layout.row_at(p.x(), p.y() + top) for p in (rect.topLeft(), rect.bottomRight())]
            known = [row for row in ends if row is not None]
            runs = [(min(known), max(known))] if known else []
        for first, last in runs:
            if last < model.rowCount():
                chosen.select(model.index(first), model.index(last))
        self.selectionModel().select(chosen, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: N802
        """What is in sight is drawn again: at most a hundred tiles."""
        return QRegion(self.viewport().rect())

    def viewportSizeHint(self) -> QSize:  # noqa: N802
        return QSize(4 * (self._side + GAP), 3 * (self._side + GAP))

    # Selection by number

    def selected_ids(self) -> list[int]:
        """In their order; a selection of all is as quick as one of ten."""
        ids = self._pictures.ids
        found: list[int] = []
        chosen = self.selectionModel().selection()
        blocks = [chosen.at(number) for number in range(chosen.count())]
        for first, last in sorted((block.top(), block.bottom()) for block in blocks):
            found += ids[first : last + 1].tolist()
        return found

    def select_ids(self, numbers: list[int]) -> None:
        """Select those of them that are here; the first becomes the current one."""
        chosen = QItemSelection()
        first: QModelIndex | None = None
        for number in numbers:
            index = self._pictures.index_of(number)
            if index.isValid():
                first = first or index
                chosen.select(index, index)
        self.selectionModel().select(chosen, Flag.ClearAndSelect)
        if first is not None:
            self.selectionModel().setCurrentIndex(first, Flag.NoUpdate)

    def go_to(self, number: int) -> bool:
        """Select one picture and bring it into sight; False where it is not here."""
        index = self._pictures.index_of(number)
        if not index.isValid() or self.layout_now().rows != self._pictures.rowCount():
            return False
        self.selectionModel().setCurrentIndex(index, Flag.ClearAndSelect)
        self.scrollTo(index)
        return True

    # Keys and pointer

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Moves and selects; all other keys are for the page, which has commands for them."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
        elif event.key() in _MOVES or event.matches(QKeySequence.StandardKey.SelectAll):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._band_from = event.position().toPoint() + QPoint(0, self.verticalOffset())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.state() == QAbstractItemView.State.DragSelectingState:
            self.viewport().update()
        self._hover(self.indexAt(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        banded = self.state() == QAbstractItemView.State.DragSelectingState
        super().mouseReleaseEvent(event)
        if banded:
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(QModelIndex())
        return super().viewportEvent(event)

    def _hover(self, index: QModelIndex) -> None:
        row = index.row() if index.isValid() else None
        if row != self._hovered:
            before, self._hovered = self._hovered, row
            for changed in (before, row):
                if changed is not None and changed < self._pictures.rowCount():
                    self.viewport().update(self.visualRect(self._pictures.index(changed)))


def heading(section: Section, today: date | None = None) -> str:
    """The day in words."""
    today = today or date.today()
    try:
        day = date.fromisoformat(section.day)
    except ValueError:
        return section.day or "No date"
    ago = (today - day).days
    if ago == 0:
        return "Today"
    if ago == 1:
        return "Yesterday"
    words = f"{day:%A}, {day.day} {day:%B}"
    return words if day.year == today.year else f"{words} {day.year}"
