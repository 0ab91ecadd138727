"""Saved steps of images, and the index rows for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from .image_reader import Stamp


@dataclass(frozen=True)
class KeptSteps:
    """An image with saved steps."""

    pixels: str
    """The digest of the image's pixels, which is the file's name."""
    first: int
    """The number of the first saved step, counted from 1."""
    count: int
    stamp: Stamp

    @property
    def last(self) -> int:
        return self.first + self.count - 1


def put(connection: sqlite3.Connection, kept: Sequence[KeptSteps], gone: Sequence[str]) -> None:
    """Adds rows for saved steps and removes those that are gone; inside a transaction."""
    connection.executemany("DELETE FROM steps WHERE pixels = ?", ((pixels,) for pixels in gone))
    connection.executemany(
        "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?)",
        ((one.pixels, one.first, one.count, one.stamp.size, one.stamp.mtime_ns) for one in kept),
    )
