"""The problem report: log, versions, device and settings, without prompts."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QCheckBox, QFileDialog, QListWidget, QPlainTextEdit, QSplitter

from core.untrusted_files import open_file
from ldm_studio import paths
from ldm_studio.diagnostics import lines as doctor_lines
from ldm_studio.images.image_files import replacing
from ldm_studio.json_files import read_json
from ldm_studio.main_window import MainWindow
from ldm_studio.settings.settings import Settings, as_object
from ldm_studio.startup.crash_handler import redact
from ldm_studio.threads.background import Background
from ldm_studio.translation import translate

from .about import lines as version_lines
from .help_dialog import ButtonRole, HelpDialog, fixed_text, text_label

SIZE = QSize(680, 500)
MAX_LOG_BYTES = 3_000_000
PROMPTS = "prompts.txt"


def contents(
    settings: Settings, secrets: Iterable[str], *, with_prompts: bool = False
) -> dict[str, str]:
    """The texts of a report by file name. Home folder names and prompts are removed, even from logs
    that contain some.

    Takes seconds, because it inspects the hardware.
    """
    hidden = [] if with_prompts else [*secrets, *stored_prompts()]
    made = {
        "versions.txt": "\n".join(version_lines()),
        "doctor.txt": "\n".join(doctor_lines()),
        "settings.json": json.dumps(as_object(settings), indent=2, ensure_ascii=False),
    }
    for log in sorted(paths.logs_dir().glob("*.log*")):
        made[f"logs/{log.name}"] = _tail(log)
    if with_prompts:
        made[PROMPTS] = "\n\n".join(dict.fromkeys(filter(None, secrets)))
    return {name: _homeless(redact(text, hidden)) for name, text in made.items()}


def write(path: Path, texts: Mapping[str, str]) -> None:
    """As a zip file. Raises OSError."""
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)


def stored_prompts() -> list[str]:
    """The prompts of the stored session."""
    data = read_json(paths.state_dir() / "session.json")
    parameters = data.get("parameters", {})
    found = list(data.get("prompts") or [])
    if isinstance(parameters, dict):
        found += [parameters.get("prompt"), parameters.get("negative")]
    return [text for text in found if isinstance(text, str)]


def _tail(log: Path) -> str:
    try:
        with open_file(log) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MAX_LOG_BYTES))
            return file.read(MAX_LOG_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        return f"{error.strerror or error}"


def _homeless(text: str) -> str:
    home = str(Path.home())
    return re.sub(rf"{re.escape(home)}(?![\w-])", "~", text) if len(home) > 1 else text


class ReportDialog(HelpDialog):
    """Shows the contents before they are saved. Nothing is sent."""

    def __init__(self, window: MainWindow, settings: Settings, secrets: Iterable[str]) -> None:
        super().__init__(window, translate("ReportDialog", "Report a Problem"))
        self._window, self._settings, self._secrets = window, settings, list(secrets)
        self._texts: dict[str, str] = {}
        self._background = Background(self)
        self._requested = 0
        self.note = text_label(
            self.tr(
                "Save the information that helps to find the problem as one file, and send it "
                "with a sentence about what you did. LDM Studio itself sends nothing. Below is "
                "everything that the file will contain."
            )
        )
        self.prompts = QCheckBox(self.tr("Include my prompts"))
        self.prompts.setToolTip(self.tr("Only needed when the problem depends on what you wrote."))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Files of the report"))
        self.list.setAccessibleDescription(self.tr("Up and Down show another file."))
        self.text = fixed_text(self.tr("Contents of the file"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self.text)
        split.setStretchFactor(1, 1)
        split.setSizes([170, 480])
        split.setChildrenCollapsible(False)
        self.column.addWidget(self.note)
        self.column.addWidget(split, 1)
        self.column.addWidget(self.prompts)
        self.cancel = self.add_button(self.tr("Cancel"), self.reject, ButtonRole.RejectRole)
        self.save = self.add_button(
            self.tr("Save…"), self._ask, ButtonRole.AcceptRole, default=True
        )
        self.prompts.toggled.connect(self._collect)
        self.list.currentTextChanged.connect(self._show)
        self.finished.connect(self._background.close)

    def begin(self) -> None:
        self.open_at(SIZE)
        self._collect()

    def save_as(self, path: str) -> None:
        """Writes the file and shows its path."""
        notice = self._window.notice
        try:
            write(Path(path), self._texts)
        except OSError as error:
            notice.show_error(
                self.tr("The report cannot be written: {reason}.").format(
                    reason=error.strerror or error
                ),
                self.tr("Choose another folder."),
            )
            return
        notice.show_info(self.tr("The report is saved as {path}.").format(path=path))
        self.accept()

    def _collect(self) -> None:
        self.save.setEnabled(False)
        self.text.setPlainText(self.tr("Checking this computer…"))
        with_prompts = self.prompts.isChecked()
        self._requested += 1
        requested = self._requested
        self._background.run(
            lambda: contents(self._settings, self._secrets, with_prompts=with_prompts),
            lambda done: self._collected(requested, done.result()),
        )

    def _collected(self, requested: int, texts: dict[str, str]) -> None:
        if requested != self._requested:
            return
        self._texts = texts
        chosen = self.list.currentItem().text() if self.list.currentItem() else ""
        self.list.clear()
        self.list.addItems(list(texts))
        names = list(texts)
        self.list.setCurrentRow(names.index(chosen) if chosen in names else 0)
        self.save.setEnabled(True)

    def _show(self, name: str) -> None:
        self.text.setPlainText(self._texts.get(name, ""))

    def _ask(self) -> None:
        name = f"ldm-studio-report-{date.today().isoformat()}.zip"
        dialog = QFileDialog(
            self, self.tr("Save Report"), str(Path.home() / name), self.tr("Zip file (*.zip)")
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.fileSelected.connect(self.save_as)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
