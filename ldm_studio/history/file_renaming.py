"""Renames the file of an image; the history follows.

Marks and lineage are keyed by content, so names can change freely.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import ImageError, Message
from ldm_studio.paths import MAX_NAME

from .database_schema import State
from .history_store import History
from .results import Details

_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    ("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)))
)
_SIDECAR_SUFFIXES = (".txt", ".json")
"""Files of the same name in which other programs store the recipe."""


def new_name(path: Path, wanted: str) -> str:
    """The file name that `wanted` means for the file `path`, with its suffix. Needs no disk.

    Raises ImageError for names that are invalid on some system, because images are moved between
    systems.
    """
    stem = wanted.strip()
    if stem.lower().endswith(path.suffix.lower()):
        stem = stem[: len(stem) - len(path.suffix)].rstrip()
    hint = Message("Choose another name.")
    if not stem:
        raise ImageError("An image needs a name.", hint)
    if bad := sorted({char for char in stem if char in _FORBIDDEN}):
        raise ImageError("A name cannot contain {characters}.", hint, characters=" ".join(bad))
    if not stem.isprintable():
        raise ImageError("A name cannot contain invisible characters.", hint)
    if stem[0] == ".":
        raise ImageError("A name that begins with a dot would hide the image.", hint)
    if stem[-1] == ".":
        raise ImageError("A name cannot end with a dot.", hint)
    if stem.partition(".")[0].rstrip().upper() in _RESERVED:
        raise ImageError("Windows reserves the name {name}.", hint, name=stem)
    name = f"{stem}{path.suffix}"
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise ImageError("This name is not valid Unicode.", hint) from error
    if length > MAX_NAME:
        raise ImageError(
            "The name is too long: {length} of {most} bytes.", hint, length=length, most=MAX_NAME
        )
    return name


@dataclass(frozen=True)
class RenamedFile:
    """The old and the new path of an image."""

    old: Path
    new: Path


def rename(history: History, number: int, wanted: str) -> RenamedFile:
    """Raises ImageError, HistoryError, changing nothing."""
    with history.reader() as reader:
        image = _image_of(reader.details(number), number)
        old = image.listed.path
        new = old.with_name(new_name(old, wanted))
        if new == old:
            return RenamedFile(old, old)
        if image.listed.state is not State.HERE or not old.exists():
            raise ImageError("{path} is missing.", "Locate it first.", path=old)
        other = reader.at(new)
        if other is not None and other != number and not _is_same(old, new):
            raise ImageError(
                "Another image of the history in {folder} is named {name}.",
                "Choose another name.",
                folder=new.parent.name,
                name=new.name,
            )
    _move(old, new)
    history.move(number, new).result()
    for suffix in _SIDECAR_SUFFIXES:
        with suppress(OSError):  # its recipe is in the history already
            if old.with_suffix(suffix).exists() and not new.with_suffix(suffix).exists():
                old.with_suffix(suffix).rename(new.with_suffix(suffix))
    return RenamedFile(old, new)


def _image_of(details: Details | None, number: int) -> Details:
    if details is None:
        raise ImageError("There is no image {number} in the history.", number=number)
    return details


def _move(old: Path, new: Path) -> None:
    """Never overwrites another file, even one created in the meantime. Raises ImageError."""
    if _is_same(old, new):  # only the case differs, on a file system that ignores it
        _replace(old, new)
        return
    try:
        new.touch(exist_ok=False)  # holds the name
    except FileExistsError as error:
        raise ImageError(
            "Another file in {folder} is named {name}.",
            "Choose another name.",
            folder=new.parent.name,
            name=new.name,
        ) from error
    except OSError as error:
        raise _rename_error(new, error) from error
    try:
        _replace(old, new)
    except ImageError:
        new.unlink(missing_ok=True)
        raise


def _replace(old: Path, new: Path) -> None:
    try:
        os.replace(old, new)
    except OSError as error:
        raise _rename_error(new, error) from error


def _is_same(old: Path, new: Path) -> bool:
    try:
        return os.path.samefile(old, new)
    except OSError:
        return False


def _rename_error(path: Path, error: OSError) -> ImageError:
    return ImageError(
        "{file} cannot be renamed: {error}.",
        "Check that its folder is writable.",
        file=path.name,
        error=error,
    )
