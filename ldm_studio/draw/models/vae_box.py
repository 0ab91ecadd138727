"""The VAE picker: the model's own, or a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ldm_studio.models import addon_files
from ldm_studio.models.addon_files import FoundAddon
from ldm_studio.store.store import StudioStore

from .file_picker_box import FileChoice, FilePickerBox


class VaeBox(FilePickerBox[FoundAddon]):
    """Shows which VAE is used if no file is chosen."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__(store, store.vae)
        store.needs_vae_changed.connect(self._fill)

    def find_files(self, folders: Iterable[str], *, read: bool) -> list[FoundAddon]:
        found = addon_files.find_addons(folders, look=read)
        return [one for one in found if one.kind == "vae" and not one.known.problem]

    def none(self) -> str:
        beside = self._model.vae if self._model else ""
        if self._store.needs_vae:
            return self.tr("none: choose one")
        if beside:
            return self.tr("beside the model: {name}").format(name=Path(beside).name)
        return self.tr("Auto")

    def choices(self, found: Sequence[FoundAddon]) -> Iterable[FileChoice]:
        return (FileChoice(one.name, one.name, str(one.path)) for one in found)

    def missing(self, value: str, *, looked: bool) -> FileChoice:
        return FileChoice(value, value)
