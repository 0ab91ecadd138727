"""Finds the files that models are used with by name: LoRAs, embeddings, VAEs, tiny decoders."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import ModelError, RequestError, quoted
from ldm_studio import paths

from .found_models import added_folders
from .known_checkpoints import Catalogue, KnownCheckpoint
from .model_folders import FolderListing, listing

AddonKind = Literal["lora", "embedding", "vae", "text", "preview"]
WORDS = {
    "lora": "LoRA",
    "embedding": "embedding",
    "vae": "VAE",
    "text": "text encoder",
    "preview": "preview decoder",
}
MAX_FOLDERS_NAMED = 5
MAX_WORDS = 1000
WORD_BYTES = 4_000_000
"""75 vectors of the widest text encoders, with room to spare."""


@dataclass(frozen=True)
class FoundAddon:
    """A file that can be used, or the reason why it cannot."""

    name: str
    """As in prompts: the file's name without the suffix, preceded by its folder if another file has
    the same name.
    """
    path: Path
    known: KnownCheckpoint

    @property
    def kind(self) -> str:
        return self.known.what


def find_addons(
    added: Iterable[str] = (), catalogue: Catalogue | None = None, *, look: bool = True
) -> list[FoundAddon]:
    """All files in and below the models folder and the folders `added`, by name.

    `look`: identify those that `catalogue` does not know, from their headers.
    """
    return find_addons_within(math.inf if look else 0, added, catalogue)[0]


def find_addons_within(
    seconds: float, added: Iterable[str] = (), catalogue: Catalogue | None = None
) -> tuple[list[FoundAddon], int]:
    """As `find_addons`, within a time limit in seconds; and how many files are left."""
    catalogue = catalogue or Catalogue()
    files = listing([paths.models_dir(), *map(Path, added)]).files
    every = list(catalogue.each(files, look=seconds > 0, seconds=seconds))
    catalogue.save()
    addons = [(path, known) for path, known in every if known and known.what in WORDS]
    alike = Counter((path.stem.casefold(), known.what) for path, known in addons)
    listed: list[FoundAddon] = []
    for path, known in addons:
        alone = alike[path.stem.casefold(), known.what] == 1
        listed.append(
            FoundAddon(path.stem if alone else f"{path.parent.name}/{path.stem}", path, known)
        )
    unread = sum(known is None for _, known in every)
    return sorted(listed, key=lambda addon: addon.name.casefold()), unread


def _known_addons(
    files: Iterable[Path], catalogue: Catalogue
) -> Iterator[tuple[Path, KnownCheckpoint]]:
    """The files with their kinds, identified from their headers if need be."""
    return ((path, known) for path, known in catalogue.each(files) if known)


class AddonFinder:
    """Finds files by name in the current folders. Opens only files that may match."""

    def __init__(self, added: Callable[[], Iterable[str]] = added_folders) -> None:
        """`added`: folders in addition to the models folder, called each time."""
        self._added = added
        self._listed = FolderListing()
        self._stamp: object = None

    @property
    def folders(self) -> list[Path]:
        """The folders that are searched."""
        return [paths.models_dir(), *map(Path, self._added())]

    def find(self, kind: AddonKind, name: str, digest: str = "") -> Path:
        """The file that `name` means: its name with or without the suffix, its alias, the end of
        its path, or a path.

        `digest`: prefers the file with this SHA-256, as far as it is known, even under another name
        if none has this name. Raises RequestError, which lists the searched folders.
        """
        catalogue = Catalogue()
        matching = self._matching(kind, name, catalogue)
        same = [path for path in matching if digest and _digest(path, catalogue) == digest]
        if not matching and digest:
            same = [path for path in self._files() if catalogue.is_same(path, digest)]
        catalogue.save()
        if same or matching:
            return (same or matching)[0]
        folders = self.folders
        where = ", ".join(map(str, folders[:MAX_FOLDERS_NAMED]))
        more = f" and {len(folders) - MAX_FOLDERS_NAMED} more"
        raise RequestError(
            "vae" if kind == "vae" else "prompt",
            "There is no {kind} {name}.",
            "Searched in {folders}{more}. Add its folder, or remove it.",
            kind=WORDS[kind],
            name=quoted(name),
            folders=where,
            more=more if len(folders) > MAX_FOLDERS_NAMED else "",
        )

    def embeddings(self, *prompts: str) -> dict[str, Path]:
        """The embeddings that prompts may name, by name, optionally preceded by their folder.
        Imports torch.
        """
        from core.checkpoints.textual_inversion import names_in_prompts

        files: dict[str, list[Path]] = {}
        for path in self._files():
            for name in _names(path):
                files.setdefault(name, []).append(path)
        named = names_in_prompts(files, *prompts)
        if not named:
            return {}
        catalogue = Catalogue()
        found: dict[str, Path] = {}
        for name in named:
            for path, known in _known_addons(files[name], catalogue):
                if known.what == "embedding" and not known.problem:
                    found.setdefault(name, path)
        catalogue.save()
        return found

    def words(self) -> dict[Path, list[str]]:
        """The embeddings for token counting, with their names; of several with one name, the first.
        Imports torch.
        """
        catalogue = Catalogue()
        taken: set[str] = set()
        found: dict[Path, list[str]] = {}
        for path, known in _known_addons(filter(_is_small, self._files()), catalogue):
            if known.what == "embedding" and not known.problem and len(found) < MAX_WORDS:
                found[path] = [name for name in _names(path) if name not in taken]
                taken.update(found[path])
        catalogue.save()
        return found

    def text_encoders(self) -> list[Path]:
        """The readable text encoders. Imports torch."""
        catalogue = Catalogue()
        known = list(_known_addons(self._files(), catalogue))
        catalogue.save()
        return [path for path, one in known if one.what == "text" and not one.problem]

    def previews(self) -> list[Path]:
        """Tiny decoders by file name; they are opened when they are used."""
        return [path for path in self._files() if "taesd" in path.stem.casefold()]

    def _matching(self, kind: AddonKind, name: str, catalogue: Catalogue) -> list[Path]:
        """The best first."""
        path = paths.expanded(name)
        if path.is_absolute():
            return [path] if os.path.isfile(path) else []
        wanted = name.casefold().replace("\\", "/")
        ranked: list[tuple[int, Path]] = []
        for path in self._files():
            own = path.as_posix().casefold()
            plain = own.removesuffix(path.suffix.casefold())
            if name in (path.stem, path.name):
                rank = 0
            elif wanted in (path.stem.casefold(), path.name.casefold()):
                rank = 1
            elif f"/{own}".endswith(f"/{wanted}") or f"/{plain}".endswith(f"/{wanted}"):
                rank = 2
            elif (known := _is_known(path, catalogue)) and known.alias.casefold() == wanted:
                rank = 3
            else:
                continue
            ranked.append((rank, path))
        files = [path for _, path in sorted(ranked, key=lambda item: item[0])]
        kinds = ("vae", "model") if kind == "vae" else (kind,)  # a model has one as well
        found = _known_addons(files, catalogue)
        return [path for path, known in found if known.what in kinds]

    def _files(self) -> tuple[Path, ...]:
        folders = self.folders
        stamp = folders, _times(self._listed.folders)
        if stamp != self._stamp:
            self._listed = listing(folders)
            self._stamp = folders, _times(self._listed.folders)
        return self._listed.files


def _names(path: Path) -> tuple[str, str]:
    """The names that prompts may use for an embedding."""
    return path.stem, f"{path.parent.name}/{path.stem}"


def _is_small(path: Path) -> bool:
    """Whether it is small enough for an embedding."""
    try:
        return os.path.isfile(path) and path.stat().st_size <= WORD_BYTES
    except OSError:  # it was removed in the meantime
        return False


def _times(folders: Iterable[Path]) -> list[int]:
    """When each folder was last changed."""
    times: list[int] = []
    for folder in folders:
        try:
            times.append(folder.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return times


def _is_known(path: Path, catalogue: Catalogue) -> KnownCheckpoint | None:
    try:
        return catalogue.known(path)
    except ModelError:
        return None


def _digest(path: Path, catalogue: Catalogue) -> str:
    try:
        return catalogue.digest(path)
    except ModelError:
        return ""
