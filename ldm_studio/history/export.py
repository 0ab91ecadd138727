"""Pictures of the history out of it: as a folder, a zip file, or a table of their recipes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import PictureError
from core.replacing import replacing

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
        with replacing(target / name) as copy, picture.path.open("rb") as file:
            shutil.copyfileobj(file, copy)
        shutil.copystat(picture.path, target / name)  # its date, by which programs sort
        done.pictures += 1
    return done


def _zip(pictures: Iterable[Listed], target: Path) -> Exported:
    done = Exported()
    taken: set[str] = set()
    # Pictures are packed already: packing them again costs time and saves nothing.
    with (
        replacing(target) as file,
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
    with replacing(target) as packed:
        file = io.TextIOWrapper(packed, "utf-8", newline="", write_through=True)
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
        file.detach()  # closed by whoever opened it
    return done


def _free_name(path: Path, taken: set[str]) -> str:
    """The file's name, numbered where another one has it already."""
    name, number = path.name, 2
    while name.casefold() in taken:
        name, number = f"{path.stem} ({number}){path.suffix}", number + 1
    taken.add(name.casefold())
    return name
