"""The settings page for output and model folders, and file names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import message_of
from ldm_studio import paths
from ldm_studio.images.file_names import FIELDS, Pattern, PatternError, facts
from ldm_studio.images.image_saving import ImageSaver
from ldm_studio.look.icons import icon
from ldm_studio.look.theme import GRID
from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import Files, ImageFormat, Settings
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate_message
from ldm_studio.widgets.fields import mark_wrong

from .settings_page import CONTROL_WIDTH, SettingRow, SettingsPage

LIST_HEIGHT = 92


class FilesPage(SettingsPage):
    name = "files"
    sections = ("files",)

    def __init__(self, preferences: Preferences, store: StudioStore) -> None:
        super().__init__(preferences, "")
        self.title = self.tr("Files and Folders")
        self._store = store
        self.folder = QLineEdit()
        self.folder.setReadOnly(True)
        self.choose = QPushButton(self.tr("Choose…"))
        self.choose.setAccessibleName(self.tr("Choose the output folder"))
        self.choose.clicked.connect(self._ask_for_images)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self.folder, 1)
        line.addWidget(self.choose)
        self.images = self.add(
            SettingRow(
                self.tr("Output folder"),
                row,
                self.tr("Applies from the next image on."),
                self.tr("The history watches the folder after restart."),
            )
        )
        self.folder.setAccessibleName(self.tr("Output folder"))
        self.folder.setToolTip(self.tr("Applies from the next image on."))
        self.pattern = QLineEdit()
        self.pattern.setMaximumWidth(CONTROL_WIDTH)
        self.pattern.textEdited.connect(self._edited)
        self.pattern.editingFinished.connect(lambda: self._show(self.preferences.now))
        self.example = self.add(SettingRow(self.tr("File names"), self.pattern))
        self.pattern.setToolTip(self._fields())
        self.choice(
            "files",
            "format",
            self.tr("Format"),
            [
                (ImageFormat.PNG, self.tr("PNG: exact, read everywhere")),
                (ImageFormat.WEBP, self.tr("WebP: exact and smaller")),
                (ImageFormat.JPEG, self.tr("JPEG: small, not exact")),
            ],
            self.tr(
                "All three contain the recipe. A replay of a JPEG cannot be compared bit by bit."
            ),
        )
        self.models = QListWidget()
        self.models.setMaximumHeight(LIST_HEIGHT)
        self.models.setAccessibleName(self.tr("Model folders"))
        self.models.setAccessibleDescription(self.tr("Add and Remove change what is listed."))
        self.add_folder = QPushButton(icon("plus"), self.tr("Add…"))
        self.remove = QPushButton(icon("minus"), self.tr("Remove"))
        for button in (self.add_folder, self.remove):
            button.setIconSize(QSize(16, 16))
        self.add_folder.clicked.connect(self._ask_for_models)
        self.remove.clicked.connect(self._remove)
        self.models.currentRowChanged.connect(lambda place: self.remove.setEnabled(place >= 0))
        self.add(SettingRow(self.tr("Model folders"), self._models_box(), self._models_words()))
        store.model_folders_changed.connect(self._list_models)
        self._list_models(store.model_folders)
        self.follow(self._show)
        self.finish()

    # Images

    def use_folder(self, path: str) -> None:
        """Sets the output folder; the default one is stored as empty."""
        usual = Path(path) == paths.pictures_dir()
        self.preferences.change("files", folder="" if usual else path)

    def _ask_for_images(self) -> None:
        self._ask(self.tr("Output Folder"), self.folder.text(), self.use_folder)

    def _ask(self, title: str, start: str, then: Callable[[str], None]) -> None:
        there = next(path for path in (Path(start), *Path(start).parents) if path.is_dir())
        dialog = QFileDialog(self, title, str(there))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _edited(self, text: str) -> None:
        try:
            Pattern(text)
        except PatternError as error:
            mark_wrong(self.pattern, True)
            self.example.explain(translate_message(message_of(error)))
            return
        self.preferences.change("files", pattern=text)
        self._show_example(text)

    def _show(self, now: Settings) -> None:
        self.folder.setText(str(ImageSaver(now.files).root))
        self.folder.setCursorPosition(0)
        if not (self.pattern.hasFocus() and self.pattern.text() == now.files.pattern):
            self.pattern.setText(now.files.pattern)
        self._show_example(now.files.pattern)

    def _show_example(self, text: str) -> None:
        mark_wrong(self.pattern, False)
        model = self._store.run.model
        known = facts(self._store.snapshot(), model.name if model else "model", datetime.now())
        try:
            name = Pattern(text).example(known)
        except PatternError as error:  # of a file edited by hand
            mark_wrong(self.pattern, True)
            self.example.explain(translate_message(message_of(error)))
            return
        ending = self.preferences.now.files.format
        example = self.tr("The next image: {name}").format(name=f"{name}.{ending}")
        usual = "" if text == Files().pattern else f"\n{self._fields()}"
        self.example.explain(f"{example}{usual}")

    def _fields(self) -> str:
        names = " ".join(f"{{{name}}}" for name in FIELDS)
        return self.tr("Placeholders in braces: {names}. A / creates a subfolder.").format(
            names=names
        )

    # Models

    def _models_box(self) -> QWidget:
        box = QWidget()
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.add_folder)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.models)
        column.addLayout(buttons)
        return box

    def _models_words(self) -> str:
        return self.tr(
            "Models in these folders can be used; folders of AUTOMATIC1111, ComfyUI and InvokeAI "
            "are supported. Nothing is copied or changed. {folder} is always included."
        ).format(folder=paths.models_dir())

    def _ask_for_models(self) -> None:
        self._ask(self.tr("Add a Model Folder"), str(paths.models_dir()), self.use_models)

    def use_models(self, path: str) -> None:
        known = self._store.model_folders
        if path not in known:
            self._store.model_folders = (*known, path)

    def _remove(self) -> None:
        item = self.models.currentItem()
        if item is not None:
            rest = (path for path in self._store.model_folders if path != item.text())
            self._store.model_folders = tuple(rest)

    def _list_models(self, folders: tuple[str, ...]) -> None:
        self.models.clear()
        self.models.addItems(list(folders))
        self.remove.setEnabled(False)
