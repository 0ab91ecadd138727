"""The grid of thumbnails, with the keyboard, mouse and selection of a file manager."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QWidget

from ldm_studio.history.results import ListedImage

from .image_list_model import IDS, ImageListModel, ids_in
from .section_layout import GAP, HEADING, MARGIN
from .section_view import SectionView
from .thumbnail_loader import ThumbnailLoader, ThumbnailRequest
from .thumbnail_tile import dragged, heading, paint_heading, paint_tile

_AHEAD_MS = 0
"""Requests are batched per turn of the event loop."""

_EDGE = 28
"""Dragging within this distance of the top or bottom scrolls, in pixels."""

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


class ThumbnailGrid(SectionView):
    """Keyboard, mouse and selection work as in a file manager."""

    opened = Signal(QModelIndex)
    """Double click, or Enter."""
    arranged = Signal(list, object)
    """Images of the current collection were dragged: their ids, and the id of the image to put them
    before; None: at the end.
    """

    def __init__(
        self, model: ImageListModel, loader: ThumbnailLoader, parent: QWidget | None = None
    ) -> None:
        super().__init__(model, parent)
        self.setObjectName("grid")
        self.setAccessibleName(self.tr("Images"))
        self.setAccessibleDescription(
            self.tr("Arrow keys select an image, Return reuses its settings.")
        )
        self._loader = loader
        self._hovered: int | None = None
        self._band_from = QPoint()
        self._ahead = QTimer(self, singleShot=True, interval=_AHEAD_MS)
        self._ahead.timeout.connect(self.request_thumbnails)
        self.moved.connect(self._ahead.start)
        self._gap: int | None = None
        """The row before which dragged images would be dropped."""
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.viewport().setMouseTracking(True)
        model.described.connect(self._on_described)
        loader.ready.connect(self.viewport().update)
        self.doubleClicked.connect(self.opened)

    # Visible thumbnails

    def request_thumbnails(self) -> None:
        """Requests visible thumbnails, then as many below and above."""
        layout, top, room = self.layout_now(), self.verticalOffset(), self.viewport().height()
        if layout.rows != self._images.rowCount():
            return  # between two answers
        first, end = layout.rows_between(top, top + room)
        before, _ = layout.rows_between(max(0, top - room), top)
        _, after = layout.rows_between(top + room, top + 2 * room)
        self._images.request_rows(before, after)
        rows = (*range(first, end), *range(end, after), *range(first - 1, before - 1, -1))
        found = (self._images.listed(row) for row in rows)
        pixels = self._pixels()
        self._loader.request(
            "grid",
            [
                ThumbnailRequest(image.digest, image.path, pixels)
                for image in found
                if image is not None and image.digest
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
        """Ctrl+wheel changes the size of the tiles."""
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
        if layout.rows != self._images.rowCount():
            return
        chosen, current = self.selectionModel(), self.currentIndex().row()
        width, pixels = self.viewport().width(), self._pixels()
        for section, y in layout.headings_between(top + area.top(), top + area.bottom() + 1):
            where = QRect(MARGIN, y - top, width - 2 * MARGIN, HEADING)
            paint_heading(painter, where, heading(section), section.count, self.palette())
        first, end = layout.rows_between(top + area.top(), top + area.bottom() + 1)
        model = self._images
        for row in range(first, min(end, layout.rows)):
            box = layout.box(row)
            image = model.listed(row)
            thumbnail = None
            if image is not None:
                thumbnail = self._loader.image(image.digest, pixels)
            paint_tile(
                painter,
                QRect(box.x, box.y - top, box.side, box.side),
                image,
                thumbnail,
                self.palette(),
                bad=image is not None and self._is_bad(image, thumbnail),
                selected=chosen.isSelected(model.index(row)),
                current=row == current and self.hasFocus(),
                hovered=row == self._hovered,
            )
        if self.state() == QAbstractItemView.State.DragSelectingState:
            self._paint_band(painter)
        if self._gap is not None and layout.rows:
            self._paint_gap(painter, self._gap)

    def _paint_gap(self, painter: QPainter, row: int) -> None:
        """Paints the drop position."""
        layout, after = self.layout_now(), row >= self.layout_now().rows
        box = layout.box(layout.rows - 1 if after else row)
        x = box.x + box.side + GAP // 2 if after else box.x - GAP // 2
        place = QRect(x - 2, box.y - self.verticalOffset(), 4, box.side)
        painter.fillRect(place, self.palette().color(QPalette.ColorRole.Highlight))

    def _is_bad(self, image: ListedImage, thumbnail: QImage | None) -> bool:
        if image.problem:
            return True
        return thumbnail is None and self._loader.is_bad(image.digest)

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

    # Keys and pointer

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handles navigation and selection; the page handles all other keys."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
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
                if changed is not None and changed < self._images.rowCount():
                    self.viewport().update(self.visualRect(self._images.index(changed)))

    # Dragging

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N802, N803
        """Shows the image under the pointer, and the number of images."""
        indexes = self.selectedIndexes()
        if not indexes:
            return
        drag = QDrag(self)
        drag.setMimeData(self._images.mimeData(indexes))
        image = self._images.listed(self.currentIndex().row())
        thumbnail = None if image is None else self._loader.image(image.digest, self._pixels())
        if thumbnail is not None:
            drag.setPixmap(dragged(thumbnail, len(indexes), self.palette()))
        drag.exec(supportedActions, Qt.DropAction.CopyAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._answer(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._answer(event)
        where, bar = event.position().toPoint(), self.verticalScrollBar()
        if where.y() < _EDGE:
            bar.setValue(bar.value() - _EDGE)
        elif where.y() > self.viewport().height() - _EDGE:
            bar.setValue(bar.value() + _EDGE)
        self._show_gap(self._row_before(where) if self._accepts(event) else None)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_gap(None)

    def dropEvent(self, event: QDropEvent) -> None:
        numbers, row = ids_in(event.mimeData()), self._row_before(event.position().toPoint())
        self._show_gap(None)
        if numbers and self._accepts(event):
            ids = self._images.ids
            while row < len(ids) and int(ids[row]) in numbers:
                row += 1
            self.arranged.emit(numbers, int(ids[row]) if row < len(ids) else None)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def _answer(self, event: QDropEvent) -> None:
        """Accepts drags of its own images, which the window would open otherwise."""
        event.setAccepted(event.mimeData().hasFormat(IDS))
        takes = self._accepts(event)
        event.setDropAction(Qt.DropAction.CopyAction if takes else Qt.DropAction.IgnoreAction)

    def _accepts(self, event: QDropEvent) -> bool:
        """Only collections can be sorted by the user."""
        return self._images.collection is not None and event.mimeData().hasFormat(IDS)

    def _row_before(self, where: QPoint) -> int:
        """The row before which a drop here is inserted."""
        layout, top = self.layout_now(), self.verticalOffset()
        first, end = layout.rows_between(where.y() + top, where.y() + top + 1)
        for row in range(first, min(end, layout.rows)):
            box = layout.box(row)
            if box.y - top <= where.y() < box.y - top + box.side + GAP and (
                where.x() < box.x + box.side // 2
            ):
                return row
        return min(end, layout.rows)

    def _show_gap(self, row: int | None) -> None:
        if row != self._gap:
            self._gap = row
            self.viewport().update()
