"""The refiner picker: none, or a model with the same latent space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ldm_studio.models import found_models
from ldm_studio.models.found_models import FoundModel
from ldm_studio.store.model_limits import refining_problem
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate_message

from .file_picker_box import FileChoice, FilePickerBox
from .model_texts import family


class RefinerBox(FilePickerBox[FoundModel]):
    """Explains why a checkpoint does not fit."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__(store, store.refiner)

    def find_files(self, folders: Iterable[str], *, read: bool) -> list[FoundModel]:
        found = found_models.find_models(folders, look=read)
        return [model for model in found if model.is_checkpoint and model.known]

    def none(self) -> str:
        return self.tr("none")

    def choices(self, found: Sequence[FoundModel]) -> Iterable[FileChoice]:
        for model in found:
            misfit = refining_problem(model.latents, model.input_kind, self._model)
            problem = model.problem or misfit
            tip = translate_message(problem) or family(model)
            yield FileChoice(model.name, model.reference, tip, usable=not problem)

    def missing(self, value: str, *, looked: bool) -> FileChoice:
        name = Path(value).stem
        if looked:
            name = self.tr("{name} (missing)").format(name=name)
        return FileChoice(name, value, value)
