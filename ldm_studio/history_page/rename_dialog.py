"""The dialog to rename an image; checks the name while it is typed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from core.errors import ImageError
from ldm_studio.history.file_renaming import new_name
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import translate_message
from ldm_studio.widgets.fields import mark_wrong

WIDTH = 380


class RenameDialog(QDialog):
    """Asks for a name without the suffix, which stays."""

    chosen = Signal(str)

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.setWindowTitle(self.tr("Rename Image"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        caption = PlainLabel(
            self.tr("The name of the file, without {ending}:").format(ending=path.suffix)
        )
        self.name = QLineEdit(path.stem)
        self.name.setAccessibleName(self.tr("Name of the image"))
        self.name.setToolTip(self.tr("The history is updated; no data is lost."))
        self.name.selectAll()
        caption.setBuddy(self.name)
        self.problem = PlainLabel(wordWrap=True)
        self.problem.setObjectName("wrong")
        self.problem.setMinimumHeight(2 * self.fontMetrics().height())
        self.problem.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox()
        self.accept_button = buttons.addButton(
            self.tr("Rename"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for widget in (caption, self.name, self.problem, buttons):
            column.addWidget(widget)
        self.name.textChanged.connect(self._check)
        self._check()

    def _check(self) -> None:
        problem = ""
        try:
            new = self._path.with_name(new_name(self._path, self.name.text()))
        except ImageError as error:
            problem = translate_message(error.message)
        else:
            if new != self._path and new.exists() and not new.samefile(self._path):
                problem = self.tr("Another file has this name.")
        self.problem.setText(problem if self.name.text() else "")
        mark_wrong(self.name, bool(problem and self.name.text()))
        self.accept_button.setEnabled(not problem)

    def _accept(self) -> None:
        self.chosen.emit(self.name.text())
        self.accept()
