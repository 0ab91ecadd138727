"""That the steps of a picture are kept, and the rows of the index that say so."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from .image_reader import Stamp


@dataclass(frozen=True)
class KeptSteps:
    """That steps of a picture are kept."""

    pixels: str
    """The digest of the picture's pixels, after which the file is named."""
    first: int
    """The number of the first one, from 1 on."""
    count: int
    stamp: Stamp

    @property
    def last(self) -> int:
        return self.first + self.count - 1


def put(connection: sqlite3.Connection, kept: Sequence[KeptSteps], gone: Sequence[str]) -> None:
    """Rows for what is kept, and none for what is gone; inside a transaction."""
    connection.executemany("DELETE FROM steps WHERE pixels = ?", ((pixels,) for pixels in gone))
    connection.executemany(
        "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?)",
        ((one.pixels, one.first, one.count, one.stamp.size, one.stamp.mtime_ns) for one in kept),
    )
