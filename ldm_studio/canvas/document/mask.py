"""The mask: which pixels are to be inpainted. Needs no Qt.

A mask is uint8 [H, W] over the image's pixels: 0 keeps, 255 inpaints, values between blend.
Coordinates are image pixels, x to the right and y down; (0, 0) is the top left *corner* of the top
left pixel, whose centre is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, sqrt

import numpy as np

from core.errors import InvalidError

from .undo_tiles import (
    TILE,
    Difference,
    Differences,
    Rect,
    TileIndex,
    is_even,
    simplified,
    tile_of,
    tiles_in,
)

SAMPLES = 1 << 20  # a larger mask is measured at about this many of its pixels


class Mask:
    """The pixels and operations on them. Operations return the touched rectangle, or None."""

    def __init__(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise InvalidError(
                "a mask needs at least one pixel, got {width} x {height}",
                width=width,
                height=height,
            )
        self.pixels = np.zeros((height, width), np.uint8)
        self.pixels.fill(0)  # have the memory now: a stroke would wait for it, page by page
        self._snapshot: dict[TileIndex, np.ndarray] | None = None
        self._empty: bool | None = True  # None: not known
        self._scratch: np.ndarray | None = None

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
        if self._empty is None:  # what is painted is mostly seen at a few of its pixels
            self._empty = not (self.pixels[::16, ::16].any() or self.pixels.any())
        return self._empty

    def coverage(self) -> float:
        """The masked share of the image, 0..1; half-masked pixels count half."""
        step = max(1, ceil(sqrt(self.pixels.size / SAMPLES)))
        some = self.pixels[::step, ::step]
        rows = some.sum(axis=1, dtype=np.uint32)  # four times as fast as mean()
        return float(rows.sum()) / (255 * some.size)

    def scratch(self) -> np.ndarray:
        """float32 [H, W] for computing a stroke, shared because fresh memory costs more than the
        computation. Only the used part takes memory.
        """
        if self._scratch is None:
            self._scratch = np.empty(self.pixels.shape, np.float32)
        return self._scratch

    def warm_up(self) -> None:
        """Allocates the memory of `scratch` now, in any thread, before a stroke needs it."""
        if self._scratch is None:
            scratch = np.zeros(self.pixels.shape, np.float32)
            scratch.fill(0)
            if self._scratch is None:  # otherwise a stroke was quicker, and may be using its own
                self._scratch = scratch

    # --- changes ---

    def touch(self, rect: Rect) -> np.ndarray:
        """A writable view of the pixels in `rect`; while recording, their tiles are remembered."""
        self.refresh()
        if self._snapshot is not None:
            for index in tiles_in(rect):
                if index not in self._snapshot:
                    self._snapshot[index] = tile_of(self.pixels, index).copy()
        x, y, width, height = rect
        return self.pixels[y : y + height, x : x + width]

    def refresh(self) -> None:
        """Invalidates cached values after pixels changed in a view from `touch`."""
        self._empty = None

    def check(self, pixels: np.ndarray) -> None:
        """Raises ValueError unless `pixels` has the format and size of this mask."""
        if pixels.dtype != np.uint8 or pixels.shape != self.pixels.shape:
            wanted, got = list(self.pixels.shape), list(pixels.shape)
            raise InvalidError(
                "the mask must be uint8 {expected}, got {dtype} {shape}",
                expected=wanted,
                dtype=pixels.dtype,
                shape=got,
            )

    # --- tiles, for undo ---

    def record(self) -> None:
        """Starts to remember each tile before it is first touched."""
        self._snapshot = {}

    def recorded(self) -> dict[TileIndex, np.ndarray]:
        """Stops recording; returns the touched tiles as they were."""
        kept, self._snapshot = self._snapshot or {}, None
        return kept

    def since(self, recorded: Mapping[TileIndex, np.ndarray]) -> Differences:
        """The differences that `apply` needs to revert the recorded changes; uses up their
        arrays.
        """
        for index, tile in recorded.items():
            np.bitwise_xor(tile, tile_of(self.pixels, index), out=tile)
        return _simplified(recorded)

    def inversion(self) -> Differences:
        """The differences that invert the mask."""
        return dict.fromkeys(self.tiles(), 255)

    def is_inversion(self, differences: Differences) -> bool:
        area = ceil(self.width / TILE) * ceil(self.height / TILE)
        return len(differences) == area and all(
            isinstance(change, int) and change == 255 for change in differences.values()
        )

    def become(self, pixels: np.ndarray | int) -> Differences:
        """Replaces the mask by `pixels` or one value; returns the differences that revert it."""
        self.refresh()
        if isinstance(pixels, int):
            differences = self._to_value(pixels)
            self.pixels.fill(pixels)
            return differences
        self.check(pixels)
        # The old pixels become the differences, without a copy.
        before, self.pixels = self.pixels, pixels.copy()
        np.bitwise_xor(before, self.pixels, out=before)
        return _simplified({index: tile_of(before, index) for index in self.tiles()})

    def _to_value(self, value: int) -> Differences:
        """The differences that set all pixels to `value`; even tiles need no copy."""
        found: dict[TileIndex, Difference] = {}
        for index in self.tiles():
            tile = tile_of(self.pixels, index)
            if is_even(tile):
                if change := int(tile[0, 0]) ^ value:
                    found[index] = change
            else:
                found[index] = tile ^ np.uint8(value)
        return found

    def apply(self, differences: Differences) -> None:
        """Applies differences; applying them again reverts them."""
        self.refresh()
        if self.is_inversion(differences):  # a whole array at once is four times as fast
            np.invert(self.pixels, out=self.pixels)
            return
        for index, change in differences.items():
            tile = tile_of(self.pixels, index)
            np.bitwise_xor(tile, change, out=tile)

    def tiles(self) -> Iterator[TileIndex]:
        return tiles_in(self.bounds)


def _simplified(tiles: Mapping[TileIndex, np.ndarray]) -> Differences:
    """Without unchanged tiles."""
    found = ((index, simplified(tile)) for index, tile in tiles.items())
    return {index: change for index, change in found if change is not None}
