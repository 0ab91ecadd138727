"""Which models there are: folders with a `model.json`. Looks only, loads nothing, needs no Qt."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelError

from . import paths

log = logging.getLogger(__name__)

DEFAULT = "default"
"""The name, in requests, of the model that ships with the program."""
SHIPPED = Path(__file__).resolve().parents[1] / "resources" / "default_model"
CONFIG = "model.json"
MAX_CONFIG_BYTES = 1_000_000


@dataclass(frozen=True)
class FoundModel:
    """A model that can be chosen."""

    reference: str
    """As requests name it: DEFAULT, the name of a folder in models_dir(), or a path."""
    name: str
    """As it names itself."""
    folder: Path


def found(added: Iterable[str] = ()) -> list[FoundModel]:
    """The shipped model, then those of models_dir() and of the folders in `added`, by name.

    Each of these is a model or holds models. What cannot be read is left out.
    """
    folders = list(_models_in(paths.models_dir()))
    for path in added:
        folders += _models_in(Path(path))
    models = [_found(folder) for folder in dict.fromkeys(folders)]
    shipped = FoundModel(DEFAULT, _own_name(SHIPPED), SHIPPED)
    return [shipped, *sorted(models, key=_order)]


def find_model(reference: str) -> Path:
    """The folder of the model that a request, or the user, names. Raises ModelError."""
    if reference == DEFAULT:
        return SHIPPED
    for folder in (Path(reference).expanduser(), paths.models_dir() / reference):
        if folder.exists():
            return folder
    known = ", ".join(model.reference for model in found())
    raise ModelError(
        f"There is no model {reference!r}.", f"Known: {known}; or give a model's folder."
    )


def found_in(folder: Path) -> list[FoundModel]:
    """The model that `folder` is, or those directly in it."""
    return [_found(model) for model in _models_in(folder)]


def _order(model: FoundModel) -> tuple[list[tuple[bool, int, str]], str]:
    """By name, in which 2 comes before 10."""
    parts = re.split(r"(\d+)", model.name.casefold())
    return [(p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts], model.reference


def _models_in(folder: Path) -> Iterator[Path]:
    try:
        if (folder / CONFIG).is_file():
            yield folder
            return
        inside = sorted(folder.iterdir())
        yield from (path for path in inside if (path / CONFIG).is_file())
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("models in %s cannot be listed: %s", folder, error)


def _found(folder: Path) -> FoundModel:
    reference = folder.name if folder.parent == paths.models_dir() else str(folder)
    return FoundModel(reference, _own_name(folder), folder)


def _own_name(folder: Path) -> str:
    """The name in its configuration; that of the folder where it gives none."""
    try:
        with (folder / CONFIG).open("rb") as file:
            data = json.loads(file.read(MAX_CONFIG_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read: %s", folder / CONFIG, error)
        return folder.name
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) and name.strip() else folder.name
