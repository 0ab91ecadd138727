"""Areas to add to or subtract from a mask: outlines, gradients, colours. Needs no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from .undo_tiles import Rect

SCANS = 8  # scan lines per row of pixels
THIN_BAND = 32  # rows; of large outlines no more is computed at once, as others wait meanwhile
BAND = 256  # rows computed at a time, so that intermediate results stay in the cache

Corner = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """`values` uint8 [h, w] for the pixels of `rect`: 255 is selected, 0 is not."""

    rect: Rect
    values: np.ndarray


def rectangle(a: Corner, b: Corner, width: int, height: int) -> Selection | None:
    """Every pixel that the rectangle between two corners touches; None if there is none."""
    left, right = sorted((a[0], b[0]))
    top, bottom = sorted((a[1], b[1]))
    rect = _inside(left, top, right, bottom, width, height)
    return rect and Selection(rect, np.broadcast_to(np.uint8(255), (rect[3], rect[2])))


def polygon(corners: Sequence[Corner], width: int, height: int) -> Selection | None:
    """The inside of a closed outline, antialiased, with the nonzero winding rule.

    The winding number of a pixel is summed along its row from the crossings of the outline's sides
    at SCANS heights per row, so the time does not depend on how often sides cross each other.
    """
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    rect = _inside(min(xs), min(ys), max(xs), max(ys), width, height) if corners else None
    if rect is None:
        return None
    left, top, width, height = rect
    start = np.array(corners) - (left, top)
    sides = _Sides.of(start, np.roll(start, -1, axis=0))
    values = np.empty((height, width), np.uint8)
    for first in range(0, height, THIN_BAND):
        band = values[first : first + THIN_BAND]
        wound = np.zeros((len(band), width + 2))
        sides.add_to(wound, first)
        np.cumsum(wound, axis=1, out=wound)
        np.abs(wound, out=wound)
        band[...] = 255.0 * np.minimum(wound[:, :width] / SCANS, 1) + 0.5
    return Selection(rect, values)


@dataclass(frozen=True, eq=False, slots=True)
class _Sides:
    """All sides of an outline, from their upper to their lower end: float64 [N]."""

    x: np.ndarray
    slope: np.ndarray
    """Pixels to the right per scan line."""
    first: np.ndarray
    """Scan line at or below the upper end, where `x` is; int64."""
    end: np.ndarray
    """Scan line at or below the lower end; int64."""
    sign: np.ndarray
    """1 for those that went down, -1 for those that went up."""

    @classmethod
    def of(cls, start: np.ndarray, end: np.ndarray) -> _Sides:
        down = end[:, 1] >= start[:, 1]
        upper, lower = np.where(down[:, None], (start, end), (end, start))
        # The height of scan s is (s + 0.5) / SCANS.
        first, last = (np.ceil(p[:, 1] * SCANS - 0.5).astype(np.int64) for p in (upper, lower))
        crossing = last > first
        upper, lower, first, last = (
            upper[crossing],
            lower[crossing],
            first[crossing],
            last[crossing],
        )
        slope = (lower[:, 0] - upper[:, 0]) / (lower[:, 1] - upper[:, 1])
        x = upper[:, 0] + ((first + 0.5) / SCANS - upper[:, 1]) * slope
        return cls(x, slope / SCANS, first, last, np.where(down[crossing], 1.0, -1.0))

    def add_to(self, wound: np.ndarray, row: int) -> None:
        """Adds each crossing to the pixels to its right, the first of which it covers in part:
        float64 [rows, width + 2], starting at `row`.
        """
        begin, stop = row * SCANS, (row + len(wound)) * SCANS
        here = np.flatnonzero((self.first < stop) & (self.end > begin))
        first, end = np.maximum(self.first[here], begin), np.minimum(self.end[here], stop)
        counts = end - first
        side = np.repeat(here, counts)
        offsets = np.arange(len(side)) - np.repeat(np.cumsum(counts) - counts, counts)
        scan = np.repeat(first, counts) + offsets
        x = self.x[side] + (scan - self.first[side]) * self.slope[side]
        np.clip(x, 0, wound.shape[1] - 2, out=x)
        column = x.astype(np.int64)
        place = (scan - begin) // SCANS * wound.shape[1] + column
        beyond = (x - column) * self.sign[side]
        flat = wound.reshape(-1)
        flat += np.bincount(place, self.sign[side] - beyond, len(flat))
        flat += np.bincount(place + 1, beyond, len(flat))


def _inside(
    left: float, top: float, right: float, bottom: float, width: int, height: int
) -> Rect | None:
    x, y = max(floor(left), 0), max(floor(top), 0)
    w, h = min(ceil(right), width) - x, min(ceil(bottom), height) - y
    return (x, y, w, h) if w > 0 and h > 0 else None


def gradient(a: Corner, b: Corner, width: int, height: int, *, radial: bool = False) -> Selection:
    """Full at `a`, nothing at `b`, linear between. Linear: full before `a` and nothing beyond `b`.
    Radial: a circle around `a` that ends at `b`.
    """
    values = np.empty((height, width), np.uint8)
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = max(dx * dx + dy * dy, 1e-12)
    x = np.arange(width, dtype=np.float32) + np.float32(0.5 - a[0])
    for top in range(0, height, BAND):
        band = values[top : top + BAND]
        y = np.arange(top, top + len(band), dtype=np.float32)[:, None] + np.float32(0.5 - a[1])
        if radial:
            way = np.sqrt((x * x + y * y) / np.float32(length))
        else:
            way = x * np.float32(dx / length) + y * np.float32(dy / length)
        np.clip(way, 0, 1, out=way)
        band[...] = (255.5 - 255 * way).astype(np.uint8)
    return Selection((0, 0, width, height), values)


def same_colour(
    rgb: np.ndarray, x: int, y: int, tolerance: float, *, connected: bool = True
) -> Selection:
    """The pixels of uint8 [H, W, 3] whose every channel is within `tolerance` (0..1) of that at (x,
    y); with `connected`, only the contiguous area.
    """
    height, width = rgb.shape[:2]
    reach = round(tolerance * 255)
    seed = rgb[y, x].astype(int)
    low, high = np.clip([seed - reach, seed + reach], 0, 255).astype(np.uint8)
    alike = np.empty((height, width), bool)
    for top in range(0, height, BAND):
        band = rgb[top : top + BAND]
        alike[top : top + BAND] = ((band >= low) & (band <= high)).all(-1)
    if connected:
        alike = connected_to(alike, x, y)
    values = alike.view(np.uint8)
    values *= 255
    return Selection((0, 0, width, height), values)


def connected_to(inside: np.ndarray, x: int, y: int) -> np.ndarray:
    """bool [H, W]: the part of `inside` that is 4-connected with the pixel at (x, y).

    Rows are split into runs; touching runs of neighbouring rows are joined by union-find, all at
    once: roots hook onto smaller neighbouring roots until none is left to hook (Shiloach and
    Vishkin 1982).
    """
    found = np.zeros_like(inside)
    if not inside[y, x]:
        return found
    height, width = inside.shape
    # One column more than the image has, never inside, keeps runs from reaching into the next row
    padded = np.zeros((height, width + 1), np.int8)
    padded[:, :width] = inside
    steps = np.diff(padded.ravel(), prepend=np.int8(0))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    upper, lower = _touching(starts, ends, width + 1)
    root = np.arange(len(starts))
    while True:
        a, b = root[upper], root[lower]
        apart = a != b
        if not apart.any():
            break
        upper, lower, a, b = upper[apart], lower[apart], a[apart], b[apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while True:
            shorter = root[root]
            if np.array_equal(shorter, root):
                break
            root = shorter
    place = np.searchsorted(starts, y * (width + 1) + x, side="right") - 1
    marks = np.zeros(height * (width + 1), np.int8)
    chosen = root == root[place]
    marks[starts[chosen]] = 1
    marks[ends[chosen]] = -1
    np.cumsum(marks, dtype=np.int8, out=marks)
    found[...] = marks.reshape(height, width + 1)[:, :width]
    return found


def _touching(starts: np.ndarray, ends: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Which runs touch which of the next row: two arrays of indices."""
    first = np.searchsorted(ends, starts + stride, side="right")
    last = np.searchsorted(starts, ends + stride, side="left")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    offsets = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, first[upper] + offsets
