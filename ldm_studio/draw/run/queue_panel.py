"""The queue panel: running, queued and interrupted jobs; reorder, pause, remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import elide
from ldm_studio.engine.events import QueueItem
from ldm_studio.look.icons import icon, menu_icon
from ldm_studio.look.theme import GRID
from ldm_studio.translation import counted, translate
from ldm_studio.widgets.fields import tool_button

Index = QModelIndex | QPersistentModelIndex
Role = QPalette.ColorRole
MAX_PROMPT = 500
"""Characters that a tooltip shows."""
ROWS = 4
"""Number of rows that are visible without scrolling."""
ITEM = int(Qt.ItemDataRole.UserRole)


class QueueModel(QAbstractListModel):
    """The queue as the engine reports it; reordering is requested by a signal."""

    move_requested = Signal(int, int)
    """id, index among the jobs that are not running"""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.items: tuple[QueueItem, ...] = ()

    def show_items(self, items: Sequence[QueueItem]) -> None:
        """Progress keeps the rows; any other change resets the model."""
        same = [item.id for item in items] == [item.id for item in self.items]
        if same:
            self.items = tuple(items)
            if items:
                self.dataChanged.emit(self.index(0), self.index(len(items) - 1))
            return
        self.beginResetModel()
        self.items = tuple(items)
        self.endResetModel()

    def row_of(self, item_id: int) -> int | None:
        return next((row for row, item in enumerate(self.items) if item.id == item_id), None)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self.items[index.row()]
        if role == ITEM:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return self._prompt(item)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{self._prompt(item)}\n{details(item)}"
        return None

    def _prompt(self, item: QueueItem) -> str:
        return elide(item.request.prompt, MAX_PROMPT) or self.tr("(no prompt)")

    def flags(self, index: Index) -> Qt.ItemFlag:
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        waits = self.items[index.row()].state == "waiting"
        return base | Qt.ItemFlag.ItemIsDragEnabled if waits else base

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802
        return Qt.DropAction.MoveAction

    def moveRows(  # noqa: N802
        self, source: Index, row: int, count: int, target: Index, child: int
    ) -> bool:
        """Rows do not move by themselves: the engine is asked, and reports the new order."""
        self.request_move(row, child if child < row else child - 1)
        return False

    def request_move(self, row: int, to: int) -> None:
        """Requests to move a queued row to row `to`."""
        running = sum(item.state == "running" for item in self.items)
        to = max(running, min(to, len(self.items) - 1))
        if self.items[row].state == "waiting" and to != row:
            self.move_requested.emit(self.items[row].id, to - running)


def details(item: QueueItem) -> str:
    """Size, number and state in a line."""
    request = item.request
    words = [f"{request.width} × {request.height}"]
    if request.count > 1:
        done = translate("Queue", "{done} of {count} done")
        words.append(
            done.format(done=item.done, count=request.count)
            if item.done
            else counted("Queue", "%n images", request.count)
        )
    known = bool(item.steps and item.step)
    states = {
        "waiting": translate("Queue", "queued"),
        "running": translate("Queue", "step {step} of {steps}")
        if known
        else translate("Queue", "starting"),
        "paused": translate("Queue", "paused at step {step} of {steps}")
        if known
        else translate("Queue", "paused"),
        "interrupted": translate("Queue", "interrupted at step {step} of {steps}")
        if known
        else translate("Queue", "interrupted"),
    }
    state = states[item.state].format(step=item.step, steps=item.steps)
    return " · ".join((*words, state))


def _further(item: QueueItem, before: Mapping[tuple[int, int], QueueItem]) -> QueueItem:
    """Merges the known progress of running jobs, by id and number of finished images."""
    old = before.get((item.id, item.done))
    if old is None or item.state != "running" or item.step:
        return item
    return replace(item, step=old.step, steps=old.steps)


class _Row(QStyledItemDelegate):
    """Prompt, details and progress."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item: QueueItem = index.data(ITEM)
        box: QRect = option.rect  # type: ignore[attr-defined]  # a QStyleOption has it
        colours: QPalette = option.palette  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        front = Role.HighlightedText if chosen else Role.Text
        faint = Role.HighlightedText if chosen else Role.PlaceholderText
        active = QPalette.ColorGroup.Active
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(colours.color(active, Role.Highlight if chosen else Role.Midlight))
            painter.drawRoundedRect(box, 4, 4)
        inner = box.adjusted(GRID, 4, -GRID, -4)
        share = item.step / item.steps if item.steps else 0.0
        if item.state != "waiting":
            bar = QRect(inner.left(), inner.bottom() - 2, inner.width(), 3)
            painter.setBrush(colours.color(active, Role.Dark if chosen else Role.Mid))
            painter.drawRoundedRect(bar, 1.5, 1.5)
            bar.setWidth(round(bar.width() * share))
            painter.setBrush(colours.color(active, front if chosen else Role.Highlight))
            painter.drawRoundedRect(bar, 1.5, 1.5)
        line = painter.fontMetrics().height()
        for text, role, top in (
            (index.data(), front, 0), (details(item), faint, line),
        ):  # fmt: skip
            where = QRect(inner.left(), inner.top() + top, inner.width(), line)
            words = painter.fontMetrics().elidedText(
                " ".join(text.split()), Qt.TextElideMode.ElideRight, where.width()
            )
            painter.setPen(colours.color(active, role))
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, 2 * option.fontMetrics.height() + 14)  # type: ignore[attr-defined]


