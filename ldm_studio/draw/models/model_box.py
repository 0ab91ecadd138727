"""The model picker: the default model, models of the models folder and of added folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from core.checkpoints.overrides import read_overrides, write_overrides
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.models import found_models
from ldm_studio.models.found_models import FoundModel
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.threads.folder_watch import Watcher
from ldm_studio.translation import translate_message

from . import model_texts
from .file_picker import FilePicker
from .model_scan import ModelScan

_ADD = object()
"""Reference of the entry that adds a folder."""
_OPENING = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Space,
    Qt.Key.Key_F4,
)


class ModelBox(QComboBox):
    """A list of models that is refreshed when it opens, and when files change.

    Native models are listed immediately; checkpoints, which may be many and on slow disks, when a
    background thread has found them.
    """

    changed = Signal()
    add_requested = Signal()
    decided = Signal()
    """Overrides of the chosen model changed."""
    problem = Signal(str)
    listed = Signal()
    """The checkpoints are found."""

    def __init__(self, store: StudioStore, holder: QWidget) -> None:
        """`holder` is the parent of the picker: a combo box styles its children."""
        super().__init__()
        self._store = store
        self._value = store.model
        self._model = store.run.model
        self._native: list[FoundModel] = []
        self._checkpoints: list[FoundModel] | None = None
        """None until they are searched."""
        self._scan = ModelScan(store, self._find_models, self)
        self._scan.found.connect(self._listed)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._chosen)
        self.picker = FilePicker(holder, self.tr("Models"), self.tr("There are no models."))
        self._add_folder = QPushButton(self.tr("Add a Folder…"))
        self._add_folder.setToolTip(
            self.tr(
                "Choose a model folder, or a folder that contains models. For A1111, Forge, "
                "ComfyUI and InvokeAI, choose the program's folder."
            )
        )
        self._predicts_caption = PlainLabel(self.tr("Prediction type"))
        self._predicts_caption.setObjectName("caption")
        self._predicts = QComboBox()
        self._predicts_caption.setBuddy(self._predicts)
        for widget in (self._predicts, self._predicts.view()):
            widget.setAccessibleName(self.tr("Prediction type of the model"))
        self._predicts.setToolTip(
            self.tr(
                "What the model was trained to predict. Files rarely say it: if images are grey "
                "or garish, try the other. Stored beside the file."
            )
        )
        for words, kind in (
            (self.tr("Auto"), ""),
            (self.tr("Noise (eps)"), "eps"),
            (self.tr("Velocity (v)"), "v"),
        ):
            self._predicts.addItem(words, kind)
        self._predicts.activated.connect(self._decide)
        self.unread = self._scan.unread
        self.picker.column.addWidget(self.unread)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(self._predicts_caption)
        foot.addWidget(self._predicts, 1)
        foot.addWidget(self._add_folder, 1)
        self.picker.column.addLayout(foot)
        self.picker.chosen.connect(self._picked)
        self._add_folder.clicked.connect(self._ask)
        self._watcher = Watcher(self)
        self._watcher.changed.connect(lambda _folders: self.rescan())
        store.run_changed.connect(self._on_run)
        self.rescan()

    @property
    def is_missing(self) -> bool:
        """Whether the chosen model does not exist."""
        return self._checkpoints is not None and self.chosen is None

    @property
    def chosen(self) -> FoundModel | None:
        """The chosen model, as far as it is known."""
        return next((model for model in self._models() if model.reference == self._value), None)

    def value(self) -> str:
        return self._value

    def set_value(self, reference: str) -> None:
        self._value = reference
        self.rescan()

    def rescan(self) -> None:
        """Lists the models again. Paths from recipes are not opened."""
        self._native = found_models.find_model_folders(self._store.model_folders)
        self._fill()
        self._scan.start()

    def _find_models(self, folders: tuple[str, ...], seconds: float) -> tuple[object, int]:
        """The checkpoints, and the folders in which new ones would appear."""
        every = found_models.find_models(folders, look=seconds > 0, seconds=seconds)
        found = [model for model in every if model.is_checkpoint]
        unread = sum(model.known is None for model in found)
        return (found, found_models.searched_folders(folders)), unread

    def _listed(self, looked: tuple[list[FoundModel], list[Path]]) -> None:
        found, folders = looked
        self._watcher.watch(folders)
        if found != self._checkpoints:
            self._checkpoints = found
            self._fill()
        self.listed.emit()

    def _models(self) -> list[FoundModel]:
        """The listed models, unusable ones last."""
        found = self._checkpoints or []
        files = [m for m in found if m.known is not None or m.reference == self._value]
        listed = found_models.sort_models([*self._native[1:], *files])
        return [*self._native[:1], *sorted(listed, key=lambda model: bool(model.problem))]

    def _fill(self) -> None:
        listed = self._models()
        self.clear()
        labels = model_texts.labels(listed)
        for model, label in zip(listed, labels, strict=True):
            self._add(label, model.reference, model_texts.about(model))
            if model.problem:
                items = self.model()
                assert isinstance(items, QStandardItemModel)
                items.item(self.count() - 1).setEnabled(False)
        if self.chosen is None:
            name = Path(self._value).name
            tip = self.tr("There is no such model here: {model}").format(model=self._value)
            missing = self.tr("{name} (missing)").format(name=name)
            self._add(missing if self.is_missing else name, self._value, tip)
        self.insertSeparator(self.count())
        self._add(
            self.tr("Add a Folder…"),
            _ADD,
            self.tr("Choose a model folder, or a folder that contains models."),
        )
        self._show()
        self.picker.show_items(list(map(model_texts.item, listed, labels)), self._value)

    def showPopup(self) -> None:  # noqa: N802
        """Opens the picker instead of the style's list."""
        self.picker.search.clear()
        self.rescan()
        self._show_prediction()
        self.picker.open_below(self)

    def hidePopup(self) -> None:  # noqa: N802
        self.picker.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style does, with long names elided in the middle."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        part, control = QStyle.SubControl.SC_ComboBoxEditField, QStyle.ComplexControl.CC_ComboBox
        room = self.style().subControlRect(control, option, part, self).width()
        middle = Qt.TextElideMode.ElideMiddle
        name = self._name_shown
        text = self.fontMetrics().elidedText(name, middle, room)
        option.currentText = text  # type: ignore[attr-defined]  # the stubs lack it
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    @property
    def _name_shown(self) -> str:
        """The name of the chosen model, without "(default)"."""
        chosen = self.chosen
        if chosen is not None and chosen.reference == found_models.DEFAULT:
            return chosen.name
        return self.currentText()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys only choose in the open list, where unwanted models can be skipped."""
        if event.key() in _OPENING:
            self.showPopup()
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _add(self, text: str, reference: object, tip: str) -> None:
        self.addItem(text, reference)
        self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def _show(self) -> None:
        index = next(i for i in range(self.count()) if self.itemData(i) == self._value)
        self.setCurrentIndex(index)
        words = self.itemData(index, Qt.ItemDataRole.ToolTipRole)
        purpose = self.tr("The model that generates the image.")
        self.setToolTip("\n".join((purpose, str(words), *self._loaded())))

    def _loaded(self) -> list[str]:
        """Updates the chosen model once it is loaded."""
        model, chosen = self._store.run.model, self.chosen
        if model is None or chosen is None or model.name != chosen.name:
            return []
        lines = []
        if model.vae:
            words = self.tr("With the VAE beside it: {name}")
            lines.append(words.format(name=Path(model.vae).name))
        if model.texts:
            words = self.tr("With the text encoders from {names}")
            lines.append(words.format(names=", ".join(model.texts)))
        if model.plan:
            lines.append(self.tr("During a run: {plan}").format(plan=translate_message(model.plan)))
        return lines

    def _on_run(self, run: RunState) -> None:
        if run.model is not self._model:
            self._model = run.model
            self._show()

    def _show_prediction(self) -> None:
        """Shows the prediction override of the chosen model."""
        chosen = self.chosen
        file = chosen.path if chosen is not None and chosen.is_checkpoint else None
        for widget in (self._predicts_caption, self._predicts):
            widget.setEnabled(file is not None)
        kind = read_overrides(file).prediction if file is not None else ""
        self._predicts.setCurrentIndex(self._predicts.findData(kind))

    def _decide(self, index: int) -> None:
        chosen = self.chosen
        if chosen is None or not chosen.is_checkpoint:
            return
        try:
            notes = replace(read_overrides(chosen.path), prediction=self._predicts.itemData(index))
            write_overrides(chosen.path, notes)
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem.emit(self.tr("This cannot be saved: {}.").format(reason))
            self._show_prediction()
        else:
            self.decided.emit()

    def _picked(self, reference: object) -> None:
        self.picker.hide()
        self._chosen(next(i for i in range(self.count()) if self.itemData(i) == reference))

    def _ask(self) -> None:
        self.picker.hide()
        self.add_requested.emit()

    def _chosen(self, index: int) -> None:
        reference = self.itemData(index)
        if reference is _ADD:
            self._show()
            self.add_requested.emit()
        elif reference != self._value:
            self._value = reference
            self._show()
            self.changed.emit()
