"""Moves files to the system's trash, and restores them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths

from core.errors import ImageError, Message


@dataclass(frozen=True)
class Trashed:
    """A file that is in the trash."""

    path: Path
    """The original path."""
    now: Path
    """The path in the trash."""


def to_trash(path: Path) -> Trashed:
    """Raises ImageError if the system has no trash for it; the file is then unchanged."""
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    with suppress(OSError):  # on Linux the home trash is only created inside an existing folder
        Path(data).mkdir(parents=True, exist_ok=True)
    file = QFile(str(path))
    if not file.moveToTrash():
        hint = Message("It stays where it is. Some disks have no trash.")
        if path.exists():
            raise ImageError(
                "{path} cannot be moved to the trash: it is protected.", hint, path=path
            )
        raise ImageError("{path} cannot be moved to the trash: it is missing.", hint, path=path)
    return Trashed(path, Path(file.fileName()))  # its name in the trash


def out_of_trash(trashed: Trashed) -> None:
    """Restores a file to its original path. Raises ImageError."""
    if os.path.lexists(trashed.path):
        raise ImageError(
            "{path} cannot be restored: there is another file of this name now.",
            "Move that file away first. The deleted one stays in the trash.",
            path=trashed.path,
        )
    try:
        trashed.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(trashed.now, trashed.path)
    except OSError as error:
        raise ImageError(
            "{path} cannot be restored: {error}.",
            "The trash may have been emptied.",
            path=trashed.path,
            error=error,
        ) from error
    # On Linux the trash has an info file for each file with its original path.
    note = trashed.now.parent.parent / "info" / f"{trashed.now.name}.trashinfo"
    with suppress(OSError):  # an info file without its file is ignored
        note.unlink(missing_ok=True)
