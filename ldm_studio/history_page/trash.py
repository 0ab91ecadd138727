"""Files into the trash of the system, and out of it again."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths

from core.errors import PictureError


@dataclass(frozen=True)
class Trashed:
    """A file that is in the trash."""

    path: Path
    """Where it was."""
    now: Path
    """Where it is in the trash."""


def to_trash(path: Path) -> Trashed:
    """Raises PictureError where the system has no trash for it; then nothing has happened."""
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    with suppress(OSError):  # the home trash of Linux is made only inside a folder that is there
        Path(data).mkdir(parents=True, exist_ok=True)
    file = QFile(str(path))
    if not file.moveToTrash():
        hint = "It is left where it is. On some disks there is no trash."
        if path.exists():
            raise PictureError(f"Cannot move {path} to the trash: it may not be moved.", hint)
        raise PictureError(f"Cannot move {path} to the trash: it is not there.", hint)
    return Trashed(path, Path(file.fileName()))  # which has become its name in the trash


def out_of_trash(trashed: Trashed) -> None:
    """Put a file back to where it was. Raises PictureError."""
    if os.path.lexists(trashed.path):
        raise PictureError(
            f"Cannot put back {trashed.path}: there is another file of this name now.",
            "Move that one away first. The deleted one stays in the trash.",
        )
    try:
        trashed.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(trashed.now, trashed.path)
    except OSError as error:
        raise PictureError(
            f"Cannot put back {trashed.path}: {error.strerror or error}.",
            "Has the trash been emptied?",
        ) from error
    # On Linux the trash keeps a note beside each file of where it came from.
    note = trashed.now.parent.parent / "info" / f"{trashed.now.name}.trashinfo"
    with suppress(OSError):  # a note without its file is ignored by every trash
        note.unlink(missing_ok=True)
