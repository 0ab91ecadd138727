"""Small JSON files that survive a crash while they are written, and damage while they are not."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Scheme(StrEnum):
    """Which theme to use."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Settings:
    """What the user decided once."""

    scheme: Scheme = Scheme.SYSTEM
    trajectory_mib: int = 1024
    """How much disk the steps of finished pictures may take; 0 keeps none."""

    @classmethod
    def load(cls, path: Path) -> Settings:
        """The settings in `path`; what is missing or wrong there has its default."""
        data = read_json(path)
        kept: dict[str, Any] = {}
        for field in fields(cls):
            if field.name not in data:
                continue
            try:
                kept[field.name] = type(field.default)(data[field.name])
            except (ValueError, TypeError) as error:
                log.warning("%s: %s: %s", path, field.name, error)
        return cls(**kept)

    def save(self, path: Path) -> None:
        """Write to `path`, leaving there what another version of the program wrote."""
        write_json(path, read_json(path) | asdict(self))


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; empty, and logged, when there is none or it cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read and is ignored: %s", path, error)
        return {}
    if not isinstance(data, dict):
        log.warning("%s does not hold an object and is ignored", path)
        return {}
    return data


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Replace `path` in one step: a reader sees the old file or the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, indent=2, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
