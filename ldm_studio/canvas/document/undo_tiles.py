"""Rectangles, and the square tiles that undo stores. Needs no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

Rect = tuple[int, int, int, int]  # x, y, width, height in image pixels
TileIndex = tuple[int, int]  # column, row

TILE = 256  # pixels

Difference = np.ndarray | int  # what a tile is to be XORed with: pixels, or one value for all
Differences = Mapping[TileIndex, Difference]


def unite(a: Rect | None, b: Rect | None) -> Rect | None:
    """The bounding rectangle of both; None is the empty rectangle."""
    if a is None or b is None:
        return a or b
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return left, top, right - left, bottom - top


def tiles_in(rect: Rect) -> Iterator[TileIndex]:
    """The tiles that a rectangle touches."""
    x, y, width, height = rect
    for row in range(y // TILE, (y + height - 1) // TILE + 1):
        for column in range(x // TILE, (x + width - 1) // TILE + 1):
            yield column, row


def tile_of(pixels: np.ndarray, index: TileIndex) -> np.ndarray:
    """A view of [<=256, <=256, ...]; tiles at the right and bottom edges are smaller."""
    column, row = index
    return pixels[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]


def tile_rect(pixels: np.ndarray, index: TileIndex) -> Rect:
    height, width = tile_of(pixels, index).shape[:2]
    return index[0] * TILE, index[1] * TILE, width, height


def simplified(change: np.ndarray) -> Difference | None:
    """A tile of differences, uint8 [h, w], as one value if it is even; None if that is 0."""
    return (int(change[0, 0]) or None) if is_even(change) else change


def is_even(tile: np.ndarray) -> bool:
    """Whether uint8 [h, w] has only one value."""
    first = int(tile[0, 0])
    if first != tile[-1, -1]:  # usually decides
        return False
    return not (tile != first).any() if first else not tile.any()
