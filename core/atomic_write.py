"""Files that appear whole or not at all: the way in which everything that is kept is written."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""What the names of unfinished files end with; they are hidden, and left behind by a crash."""


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Generator[BinaryIO]:
    """A file that becomes `path` when the block ends well, and vanishes when it does not.

    Its folder is made if need be. `durable` waits until it is on the disk, name and all, which
    outlives a power failure too. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(8)}{PART}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        part.replace(path)  # closed before: Windows renames no open files
    except BaseException:
        with suppress(OSError):  # the error that led here is the one to tell
            part.unlink(missing_ok=True)
        raise
    if durable:
        _sync_names(path.parent)


def _sync_names(folder: Path) -> None:
    """Without it a power failure may undo the renaming, though not the content."""
    if sys.platform == "win32":  # folders cannot be opened there; its journal keeps names
        return
    with suppress(OSError):  # some network disks refuse it, and the file is there all the same
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
