"""The mask document: which pixels are to be drawn anew. No Qt in here.

A mask is uint8 [H, W] over the picture's pixels: 0 keeps, 255 redraws, values between blend.
Coordinates are picture pixels, x to the right and y down; (0, 0) is the top left *corner* of the
top left pixel, whose centre is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, sqrt

import numpy as np

from ldm_studio.canvas.tiles import (
    Difference,
    Differences,
    Rect,
    TileIndex,
    difference,
    tile_of,
    tiles_in,
)

SAMPLES = 1 << 20  # a larger mask is measured at about this many of its pixels


class Mask:
    """The pixels and the ways to change them. What changes pixels returns the touched rectangle,
    None if none was.
    """

    def __init__(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"a mask needs at least one pixel, got {width} x {height}")
        self.pixels = np.zeros((height, width), np.uint8)
        self._kept: dict[TileIndex, np.ndarray] | None = None
        self._empty: bool | None = True  # None: not known

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def bounds(self) -> Rect:
        return 0, 0, self.width, self.height

    @property
    def is_empty(self) -> bool:
        if self._empty is None:
            self._empty = not self.pixels.any()
        return self._empty

    def coverage(self) -> float:
        """How much of the picture is masked, 0..1; half-masked pixels count half."""
        step = max(1, ceil(sqrt(self.pixels.size / SAMPLES)))
        some = self.pixels[::step, ::step]
        rows = some.sum(axis=1, dtype=np.uint32)  # four times as fast as mean()
        return float(rows.sum()) / (255 * some.size)

    # --- changes ---

    def touch(self, rect: Rect) -> np.ndarray:
        """A view of the pixels in `rect` to write to; their tiles are remembered while
        recording.
        """
        self._empty = None
        if self._kept is not None:
            for index in tiles_in(rect):
                if index not in self._kept:
                    self._kept[index] = tile_of(self.pixels, index).copy()
        x, y, width, height = rect
        return self.pixels[y : y + height, x : x + width]

    def combine(self, rect: Rect, values: np.ndarray, *, subtract: bool = False) -> Rect | None:
        """Add uint8 [h, w] to the mask: the stronger of both counts; or take it away."""
        x, y, width, height = rect
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, self.width), min(y + height, self.height)
        if left >= right or top >= bottom:
            return None
        inside = left, top, right - left, bottom - top
        values = values[top - y : bottom - y, left - x : right - x]
        target = self.touch(inside)
        if subtract:
            np.minimum(target, 255 - values, out=target)
        else:
            np.maximum(target, values, out=target)
        return inside

    def check(self, pixels: np.ndarray) -> None:
        """Raises ValueError unless `pixels` could be this mask."""
        if pixels.dtype != np.uint8 or pixels.shape != self.pixels.shape:
            wanted, got = list(self.pixels.shape), list(pixels.shape)
            raise ValueError(f"the mask is uint8 {wanted}, got {pixels.dtype} {got}")

    # --- tiles, for undo ---

    def record(self) -> None:
        """From now on remember each tile as it was before it was first touched."""
        self._kept = {}

    def recorded(self) -> dict[TileIndex, np.ndarray]:
        """Stop recording; the tiles that were touched, as they were."""
        kept, self._kept = self._kept or {}, None
        return kept

    def inversion(self) -> Differences:
        """What `apply` needs to turn the mask around."""
        return dict.fromkeys(self.tiles(), 255)

    def difference_to(self, pixels: np.ndarray | int) -> Differences:
        """What `apply` needs to make this mask `pixels`, or that value everywhere."""
        found: dict[TileIndex, Difference] = {}
        for index in self.tiles():
            other = pixels if isinstance(pixels, int) else tile_of(pixels, index)
            change = difference(tile_of(self.pixels, index), other)
            if change is not None:
                found[index] = change
        return found

    def apply(self, differences: Differences) -> None:
        """Make a change, or take it back: both are the same."""
        self._empty = None
        for index, change in differences.items():
            tile = tile_of(self.pixels, index)
            np.bitwise_xor(tile, change, out=tile)

    def tiles(self) -> Iterator[TileIndex]:
        return tiles_in(self.bounds)
