"""The command palette: finds commands by a few letters, recent ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLineEdit,
    QListView,
    QMainWindow,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.look.fuzzy_ranking import Ranked, rank
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID, Role

from .recent_commands import RecentCommands
from .shortcuts import Shortcuts, label, native

WIDTH = 520
ROWS = 12
ROW_HEIGHT = 32


@dataclass(frozen=True)
class Command:
    """A row of the palette."""

    id: str
    text: str
    where: str
    """Its menu."""
    keys: str
    action: QAction


class CommandList(Ranked[Command]):
    """The commands that match the text."""

    def __init__(self, commands: Sequence[Command], recent: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._all, self._recent = commands, list(recent)
        self.find("")

    def find(self, words: str) -> None:
        """Enabled commands come first."""
        found: list[tuple[bool, int, int, int, Command]] = []
        for place, command in enumerate(self._all):
            fits = rank(command.text, words)
            if fits is None:
                beside = rank(f"{command.text} {command.where}", words)
                fits = None if beside is None else beside + 20
            if fits is not None:
                last = len(self._recent)
                if command.id in self._recent:
                    last = self._recent.index(command.id)
                found.append((not command.action.isEnabled(), fits, last, place, command))
        self.put(command for *_, command in sorted(found, key=lambda row: row[:-1]))

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = 0) -> object:
        command = self.shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return command.text
            case Qt.ItemDataRole.UserRole:
                return command
            case Qt.ItemDataRole.AccessibleTextRole:
                state = "" if command.action.isEnabled() else self.tr("not available now")
                return ", ".join(filter(None, (command.text, command.where, command.keys, state)))
            case Qt.ItemDataRole.ToolTipRole:
                return command.action.toolTip() if command.action.isEnabled() else None
        return None


class _Row(QStyledItemDelegate):
    """Icon, name and menu; the keys at the right."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, max(ROW_HEIGHT, option.fontMetrics.height() + GRID))  # type: ignore[attr-defined]  # missing in the stubs

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        command: Command = index.data(Qt.ItemDataRole.UserRole)
        colours: QPalette = option.palette  # type: ignore[attr-defined]  # missing in the stubs
        rect: QRect = option.rect  # type: ignore[attr-defined]  # missing in the stubs
        enabled = command.action.isEnabled()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]  # missing in the stubs
        group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(Role.Highlight if enabled else Role.Midlight))
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 4, 4)
        on_accent = chosen and enabled
        front = colours.color(group, Role.HighlightedText if on_accent else Role.Text)
        quiet = front if on_accent else colours.color(group, Role.PlaceholderText)
        inner = rect.adjusted(GRID + 2, 0, -GRID - 4, 0)
        mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
        mode = QIcon.Mode.Selected if on_accent else mode
        side = QRect(inner.left(), inner.center().y() - 8, 16, 16)
        command.action.icon().paint(painter, side, Qt.AlignmentFlag.AlignCenter, mode)
        inner.setLeft(inner.left() + 16 + GRID)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(quiet)
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, command.keys)
        metrics = painter.fontMetrics()
        if command.keys:
            inner.setRight(inner.right() - metrics.horizontalAdvance(command.keys) - GRID)
        painter.setPen(front)
        text = metrics.elidedText(command.text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, middle, text)
        inner.setLeft(inner.left() + metrics.horizontalAdvance(text) + GRID)
        painter.setPen(quiet)
        if inner.width() > metrics.horizontalAdvance(command.where):
            painter.drawText(inner, middle, command.where)
        painter.restore()


class CommandPalette(QDialog):
    """Opens over the window; Return runs the selected command, Esc closes it."""

    def __init__(self, window: QMainWindow, shortcuts: Shortcuts, recent: RecentCommands) -> None:
        super().__init__(window, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Commands"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Type what you want to do"))
        self.field.setAccessibleName(self.tr("Find a command"))
        self.field.setToolTip(self.tr("Up and Down select, Return runs, Esc closes."))
        self.field.setClearButtonEnabled(True)
        self.commands = CommandList(_commands(window, shortcuts), recent.names, self)
        self.list = QListView()
        self.list.setAccessibleName(self.tr("Commands"))
        self.list.setAccessibleDescription(self.field.toolTip())
        self.list.setModel(self.commands)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = PlainLabel(self.tr("No such command."))
        self.nothing.setObjectName("caption")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        frame = QFrame()
        frame.setObjectName("floating")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(GRID, GRID, GRID, GRID)
        inner.setSpacing(GRID)
        inner.addWidget(self.field)
        inner.addWidget(self.list, 1)
        inner.addWidget(self.nothing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list.clicked.connect(lambda index: self.run())
        self.list.viewport().installEventFilter(self)
        self._pointer: QPointF | None = None
        self._rows = ROWS
        self._find("")

    def open_over(self, window: QWidget) -> None:
        """At the top of the window, centred."""
        width = min(WIDTH, window.width() - 4 * GRID)
        self._rows = min(ROWS, max(3, (window.height() - 120) // ROW_HEIGHT))
        self.setFixedWidth(width)
        self._fit()
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 5 * GRID)
        self.show()
        self.field.setFocus()

    def run(self) -> None:
        """Triggers the command after closing, because it may open a window."""
        row = self.list.currentIndex().row()
        if 0 <= row < len(self.commands.shown):
            action = self.commands.shown[row].action
            if action.isEnabled():
                self.close()
                action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            moves = {
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_PageUp: -ROWS + 1,
                Qt.Key.Key_PageDown: ROWS - 1,
            }
            if event.key() in moves:
                self._move(moves[Qt.Key(event.key())])
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.run()
                return True
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._on_pointer_moved(event)
        return super().eventFilter(watched, event)

    def _on_pointer_moved(self, event: QMouseEvent) -> None:
        """Selects what the pointer is moved to. A pointer that rests while the keyboard scrolls the
        list under it selects nothing.
        """
        before, self._pointer = self._pointer, event.globalPosition()
        index = self.list.indexAt(event.position().toPoint())
        if before not in (None, self._pointer) and index.isValid():
            self.list.setCurrentIndex(index)

    def _move(self, by: int) -> None:
        count = self.commands.rowCount()
        if not count:
            return
        row = self.list.currentIndex().row() + by
        row = row % count if abs(by) == 1 else min(max(row, 0), count - 1)
        self.list.setCurrentIndex(self.commands.index(row))

    def _fit(self) -> None:
        """Fits the height to the results."""
        rows = max(1, min(self._rows, self.commands.rowCount()))
        self.setFixedHeight(rows * ROW_HEIGHT + self.field.sizeHint().height() + 5 * GRID)

    def _find(self, words: str) -> None:
        self.commands.find(words)
        found = self.commands.rowCount() > 0
        self.list.setVisible(found)
        self.nothing.setVisible(not found)
        self._fit()
        if found:
            self.list.setCurrentIndex(self.commands.index(0))
            self.list.scrollToTop()


def _commands(window: QMainWindow, shortcuts: Shortcuts) -> list[Command]:
    """The commands of the menus in their order."""
    names = {action: name for name, action in shortcuts.actions.items()}
    made: list[Command] = []
    for top in window.menuBar().actions():
        menu = top.menu()
        for action in menu.actions() if menu is not None else ():  # type: ignore[attr-defined]  # a QMenu
            name = names.get(action)
            if name is not None and name != "palette":
                keys = ", ".join(native(key) for key in shortcuts.keys(name))
                made.append(Command(name, label(action), label(top), keys, action))
    return made
