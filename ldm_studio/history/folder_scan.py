"""Scans folders into the index: new, changed and moved files are read, missing ones marked.

A scan can be stopped at any file and continued later: files with the size and time in the index are
not read again. A damaged file is reported and does not stop the scan.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ImageError, Message

from .database_schema import State
from .history_reader import Reader
from .history_store import History
from .image_reader import SUFFIXES, ScannedImage, Stamp, scan, stamp_of
from .index_rows import Change, IndexedRow
from .results import KnownFile

log = logging.getLogger(__name__)

_BATCH = 100
_SMALL_COPIES = "thumbnails"
"""Folders in which InvokeAI keeps thumbnails."""


@dataclass(frozen=True)
class Progress:
    """`done` of `total` files are scanned; the path is the last one."""

    done: int
    total: int
    path: Path


@dataclass(frozen=True)
class Problem:
    """A file or folder that could not be read."""

    path: Path
    message: Message


@dataclass
class Report:
    """The result of a scan."""

    files: int = 0
    """Images found in the folders."""
    unchanged: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    missing: int = 0
    """Images of the history that are no longer in the folders."""
    cancelled: bool = False
    problems: list[Problem] = field(default_factory=list)
    programs: dict[str, int] = field(default_factory=dict)
    """Number of images by program; "" for images without a recipe."""
    ignored: dict[str, int] = field(default_factory=dict)
    """Number of images by unsupported setting."""


def rebuild(
    history: History,
    folders: Sequence[Path],
    *,
    again: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Report:
    """Indexes the folders recursively. `again` reads unchanged files too.

    Raises HistoryError if the index cannot be written; what was indexed before stays.
    """
    report = Report()
    with history.reader() as reader:
        known = _known(reader, folders)
    found = _files(folders, report, cancelled)
    report.files = len(found)
    waiting: list[ScannedImage] = []
    for done, (path, stamp) in enumerate(found.items()):
        if cancelled():
            report.cancelled = True
            break
        row = known.get(path)
        if row is not None and row.stamp == stamp and row.state is State.HERE and not again:
            report.unchanged += 1
            continue
        progress(Progress(done, len(found), Path(path)))
        waiting.append(scan(Path(path)))
        if len(waiting) >= _BATCH:
            _put(history, waiting, report)
            waiting = []
    _put(history, waiting, report)
    if not report.cancelled:
        # Last: moved files have their new path by now and are not missing.
        with history.reader() as reader:
            known = _known(reader, folders)
        gone = [row.id for path, row in known.items() if path not in found and _is_gone(path, row)]
        history.set_state(gone, State.MISSING).result()
        report.missing = len(gone)
    return report


def locate(history: History, number: int, path: Path) -> None:
    """Sets the new path of an image's file. Raises ImageError if that is another image."""
    with history.reader() as reader:
        details = reader.details(number)
    if details is None:
        raise ImageError("There is no image {number} in the history.", number=number)
    scanned = scan(path)
    if scanned.problem:
        raise ImageError("{path}: {problem}", path=path, problem=scanned.problem)
    if scanned.digest != details.listed.digest:
        raise ImageError(
            "{path} is not the image that {name} was.",
            "Index its folder if it belongs in the history too.",
            path=path,
            name=details.listed.path.name,
        )
    history.locate(number, scanned).result()


def _known(reader: Reader, folders: Sequence[Path]) -> dict[str, KnownFile]:
    return {path: row for folder in folders for path, row in reader.known(folder).items()}


def _is_gone(path: str, row: KnownFile) -> bool:
    return row.state is State.HERE and not os.path.lexists(path)


def _put(history: History, waiting: Sequence[ScannedImage], report: Report) -> None:
    for scanned, indexed in zip(waiting, history.put(waiting).result(), strict=True):
        _count(report, scanned, indexed)


def _count(report: Report, scanned: ScannedImage, indexed: IndexedRow) -> None:
    match indexed.change:
        case Change.ADDED:
            report.added += 1
        case Change.CHANGED:
            report.changed += 1
        case Change.MOVED:
            report.moved += 1
    if scanned.problem:
        report.problems.append(Problem(scanned.path, scanned.problem))
        return
    recipe = scanned.recipe
    program = "" if recipe is None else recipe.program
    report.programs[program] = report.programs.get(program, 0) + 1
    for name in {setting.partition(":")[0] for setting in recipe.ignored()} if recipe else ():
        report.ignored[name] = report.ignored.get(name, 0) + 1


# --- the files -----------------------------------------------------------------------------------


def _files(
    folders: Sequence[Path], report: Report, cancelled: Callable[[], bool]
) -> dict[str, Stamp]:
    """All images below the folders, each once, by path."""
    found: dict[str, Stamp] = {}
    for folder in folders:
        for entry in _walk(folder, report):
            if cancelled():
                report.cancelled = True
                return {}
            try:
                stamp = stamp_of(entry.stat())
                entry.path.encode("utf-8")
            except OSError as error:
                report.problems.append(Problem(Path(entry.path), _reason(error)))
            except UnicodeEncodeError:
                report.problems.append(
                    Problem(Path(entry.path), Message("Its name is not valid Unicode."))
                )
            else:
                found[entry.path] = stamp
    return found


def _walk(folder: Path, report: Report) -> Iterator[os.DirEntry[str]]:
    """Images in the folder and below, sorted; hidden files and linked folders are skipped."""
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            report.problems.append(Problem(Path(error.filename or folder), _reason(error)))
            continue
        for entry in inside:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                if entry.name != _SMALL_COPIES:
                    waiting.append(entry.path)
            elif os.path.splitext(entry.name)[1].lower() in SUFFIXES and _is_file(entry):
                yield entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """False for pipes and devices, which would block."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _reason(error: OSError) -> Message:
    return Message("It cannot be read: {error}.", error=error)
