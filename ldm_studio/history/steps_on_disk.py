"""Synchronises the index with the folder of saved steps.

The engine keeps steps within a disk budget, one file an image, and drops the oldest; the index
follows the folder, so that images with steps can be searched for.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from core.untrusted_files import open_file, parse_json
from ldm_studio.images.trajectory_store import SUFFIX

from .history_store import History
from .image_reader import Stamp, stamp_of
from .kept_steps import KeptSteps

log = logging.getLogger(__name__)

_MAX_HEADER = 1 << 20
_DIGEST_LENGTH = 64


def follow(history: History, folder: Path) -> None:
    """Updates the index from the folder. Raises HistoryError."""
    with history.reader() as reader:
        known = reader.steps()
    found = _files(folder)
    new = [one for pixels, stamp in found.items() if known.get(pixels) != stamp
           if (one := _read(folder, pixels, stamp)) is not None]  # fmt: skip
    gone = [pixels for pixels in known if pixels not in found]
    if new or gone:
        history.set_steps(new, gone).result()


def _files(folder: Path) -> dict[str, Stamp]:
    """The files in the folder by the digest in their name; none if it cannot be read."""
    found: dict[str, Stamp] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name, suffix = os.path.splitext(entry.name)
                if suffix == SUFFIX and len(name) == _DIGEST_LENGTH:
                    found[name] = stamp_of(entry.stat())
    except FileNotFoundError:  # none were kept yet, or the last one was dropped just now
        pass
    except OSError as error:
        log.warning("%s cannot be read: %s", folder, error)
    return found


def _read(folder: Path, pixels: str, stamp: Stamp) -> KeptSteps | None:
    """From the header of the file; None if it is invalid, which is logged."""
    path = folder / f"{pixels}{SUFFIX}"
    try:
        with open_file(path) as file:
            length = int.from_bytes(file.read(8), "little")
            header = parse_json(file.read(length)) if length <= _MAX_HEADER else {}
        first, count = int(header["__metadata__"]["first"]), int(header["x0"]["shape"][0])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        log.info("the steps in %s cannot be used: %r", path, error)
        return None
    return KeptSteps(pixels, first, count, stamp) if first > 0 and count > 0 else None
