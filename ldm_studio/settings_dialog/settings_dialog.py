"""The settings dialog, which shows every change in the window at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
)

from core.errors import message_of
from ldm_studio.commands.shortcuts import Shortcuts
from ldm_studio.draw.run.notice_bar import NoticeBar
from ldm_studio.json_files import read_object, write_json
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import Settings, as_object, parse
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import joined, translate_message

from .appearance_page import AppearancePage
from .compute_page import ComputePage
from .files_page import FilesPage
from .previews_page import PreviewsPage
from .privacy_page import PrivacyPage
from .settings_page import SettingsPage
from .shortcuts_page import ShortcutsPage

SIZE = QSize(760, 560)
MIN_SIZE = QSize(560, 340)
LIST_WIDTH = 168
FILTER = "JSON (*.json)"


class SettingsDialog(QDialog):
    """A list of pages and a search at the left, the page at the right."""

    def __init__(
        self,
        window: QMainWindow,
        preferences: Preferences,
        shortcuts: Shortcuts,
        store: StudioStore,
    ) -> None:
        super().__init__(window)
        self.setWindowTitle(self.tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._preferences = preferences
        self.compute = ComputePage(preferences)
        self.shortcuts = ShortcutsPage(preferences, shortcuts)
        self.pages: list[SettingsPage] = [
            AppearancePage(preferences),
            self.compute,
            PreviewsPage(preferences),
            FilesPage(preferences, store),
            PrivacyPage(preferences),
            self.shortcuts,
        ]
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search settings"))
        self.search.setAccessibleName(self.tr("Search settings"))
        self.search.setToolTip(
            self.tr("Shows the settings that contain these words, on every page (Ctrl+F).")
        )
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Pages"))
        self.list.setAccessibleDescription(
            self.tr("Up and Down turn to another page of the settings.")
        )
        self.stack = QStackedWidget()
        for page in self.pages:
            item = QListWidgetItem(page.title)
            item.setSizeHint(QSize(0, self.list.fontMetrics().height() + 12))
            self.list.addItem(item)
            self.stack.addWidget(_scrolling(page))
        self.nothing = PlainLabel(self.tr("No setting contains these words."))
        self.nothing.setObjectName("caption")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.nothing)
        self.notice = NoticeBar("info", self.tr("Notice"))
        self._lay_out()
        self.search.textChanged.connect(self._find)
        self.list.currentRowChanged.connect(self._turn)
        self.finished.connect(lambda: self.compute.close_threads())
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.search.setFocus)
        self.list.setCurrentRow(0)

    def open_over(self, window: QMainWindow) -> None:
        room = self.screen().availableGeometry().size() - QSize(16, 40)
        self.setMinimumSize(MIN_SIZE.boundedTo(room))
        self.resize(SIZE.boundedTo(room))
        self.show()
        self.activateWindow()
        self.list.setFocus()

    def show_page(self, name: str) -> None:
        """The page of this name."""
        self.search.clear()
        place = next(i for i, page in enumerate(self.pages) if page.name == name)
        self.list.setCurrentRow(place)
        self.raise_()
        self.activateWindow()

    @property
    def page(self) -> SettingsPage:
        return self.pages[self.list.currentRow()]

    def reset_page(self) -> None:
        """Restores the defaults of the current page; undoable."""
        before = self._preferences.now
        self.page.reset()
        if self._preferences.now != before:
            text = self.tr("“{page}” was reset to the defaults.").format(page=self.page.title)
            self._offer_undo(text, before)

    def import_from(self, path: str) -> None:
        """Imports the settings of a file; undoable."""
        before = self._preferences.now
        try:
            settings, wrong = parse(read_object(Path(path)))
        except (OSError, ValueError) as error:
            reason = translate_message(message_of(error))
            self.notice.show_error(
                self.tr("{file} contains no settings: {reason}.").format(
                    file=Path(path).name, reason=reason
                )
            )
            return
        self._preferences.put(settings)
        text = self.tr("Imported the settings of {file}.").format(file=Path(path).name)
        if wrong:
            names = ", ".join(wrong)
            left_out = self.tr("Ignored, as they are unknown: {names}.").format(names=names)
            text = joined(text, left_out)
        self._offer_undo(text, before)

    def export_to(self, path: str) -> None:
        try:
            write_json(Path(path), as_object(self._preferences.now))
        except OSError as error:
            self.notice.show_error(
                self.tr("{file} cannot be written: {reason}.").format(
                    file=path, reason=error.strerror or error
                )
            )
        else:
            self.notice.show_info(self.tr("Written to {file}.").format(file=path))

    def _offer_undo(self, text: str, before: Settings) -> None:
        self.notice.show_info(text, "", (self.tr("Undo"), lambda: self._preferences.put(before)))

    def _lay_out(self) -> None:
        side = QVBoxLayout()
        side.setSpacing(GRID)
        side.addWidget(self.search)
        side.addWidget(self.list, 1)
        longest = max(self.list.fontMetrics().horizontalAdvance(page.title) for page in self.pages)
        width = max(LIST_WIDTH, longest + 5 * GRID)
        self.search.setFixedWidth(width)
        self.list.setFixedWidth(width)
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        middle.addLayout(side)
        middle.addWidget(self.stack, 1)
        self.reset = self._button("undo", self.tr("Reset This Page"), self.reset_page)
        self.take = self._button("folder", self.tr("Import…"), self._ask_to_import)
        self.give = self._button("export", self.tr("Export…"), self._ask_to_export)
        close = self._button("", self.tr("Close"), self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for button in (self.reset, self.take, self.give):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.notice)
        column.addLayout(middle, 1)
        column.addLayout(buttons)

    def _button(self, sign: str, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(icon(sign), text) if sign else QPushButton(text)
        button.setIconSize(QSize(16, 16))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        return button

    def _turn(self, place: int) -> None:
        if place >= 0:
            self.stack.setCurrentIndex(place)
            self.reset.setEnabled(True)

    def _find(self, words: str) -> None:
        """Hides pages without a match."""
        counts = [page.show_matches(words) for page in self.pages]
        for place, count in enumerate(counts):
            self.list.item(place).setHidden(not count)
        if not any(counts):
            self.stack.setCurrentWidget(self.nothing)
            self.reset.setEnabled(False)
        elif not counts[self.list.currentRow()]:
            self.list.setCurrentRow(next(i for i, count in enumerate(counts) if count))
        else:
            self._turn(self.list.currentRow())

    def _ask_to_import(self) -> None:
        self._ask(QFileDialog.AcceptMode.AcceptOpen, self.tr("Import Settings"), self.import_from)

    def _ask_to_export(self) -> None:
        self._ask(QFileDialog.AcceptMode.AcceptSave, self.tr("Export Settings"), self.export_to)

    def _ask(self, mode: QFileDialog.AcceptMode, title: str, then: Callable[[str], None]) -> None:
        start = str(Path.home() / "ldm-studio-settings.json")
        dialog = QFileDialog(self, title, start, FILTER)
        dialog.setAcceptMode(mode)
        dialog.setDefaultSuffix("json")
        if mode is QFileDialog.AcceptMode.AcceptOpen:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _scrolling(page: SettingsPage) -> QScrollArea:
    area = QScrollArea(widgetResizable=True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    area.viewport().setAutoFillBackground(False)
    return area
