"""The settings page for shortcuts: find, change, see conflicts, reset."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QKeySequenceEdit,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
)

from ldm_studio.commands.shortcuts import Shortcuts, fixed_keys, label, native, place_of, refused
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.settings.preferences import Preferences
from ldm_studio.translation import QT_TRANSLATE_NOOP
from ldm_studio.widgets.fields import mark_wrong

from .settings_page import SettingsPage

ID = Qt.ItemDataRole.UserRole
KEYS_WIDTH = 170
"""Logical pixels; longer lists of keys are elided, with the whole list in the tooltip."""

HINT = QT_TRANSLATE_NOOP("QKeySequenceEdit", "Press shortcut")
"""Qt's text of an empty field, with our translation."""


class _KeysField(QKeySequenceEdit):
    """Accepts every key but Tab and Shift+Tab, which leave it."""

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Tab: True, Qt.Key.Key_Backtab: False}
            plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
            if plain and event.key() in steps:
                return self.focusNextPrevChild(steps[Qt.Key(event.key())])
        return super().event(event)


class ShortcutsPage(SettingsPage):
    name = "shortcuts"
    sections = ("shortcuts",)

    def __init__(self, preferences: Preferences, shortcuts: Shortcuts) -> None:
        super().__init__(preferences, "")
        self.title = self.tr("Keyboard Shortcuts")
        self._shortcuts = shortcuts
        self.tree = QTreeWidget()
        self.tree.setObjectName("keys")
        self.tree.setAccessibleName(self.tr("Commands and their keys"))
        self.tree.setAccessibleDescription(
            self.tr("Return goes to the field for new keys of the command.")
        )
        self.tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, KEYS_WIDTH)
        self.tree.setIndentation(2 * GRID)
        self.tree.setMinimumHeight(120)
        self.field = _KeysField()
        self.field.setMaximumSequenceLength(1)
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName(self.tr("New keys"))
        self.field.setToolTip(self.tr("Press the new keys for the command."))
        self.use = self._button("check", self.tr("Use"), self._use)
        self.clear = self._button("trash", self.tr("None"), self._clear)
        self.clear.setToolTip(self.tr("Remove the keys of the command."))
        self.usual = self._button("undo", self.tr("Default"), self._reset)
        self.words = PlainLabel(wordWrap=True)
        self.words.setMinimumHeight(2 * self.words.fontMetrics().lineSpacing())
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        under = QGridLayout()
        under.setSpacing(GRID)
        for place, widget in enumerate((self.field, self.use, self.clear, self.usual)):
            under.addWidget(widget, 0, place)
        under.addWidget(self.words, 1, 0, 1, 4)
        under.setColumnStretch(0, 1)
        self.column.addWidget(self.tree, 1)
        self.column.addLayout(under)
        self.tree.currentItemChanged.connect(lambda: self._show())
        self.tree.itemActivated.connect(lambda: self.field.setFocus())
        self.field.keySequenceChanged.connect(lambda: self._show_new())
        shortcuts.changed.connect(self._list)
        self._list()

    def choose(self, name: str) -> None:
        """Selects the command with this id."""
        if (item := self._items.get(name)) is not None:
            self.tree.setCurrentItem(item)

    def show_matches(self, words: str) -> int:
        """By the names of commands, or by their keys."""
        wanted, found = words.casefold().split(), 0
        on_title = all(word in self.title.casefold() for word in wanted)
        for top in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(top)
            assert group is not None
            shown = 0
            for place in range(group.childCount()):
                item = group.child(place)
                assert item is not None
                text = f"{item.text(0)} {item.text(1)} {group.text(0)}".casefold()
                fits = on_title or all(word in text for word in wanted)
                item.setHidden(not fits)
                shown += fits
            group.setHidden(not shown)
            found += shown
        return found

    def _button(self, sign: str, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(icon(sign), text)
        button.setIconSize(QSize(16, 16))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        return button

    # The list

    def _list(self) -> None:
        chosen = self._chosen()
        self.tree.clear()
        self._items: dict[str, QTreeWidgetItem] = {}
        groups: dict[QMenu | None, QTreeWidgetItem] = {}

        def group_of(menu: QMenu | None) -> QTreeWidgetItem:
            if menu not in groups:
                title = "" if menu is None else label(menu.menuAction())
                groups[menu] = self._group(title)
            return groups[menu]

        for name, action in self._shortcuts.actions.items():
            item = QTreeWidgetItem(group_of(_menu(action)))
            keys = self._shortcuts.keys(name)
            item.setText(0, label(action))
            item.setText(1, ", ".join(map(native, keys)))
            item.setToolTip(1, item.text(1))
            item.setData(0, ID, name)
            if not self._shortcuts.is_usual(name):
                font = item.font(1)
                font.setBold(True)
                item.setFont(1, font)
                words = self.tr("Yours; by default: {keys}")
                item.setToolTip(1, words.format(keys=self._usual(name)))
            self._items[name] = item
        for place, rows in fixed_keys().items():
            group = self._group(place)
            for row in rows:
                item = QTreeWidgetItem(group, [row.what, row.shown])
                item.setToolTip(0, self.tr("Works only there, and cannot be changed."))
                item.setDisabled(True)
        self.tree.expandAll()
        self.choose(chosen or next(iter(self._items)))
        self._show()

    def _group(self, text: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self.tree, [text])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        return group

    def _usual(self, name: str) -> str:
        keys = ", ".join(map(native, self._shortcuts.usual(name)))
        return keys or self.tr("none")

    def _chosen(self) -> str:
        item = self.tree.currentItem()
        return (item.data(0, ID) or "") if item is not None else ""

    # Changing

    def _show(self) -> None:
        name = self._chosen()
        for widget in (self.field, self.clear):
            widget.setEnabled(bool(name))
        self.usual.setEnabled(bool(name) and not self._shortcuts.is_usual(name))
        self.field.clear()
        self._show_new()

    def _key(self) -> str:
        return self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _show_new(self) -> None:
        """Explains the effect of the pressed keys."""
        name, key = self._chosen(), self._key()
        problem = refused(key) if key else ""
        conflict = bool(problem)
        self.use.setEnabled(bool(name and key) and not problem)
        self.use.setText(self.tr("Use"))
        text = problem
        if not name:
            text = ""
        elif not key:
            what = label(self._shortcuts.actions[name])
            text = self.tr("Press new keys for “{command}” in the field.").format(command=what)
        elif key in self._shortcuts.keys(name):
            text = self.tr("The command already has these keys.")
            self.use.setEnabled(False)
        elif not problem:
            text = self._describe(name, key)
            conflict = self._shortcuts.taken_by(key, name) is not None
        self.words.setObjectName("wrong" if conflict else "caption")
        self.words.style().polish(self.words)
        mark_wrong(self.field, bool(problem))
        self.words.setText(text)

    def _describe(self, name: str, key: str) -> str:
        other, place = self._shortcuts.taken_by(key, name), place_of(key)
        if other is not None:
            self.use.setText(self.tr("Reassign"))
            what = label(self._shortcuts.actions[other])
            return self.tr("{keys} belongs to “{command}”, which would lose it.").format(
                keys=native(key), command=what
            )
        if place is not None:
            return self.tr("{place}, {keys} keeps its function: {what}.").format(
                place=place[0], keys=native(key), what=place[1]
            )
        return self.tr("{keys} is free.").format(keys=native(key))

    def _use(self) -> None:
        self._shortcuts.set(self._chosen(), [self._key()])

    def _clear(self) -> None:
        self._shortcuts.set(self._chosen(), [])

    def _reset(self) -> None:
        self._shortcuts.reset(self._chosen())


def _menu(action: QAction) -> QMenu | None:
    """The menu of the action."""
    owners = (owner for owner in action.associatedObjects() if isinstance(owner, QMenu))
    return next(owners, None)
