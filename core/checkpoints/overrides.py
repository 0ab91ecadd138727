"""The user's overrides of what is detected about a model, in a small file beside it.

model.safetensors        model.ldm-studio.json
folder/model_index.json  folder/ldm-studio.json
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from .. import typed_json
from ..atomic_write import replacing
from ..untrusted_files import parse_json, read_bytes

log = logging.getLogger(__name__)

MAX_BYTES = 100_000


@dataclass(frozen=True)
class Overrides:
    """All empty: nothing is overridden."""

    prediction: Literal["", "eps", "v"] = ""
    """What the U-Net predicts, whatever its file says."""


def overrides_path(model: Path) -> Path:
    if os.path.isdir(model):
        return model / "ldm-studio.json"
    return model.with_name(f"{model.stem}.ldm-studio.json")


def read_overrides(model: Path) -> Overrides:
    """The overrides of a model's file or folder. A file that cannot be read counts as missing."""
    path = overrides_path(model)
    try:
        return typed_json.read(Overrides, parse_json(read_bytes(path, MAX_BYTES)), "it")
    except FileNotFoundError:
        return Overrides()
    except (OSError, ValueError) as error:
        log.warning("%s is ignored: %s", path, error)
        return Overrides()


def write_overrides(model: Path, overrides: Overrides) -> None:
    """Empty overrides leave no file. Raises OSError."""
    path = overrides_path(model)
    if overrides == Overrides():
        path.unlink(missing_ok=True)
        return
    with replacing(path) as file:
        file.write((json.dumps(asdict(overrides)) + "\n").encode())
