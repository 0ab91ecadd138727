"""Exports images of the history: a folder, a zip file, a contact sheet, a table of recipes."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.atomic_write import replacing
from core.errors import ImageError
from core.untrusted_files import open_file
from ldm_studio.paths import MAX_NAME, cut_name

from .database_schema import State
from .formatting import record
from .results import Details, ListedImage

if TYPE_CHECKING:
    from .contact_sheet import Sheet

TABLES = (".csv", ".jsonl")
SHEETS = (".png", ".jpg", ".jpeg")
_COLUMNS: tuple[str, ...] = (
    "path", "prompt", "negative", "model", "model_hash", "sampler", "schedule", "steps", "cfg",
    "seed", "width", "height", "program", "day", "rating", "favourite", "tags", "collections",
)  # fmt: skip


@dataclass
class Exported:
    """The result of an export."""

    images: int = 0
    left_out: int = 0
    """Images without a file."""
    cancelled: bool = False
    """A folder then contains the files copied so far; other targets are not written."""


class _CancelledError(Exception):
    """The export was cancelled."""


class Export:
    """Exports images and reports progress."""

    def __init__(
        self,
        images: Sequence[ListedImage],
        details: Callable[[int], Details | None],
        *,
        progress: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """`progress` receives the number of finished images."""
        self._images, self._find = images, details
        self._progress, self._is_cancelled = progress, cancelled
        self._done = Exported()

    def export_to(self, target: Path, sheet: Sheet | None = None) -> Exported:
        """Writes to `target`: a `.zip`, a `.csv` or `.jsonl` table, a `.png` or `.jpg` contact
        sheet, or else a folder.

        Files are written atomically. Raises ImageError if that fails.
        """
        suffix = target.suffix.lower()
        try:
            if suffix in TABLES:
                self._table(target)
            elif suffix == ".zip":
                self._zip(target)
            elif suffix in SHEETS:
                self._sheet(target, sheet)
            else:
                self._folder(target)
        except _CancelledError:
            self._done.cancelled = True
        except OSError as error:
            raise ImageError(
                "{path} cannot be written: {error}.",
                "Choose another place.",
                path=target,
                error=error,
            ) from error
        return self._done

    def _folder(self, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        taken = {name.casefold() for name in os.listdir(target)}
        for image in self._present_files():
            name = _free_name(image.path, taken)
            with replacing(target / name) as copy, open_file(image.path) as file:
                shutil.copyfileobj(file, copy)
            shutil.copystat(image.path, target / name)  # its date, by which programs sort

    def _zip(self, target: Path) -> None:
        taken: set[str] = set()
        # Images are compressed already: compressing them again saves nothing.
        with (
            replacing(target) as file,
            zipfile.ZipFile(file, "w", strict_timestamps=False) as pack,
        ):
            for image in self._present_files():
                pack.write(image.path, _free_name(image.path, taken))

    def _sheet(self, target: Path, sheet: Sheet | None) -> None:
        from . import contact_sheet as sheets  # with Qt, which nothing else here needs

        found = [
            details
            for one in self._images
            if _is_present(one) and (details := self._find(one.id)) is not None
        ]
        self._done.left_out = len(self._images) - len(found)
        image = sheets.draw(found, sheet or sheets.Sheet(), self._tick)
        with replacing(target) as file:
            file.write(sheets.packed(image, target.suffix.lower()))

    def _table(self, target: Path) -> None:
        with replacing(target) as packed:
            file = io.TextIOWrapper(packed, "utf-8", newline="", write_through=True)
            writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
            is_csv = target.suffix.lower() == ".csv"
            if is_csv:
                writer.writeheader()
            for image in self._images:
                details = self._find(image.id)
                if details is None:
                    continue
                row = record(details)
                if is_csv:
                    lists = {name: ", ".join(row[name]) for name in ("tags", "collections")}
                    cells = (row | lists).items()
                    writer.writerow({name: _inert(value) for name, value in cells})
                else:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                self._tick()
            file.detach()  # closed by the caller

    def _present_files(self) -> Iterator[ListedImage]:
        """The images that have a file, each counted when it is done."""
        for image in self._images:
            if not _is_present(image):
                self._done.left_out += 1
                continue
            yield image
            self._tick()

    def _tick(self) -> None:
        self._done.images += 1
        self._progress(self._done.images + self._done.left_out)
        if self._is_cancelled():
            raise _CancelledError


def _inert(value: object) -> object:
    """A cell that no spreadsheet runs: a text that begins like a formula is marked as text."""
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value


def _is_present(image: ListedImage) -> bool:
    return image.state is not State.DELETED and image.path.is_file()


def _free_name(path: Path, taken: set[str]) -> str:
    """The file's name, with a number if it is taken."""
    name, number = path.name, 2
    while name.casefold() in taken:
        end = f" ({number}){path.suffix}"
        name, number = cut_name(path.stem, MAX_NAME - len(end.encode())) + end, number + 1
    taken.add(name.casefold())
    return name
