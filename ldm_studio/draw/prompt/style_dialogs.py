"""Dialogs to save the prompt as a style, and to manage styles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import StudioError
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.prompts.styles import MAX_NAME, PLACE, Style, StyleBook, StyleError, read_csv
from ldm_studio.translation import QT_TRANSLATE_NOOP, joined, translate, translate_message

from .prompt_editor import PromptEditor

CSV_FILTER = QT_TRANSLATE_NOOP("StylesDialog", "Tables of styles (*.csv);;All files (*)")
SAVE_WIDTH, LIST_WIDTH = 400, 176
DETAILS_WIDTH = 300


class SaveStyleDialog(QDialog):
    """Asks for a name. An existing name turns Save into Replace."""

    chosen = Signal(object)
    """Style"""

    def __init__(self, parent: QWidget, book: StyleBook, prompt: str, negative: str) -> None:
        super().__init__(parent)
        self._book, self._prompt, self._negative = book, prompt, negative
        self.setWindowTitle(self.tr("Save Prompt as Style"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(SAVE_WIDTH)
        self.name = QLineEdit()
        self.name.setMaxLength(MAX_NAME)
        self.name.setPlaceholderText(self.tr("Name of the style"))
        self.name.setAccessibleName(self.tr("Name of the style"))
        self.name.setToolTip(self.tr("Enter a name for the style."))
        self.hint = PlainLabel(wordWrap=True)
        self.hint.setObjectName("caption")
        self.hint.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox()
        self.accept_button = buttons.addButton(
            self.tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        cancel = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        cancel.setAutoDefault(False)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column = _column(self)
        column.addWidget(self.name)
        column.addLayout(_readings(prompt, negative))
        column.addWidget(self.hint)
        column.addStretch(1)
        column.addWidget(buttons)
        self.name.textChanged.connect(self._check)
        self._check()

    def _check(self) -> None:
        old = self._book.find(self.name.text())
        self.accept_button.setEnabled(bool(self.name.text().strip()))
        self.accept_button.setText(self.tr("Replace") if old else self.tr("Save"))
        if old is not None:
            self.hint.setText(
                self.tr("“{name}” already exists and would be replaced.").format(name=old.name)
            )
        elif PLACE in self._prompt + self._negative:
            self.hint.setText(
                self.tr("{place} stands for the prompt that the style is applied to.").format(
                    place=PLACE
                )
            )
        else:
            self.hint.setText(
                self.tr(
                    "It is appended to the prompt. Write {place} where the prompt should go "
                    "instead."
                ).format(place=PLACE)
            )

    def _accept(self) -> None:
        self.chosen.emit(Style(self.name.text(), self._prompt.strip(), self._negative.strip()))
        self.accept()


class StylesDialog(QDialog):
    """Renames, deletes and imports styles. Every change is saved immediately and can be undone."""

    def __init__(self, parent: QWidget, book: StyleBook) -> None:
        super().__init__(parent)
        self._book = book
        self._earlier: list[tuple[Style, ...]] = []
        self.setWindowTitle(self.tr("Styles"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list = QListWidget()
        self.list.setFixedWidth(LIST_WIDTH)
        self.list.setAccessibleName(self.tr("Styles"))
        self.list.setAccessibleDescription(self.tr("Up and Down show another style."))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.name = QLineEdit()
        self.name.setMaxLength(MAX_NAME)
        self.name.setAccessibleName(self.tr("Name of the style"))
        self.name.setToolTip(self.tr("Type another name and press Enter to rename the style."))
        self.prompt, self.negative = (
            _reading(self.tr("Prompt"), 3),
            _reading(self.tr("Negative prompt"), 2),
        )
        self.delete = QPushButton(icon("trash"), self.tr("Delete"))
        self.undo = QPushButton(icon("undo"), self.tr("Undo"))
        self.import_button = QPushButton(icon("folder"), self.tr("Import…"))
        self.import_button.setToolTip(
            self.tr(
                "Add the styles of a styles.csv, the format of AUTOMATIC1111 and related programs."
            )
        )
        self.label = PlainLabel(wordWrap=True)
        close = QPushButton(self.tr("Close"))
        for button in (self.delete, self.undo, self.import_button, close):
            button.setIconSize(QSize(16, 16))
            button.setAutoDefault(False)  # Enter in the name renames

        details = QVBoxLayout()
        details.setSpacing(GRID // 2)
        for text, field in (
            (self.tr("Name"), self.name),
            (self.tr("Prompt"), self.prompt),
            (self.tr("Negative prompt"), self.negative),
        ):
            details.addWidget(_caption(text))
            details.addWidget(field)
        details.addStretch(1)
        self.name.setMinimumWidth(DETAILS_WIDTH)
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        middle.addWidget(self.list)
        middle.addLayout(details, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for button in (self.delete, self.undo, self.import_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = _column(self)
        column.addLayout(middle, 1)
        column.addWidget(self.label)
        column.addLayout(buttons)

        self.list.currentRowChanged.connect(self._show_details)
        self.name.editingFinished.connect(self._rename)
        self.delete.clicked.connect(self._delete)
        self.undo.clicked.connect(self._undo)
        self.import_button.clicked.connect(self._ask_for_table)
        close.clicked.connect(self.accept)
        self._fill(0)
        self._show_undo(book.problem)

    def import_table(self, path: str) -> None:
        """Adds the styles of a CSV; existing names get a number."""

        def add() -> None:
            read = read_csv(Path(path))
            number = self._book.add_all(read)
            self._show_undo(self.tr("%n styles were added.", "", number))

        if self._do(add):
            self._fill(self.list.count())

    def _current(self) -> Style | None:
        row = self.list.currentRow()
        return self._book.styles[row] if 0 <= row < len(self._book.styles) else None

    def _rename(self) -> None:
        style = self._current()
        if style is not None and self.name.text() != style.name:
            self._do(lambda: self._book.rename(style, self.name.text()))
            self._fill(self.list.currentRow())

    def _delete(self) -> None:
        style = self._current()
        if style is not None and self._do(lambda: self._book.remove(style)):
            self._fill(self.list.currentRow())
            self._show_undo(self.tr("“{name}” was deleted.").format(name=style.name))

    def _undo(self) -> None:
        earlier, now = self._earlier.pop(), self._book.styles
        if self._do(lambda: self._book.put(earlier)):
            self._earlier.pop()  # an undo is not undone
            changed = (i for i, style in enumerate(earlier) if style not in now)
            self._fill(next(changed, self.list.currentRow()))
        else:
            self._earlier.append(earlier)

    def _do(self, change: Callable[[], object]) -> bool:
        """Whether it succeeded; otherwise the reason is shown."""
        before = self._book.styles
        self._show_undo(None)
        try:
            change()
        except StyleError as error:
            self._show_undo(error)
            return False
        self._earlier.append(before)
        return True

    def _fill(self, row: int) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for style in self._book.styles:
            self.list.addItem(style.name)
            self.list.item(self.list.count() - 1).setToolTip(style.name)
        self.list.blockSignals(False)
        self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
        self.undo.setEnabled(bool(self._earlier))
        self._show_details()

    def _show_details(self) -> None:
        style = self._current()
        self.name.setText(style.name if style else "")
        for field, text in (
            (self.prompt, style.prompt if style else ""),
            (self.negative, style.negative if style else ""),
        ):
            field.setPlainText(text)
            field.show_reading(None)
        for widget in (self.name, self.delete):
            widget.setEnabled(style is not None)

    def _show_undo(self, what: StudioError | str | None) -> None:
        self.label.setText(_change_text(what))
        self.label.setVisible(bool(what))
        self.label.setObjectName("wrong" if isinstance(what, StudioError) else "caption")
        self.label.style().unpolish(self.label)
        self.label.style().polish(self.label)

    def _ask_for_table(self) -> None:
        dialog = QFileDialog(self, self.tr("Import Styles"), "", self.tr(CSV_FILTER))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_table)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _change_text(what: StudioError | str | None) -> str:
    if isinstance(what, StudioError):
        return joined(translate_message(what.message), translate_message(what.hint))
    return what or ""


def _column(dialog: QDialog) -> QVBoxLayout:
    column = QVBoxLayout(dialog)
    column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
    column.setSpacing(2 * GRID)
    return column


def _caption(text: str) -> QLabel:
    label = PlainLabel(text)
    label.setObjectName("caption")
    return label


def _reading(name: str, lines: int) -> PromptEditor:
    """A read-only prompt."""
    tip = translate("StyleDialogs", "The text that the style adds to the prompt.")
    field = PromptEditor(name, "", tip, lines)
    field.setReadOnly(True)
    return field


def _readings(prompt: str, negative: str) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(GRID // 2)
    rows = (
        (translate("StyleDialogs", "Prompt"), prompt, 3),
        (translate("StyleDialogs", "Negative prompt"), negative, 2),
    )
    for name, text, lines in rows:
        if text.strip():
            field = _reading(name, lines)
            field.setPlainText(text.strip())
            field.show_reading(None)
            column.addWidget(_caption(name))
            column.addWidget(field)
    return column