class _List(QListView):
    """Keys for the buttons' actions."""

    up, down, removed = Signal(), Signal(), Signal()

    def event(self, event: QEvent) -> bool:
        """Its keys take precedence while it has the focus."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().event(event)
        event.setAccepted(self._request(event) is not None)
        return event.isAccepted() or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        wish = self._request(event)
        if wish is not None:
            wish.emit()
        else:
            super().keyPressEvent(event)

    def _request(self, event: QKeyEvent) -> SignalInstance | None:
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            return self.removed
        return {Qt.Key.Key_Up: self.up, Qt.Key.Key_Down: self.down}.get(key) if alt else None


class QueuePanel(QFrame):
    """Shows the queue; requests every change by signals."""

    move_requested = Signal(int, int)
    """id, index among the jobs that are not running"""
    remove_requested = Signal(int)
    """A running, queued or paused job."""
    resume_requested = Signal(int)
    """An interrupted job."""
    discard_requested = Signal(int)
    """An interrupted job."""
    pause_toggled = Signal()
    changed = Signal()
    """The `summary` may have changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = QueueModel(self)
        self._chosen: int | None = None
        self.list = _List()
        self.list.setObjectName("queue")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.setDropIndicatorShown(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setAccessibleName(self.tr("Queue"))
        self.list.setToolTip(self.tr("Running and queued images: drag to reorder."))
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.pause = tool_button("pause", self.tr("Pause the queue"), "")
        self.resume = tool_button(
            "play", self.tr("Resume this one"), self.tr("Resume the interrupted image.")
        )
        self.up = tool_button("up", self.tr("Move up"), self.tr("Move up in the queue (Alt+Up)."))
        self.down = tool_button(
            "down", self.tr("Move down"), self.tr("Move down in the queue (Alt+Down).")
        )
        self.remove = tool_button(
            "trash", self.tr("Remove"), self.tr("Remove from the queue (Delete).")
        )
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.pause)
        row.addStretch(1)
        for button in (self.resume, self.up, self.down, self.remove):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.list)
        column.addLayout(row)
        self.list.selectionModel().selectionChanged.connect(self._selected)
        self.list.customContextMenuRequested.connect(self._menu)
        self.model.modelReset.connect(self._restore)
        self.model.move_requested.connect(self.move_requested)
        for signal, run in (
            (self.list.up, self._earlier), (self.up.clicked, self._earlier),
            (self.list.down, self._later), (self.down.clicked, self._later),
            (self.list.removed, self._remove), (self.remove.clicked, self._remove),
            (self.resume.clicked, self._resume), (self.pause.clicked, self.pause_toggled),
        ):  # fmt: skip
            signal.connect(run)
        self.show_queue((), paused=False)

    def show_queue(self, items: Sequence[QueueItem], *, paused: bool) -> None:
        """The queue; progress of the running job comes separately."""
        before = {(item.id, item.done): item for item in self.model.items}
        self.model.show_items([_further(item, before) for item in items])
        self.pause.setIcon(icon("play" if paused else "pause"))
        self.pause.setAccessibleName(
            self.tr("Resume the queue") if paused else self.tr("Pause the queue")
        )
        self.pause.setToolTip(
            self.tr("Resume the queue (Ctrl+P).")
            if paused
            else self.tr("Pause after the current step, and start nothing new (Ctrl+P).")
        )
        rows = min(ROWS, max(1, len(items)))
        height = 2 * self.fontMetrics().height() + 14
        self.list.setFixedHeight(rows * height + 2 * self.list.frameWidth() + 8)
        self._update()
        self.changed.emit()

    def show_progress(self, job_id: int, step: int, steps: int) -> None:
        """The progress of the running job."""
        row = self.model.row_of(job_id)
        if row is None or self.model.items[row].state != "running":
            return
        items = list(self.model.items)
        items[row] = replace(items[row], step=step, steps=steps)
        self.model.show_items(items)

    def summary(self) -> str:
        """Jobs in addition to the running one, in a few words; empty if there are none."""
        states = [item.state for item in self.model.items]
        rest = sum(state not in ("running", "paused") for state in states)
        if not rest:
            return ""
        if rest == states.count("interrupted") == len(states):
            return self.tr("%n interrupted", "", rest)
        return (
            self.tr("%n more in the queue", "", rest)
            if rest < len(states)
            else self.tr("%n in the queue", "", rest)
        )

    def current(self) -> QueueItem | None:
        """The selected job."""
        rows = self.list.selectionModel().selectedRows()
        return self.model.items[rows[0].row()] if rows else None

    def choose(self, row: int) -> None:
        self.list.setCurrentIndex(self.model.index(row))

    def _selected(self) -> None:
        item = self.current()
        self._chosen = item.id if item else None
        self._update()

    def _restore(self) -> None:
        """Selects the same job again after a reset."""
        row = None if self._chosen is None else self.model.row_of(self._chosen)
        if row is not None:
            self.choose(row)

    def _update(self) -> None:
        item = self.current()
        waits = item is not None and item.state == "waiting"
        row = 0 if item is None else self.model.row_of(item.id) or 0
        first = sum(other.state == "running" for other in self.model.items)
        self.up.setEnabled(waits and row > first)
        self.down.setEnabled(waits and row < len(self.model.items) - 1)
        self.remove.setEnabled(item is not None)
        self.resume.setVisible(item is not None and item.state == "interrupted")

    def _earlier(self) -> None:
        self._move(-1)

    def _later(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        item = self.current()
        row = None if item is None else self.model.row_of(item.id)
        if row is not None and 0 <= row + by < len(self.model.items):
            self.model.request_move(row, row + by)

    def _remove(self) -> None:
        item = self.current()
        if item is not None:
            interrupted = item.state == "interrupted"
            (self.discard_requested if interrupted else self.remove_requested).emit(item.id)

    def _resume(self) -> None:
        item = self.current()
        if item is not None and item.state == "interrupted":
            self.resume_requested.emit(item.id)

    def _menu(self, where: QPoint) -> None:
        if self.list.indexAt(where).isValid():
            self.menu().popup(self.list.viewport().mapToGlobal(where))

    def menu(self) -> QMenu:
        """The context menu of the selected job; deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        item = self.current()
        if item is not None and item.state == "interrupted":
            menu.addAction(menu_icon("play"), self.tr("Resume"), self._resume)
            menu.addAction(menu_icon("trash"), self.tr("Discard"), self._remove)
            return menu
        for name, text, run, button in (
            ("up", self.tr("Move Up"), self._earlier, self.up),
            ("down", self.tr("Move Down"), self._later, self.down),
            ("trash", self.tr("Remove"), self._remove, self.remove),
        ):
            menu.addAction(menu_icon(name), text, run).setEnabled(button.isEnabled())
        return menu
