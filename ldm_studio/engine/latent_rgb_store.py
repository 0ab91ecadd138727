"""Stores the latent-to-RGB matrices of previews between sessions."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING

from ldm_studio import paths
from ldm_studio.json_files import read_json, write_json

if TYPE_CHECKING:
    from core.model.latent_rgb import Rows

log = logging.getLogger(__name__)

MAX_MATRICES = 200
"""One for each autoencoder."""


class LatentRgbStore:
    """Damaged entries are ignored and fitted again."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.state_dir() / "colours.json"

    def find(self, digest: str) -> Rows | None:
        rows = read_json(self._path).get(digest)
        return rows if _are_rows(rows) else None

    def keep(self, digest: str, rows: Rows) -> None:
        """If it cannot be written, it is fitted again next time."""
        known = {key: value for key, value in read_json(self._path).items() if _are_rows(value)}
        kept = dict([*known.items()][-MAX_MATRICES + 1 :])
        try:
            write_json(self._path, {**kept, digest: rows})
        except OSError as error:
            log.warning("%s could not be written: %s", self._path, error)


def _are_rows(value: object) -> bool:
    """Whether it is a list of lists of numbers that are finite in float32."""
    return isinstance(value, list) and all(
        isinstance(row, list) and all(_is_number(number) for number in row) for row in value
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e6
