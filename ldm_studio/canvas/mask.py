"""The mask document: which pixels are to be drawn anew. No Qt in here.

A mask is uint8 [H, W] over the picture's pixels: 0 keeps, 255 redraws, values between blend.
Coordinates are picture pixels, x to the right and y down; (0, 0) is the top left *corner* of the
top left pixel, whose centre is (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, hypot, sqrt

import numpy as np

Rect = tuple[int, int, int, int]  # x, y, width, height in picture pixels
TileIndex = tuple[int, int]  # column, row

TILE = 256  # side of the square tiles that undo remembers, in pixels
SUBPIXEL = (
    4  # dabs sit on a grid of quarter pixels, so that their shapes can be kept and used again
)
PRESSURE_LEVELS = 64  # pen pressure in as many steps, for the same reason


def unite(a: Rect | None, b: Rect | None) -> Rect | None:
    """The smallest rectangle around both; None is the empty rectangle."""
    if a is None or b is None:
        return a or b
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return left, top, right - left, bottom - top


@dataclass(frozen=True, slots=True)
class Brush:
    """radius in picture pixels; hardness 0 (soft from the centre) to 1 (a crisp edge)."""

    radius: float
    hardness: float = 1.0
    erase: bool = False

    def radius_at(self, pressure: float) -> float:
        """The radius that a pen pressure of 0..1 gives; never thinner than one pixel."""
        level = min(max(round(pressure * PRESSURE_LEVELS), 1), PRESSURE_LEVELS) / PRESSURE_LEVELS
        return max(self.radius * level, 0.5)


@lru_cache(maxsize=32)
def _dab(radius: float, hardness: float, shift_x: float, shift_y: float) -> np.ndarray:
    """uint8 [S, S], S odd: one touch of the brush, its centre `shift` right and down of the middle
    pixel's corner.
    """
    half = ceil(radius + 0.5)
    pixels = np.arange(-half, half + 1, dtype=np.float32) + np.float32(0.5)
    distance = np.hypot(pixels - shift_x, (pixels - shift_y)[:, None])
    falloff = max(1.0, radius * (1.0 - hardness))  # a hard edge still takes one pixel
    ramp = np.clip((radius + 0.5 - distance) / falloff, 0.0, 1.0)
    dab = np.rint(255 * ramp * ramp * (3 - 2 * ramp)).astype(np.uint8)
    dab.setflags(write=False)
    return dab


class Mask:
    """The pixels and the ways to change them. What changes pixels returns the touched rectangle,
    None if none was.
    """

    def __init__(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"a mask needs at least one pixel, got {width} x {height}")
        self.pixels = np.zeros((height, width), np.uint8)
        self._kept: dict[TileIndex, np.ndarray] | None = None

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
        return not self.pixels.any()

    def coverage(self) -> float:
        """How much of the picture is masked, 0..1; half-masked pixels count half."""
        rows = self.pixels.sum(axis=1, dtype=np.uint32)  # four times as fast as mean()
        return float(rows.sum()) / (255 * self.pixels.size)

    # --- changes ---

    def stamp(self, x: float, y: float, brush: Brush, pressure: float = 1.0) -> Rect | None:
        """Press the brush once at (x, y). Overlapping dabs do not build up: the stronger one
        counts.
        """
        radius = brush.radius_at(pressure)
        if radius < 1:  # a pixel-sized brush fills the pixel it is in, rather than a part of four
            x, y = floor(x) + 0.5, floor(y) + 0.5
        x, y = round(x * SUBPIXEL) / SUBPIXEL, round(y * SUBPIXEL) / SUBPIXEL
        column, row, half = floor(x), floor(y), ceil(radius + 0.5)
        left, right = max(column - half, 0), min(column + half + 1, self.width)
        top, bottom = max(row - half, 0), min(row + half + 1, self.height)
        if left >= right or top >= bottom:
            return None
        dab = _dab(radius, brush.hardness, x - column, y - row)
        dab = dab[
            top - row + half : bottom - row + half, left - column + half : right - column + half
        ]
        rect = left, top, right - left, bottom - top
        self._keep(rect)
        target = self.pixels[top:bottom, left:right]
        if brush.erase:
            np.minimum(target, 255 - dab, out=target)
        else:
            np.maximum(target, dab, out=target)
        return rect

    def clear(self) -> Rect:
        return self.replace(np.zeros_like(self.pixels))

    def fill(self) -> Rect:
        return self.replace(np.full_like(self.pixels, 255))

    def invert(self) -> Rect:
        return self.replace(255 - self.pixels)

    def replace(self, pixels: np.ndarray) -> Rect:
        """Take over uint8 [H, W]. Raises ValueError if it does not fit."""
        if pixels.dtype != np.uint8 or pixels.shape != self.pixels.shape:
            wanted, got = list(self.pixels.shape), list(pixels.shape)
            raise ValueError(f"the mask is uint8 {wanted}, got {pixels.dtype} {got}")
        self._keep(self.bounds)
        self.pixels[...] = pixels
        return self.bounds

    # --- tiles, for undo ---

    def record(self) -> None:
        """From now on remember each tile as it was before it was first touched."""
        self._kept = {}

    def recorded(self) -> dict[TileIndex, np.ndarray]:
        """Stop recording; the tiles that were touched, as they were."""
        kept, self._kept = self._kept or {}, None
        return kept

    def tile(self, index: TileIndex) -> np.ndarray:
        """A view of uint8 [<=256, <=256]; tiles at the right and bottom edges are smaller."""
        column, row = index
        return self.pixels[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]

    def tile_rect(self, index: TileIndex) -> Rect:
        height, width = self.tile(index).shape
        return index[0] * TILE, index[1] * TILE, width, height

    def _keep(self, rect: Rect) -> None:
        if self._kept is None:
            return
        for index in _tiles(rect):
            if index not in self._kept:
                self._kept[index] = self.tile(index).copy()


class Stroke:
    """One press, drag and release: dabs so close that no gap shows, however far events are apart.

    Dabs are at most a quarter of the radius apart, and closer for large brushes, so that the
    scallops between two dabs stay under a quarter of a pixel: a chord of s in a circle of r sags by
    s^2 / 8r.
    """

    def __init__(self, mask: Mask, brush: Brush) -> None:
        self._mask, self._brush = mask, brush
        self._last: tuple[float, float, float] | None = None

    def move_to(self, x: float, y: float, pressure: float = 1.0) -> Rect | None:
        """Draw on to (x, y), position and pressure changing evenly on the way."""
        x0, y0, pressure0 = self._last or (x, y, pressure)
        self._last = x, y, pressure
        spacing = self._spacing(min(pressure0, pressure))
        count = max(1, ceil(hypot(x - x0, y - y0) / spacing))
        enters, leaves = self._inside(x0, y0, x, y)
        dirty = None
        for i in range(max(ceil(enters * count), 1), min(floor(leaves * count), count) + 1):
            share = i / count
            pressure_at = pressure0 + (pressure - pressure0) * share
            at = x0 + (x - x0) * share, y0 + (y - y0) * share
            dirty = unite(dirty, self._mask.stamp(*at, self._brush, pressure_at))
        return dirty

    def _inside(self, x0: float, y0: float, x: float, y: float) -> tuple[float, float]:
        """Which share of the way, from 0..1 to 0..1, the brush can touch the mask on."""
        reach = self._brush.radius + 2
        enters, leaves = 0.0, 1.0
        for start, way, end in (x0, x - x0, self._mask.width), (y0, y - y0, self._mask.height):
            if way:
                near, far = sorted(((-reach - start) / way, (end + reach - start) / way))
                enters, leaves = max(enters, near), min(leaves, far)
            elif not -reach <= start <= end + reach:
                return 1.0, 0.0
        return enters, leaves

    def _spacing(self, pressure: float) -> float:
        radius = self._brush.radius_at(pressure)
        return max(0.5, min(radius / 4, sqrt(2 * radius)))


def _tiles(rect: Rect) -> Iterator[TileIndex]:
    x, y, width, height = rect
    for row in range(y // TILE, (y + height - 1) // TILE + 1):
        for column in range(x // TILE, (x + width - 1) // TILE + 1):
            yield column, row
