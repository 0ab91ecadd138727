"""Choosing a model: the one that ships, those in the models folder, those in added folders."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from ldm_studio import models, paths
from ldm_studio.binding import bind
from ldm_studio.models import FoundModel
from ldm_studio.panels.fields import tool_button
from ldm_studio.run_state import RunState
from ldm_studio.store import StudioStore

DEFAULT = " (default)"
_ADD = object()
"""Stands, among the references, for adding a folder."""
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
    """A list of models that is looked up when somebody looks at it."""

    changed = Signal()
    add_requested = Signal()

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self._value = store.model
        self._references: list[str] = []
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMaxVisibleItems(16)
        self.view().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.activated.connect(self._chosen)
        self.look()

    @property
    def is_missing(self) -> bool:
        """Whether the model that is chosen is not there (any more)."""
        return self._value not in self._references

    def value(self) -> str:
        return self._value

    def set_value(self, reference: str) -> None:
        self._value = reference
        self.look()

    def look(self) -> None:
        """List what there is now. A path that a recipe names is looked at by nobody."""
        models_found = models.found(self._store.model_folders)
        self._references = [model.reference for model in models_found]
        self.clear()
        for model in models_found:
            self._add(_label(model, models_found), model.reference, str(model.folder))
        if self.is_missing:
            tip = f"There is no such model here: {self._value}"
            self._add(f"{Path(self._value).name} (missing)", self._value, tip)
        self.insertSeparator(self.count())
        self._add("Add a folder…", _ADD, "Choose a folder that is a model, or that holds models.")
        self._show()

    def showPopup(self) -> None:  # noqa: N802
        self.look()
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style does it, the middle of a long name left out."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        part, control = QStyle.SubControl.SC_ComboBoxEditField, QStyle.ComplexControl.CC_ComboBox
        room = self.style().subControlRect(control, option, part, self).width()
        middle = Qt.TextElideMode.ElideMiddle
        name = self.currentText().removesuffix(DEFAULT)  # which only the list needs to say
        text = self.fontMetrics().elidedText(name, middle, room)
        option.currentText = text  # type: ignore[attr-defined]  # the stubs lack it
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys choose in the open list alone, where one may pass over what one does not want."""
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
        self.setToolTip(f"The model that makes the picture.\n{words}")

    def _chosen(self, index: int) -> None:
        reference = self.itemData(index)
        if reference is _ADD:
            self._show()
            self.add_requested.emit()
        elif reference != self._value:
            self._value = reference
            self._show()
            self.changed.emit()


class ModelField(QWidget):
    """The list and a button for the model's own settings; `problem` says what is wrong."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self.box = ModelBox(store)
        self.own = tool_button(
            "settings", "The model's own settings", "Take the settings that the model was made for."
        )
        self.problem = QLabel(self, wordWrap=True)  # until a layout has a place for it
        self.problem.setObjectName("wrong")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.box, 1)
        row.addWidget(self.own)
        self.setFocusProxy(self.box)
        bind(store, "model", self.box, self.box.value, self.box.set_value, self.box.changed)
        store.model_changed.connect(self._model_changed)
        store.modified.connect(self._offer)
        store.run_changed.connect(self._run_changed)
        self.box.add_requested.connect(self._ask)
        self.own.clicked.connect(self._take)
        self._explain()
        self._offer()

    def add(self, path: str) -> None:
        """Offer the models of this folder from now on, and choose the first of them."""
        inside = models.found_in(Path(path))
        if not inside:
            self._explain(f"There is no model in {Path(path).name}: it has no {models.CONFIG}.")
            return
        store = self._store
        if inside[0].reference == str(inside[0].folder) and path not in store.model_folders:
            store.model_folders = (*store.model_folders, path)
        self.box.look()
        store.model = inside[0].reference
        self._explain()

    def _ask(self) -> None:
        dialog = QFileDialog(self.window(), "Add a Folder of Models", str(_nearest_folder()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _model_changed(self) -> None:
        self._explain()

    def _explain(self, problem: str = "") -> None:
        if not problem and self.box.is_missing:
            problem = "This model is not there. Choose another, or add its folder."
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def _run_changed(self, run: RunState) -> None:
        self._offer()

    def _offer(self) -> None:
        model = self._store.run.model
        self.own.setEnabled(model is not None and not self._store.has_defaults_of(model))

    def _take(self) -> None:
        if (model := self._store.run.model) is not None:
            self._store.apply_defaults(model)


def _nearest_folder() -> Path:
    """The models folder, or what there is of the way to it."""
    folder = paths.models_dir()
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _label(model: FoundModel, among: list[FoundModel]) -> str:
    """Its name, and what tells it from another of the same name."""
    if model.reference == models.DEFAULT:
        return f"{model.name}{DEFAULT}"
    alike = sum(other.name == model.name for other in among)
    return model.name if alike == 1 else f"{model.name} ({model.folder.name})"
