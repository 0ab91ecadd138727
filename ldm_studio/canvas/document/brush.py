"""The brush: dabs, and strokes made of dabs. Needs no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, hypot, sqrt

import numpy as np

from .mask import Mask
from .undo_tiles import TILE, Rect, TileIndex, tile_of, tiles_in

SUBPIXEL = 4  # dabs are on a grid of quarter pixels, so that their shapes can be reused
LARGE = 128  # from this radius on they are on whole pixels, without a visible difference
PRESSURE_LEVELS = 64  # pen pressure is quantized, for the same reason

Point = tuple[float, float, float]  # x, y, pressure 0..1


@dataclass(frozen=True, slots=True)
class Brush:
    """`radius` in image pixels; `hardness` 0 (soft from the centre) to 1 (a crisp edge); `flow`
    0..1: how far one dab goes towards fully masked. At 1, repeated dabs add nothing; below, they
    build up. Pen pressure widens the brush, or increases the flow, if enabled.
    """

    radius: float
    hardness: float = 1.0
    flow: float = 1.0
    erase: bool = False
    pressure_size: bool = True
    pressure_flow: bool = False

    def radius_at(self, pressure: float) -> float:
        """At least one pixel."""
        return max(self.radius * (_level(pressure) if self.pressure_size else 1.0), 0.5)

    def flow_at(self, pressure: float) -> float:
        return self.flow * (_level(pressure) if self.pressure_flow else 1.0)

    @property
    def builds_up(self) -> bool:
        return self.flow < 1 or self.pressure_flow


def _snap_to_subpixels(x: float, y: float, radius: float) -> tuple[float, float]:
    if radius < 1:  # a pixel-sized brush fills the pixel it is in, rather than a part of four
        return floor(x) + 0.5, floor(y) + 0.5
    grid = 1 if radius >= LARGE else SUBPIXEL
    return round(x * grid) / grid, round(y * grid) / grid


def _level(pressure: float) -> float:
    return min(max(round(pressure * PRESSURE_LEVELS), 1), PRESSURE_LEVELS) / PRESSURE_LEVELS


@lru_cache(maxsize=32)
def _shape(radius: float, hardness: float, shift_x: float, shift_y: float) -> np.ndarray:
    """uint8 [S, S], S odd: the dab, with its centre `shift` right and down of the middle pixel's
    corner.
    """
    half = ceil(radius + 0.5)
    falloff = max(1.0, radius * (1.0 - hardness))  # a hard edge still takes one pixel
    if shift_x or shift_y:
        pixels = np.arange(-half, half + 1, dtype=np.float32) + np.float32(0.5)
        dab = _profile(_distance(pixels - shift_x, pixels - shift_y), radius, falloff)
    else:  # the same in all four quarters around the corner
        pixels = np.arange(half + 1, dtype=np.float32) + np.float32(0.5)
        quarter = _profile(_distance(pixels, pixels), radius, falloff)
        dab = np.empty((2 * half + 1, 2 * half + 1), np.uint8)
        dab[half:, half:] = quarter
        dab[half:, :half] = quarter[:, half - 1 :: -1]
        dab[:half] = dab[2 * half - 1 : half - 1 : -1]
    dab.setflags(write=False)
    return dab


@lru_cache(maxsize=4)
def _remaining_factor(
    radius: float, hardness: float, shift_x: float, shift_y: float, flow: float
) -> np.ndarray:
    """float32 [S, S]: the share of the missing coverage that one dab leaves."""
    return np.float32(1) - _shape(radius, hardness, shift_x, shift_y) * np.float32(flow / 255)


def _distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(x) + np.square(y)[:, None])


def _profile(distance: np.ndarray, radius: float, falloff: float) -> np.ndarray:
    """Smoothstep from the full centre to the edge, half a pixel beyond the radius."""
    ramp = np.clip((radius + 0.5 - distance) / falloff, 0.0, 1.0)
    return np.rint(255 * ramp * ramp * (3 - 2 * ramp)).astype(np.uint8)


class Stroke:
    """One press, drag and release. Reported points are joined by curves, with dabs so close that
    there are no gaps, however far the points are apart.

    The curves are quadratic Bezier splines through the midpoints of the polyline, with its corners
    as control points; sharp turns keep their corner. The last half segment is straight until the
    next point arrives.
    """

    def __init__(self, mask: Mask, brush: Brush) -> None:
        self._mask, self._brush = mask, brush
        self._reports: list[Point] = []  # the last two
        self._at: Point | None = None  # how far it is painted
        self._next = 0.0  # pixels of the way from there to the next dab
        self._missing: np.ndarray | None = None  # float32 [H, W]: what dabs have yet to do
        self._ready: set[TileIndex] = set()  # where `_missing` holds something
        self._dirty: Rect | None = None  # left, top, right, bottom of unreported changes
        self._tiles: Rect | None = None  # first and last column and row of the latest dab

    def move_to(self, x: float, y: float, pressure: float = 1.0) -> Rect | None:
        """Draws to (x, y), with position and pressure changing evenly; returns the touched
        rectangle.
        """
        point = x, y, pressure
        if self._at is None:
            self._at, self._reports = point, [point]
            self._press(point)
            self._next = self._spacing(pressure)
            return self._flush()
        *earlier, last = self._reports
        middle = _between(last, point, 0.5)
        if earlier and not _turns_back(earlier[0], last, point):
            for step in _bezier(self._at, last, middle):
                self._line_to(step)
        else:
            self._line_to(last)
            if earlier:
                self._reach()
            self._line_to(middle)
        self._reports = [last, point]
        return self._flush()

    def finish(self) -> Rect | None:
        """Draws the end of the stroke."""
        if len(self._reports) == 2:
            self._line_to(self._reports[-1])
            self._reach()
        return self._flush()

    def _reach(self) -> None:
        """Covers this end fully, between two dabs. If dabs build up, one more would show."""
        if self._at and not self._brush.builds_up:
            self._press(self._at)

    def _line_to(self, end: Point) -> None:
        assert self._at is not None
        start, self._at = self._at, end
        length = hypot(end[0] - start[0], end[1] - start[1])
        if length == 0:
            if end[2] > start[2]:  # pressing harder on the spot
                self._press(end)
            return
        enters, leaves = self._inside(start, end)
        spacing = self._spacing(min(start[2], end[2]))
        skip = max(0, ceil((enters * length - self._next) / spacing))
        way = self._next + skip * spacing
        while way <= leaves * length:
            self._press(_between(start, end, way / length))
            way += spacing
        if way <= length:  # the rest lies outside
            way += spacing * (floor((length - way) / spacing) + 1)
        self._next = way - length

    def _inside(self, start: Point, end: Point) -> tuple[float, float]:
        """The part of the segment, within 0..1, in which the brush can touch the mask."""
        reach = self._brush.radius + 2
        enters, leaves = 0.0, 1.0
        sides = self._mask.width, self._mask.height
        for from_, to, side in zip(start[:2], end[:2], sides, strict=True):
            if way := to - from_:
                near, far = sorted(((-reach - from_) / way, (side + reach - from_) / way))
                enters, leaves = max(enters, min(near, 1.0)), min(leaves, far)
            elif not -reach <= from_ <= side + reach:
                return 1.0, 0.0
        return enters, leaves

    def _spacing(self, pressure: float) -> float:
        """So close that the scallops between two dabs stay below a quarter of a pixel: a chord of s
        in a circle of r sags by s^2 / 8r. A soft brush stays even up to a quarter of the radius; if
        dabs build up, the spacing decides how much.
        """
        radius = self._brush.radius_at(pressure)
        scallops, even = sqrt(2 * radius), radius / 4
        if self._brush.builds_up:
            return max(0.5, even)
        core = radius * self._brush.hardness  # it is full up to here
        return max(0.5, min(scallops, max(even, core / 2)))

    def _press(self, point: Point) -> None:
        brush, mask = self._brush, self._mask
        radius = brush.radius_at(point[2])
        x, y = _snap_to_subpixels(point[0], point[1], radius)
        column, row, half = floor(x), floor(y), ceil(radius + 0.5)
        left, right = max(column - half, 0), min(column + half + 1, mask.width)
        top, bottom = max(row - half, 0), min(row + half + 1, mask.height)
        if left >= right or top >= bottom:
            return
        inside = (
            slice(top - row + half, bottom - row + half),
            slice(left - column + half, right - column + half),
        )
        shift = x - column, y - row
        area = self._touch(left, top, right, bottom)
        if brush.builds_up:
            area *= _remaining_factor(radius, brush.hardness, *shift, brush.flow_at(point[2]))[
                inside
            ]
        elif brush.erase:
            np.minimum(area, 255 - _shape(radius, brush.hardness, *shift)[inside], out=area)
        else:
            np.maximum(area, _shape(radius, brush.hardness, *shift)[inside], out=area)

    def _touch(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        """A view of what a dab changes: the mask, or the missing coverage."""
        if self._dirty:
            x0, y0, x1, y1 = self._dirty
            self._dirty = min(left, x0), min(top, y0), max(right, x1), max(bottom, y1)
        else:
            self._dirty = left, top, right, bottom
        tiles = left // TILE, top // TILE, (right - 1) // TILE, (bottom - 1) // TILE
        if tiles != self._tiles:  # most dabs are where the one before was
            self._tiles = tiles
            rect = left, top, right - left, bottom - top
            self._mask.touch(rect)
            if self._brush.builds_up:
                self._make_ready(rect)
        pixels = self._mask.pixels if self._missing is None else self._missing
        return pixels[top:bottom, left:right]

    def _make_ready(self, rect: Rect) -> None:
        """Initialises the missing coverage there: 1 where nothing is painted. Eight bits would lose
        light touches.
        """
        if self._missing is None:
            self._missing = self._mask.scratch()
        for index in tiles_in(rect):
            if index not in self._ready:
                self._ready.add(index)
                share = tile_of(self._mask.pixels, index) * np.float32(1 / 255)
                tile_of(self._missing, index)[...] = share if self._brush.erase else 1 - share

    def _flush(self) -> Rect | None:
        """Applies the built-up coverage to the mask; returns the touched rectangle."""
        if self._dirty is None:
            return None
        (left, top, right, bottom), self._dirty = self._dirty, None
        rect = left, top, right - left, bottom - top
        if self._missing is not None:
            self._make_ready(rect)  # between two dabs there may be tiles that none has touched
            values = self._missing[top:bottom, left:right] * np.float32(255)
            if not self._brush.erase:
                np.subtract(np.float32(255), values, out=values)
            values += np.float32(0.5)
            self._mask.touch(rect)[...] = values.astype(np.uint8)
        self._mask.refresh()
        return rect


def _between(start: Point, end: Point, share: float) -> Point:
    x, y, pressure = (a + (b - a) * share for a, b in zip(start, end, strict=True))
    return x, y, pressure


def _turns_back(a: Point, b: Point, c: Point) -> bool:
    """Whether the path a-b-c turns by more than a right angle."""
    return (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) < 0


def _bezier(start: Point, control: Point, end: Point) -> Iterator[Point]:
    """Points of the curve whose chords deviate from it by less than an eighth of a pixel."""
    bend = hypot(start[0] - 2 * control[0] + end[0], start[1] - 2 * control[1] + end[1])
    count = max(1, min(64, ceil(sqrt(2 * bend))))
    for i in range(1, count + 1):
        share = i / count
        yield _between(_between(start, control, share), _between(control, end, share), share)
