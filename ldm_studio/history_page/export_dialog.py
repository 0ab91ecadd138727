"""Exports images of the history: a dialog for the format, and the work in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.errors import StudioError
from ldm_studio.history.contact_sheet import CAPTIONS, Sheet
from ldm_studio.history.exporters import Export, Exported
from ldm_studio.history.results import ListedImage
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import joined, translate, translate_message

from .file_operations import FileOperations
from .history_texts import digits, images
from .open_history import Library

WIDTH = 460
_PROGRESS_SECONDS = 0.1


class Kind(Enum):
    """The export format; the value is the suffix."""

    FOLDER = ""
    ZIP = ".zip"
    SHEET_PNG = ".png"
    SHEET_JPEG = ".jpg"
    TABLE = ".csv"
    LINES = ".jsonl"

    @property
    def is_sheet(self) -> bool:
        return self in (Kind.SHEET_PNG, Kind.SHEET_JPEG)


def _kinds() -> dict[Kind, str]:
    return {
        Kind.FOLDER: translate("History", "Copies in a folder"),
        Kind.ZIP: translate("History", "Zip file"),
        Kind.SHEET_PNG: translate("History", "Contact sheet (PNG)"),
        Kind.SHEET_JPEG: translate("History", "Contact sheet (JPEG)"),
        Kind.TABLE: translate("History", "Table of the settings (CSV)"),
        Kind.LINES: translate("History", "All data (JSON lines)"),
    }


def _captions() -> dict[str, str]:
    return {
        "name": translate("History", "File name"),
        "prompt": translate("History", "Prompt"),
        "negative": translate("History", "Negative prompt"),
        "model": translate("History", "Model"),
        "sampler": translate("History", "Sampler"),
        "steps": translate("History", "Steps"),
        "cfg": translate("History", "CFG scale"),
        "seed": translate("History", "Seed"),
        "size": translate("History", "Size"),
        "day": translate("History", "Date"),
        "rating": translate("History", "Rating"),
        "tags": translate("History", "Tags"),
    }


class ExportDialog(QDialog):
    """Format, target, and layout of a contact sheet."""

    chosen = Signal(object, object)
    """Path, and Sheet or None"""

    def __init__(self, number: int, folder: Path, parent: QWidget | None = None) -> None:
        """`number` is the number of images."""
        super().__init__(parent)
        self._number = number
        self.setWindowTitle(self.tr("Export {images}").format(images=images(number)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Export format"))
        self.kind.setToolTip(self.tr("A contact sheet is one image that shows all of them."))
        for kind, words in _kinds().items():
            self.kind.addItem(words, kind)
        self.target = QLineEdit(str(folder / self.tr("images")))
        self.target.setAccessibleName(self.tr("Where to"))
        self.target.setToolTip(self.tr("A folder or a file; it is created if it does not exist."))
        browse = QPushButton(self.tr("Browse…"))
        browse.setToolTip(self.tr("Choose a place"))
        browse.clicked.connect(self._browse)
        place = QHBoxLayout()
        place.setSpacing(GRID)
        place.addWidget(self.target, 1)
        place.addWidget(browse)
        self.note = PlainLabel(wordWrap=True)
        self.note.setObjectName("caption")
        self.note.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        form = QGridLayout()
        form.setSpacing(GRID)
        for row, (words, buddy) in enumerate(
            ((self.tr("As"), self.kind), (self.tr("To"), self.target))
        ):
            label = PlainLabel(words)
            label.setObjectName("caption")
            label.setBuddy(buddy)
            form.addWidget(label, row, 0)
        form.addWidget(self.kind, 0, 1)
        form.addLayout(place, 1, 1)
        form.setColumnStretch(1, 1)
        self.options = self._sheet_options()
        buttons = QDialogButtonBox()
        self.accept_button = buttons.addButton(
            self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(form)
        column.addWidget(self.options)
        column.addWidget(self.note)
        column.addWidget(buttons)
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.target.textChanged.connect(self._check)
        self._on_kind()

    def _sheet_options(self) -> QWidget:
        usual = Sheet()
        self.columns, self.side = QSpinBox(), QSpinBox()
        self.columns.setRange(1, 50)
        self.columns.setValue(min(usual.columns, max(1, self._number)))
        self.columns.setAccessibleName(self.tr("Columns"))
        self.columns.setToolTip(self.tr("Images per row"))
        self.side.setRange(64, 2048)
        self.side.setSingleStep(32)
        self.side.setSuffix(self.tr(" px"))
        self.side.setValue(usual.side)
        self.side.setAccessibleName(self.tr("Size of each image"))
        self.side.setToolTip(self.tr("Longer side of each image"))
        numbers = QHBoxLayout()
        for words, box in ((self.tr("Columns"), self.columns), (self.tr("Size"), self.side)):
            label = PlainLabel(words)
            label.setObjectName("caption")
            label.setBuddy(box)
            numbers.addWidget(label)
            numbers.addWidget(box)
            numbers.addSpacing(12)
            box.valueChanged.connect(self._check)
        numbers.addStretch(1)
        below = PlainLabel(self.tr("Below each image"))
        below.setObjectName("caption")
        self.captions: dict[str, QCheckBox] = {}
        grid = QGridLayout()
        for number, (name, words) in enumerate(_captions().items()):
            box = QCheckBox(words)
            box.setChecked(name in usual.captions)
            box.toggled.connect(self._check)
            self.captions[name] = box
            grid.addWidget(box, number // 3, number % 3)
        options = QWidget()
        column = QVBoxLayout(options)
        column.setContentsMargins(0, 4, 0, 0)
        column.addLayout(numbers)
        column.addWidget(below)
        column.addLayout(grid)
        return options

    @property
    def sheet(self) -> Sheet | None:
        if not self.kind.currentData().is_sheet:
            return None
        chosen = tuple(name for name in CAPTIONS if self.captions[name].isChecked())
        return Sheet(self.columns.value(), self.side.value(), chosen)

    def _on_kind(self) -> None:
        kind: Kind = self.kind.currentData()
        self.options.setVisible(kind.is_sheet)
        if self.target.text().strip():
            path = Path(self.target.text().strip())
            known = path.suffix.lower() in {other.value for other in Kind} - {""}
            bare = path.with_suffix("") if known else path
            self.target.setText(f"{bare}{kind.value}")
        self._check()
        self.adjustSize()

    def _check(self) -> None:
        path, kind = Path(self.target.text().strip()), self.kind.currentData()
        note, fits = "", bool(self.target.text().strip()) and path.is_absolute()
        if not fits:
            note = self.tr("Enter a full path.")
        elif kind is not Kind.FOLDER and path.suffix.lower() != kind.value:
            note, fits = self.tr("The name has to end with {ending}."), False
            note = note.format(ending=kind.value)
        elif kind is Kind.FOLDER and path.is_dir() and any(path.iterdir()):
            note = self.tr("The folder is not empty; nothing in it is replaced.")
        elif kind is not Kind.FOLDER and path.exists():
            note = self.tr("There is a file of this name: it is replaced.")
        sheet = self.sheet
        if sheet is not None and fits:
            size = sheet.size(self._number)
            pixels = self.tr("{width} × {height} pixels.").format(
                width=digits(size.width()), height=digits(size.height())
            )
            note = joined(pixels, note)
            try:
                sheet.check(self._number)
            except StudioError as error:
                note, fits = (
                    joined(translate_message(error.message), translate_message(error.hint)),
                    False,
                )
        self.note.setText(note)
        self.accept_button.setEnabled(fits)

    def _browse(self) -> None:
        kind: Kind = self.kind.currentData()
        dialog = QFileDialog(self, self.tr("Where to"), self.target.text())
        if kind is Kind.FOLDER:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(kind.value[1:])
            dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # it is shown here
        dialog.fileSelected.connect(self.target.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _accept(self) -> None:
        self.chosen.emit(Path(self.target.text().strip()), self.sheet)
        self.accept()


@dataclass(frozen=True)
class ExportProgress:
    """The progress of an export."""

    target: Path
    done: int
    total: int


class Exporter(QObject):
    """Exports in the background, one export at a time."""

    progressed = Signal(object)
    """ExportProgress; None when it is over."""
    finished = Signal(object)
    """Exported"""

    def __init__(self, library: Library, deeds: FileOperations, window: QWidget) -> None:
        super().__init__(window)
        self._library, self._deeds, self._window = library, deeds, window
        self._folder = Path.home()
        self._stop = threading.Event()
        self._is_busy = False

    def ask(self, chosen: Sequence[ListedImage]) -> None:
        """Asks for format and target."""
        if self._is_busy:
            self._deeds.show_undo(self.tr("An export is still running."))
            return
        dialog = ExportDialog(len(chosen), self._folder, self._window)
        dialog.chosen.connect(lambda path, sheet: self.export(chosen, path, sheet))
        dialog.open()

    def cancel(self) -> None:
        """Stops after the current image."""
        self._stop.set()

    def export(
        self, chosen: Sequence[ListedImage], target: Path, sheet: Sheet | None = None
    ) -> None:
        history, self._folder = self._library.history, target.parent
        self._stop, self._is_busy = threading.Event(), True
        stop = self._stop
        reported_at = 0.0

        def tell(done: int) -> None:
            nonlocal reported_at
            now = time.monotonic()
            if now - reported_at >= _PROGRESS_SECONDS:
                reported_at = now
                state = ExportProgress(target, done, len(chosen))
                self._library.invoker.post(lambda: self.progressed.emit(state))

        def work() -> Exported:
            with history.reader() as reader:
                found = Export(chosen, reader.details, progress=tell, cancelled=stop.is_set)
                return found.export_to(target, sheet)

        def done(exported: Exported) -> None:
            self._is_busy = False
            self.progressed.emit(None)
            self._deeds.show_undo(_result_text(exported, target))
            self.finished.emit(exported)

        def failed(error: StudioError) -> None:
            self._is_busy = False
            self.progressed.emit(None)
            self._deeds.show_error(error)

        self.progressed.emit(ExportProgress(target, 0, len(chosen)))
        self._library.run(work, done, failed)


def _result_text(exported: Exported, target: Path) -> str:
    if exported.cancelled:
        if target.is_dir():
            count = images(exported.images)
            words = translate("History", "Stopped: {images} are in {folder}.")
            return words.format(images=count, folder=target)
        return translate("History", "Stopped: nothing was written.")
    words = translate("History", "{images} exported to {target}.")
    if exported.left_out:
        words = translate(
            "History", "{images} exported to {target}, {number} without a file left out."
        )
    return words.format(
        images=images(exported.images), target=target, number=digits(exported.left_out)
    )
