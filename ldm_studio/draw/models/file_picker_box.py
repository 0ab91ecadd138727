"""A combo box of files in the model folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox

from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.threads.background import Background

F = TypeVar("F")


@dataclass(frozen=True)
class FileChoice:
    """A row."""

    name: str
    value: str
    tip: str = ""
    usable: bool = True


class FilePickerBox(QComboBox, Generic[F]):
    """Finds the files when it opens. Subclasses say where."""

    changed = Signal()

    def __init__(self, store: StudioStore, value: str) -> None:
        super().__init__()
        self._store = store
        self._value = value
        self._model = store.run.model
        self._found: Sequence[F] | None = None
        """None: not searched yet."""
        self.background = Background(self)
        self.setMinimumContentsLength(6)
        self.activated.connect(self._chosen)
        store.run_changed.connect(self._on_run)
        self._fill()

    def find_files(self, folders: Iterable[str], *, read: bool) -> Sequence[F]:
        """The files, found on another thread; `read`: identify unknown ones."""
        raise NotImplementedError

    def none(self) -> str:
        """The text of choosing nothing."""
        raise NotImplementedError

    def choices(self, found: Sequence[F]) -> Iterable[FileChoice]:
        raise NotImplementedError

    def missing(self, value: str, *, looked: bool) -> FileChoice:
        """The row of a chosen file that was not found; `looked`: the search has finished."""
        raise NotImplementedError

    def setAccessibleName(self, name: str) -> None:  # noqa: N802
        """Also sets the name of the list that opens."""
        super().setAccessibleName(name)
        self.view().setAccessibleName(name)

    def value(self) -> str:
        return self._value

    def set_value(self, value: str) -> None:
        self._value = value
        self._fill()

    def showPopup(self) -> None:  # noqa: N802
        folders = self._store.model_folders
        read = (
            not self._store.run.loading
        )  # which imports torch, and that must happen on the engine's thread
        self.background.run(lambda: self.find_files(folders, read=read), self._on_found)
        super().showPopup()

    def _on_found(self, done: Future[Sequence[F]]) -> None:
        found = done.result()
        if found == self._found:
            return
        self._found = found
        is_open = self.view().isVisible()
        self._fill()
        if is_open:
            self.hidePopup()  # whose size was that of the previous list
            super().showPopup()

    def _on_run(self, run: RunState) -> None:
        if run.model is not self._model:
            self._model = run.model
            self._fill()

    def _fill(self) -> None:
        self.clear()
        self._add(FileChoice(self.none(), ""))
        for choice in self.choices(self._found or ()):
            self._add(choice)
        if self.findData(self._value) < 0:
            self._add(self.missing(self._value, looked=self._found is not None))
        self.setCurrentIndex(self.findData(self._value))

    def _add(self, choice: FileChoice) -> None:
        self.addItem(choice.name, choice.value)
        if choice.tip:
            self.setItemData(self.count() - 1, choice.tip, Qt.ItemDataRole.ToolTipRole)
        items = self.model()
        assert isinstance(items, QStandardItemModel)
        items.item(self.count() - 1).setEnabled(choice.usable)

    def _chosen(self, index: int) -> None:
        value = self.itemData(index)
        if value != self._value:
            self._value = value
            self.changed.emit()
