"""Finds models: folders with a `model.json`, and checkpoints.

Loads nothing and needs no Qt.
"""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from core.errors import NO_MESSAGE, Message, ModelError, quoted
from core.untrusted_files import parse_json, read_bytes
from ldm_studio import paths
from ldm_studio.json_files import read_json

from .known_checkpoints import Catalogue, KnownCheckpoint
from .model_folders import files_in, listing

log = logging.getLogger(__name__)

DEFAULT = "default"
"""The name, in requests, of the model that ships with the program."""
SHIPPED = Path(__file__).resolve().parents[2] / "resources" / "default_model"
CONFIG = "model.json"
MAX_CONFIG_BYTES = 1_000_000
NATIVE = Message("a native LDM Studio model")
MAX_NAMED = 12
"""The number of models that an error lists."""


@dataclass(frozen=True)
class FoundModel:
    """A model that can be chosen, or the reason why it cannot."""

    reference: str
    """Its name in requests: DEFAULT, the path below models_dir(), or a path."""
    name: str
    """Its display name."""
    path: Path
    """A folder, or a file."""
    known: KnownCheckpoint | None = None
    """For a checkpoint, once it is identified."""
    is_checkpoint: bool = False

    @property
    def kind(self) -> str:
        """The name of its family; empty if unknown."""
        if not self.is_checkpoint:
            return str(NATIVE)
        return self.known.kind if self.known else ""

    @property
    def latents(self) -> str:
        """Name of its latent format; empty where it is not known."""
        return self.known.latents if self.known else ""

    @property
    def input_kind(self) -> str:
        """What it takes besides the noisy latent; empty for nothing, or where it is not known."""
        return self.known.input_kind if self.known else ""

    @property
    def size(self) -> int:
        """Bytes; 0 if unknown."""
        return self.known.size if self.known else 0

    @property
    def precision(self) -> str:
        """The type of most of its weights; empty if unknown."""
        return self.known.precision if self.known else ""

    @property
    def problem(self) -> Message:
        """Why it cannot be used; empty if no reason is known."""
        return self.known.message if self.known else NO_MESSAGE

    @property
    def lacks_vae(self) -> bool:
        """Whether it needs a VAE from another file."""
        return self.known is not None and self.known.lacks_vae

    @property
    def lacks_text(self) -> bool:
        """Whether it needs text encoders from other files in the folders."""
        return self.known is not None and self.known.lacks_text


def find_model_folders(added: Iterable[str] = ()) -> list[FoundModel]:
    """The shipped model, then native models in models_dir() and `added`.

    Quick. Each folder is a model or contains models. Unreadable ones are left out.
    """
    folders = list(_models_in(paths.models_dir()))
    for path in added:
        folders += _models_in(Path(path))
    models = [_found_model(folder) for folder in dict.fromkeys(folders)]
    shipped = FoundModel(DEFAULT, _own_name(SHIPPED), SHIPPED)
    return [shipped, *sort_models(models)]


def find_models(
    added: Iterable[str] = (),
    catalogue: Catalogue | None = None,
    *,
    look: bool = True,
    seconds: float = math.inf,
) -> list[FoundModel]:
    """As `find_model_folders`, and the checkpoints in and below those folders.

    `look`: identify those that `catalogue` does not know, from their headers, for about `seconds`;
    at least one.
    """
    added = tuple(added)
    own = find_model_folders(added)
    catalogue = catalogue or Catalogue()
    inside = listing([paths.models_dir(), *map(Path, added)]).files
    others = _checkpoints(inside, catalogue, look=look, seconds=seconds)
    return [own[0], *sort_models([*own[1:], *others])]


def find_models_in(folder: Path, catalogue: Catalogue | None = None) -> list[FoundModel]:
    """The model that `folder` (or a file) is, or the models in it."""
    own = [_found_model(model) for model in _models_in(folder)]
    inside = [folder] if os.path.isfile(folder) else files_in(folder)
    others = _checkpoints(inside, catalogue or Catalogue(), look=True)
    return sort_models([*own, *others])


