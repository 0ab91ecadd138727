"""Grows, shrinks and feathers masks, exactly and tile by tile. Uses no Qt."""

from __future__ import annotations

from math import isqrt

import numpy as np
from PIL import Image, ImageFilter

from ..errors import InvalidError

BLOCK = 512  # pixels; the working set of a block fits into the cache of a core
RADIUS_MAX = 256  # pixels


def grow(mask: np.ndarray, radius: int) -> np.ndarray:
    """uint8 [H, W]: each pixel becomes the strongest within `radius` of it, 1 to RADIUS_MAX.

    A grey dilation by the disc of all offsets no longer than the radius. What lies outside the
    image does not count.
    """
    _check(radius)
    height, width = mask.shape
    padded = np.pad(mask, radius)
    grown = np.empty_like(mask)
    for top in range(0, height, BLOCK):
        for left in range(0, width, BLOCK):
            rows, columns = min(BLOCK, height - top), min(BLOCK, width - left)
            area = padded[top : top + rows + 2 * radius, left : left + columns + 2 * radius]
            inner = area[radius : radius + rows, radius : radius + columns]
            most = int(area.max())
            target = grown[top : top + rows, left : left + columns]
            if most == int(inner.min()):
                target[...] = most
            else:
                target[...] = _dilated(area, radius)
    return grown


def shrink(mask: np.ndarray, radius: int) -> np.ndarray:
    """uint8 [H, W]: each pixel becomes the weakest within `radius` of it; the opposite of `grow`.
    The edge of the image does not eat into the mask.
    """
    return 255 - grow(255 - mask, radius)


def feather(mask: np.ndarray, radius: int) -> np.ndarray:
    """uint8 [H, W]: a Gaussian blur whose standard deviation is half the radius, so that nearly all
    of a hard edge becomes a ramp from `radius` inside to `radius` outside.
    """
    _check(radius)
    return np.asarray(Image.fromarray(mask).filter(ImageFilter.GaussianBlur(radius / 2))).copy()


def _check(radius: int) -> None:
    if not 1 <= radius <= RADIUS_MAX:
        raise InvalidError(
            "a radius is 1 to {most} pixels, not {radius}", most=RADIUS_MAX, radius=radius
        )


def _dilated(area: np.ndarray, radius: int) -> np.ndarray:
    """uint8 [h + 2r, w + 2r] -> [h, w]: column by column of the disc, from the shortest, at its
    left and right, to the longest in the middle. Each column is the one before, lengthened.
    """
    rows, columns = area.shape[0] - 2 * radius, area.shape[1] - 2 * radius
    reached = area[radius : radius + rows].copy()  # [h, w + 2r]: highest within `half` up or down
    result = np.zeros((rows, columns), np.uint8)
    half = 0
    for offset in range(radius, -1, -1):
        length = isqrt(radius * radius - offset * offset)
        while half < length:
            half += 1
            np.maximum(reached, area[radius - half : radius - half + rows], out=reached)
            np.maximum(reached, area[radius + half : radius + half + rows], out=reached)
        for at in {radius - offset, radius + offset}:
            np.maximum(result, reached[:, at : at + columns], out=result)
    return result
