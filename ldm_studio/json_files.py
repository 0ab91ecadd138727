"""Small JSON files, written atomically and read with care for damage."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from core.atomic_write import replacing
from core.errors import InvalidError
from core.untrusted_files import parse_json, read_bytes

log = logging.getLogger(__name__)

MAX_BYTES = 64_000_000


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; empty, and logged, if there is none or it cannot be read."""
    try:
        return read_object(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read and is ignored: %s", path, error)
        return {}


def read_object(path: Path) -> dict[str, Any]:
    """The object in `path`. Raises OSError, or ValueError for other contents."""
    data = parse_json(read_bytes(path, MAX_BYTES))
    if not isinstance(data, dict):
        raise InvalidError("it does not hold an object")
    return data


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Replaces `path` atomically. Raises OSError."""
    text = json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True)
    with replacing(path) as file:
        file.write(text.encode())


def set_aside(path: Path) -> Path:
    """Renames a damaged file so that nothing overwrites it. Raises OSError."""
    number = 1
    while (kept := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    return path.rename(kept)