def find_model(reference: str) -> Path:
    """The folder or file of the model that a request names. Raises ModelError."""
    if reference == DEFAULT:
        return SHIPPED
    for path in (paths.expanded(reference), paths.models_dir() / reference):
        if os.path.exists(path):
            return path
    raise ModelError(
        "There is no model {name}.", "Choose another, or add its folder.", name=quoted(reference)
    )


def resolve_name(text: str) -> str:
    """The reference of the model that the user means: a reference, a path, a name, or a unique part
    of a file's name. Raises ModelError, which lists similar names.
    """
    try:
        find_model(text)
    except ModelError:
        models = find_models(added_folders())
    else:
        return text
    word = text.casefold()
    exact = [m for m in models if word in (m.name.casefold(), m.path.name.casefold())]
    matching = exact or [m for m in models if word in m.path.name.casefold()]
    if len(matching) == 1:
        return matching[0].reference
    if matching:
        raise ModelError(
            "Several models are named {name}.",
            "Choose one: {names}.",
            name=quoted(text),
            names=_listed([m.reference for m in matching]),
        )
    names = {m.path.name: m.reference for m in models} | {m.name: m.reference for m in models}
    folded = {name.casefold(): reference for name, reference in names.items()}
    near = [folded[name] for name in get_close_matches(word, folded, n=MAX_NAMED)]
    alike = f"Alike: {_listed(list(dict.fromkeys(near)))}. " if near else ""
    known = _listed([model.reference for model in models])
    raise ModelError(
        "There is no model {name}.",
        "{guess}Known: {names}; or name a model's file or folder.",
        name=quoted(text),
        guess=alike,
        names=known,
    )


def searched_folders(added: Iterable[str] = ()) -> list[Path]:
    """Folders in which new models would appear."""
    return [*listing([paths.models_dir(), *map(Path, added)]).folders]


def added_folders() -> tuple[str, ...]:
    """Those that the user added in the window."""
    parameters = read_json(paths.state_dir() / "session.json").get("parameters", {})
    folders = parameters.get("model_folders", []) if isinstance(parameters, dict) else []
    if not isinstance(folders, list):
        return ()
    return tuple(folder for folder in folders if isinstance(folder, str))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{', '.join(names[:MAX_NAMED])}{more}"


def sort_models(models: Iterable[FoundModel]) -> list[FoundModel]:
    """By name, with 2 before 10."""
    return sorted(models, key=_order)


def _order(model: FoundModel) -> tuple[list[tuple[bool, int, str]], str]:
    parts = re.split(r"(\d+)", model.name.casefold())
    return [(p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts], model.reference


def _models_in(folder: Path) -> Iterator[Path]:
    try:
        if os.path.isfile(folder / CONFIG):
            yield folder
            return
        inside = sorted(folder.iterdir())
        yield from (path for path in inside if os.path.isfile(path / CONFIG))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        log.warning("models in %s cannot be listed: %s", folder, error)


def _checkpoints(
    inside: Iterable[Path], catalogue: Catalogue, *, look: bool, seconds: float = math.inf
) -> Iterator[FoundModel]:
    """The checkpoints that are models, or may be. Identified ones are remembered."""
    for path, known in catalogue.each(inside, look=look, seconds=seconds):
        if known is None or known.is_model:
            name = path.name if os.path.isdir(path) else path.stem
            yield FoundModel(_reference(path), name, path, known, is_checkpoint=True)
    catalogue.save()


def _found_model(folder: Path) -> FoundModel:
    return FoundModel(_reference(folder), _own_name(folder), folder)


def _reference(path: Path) -> str:
    if path.is_relative_to(paths.models_dir()):
        return path.relative_to(paths.models_dir()).as_posix()
    return str(path)


def _own_name(folder: Path) -> str:
    """The name in its configuration; the folder's name if there is none."""
    try:
        data = parse_json(read_bytes(folder / CONFIG, MAX_CONFIG_BYTES))
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read: %s", folder / CONFIG, error)
        return folder.name
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) and name.strip() else folder.name
