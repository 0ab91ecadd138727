"""Choosing the model that goes on at the end: none, or one whose latents are the same."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox

from ldm_studio.canvas.background import Background
from ldm_studio.models import models
from ldm_studio.models.models import FoundModel
from ldm_studio.store.fitting import refining_problem
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import told


class RefinerBox(QComboBox):
    """The checkpoints in the folders of models are looked up when it is opened. One that does not
    fit says why."""

    changed = Signal()

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self._value = store.refiner
        self._model = store.run.model
        self._found: list[FoundModel] = []
        self._looked = False
        self.background = Background(self)
        self.setMinimumContentsLength(6)
        self.activated.connect(self._chosen)
        store.run_changed.connect(self._on_run)
        self._fill()

    def value(self) -> str:
        return self._value

    def set_value(self, reference: str) -> None:
        self._value = reference
        self._fill()

    def showPopup(self) -> None:  # noqa: N802
        folders = self._store.model_folders
        read = not self._store.run.loading  # which takes torch, and that is the engine's to import
        self.background.run(lambda: models.found(folders, look=read), self._listed)
        super().showPopup()

    def _listed(self, done: Future[list[FoundModel]]) -> None:
        found = [model for model in done.result() if model.is_checkpoint and model.known]
        if self._looked and found == self._found:
            return
        self._found, self._looked = found, True
        is_open = self.view().isVisible()
        self._fill()
        if is_open:
            self.hidePopup()  # whose size is that of the list before
            super().showPopup()

    def _on_run(self, run: RunState) -> None:
        if run.model is not self._model:
            self._model = run.model
            self._fill()

    def _fill(self) -> None:
        self.clear()
        self.addItem(self.tr("none"), "")
        for model in self._found:
            problem = model.problem or refining_problem(model.kind, self._model)
            self._add(model.name, model.reference, told(problem or model.kind), usable=not problem)
        if self.findData(self._value) < 0:
            name = Path(self._value).stem
            missing = self.tr("{name} (missing)").format(name=name) if self._looked else name
            self._add(missing, self._value, self._value)
        self.setCurrentIndex(self.findData(self._value))

    def _add(self, name: str, reference: str, tip: str, *, usable: bool = True) -> None:
        self.addItem(name, reference)
        self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        items = self.model()
        assert isinstance(items, QStandardItemModel)
        items.item(self.count() - 1).setEnabled(usable)

    def _chosen(self, index: int) -> None:
        value = self.itemData(index)
        if value != self._value:
            self._value = value
            self.changed.emit()
