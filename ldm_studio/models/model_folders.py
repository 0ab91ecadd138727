"""Lists model files in folders of this and of other programs.

For A1111, Forge, ComfyUI and similar programs only the relevant folders are searched, for InvokeAI
all that it manages. Only names are read, and of files only `extra_model_paths.yaml`.

Paths are checked with `os.path`, because pathlib raises errors for inaccessible ones.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidError
from core.untrusted_files import read_bytes
from ldm_studio.paths import expanded

from .known_checkpoints import FOLDER_INDEX, SUFFIXES

log = logging.getLogger(__name__)

WHOLE_MODELS = frozenset(("stable-diffusion", "stablediffusion", "checkpoints"))
"""Other programs' folders of whole models, in lower case."""
OTHERS = frozenset(
    (
        "lora",
        "loras",
        "lycoris",
        "embeddings",
        "vae",
        "vae-approx",
        "vae_approx",
        "unet",
        "diffusion_models",
        "clip",
        "text_encoder",
        "text_encoders",
    )
)
"""Their folders of auxiliary files and model components."""
KEYS = (
    "checkpoints",
    "unet",
    "diffusion_models",
    "clip",
    "text_encoders",
    "loras",
    "embeddings",
    "vae",
    "vae_approx",
)
"""Of extra_model_paths.yaml."""
SKIPPED_FOLDERS = frozenset(("venv", "node_modules", "__pycache__", "site-packages"))
INVOKEAI = ("databases/invokeai.db", "invokeai.yaml")
"""Files that mark a folder of InvokeAI."""
EXTRA_PATHS = "extra_model_paths.yaml"
MAX_DEPTH = 5
MAX_ENTRIES = 20_000
MAX_YAML_BYTES = 30_000
MAX_YAML_LISTS = 200
"""Of those in brackets: the time grows with the square of their depth."""


@dataclass(frozen=True)
class FolderListing:
    """The contents of some folders."""

    files: tuple[Path, ...] = ()
    """Includes folders in diffusers' layout, by path, in the order of the given folders."""
    folders: tuple[Path, ...] = ()
    """Searched folders, in which new files would appear."""


def listing(folders: list[Path]) -> FolderListing:
    """All relevant files below `folders`; a file lists itself.

    Unreadable folders are left out.
    """
    files: dict[Path, None] = {}
    seen: dict[Path, None] = {}
    for folder in folders:
        inside: list[Path] = [folder] if os.path.isfile(folder) else []
        for place, depth in _places(folder):
            for path, is_folder in _below(place, depth):
                if is_folder:
                    seen[path] = None
                else:
                    inside.append(path)
        files |= dict.fromkeys(sorted(inside))
    return FolderListing(tuple(files), tuple(seen))


def files_in(folder: Path) -> list[Path]:
    return list(listing([folder]).files)


def _places(folder: Path) -> Iterator[tuple[Path, int]]:
    """Where to search, and how deep."""
    inside = folder / "models"
    holder = inside if os.path.isdir(inside) else folder
    named = _folders(holder)
    theirs = [path for path in named if path.name.casefold() in WHOLE_MODELS]
    extra = _extra(folder / EXTRA_PATHS)
    if theirs or extra:
        around = named if holder == folder else [*named, *_folders(folder)]
        theirs += [path for path in around if path.name.casefold() in OTHERS]
        yield folder, 0
        yield from ((path, MAX_DEPTH) for path in [*theirs, *extra])
    elif any(os.path.isfile(folder / sign) for sign in INVOKEAI):
        yield inside, MAX_DEPTH
    else:
        yield folder, MAX_DEPTH


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(Path(entry) for entry in os.scandir(folder) if _is(entry.is_dir))
    except OSError:
        return []  # reported when it is searched


def _below(start: Path, max_depth: int) -> Iterator[tuple[Path, bool]]:
    """Files, and searched folders (True), breadth first, following links but visiting nothing
    twice.
    """
    waiting = deque([(start, 0)])
    seen: set[str] = set()
    entries = 0
    while waiting:
        folder, depth = waiting.popleft()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        try:
            inside = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            log.warning("models in %s cannot be listed: %s", folder, error)
            continue
        names = {entry.name for entry in inside}
        if FOLDER_INDEX in names:
            yield folder, False
            continue
        yield folder, True
        if "model.json" in names:  # a native model, whose files are not models themselves
            continue
        for entry in inside:
            entries += 1
            if entries > MAX_ENTRIES:
                log.warning("%s holds too much to be looked through", start)
                return
            if entry.name.startswith("."):
                continue
            if not _is_text(entry.name):
                log.warning("%r is passed by: its name is not valid Unicode", entry.path)
                continue
            if entry.name.casefold().endswith(SUFFIXES) and _is(entry.is_file):
                yield Path(entry), False
            elif depth < max_depth and entry.name not in SKIPPED_FOLDERS and _is(entry.is_dir):
                waiting.append((Path(entry), depth + 1))


def _is_text(name: str) -> bool:
    """Whether the name is valid Unicode; Linux allows any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is(check: Callable[[], bool]) -> bool:
    """The type of an entry; following a link needs another system call."""
    try:
        return check()
    except OSError:  # to a place without permission, or to itself
        return False


def _extra(path: Path) -> list[Path]:
    """The relevant folders that ComfyUI's extra_model_paths.yaml names.

    Each section has a `base_path`, and keys such as `checkpoints` with one folder a line.
    """
    if not os.path.isfile(path):
        return []
    import yaml  # slow, and few have such a file

    try:
        data = read_bytes(path, MAX_YAML_BYTES)
        if data.count(b"[") + data.count(b"{") > MAX_YAML_LISTS:
            raise InvalidError("it is nested too deeply")
        # Scalars stay texts, and sections are not merged, which takes time without limit.
        sections: Any = yaml.load(data, yaml.BaseLoader)
    except (OSError, yaml.YAMLError, RecursionError, ValueError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return []
    if not isinstance(sections, dict):
        return []
    found: list[Path] = []
    for section in sections.values():
        if not isinstance(section, dict):
            continue
        root = _looked_up(section, "base_path")
        base = path.parent / expanded(root if isinstance(root, str) else "")
        for key in KEYS:
            named = _looked_up(section, key)
            lines = named.splitlines() if isinstance(named, str) else named or ()
            for line in lines if isinstance(lines, list) else ():
                if isinstance(line, str) and line.strip():
                    found.append(base / line.strip())
    return [folder for folder in dict.fromkeys(found) if os.path.isdir(folder)]


def _looked_up(section: dict[str, Any], key: str) -> Any:
    """The value in a section, or in those that it merges (`<<`)."""
    waiting: list[Any] = [section]
    seen: set[int] = set()
    while waiting:
        now = waiting.pop()
        if id(now) in seen:
            continue
        seen.add(id(now))
        if isinstance(now, list):
            waiting += reversed(now)
        elif isinstance(now, dict):
            if key in now:
                return now[key]
            waiting.append(now.get("<<"))
    return None
