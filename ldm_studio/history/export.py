"""Pictures of the history out of it: as a folder, a zip file, or a table of their recipes."""

from __future__ import annotations

import csv
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.errors import PictureError

from .reader import Details, Listed
from .view import record

TABLES = (".csv", ".jsonl")
_COLUMNS: tuple[str, ...] = (
    "path", "prompt", "negative", "model", "model_hash", "sampler", "schedule", "steps", "cfg",
    "seed", "width", "height", "program", "day", "rating", "favourite", "tags",
)  # fmt: skip


@dataclass
class Exported:
    """What an export did."""

    pictures: int = 0
    left_out: int = 0
    """Pictures whose files are not there."""


def export(
    pictures: Iterable[Listed], details: Callable[[int], Details | None], target: Path
) -> Exported:
    """Write the pictures to `target`: a `.zip`, a `.csv` or `.jsonl` table, or else a folder.

    A file is there whole or not at all. Raises PictureError where it cannot be written.
    """
    try:
        if target.suffix.lower() in TABLES:
            found = (details(picture.id) for picture in pictures)
            return _table((one for one in found if one is not None), target)
        if target.suffix.lower() == ".zip":
            return _zip(pictures, target)
        return _folder(pictures, target)
    except OSError as error:
        raise PictureError(
            f"Cannot write {target}: {error.strerror or error}.", "Choose another place."
        ) from error


def _folder(pictures: Iterable[Listed], target: Path) -> Exported:
    done = Exported()
    target.mkdir(parents=True, exist_ok=True)
    taken = {name.casefold() for name in os.listdir(target)}
    for picture in pictures:
        if not picture.path.is_file():
            done.left_out += 1
            continue
        name = _free_name(picture.path, taken)
        part = target / f".{secrets.token_hex(8)}.part"
        try:
            shutil.copy2(picture.path, part)
            part.replace(target / name)
        finally:
            part.unlink(missing_ok=True)
        done.pictures += 1
    return done


def _zip(pictures: Iterable[Listed], target: Path) -> Exported:
    done = Exported()
    taken: set[str] = set()
    # Pictures are packed already: packing them again costs time and saves nothing.
    with (
        _replacing(target, "wb") as file,
        zipfile.ZipFile(file, "w", strict_timestamps=False) as pack,
    ):
        for picture in pictures:
            if not picture.path.is_file():
                done.left_out += 1
                continue
            pack.write(picture.path, _free_name(picture.path, taken))
            done.pictures += 1
    return done


def _table(pictures: Iterable[Details], target: Path) -> Exported:
    done = Exported()
    with _replacing(target, "w") as file:
        writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
        if target.suffix.lower() == ".csv":
            writer.writeheader()
        for picture in pictures:
            row = record(picture)
            if target.suffix.lower() == ".csv":
                writer.writerow(row | {"tags": ", ".join(picture.tags)})
            else:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            done.pictures += 1
    return done


def _free_name(path: Path, taken: set[str]) -> str:
    """The file's name, numbered where another one has it already."""
    name, number = path.name, 2
    while name.casefold() in taken:
        name, number = f"{path.stem} ({number}){path.suffix}", number + 1
    taken.add(name.casefold())
    return name


@contextmanager
def _replacing(target: Path, mode: str) -> Iterator[IO[Any]]:
    """A file that becomes `target` when the block ends well, and vanishes when it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[:40]}-{secrets.token_hex(8)}.part")
    try:
        text = "b" not in mode
        with part.open(
            mode, encoding="utf-8" if text else None, newline="" if text else None
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
