"""Reads one image file completely: its identity, its metadata, whether it is intact."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from core.errors import NO_MESSAGE, Message, StudioError
from core.images.image_digest import digest
from core.untrusted_files import open_file, read_bytes
from ldm_studio.images.image_files import load_image
from ldm_studio.images.metadata_chunks import read_metadata

from .program_metadata import recipe_in, recipe_of
from .recipe import Recipe, json_object, text
from .stealth_metadata import hidden_text

log = logging.getLogger(__name__)

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp"))
MAX_BYTES = 512 << 20
_MAX_SIDECAR = 1 << 20


@dataclass(frozen=True)
class Stamp:
    """Identifies an unchanged file without reading it."""

    size: int
    """bytes"""
    mtime_ns: int


@dataclass(frozen=True)
class ScannedImage:
    """An image file as it is now. An unreadable one has a `problem` and little else."""

    path: Path
    stamp: Stamp
    digest: str = ""
    """SHA-256 of the file."""
    format: str = ""
    width: int = 0
    height: int = 0
    recipe: Recipe | None = None
    pixels: str = ""
    """`core.images.image_digest.digest`, with which a request names its init image. Only for images
    of this program; others are not decoded here.
    """
    problem: Message = NO_MESSAGE


def stamp_of(status: os.stat_result) -> Stamp:
    """Times before 1678 or after 2262 are clamped: the database stores 63 bits."""
    return Stamp(status.st_size, max(-(2**63), min(status.st_mtime_ns, 2**63 - 1)))


def scan(path: Path) -> ScannedImage:
    """Reads a file. Raises nothing: `problem` says what is wrong, and the others are indexed."""
    try:
        with open_file(path) as file:
            # Read first: a file that changes in the meantime is read again next time.
            stamp = stamp_of(os.fstat(file.fileno()))
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return ScannedImage(
            path, Stamp(0, 0), problem=Message("It cannot be read: {error}.", error=error)
        )
    except MemoryError:
        return ScannedImage(
            path, Stamp(0, 0), problem=Message("There is not enough memory to read it.")
        )
    if len(data) > MAX_BYTES:
        return ScannedImage(
            path, stamp, problem=Message("It is larger than {most} MiB.", most=MAX_BYTES >> 20)
        )
    named = hashlib.sha256(data).hexdigest()
    try:
        return _scanned(path, stamp, named, data)
    except StudioError as error:
        problem = error.message
    except Exception as error:  # whatever one file does, the others are listed
        log.exception("%s cannot be read", path)
        problem = Message("It cannot be read: {error}.", error=error)
    return ScannedImage(path, stamp, named, problem=problem)


def _scanned(path: Path, stamp: Stamp, named: str, data: bytes) -> ScannedImage:
    """Raises ImageError, MemoryShortage."""
    found = read_metadata(data)
    recipe = recipe_of(found.texts)
    pixels = _pixels(recipe, path) if recipe is not None and recipe.request else ""
    if recipe is None and found.format == "PNG" and found.alpha:
        hidden = hidden_text(data)
        recipe = recipe_in(hidden) if hidden else None
    if recipe is None:
        recipe = _read_sidecar(path)
    return ScannedImage(path, stamp, named, found.format, found.width, found.height, recipe, pixels)


def _pixels(recipe: Recipe, path: Path) -> str:
    """From the run record, which is quick, or computed from the pixels. Raises ImageError."""
    noted = text((json_object(recipe.run) or {}).get("pixels"), 64)
    return noted or digest(load_image(path))


def _read_sidecar(path: Path) -> Recipe | None:
    """The recipe in a sidecar file, as A1111 and Easy Diffusion can write it."""
    for suffix in (".txt", ".json"):
        try:
            source = read_bytes(path.with_suffix(suffix), _MAX_SIDECAR).decode("utf-8")
        except (OSError, ValueError):  # too large, or not text
            continue
        if (found := recipe_in(source)) is not None:
            return found
    return None
