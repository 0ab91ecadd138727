"""Atomic file writing: a file appears complete or not at all. Everything that is kept is written
like this."""

from __future__ import annotations

import os
import re
import secrets
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""The suffix of unfinished files, which are hidden; a crash leaves them behind."""
_LEFT = re.compile(rf"\..*-[0-9a-f]{{16}}{re.escape(PART)}")
_DAY = 86_400
"""Seconds."""


@contextmanager
def replacing(path: Path, *, durable: bool = True, private: bool = False) -> Generator[BinaryIO]:
    """A file that becomes `path` if the block succeeds, and is removed if it fails.

    Creates the folder. `durable` waits until the file and its name are on the disk, so that they
    survive a power failure. `private`: only this user can read it. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(8)}{PART}")
    try:
        opener = _private if private else None
        with open(part, "xb", opener=opener) as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        part.replace(path)  # closed first: Windows cannot rename open files
    except BaseException:
        with suppress(OSError):  # the first error is the one to report
            part.unlink(missing_ok=True)
        raise
    if durable:
        _sync_names(path.parent)


def remove_left_behind(folder: Path) -> int:
    """Removes unfinished files in and below `folder` that are older than a day: those of a process
    that crashed. Returns their number.
    """
    count = 0
    for place, _, names in os.walk(folder):
        for name in filter(_LEFT.fullmatch, names):
            part = Path(place, name)
            with suppress(OSError):  # another process was faster
                if part.stat().st_mtime < time.time() - _DAY:
                    part.unlink()
                    count += 1
    return count


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _sync_names(folder: Path) -> None:
    """Without this a power failure may undo the renaming, though not the content."""
    if sys.platform == "win32":  # folders cannot be opened on Windows; its journal keeps names
        return
    with suppress(OSError):  # some network file systems refuse it; the file exists all the same
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
