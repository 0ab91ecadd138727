"""An item view of tiles below headings, laid out by section, so the number of tiles costs
nothing.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from .image_list_model import ImageListModel, Index
from .section_layout import GAP, HEADING, SectionLayout

SMALLEST, LARGEST = 72, 320
USUAL = 152

Flag = QItemSelectionModel.SelectionFlag
Move = QAbstractItemView.CursorAction


class SectionView(QAbstractItemView):
    """Layout, navigation and selection; subclasses paint."""

    side_changed = Signal(int)
    """The minimum side of a tile in logical pixels."""
    moved = Signal()
    """Other tiles may be visible."""

    def __init__(self, model: ImageListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = model
        self._side = USUAL
        self._layout: SectionLayout | None = None
        self._anchor: tuple[int, int] | None = None
        self._kept: list[int] = []
        self.setModel(model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        model.rowsAboutToBeInserted.connect(self._keep_place)
        model.rowsAboutToBeRemoved.connect(self._keep_place)
        model.modelAboutToBeReset.connect(self._before_reset)
        model.modelReset.connect(self._after_reset)
        model.sections_changed.connect(self._relayout)

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

    def layout_now(self) -> SectionLayout:
        """The current layout."""
        if self._layout is None:
            self._layout = SectionLayout(self._images.sections, self.viewport().width(), self._side)
        return self._layout

    def _keep_place(self) -> None:
        """Keeps the first visible tile in place when the layout changes."""
        layout, top = self._layout, self.verticalOffset()
        if self._anchor is not None or layout is None or layout.rows != len(self._images.ids):
            return
        first, _ = layout.rows_between(top, top + 1)
        if top > 0 and first < layout.rows:
            self._anchor = (int(self._images.ids[first]), layout.box(first).y - top)

    def _relayout(self) -> None:
        self._layout = None
        self._show_bar_if_needed()
        layout = self.layout_now()
        room = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, layout.height - room))
        bar.setPageStep(room)
        bar.setSingleStep((layout.side + GAP) // 2)
        if self._anchor is not None:
            number, below = self._anchor
            self._anchor = None
            row = self._images.row_of(number)
            if row is not None and row < layout.rows:
                bar.setValue(layout.box(row).y - below)
        self.viewport().update()
        self.moved.emit()

    def _show_bar_if_needed(self) -> None:
        """Decided by the width without the bar: the bar makes the tiles smaller, so it would
        otherwise appear and disappear endlessly.
        """
        room = self.contentsRect()
        needed = (
            SectionLayout(self._images.sections, room.width(), self._side).height > room.height()
        )
        policy = Qt.ScrollBarPolicy
        wanted = policy.ScrollBarAlwaysOn if needed else policy.ScrollBarAlwaysOff
        if self.verticalScrollBarPolicy() != wanted:
            self.setVerticalScrollBarPolicy(wanted)
            self._layout = None

    def updateGeometries(self) -> None:  # noqa: N802
        if self._layout is None or self._layout.rows == self._images.rowCount():
            self._relayout()
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._keep_place()
        super().resizeEvent(event)
        self._relayout()

    def _before_reset(self) -> None:
        self._kept = self.selected_ids()

    def _after_reset(self) -> None:
        """Restores the selection if the new search contains it."""
        self._anchor = None
        self._layout = None
        self.verticalScrollBar().setValue(0)
        if 0 < len(self._kept) <= 500:
            self.select_ids(self._kept)

    # What a view must know

    def visualRect(self, index: Index) -> QRect:  # noqa: N802
        layout = self.layout_now()
        if not index.isValid() or index.row() >= layout.rows:
            return QRect()
        box = layout.box(index.row())
        return QRect(box.x, box.y - self.verticalOffset(), box.side, box.side)

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802
        row = self.layout_now().row_at(point.x(), point.y() + self.verticalOffset())
        if row is None or row >= self._images.rowCount():
            return QModelIndex()
        return self._images.index(row)

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
        layout, last = self.layout_now(), self._images.rowCount() - 1
        if last < 0 or layout.rows != last + 1:
            return QModelIndex()
        row = self.currentIndex().row()
        if row < 0:
            return self._images.index(0)
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
        return self._images.index(max(0, min(row, last)))

    def horizontalOffset(self) -> int:  # noqa: N802
        return 0

    def verticalOffset(self) -> int:  # noqa: N802
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:  # noqa: N802
        return False

    def setSelection(self, rect: QRect, command: Flag) -> None:  # noqa: N802
        """With the rubber band, the tiles it touches; otherwise the range from anchor to
        current.
        """
        layout, top = self.layout_now(), self.verticalOffset()
        chosen = QItemSelection()
        model = self._images
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
        """Repaints everything visible: at most a hundred tiles."""
        return QRegion(self.viewport().rect())

    def viewportSizeHint(self) -> QSize:  # noqa: N802
        return QSize(4 * (self._side + GAP), 3 * (self._side + GAP))

    # Selection by number

    def selected_ids(self) -> list[int]:
        """In their order; selecting all is as quick as selecting ten."""
        ids = self._images.ids
        found: list[int] = []
        chosen = self.selectionModel().selection()
        blocks = [chosen.at(number) for number in range(chosen.count())]
        for first, last in sorted((block.top(), block.bottom()) for block in blocks):
            found += ids[first : last + 1].tolist()
        return found

    def select_ids(self, numbers: list[int]) -> None:
        """Selects those that are present; the first becomes the current one."""
        chosen = QItemSelection()
        first: QModelIndex | None = None
        for number in numbers:
            index = self._images.index_of(number)
            if index.isValid():
                first = first or index
                chosen.select(index, index)
        self.selectionModel().select(chosen, Flag.ClearAndSelect)
        if first is not None:
            self.selectionModel().setCurrentIndex(first, Flag.NoUpdate)

    def go_to(self, number: int) -> bool:
        """Selects an image and scrolls to it; False if it is not present."""
        index = self._images.index_of(number)
        if not index.isValid() or self.layout_now().rows != self._images.rowCount():
            return False
        self.selectionModel().setCurrentIndex(index, Flag.ClearAndSelect)
        self.scrollTo(index)
        return True
