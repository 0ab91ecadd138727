"""Choosing the autoencoder (VAE) that encodes and decodes pictures: the model's own, or a file."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox

from ldm_studio.canvas.background import Background
from ldm_studio.models import addons
from ldm_studio.models.addons import FoundAddon
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore


class VaeBox(QComboBox):
    """The files in the folders of models are looked up when it is opened."""

    changed = Signal()

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self._value = store.vae
        self._model = store.run.model
        self._found: list[FoundAddon] = []
        self.background = Background(self)
        self.setMinimumContentsLength(6)
        self.activated.connect(self._chosen)
        store.run_changed.connect(self._on_run)
        store.needs_vae_changed.connect(self._fill)
        self._fill()

    def value(self) -> str:
        return self._value

    def set_value(self, name: str) -> None:
        self._value = name
        self._fill()

    def showPopup(self) -> None:  # noqa: N802
        folders = self._store.model_folders
        read = not self._store.run.loading  # which takes torch, and that is the engine's to import
        self.background.run(lambda: addons.found(folders, look=read), self._looked)
        super().showPopup()

    def _looked(self, done: Future[list[FoundAddon]]) -> None:
        found = [one for one in done.result() if one.kind == "vae" and not one.known.problem]
        if found == self._found:
            return
        self._found = found
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
        beside = self._model.vae if self._model else ""
        if self._store.needs_vae:
            own = self.tr("none yet: choose one")
        elif beside:
            own = self.tr("beside the model: {name}").format(name=Path(beside).name)
        else:
            own = self.tr("the model's own")
        self.addItem(own, "")
        for one in self._found:
            self.addItem(one.name, one.name)
            self.setItemData(self.count() - 1, str(one.path), Qt.ItemDataRole.ToolTipRole)
        if self.findData(self._value) < 0:
            self.addItem(self._value, self._value)
        self.setCurrentIndex(self.findData(self._value))

    def _chosen(self, index: int) -> None:
        value = self.itemData(index)
        if value != self._value:
            self._value = value
            self.changed.emit()
