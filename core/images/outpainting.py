"""Extends an image, so that the new part can be generated. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

from ..errors import InvalidError

Fill = Literal["edge", "noise", "mirror"]
"""The initial content of the new part: the colours at the edge, noise, or the image mirrored and
blurred."""

BLUR = 16
"""Blur of a mirrored fill, in pixels."""


@dataclass(frozen=True)
class Border:
    """Pixels to add at each side; 0 or more."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


def extended(
    image: np.ndarray, border: Border, fill: Fill = "edge", *, overlap: int = 8, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The extended image, uint8 [H, W, 3], and the mask of its new part, uint8 [H, W].

    The mask reaches `overlap` pixels into the old image, where it fades, so that the new part joins
    smoothly. Raises ValueError for a negative border.
    """
    height, width = image.shape[:2]
    sides = (border.left, border.top, border.right, border.bottom)
    if min(sides) < 0:
        raise InvalidError("A border is 0 pixels or more, not {border}.", border=min(sides))
    around = ((border.top, border.bottom), (border.left, border.right))
    larger = np.pad(image, (*around, (0, 0)), mode="edge")
    inside = (slice(border.top, border.top + height), slice(border.left, border.left + width))
    if fill == "noise":
        drawn = np.random.default_rng(seed).integers(0, 256, larger.shape, np.uint8)
        larger = drawn
    elif fill == "mirror":
        mirrored = np.pad(image, (*around, (0, 0)), mode="symmetric")
        larger = np.asarray(Image.fromarray(mirrored).filter(ImageFilter.GaussianBlur(BLUR))).copy()
    larger[inside] = image
    return larger, _mask(larger.shape[:2], border, overlap)


def _mask(shape: tuple[int, int], border: Border, overlap: int) -> np.ndarray:
    """255 in the border, falling to 0 over `overlap` pixels towards the inside."""
    rows = _fade(shape[0], border.top, border.bottom, overlap)
    columns = _fade(shape[1], border.left, border.right, overlap)
    return np.maximum(rows[:, None], columns[None, :])


def _fade(length: int, before: int, after: int, overlap: int) -> np.ndarray:
    """Along one axis, uint8 [length]."""
    at = np.arange(length)
    steps = overlap + 1
    low = (before + overlap - at) / steps if before else np.zeros(length)
    high = (at - (length - 1 - after - overlap)) / steps if after else np.zeros(length)
    return (255 * np.maximum(low, high).clip(0, 1)).astype(np.uint8)
