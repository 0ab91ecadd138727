"""Removes init images and masks that nothing refers to.

References are found without parsing formats: any 64 hexadecimal digits in a recipe, a job, a
journal or a session count as the name of an image. That keeps too many files rather than too few.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.untrusted_files import open_file

log = logging.getLogger(__name__)

GRACE_DAYS = 30
"""Files used more recently are kept: another program, or an image elsewhere, may need them."""
_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_NAME_IN_BYTES = re.compile(_NAME.pattern.encode())
_MAX_HEADER = 64 << 20
_PART = 1 << 22
_TENSORS = ".safetensors"


@dataclass(frozen=True)
class CleanupReport:
    """The removed files."""

    files: int = 0
    size: int = 0
    """bytes"""


def clean_inputs(
    inputs: Path, requests: Iterable[str], others: Iterable[Path], *, now: float | None = None
) -> CleanupReport:
    """Removes from the folder `inputs` old files that none of `requests` (JSON) and no file in the
    folders `others` names. `now` is in seconds since 1970.

    Raises OSError if one of the folders cannot be read; then nothing is removed.
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
            if status.st_mtime < oldest:  # it has not been used in the meantime
                path.unlink()
                files, size = files + 1, size + status.st_size
                log.info("removed the init image %s: nothing names it", path.name)
    return CleanupReport(files, size)


def _named(requests: Iterable[str], folders: Iterable[Path]) -> Iterator[str]:
    for request in requests:
        yield from _NAME.findall(request)
    for folder in folders:
        for path in folder.rglob("*") if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # a job that finished in the meantime
                if path.is_file():
                    yield from _names_in(path)


def _names_in(path: Path) -> Iterator[str]:
    """Of the part of a file that can name images: all of it, or the header before its numbers."""
    with open_file(path) as file:
        left = os.fstat(file.fileno()).st_size
        if path.suffix == _TENSORS:
            left = min(int.from_bytes(file.read(8), "little"), _MAX_HEADER)
        before = b""
        while part := file.read(min(left, _PART)):
            left -= len(part)
            yield from (name.decode() for name in _NAME_IN_BYTES.findall(before + part))
            before = part[-64:]
