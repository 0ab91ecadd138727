"""Start pictures and masks that nothing names any more, removed.

Which are named is not asked of each format: whatever is 64 hexadecimal digits anywhere in a recipe,
a job, a journal or a session counts as the name of a picture. That keeps too much rather than too
little.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

GRACE_DAYS = 30
"""What was used more recently stays: another program, or a picture elsewhere, may need it."""
_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_NAME_IN_BYTES = re.compile(_NAME.pattern.encode())
_MAX_HEADER = 64 << 20
_TENSORS = ".safetensors"


@dataclass(frozen=True)
class CleanupReport:
    """What was removed."""

    files: int = 0
    size: int = 0
    """bytes"""


def clean_inputs(
    inputs: Path, requests: Iterable[str], others: Iterable[Path], *, now: float | None = None
) -> CleanupReport:
    """Remove from the folder `inputs` what is old and named by none of `requests`, which are JSON,
    and by no file in the folders `others`. `now` is in seconds since 1970.

    Raises OSError where one of the folders cannot be read: then nothing is removed.
    """
    oldest = (time.time() if now is None else now) - GRACE_DAYS * 86_400
    old = {path.stem: path for path in inputs.glob("??/*.png") if path.stat().st_mtime < oldest}
    if not old:
        return CleanupReport()
    for name in _named(requests, others):
        old.pop(name, None)
    files = size = 0
    for path in old.values():
        with suppress(FileNotFoundError):
            status = path.stat()
            if status.st_mtime < oldest:  # nobody used it meanwhile
                path.unlink()
                files, size = files + 1, size + status.st_size
                log.info("removed the start picture %s: nothing names it", path.name)
    return CleanupReport(files, size)


def _named(requests: Iterable[str], folders: Iterable[Path]) -> Iterator[str]:
    for request in requests:
        yield from _NAME.findall(request)
    for folder in folders:
        for path in folder.rglob("*") if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # a job that was finished meanwhile
                if path.is_file():
                    yield from (name.decode() for name in _NAME_IN_BYTES.findall(_text(path)))


def _text(path: Path) -> bytes:
    """What of a file can name pictures: all of it, or the header before its numbers."""
    if path.suffix != _TENSORS:
        return path.read_bytes()
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return file.read(min(length, _MAX_HEADER))
