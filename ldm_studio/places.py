"""Where checkpoints lie in a folder: one's own, or that of another program.

Of A1111, Forge, ComfyUI and their like only the folder of whole models is looked at, of InvokeAI
all that it manages. Names alone are read; no file is opened but `extra_model_paths.yaml`.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from .checkpoints import FOLDER_INDEX, SUFFIXES

log = logging.getLogger(__name__)

WHOLE_MODELS = frozenset(("stable-diffusion", "stablediffusion", "checkpoints"))
"""What other programs call their folder of whole models, in small letters."""
PASSED_BY = frozenset(("venv", "node_modules", "__pycache__", "site-packages"))
EXTRA_PATHS = "extra_model_paths.yaml"
MAX_DEPTH = 5
MAX_ENTRIES = 20_000
MAX_YAML_BYTES = 100_000


def checkpoints_in(folder: Path) -> list[Path]:
    """Files and folders in diffusers' layout that may be models, by path; the folder itself, if it
    is one. What cannot be listed is left out.
    """
    found: dict[Path, None] = {}
    for place, depth in _places(folder):
        found |= dict.fromkeys(_below(place, depth))
    return sorted(found)


def _places(folder: Path) -> Iterator[tuple[Path, int]]:
    """Where to look, and how deep."""
    inside = folder / "models"
    holder = inside if inside.is_dir() else folder
    theirs = [path for path in _folders(holder) if path.name.casefold() in WHOLE_MODELS]
    theirs += _extra(folder / EXTRA_PATHS)
    if theirs:
        yield folder, 0
        yield from ((path, MAX_DEPTH) for path in theirs)
    elif (folder / "databases" / "invokeai.db").is_file() or (folder / "invokeai.yaml").is_file():
        yield inside, MAX_DEPTH
    else:
        yield folder, MAX_DEPTH


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(Path(entry) for entry in os.scandir(folder) if entry.is_dir())
    except OSError:
        return []  # which is said when it is looked through


def _below(start: Path, max_depth: int) -> Iterator[Path]:
    """Breadth first, following links but going nowhere twice."""
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
            yield folder
            continue
        if "model.json" in names:  # one of our own, whose files are no models
            continue
        for entry in inside:
            entries += 1
            if entries > MAX_ENTRIES:
                log.warning("%s holds too much to be looked through", start)
                return
            if entry.name.startswith("."):
                continue
            if entry.name.casefold().endswith(SUFFIXES) and entry.is_file():
                yield Path(entry)
            elif depth < max_depth and entry.name not in PASSED_BY and entry.is_dir():
                waiting.append((Path(entry), depth + 1))


def _extra(path: Path) -> list[Path]:
    """The folders that ComfyUI's extra_model_paths.yaml names for checkpoints.

    Of YAML it reads what that file uses: `key: value` below a heading, and `key: |` with lines.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_YAML_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return []
    found: list[Path] = []
    base, listing = Path(), False
    named: list[tuple[Path, str]] = []
    for line in text.splitlines():
        words = line.split(" #")[0].strip()
        if not words or words.startswith("#"):
            continue
        if not line[0].isspace():  # the heading of another program
            base, listing = Path(), False
            continue
        key, colon, value = words.partition(": ")
        if not colon and words.endswith(":"):
            key, colon = words[:-1], ":"
        value = value.strip().strip("\"'")
        if colon:
            listing = key == "checkpoints" and value in ("|", ">", "")
            if key == "base_path":
                base = Path(value).expanduser()
            elif key == "checkpoints" and not listing:
                named.append((base, value))
        elif listing:
            named.append((base, words.removeprefix("- ")))
    found = [path.parent / root / name for root, name in named]
    return [folder for folder in dict.fromkeys(found) if folder.is_dir()]
