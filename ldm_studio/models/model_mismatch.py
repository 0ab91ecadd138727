"""Compares the files that another program used with the local files of the same names."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import ModelError
from core.request.request import Request
from ldm_studio.translation import translate

from . import addon_files, file_digests, found_models
from .known_checkpoints import Catalogue

log = logging.getLogger(__name__)

SMALL = 400_000_000
"""Bytes; hashes of smaller files are computed for a warning."""
_HASHED = re.compile(r"^(?P<name>.*?)\s*\[(?P<hash>[0-9a-fA-F]+)\]$")
_HASH = re.compile(r"[0-9a-fA-F]{8}|[0-9a-fA-F]{10,64}")
_PAIR = re.compile(r"([^:,]+):\s*([0-9a-fA-F]+)")
_LISTS = {"Lora hashes": "lora", "TI hashes": "embedding"}


@dataclass(frozen=True)
class _NamedModel:
    """A file named in a text, with the start of its hash."""

    kind: str
    name: str
    hash: str

    @property
    def is_early(self) -> bool:
        """Whether it has the hash of early versions of AUTOMATIC1111."""
        return len(self.hash) == 8 and self.kind in ("model", "vae")


def find_mismatches(
    settings: Mapping[str, str], added: Iterable[str] = (), *, compute: bool = False
) -> tuple[str, ...]:
    """Sentences about local files that differ from those of a `parameters` text.

    Models are compared only if their hashes are known; `compute`: compute the hashes of smaller
    files, which takes a moment.
    """
    catalogue = Catalogue()
    found = dict[tuple[str, str], Path]()
    for one in addon_files.find_addons(added, catalogue, look=False):
        found.setdefault((one.kind, one.name.casefold()), one.path)
    for model in found_models.find_models(added, catalogue, look=False):
        found.setdefault(("model", model.name.casefold()), model.path)
    sentences: list[str] = []
    for named in _named(settings):
        name = named.name.removesuffix(Path(named.name).suffix) if named.kind == "vae" else ""
        names = (named.name.casefold(), name.casefold())
        path = next((found[named.kind, n] for n in names if (named.kind, n) in found), None)
        here = _hashes(path, named, catalogue, compute=compute) if path else ()
        if here and not any(own.startswith(named.hash.casefold()) for own in here):
            words = translate(
                "Differing", "{name} here is a different file: its hash is {own}, not {hash}."
            )
            own = here[0][: len(named.hash)]
            sentences.append(words.format(name=named.name, own=own, hash=named.hash))
    return tuple(dict.fromkeys(sentences))


def compare_with_local(request: Request, added: Iterable[str] = ()) -> Request:
    """The request with models that its changes name replaced by their local names."""
    if not any(change.model for change in request.changes):
        return request
    listed = found_models.find_models(added, look=False)
    references = {model.name.casefold(): model.reference for model in reversed(listed)}
    known = {model.reference for model in listed}
    changes = tuple(
        replace(change, model=references.get(change.model.casefold(), change.model))
        if change.model and change.model not in known
        else change
        for change in request.changes
    )
    return replace(request, changes=changes)


def _named(settings: Mapping[str, str]) -> Iterator[_NamedModel]:
    for kind, name, value in (
        ("model", settings.get("Model", ""), settings.get("Model hash", "")),
        ("vae", settings.get("VAE", ""), settings.get("VAE hash", "")),
    ):
        if name and _HASH.fullmatch(value):
            yield _NamedModel(kind, name, value)
    if match := _HASHED.match(settings.get("Refiner", "")):
        yield _NamedModel("model", match["name"], match["hash"])
    for key, kind in _LISTS.items():
        for name, value in _PAIR.findall(settings.get(key, "")):
            yield _NamedModel(kind, name.strip(), value)


def _hashes(
    path: Path, named: _NamedModel, catalogue: Catalogue, *, compute: bool
) -> tuple[str, ...]:
    """Whole and short, of a LoRA the short one first; empty where they are not known."""
    kind = named.kind
    try:
        if named.is_early:
            return (file_digests.early_hash(path),) if path.is_file() else ()
        whole, short = catalogue.digest(path), catalogue.short(path)
        if not whole and compute and kind != "model" and path.stat().st_size <= SMALL:
            sums = file_digests.computed(path, lora=kind == "lora")
            whole, short = sums.digest, sums.short
            catalogue.keep_digest(path, whole, short)
    except (ModelError, OSError) as error:  # it was removed meanwhile
        log.warning("%s", error)
        return ()
    ordered = (short, whole) if kind == "lora" else (whole, short)
    return tuple(filter(None, ordered))
