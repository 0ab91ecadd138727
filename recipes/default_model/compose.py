"""Several drawings in one image: two things, something worn, a face on a thing, fire behind it.

All drawings are uint8 [128, 128, 4], straight RGBA, and of one style.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .artwork import SIDE
from .colour import polar, to_oklab

MARGIN = 3
SKIN_HUES = (30.0, 115.0)
"""Of the yellow faces, in degrees (see colour.py)."""


@dataclass(frozen=True)
class Box:
    """Where a drawing goes, in pixels: as large as fits, resting on the bottom of the box if
    `rests`, otherwise in its middle."""

    left: float
    top: float
    right: float
    bottom: float
    rests: bool = False


def beside(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """One beside the other."""
    middle = SIDE / 2
    canvas = _blank()
    _put(canvas, left, Box(MARGIN, 18, middle - 1, 110))
    _put(canvas, right, Box(middle + 1, 18, SIDE - MARGIN, 110))
    return np.asarray(canvas)


def accompanied(main: np.ndarray, small: np.ndarray) -> np.ndarray:
    """The second one small, before the lower right of the first."""
    canvas = _blank()
    _put(canvas, main, Box(MARGIN, MARGIN, 104, 112))
    _put(canvas, small, Box(74, 74, SIDE - MARGIN, SIDE - MARGIN))
    return np.asarray(canvas)


def wearing(head: np.ndarray, hat: np.ndarray) -> np.ndarray:
    """The second one on top of the first."""
    canvas = _blank()
    left, top, right, bottom = _put(canvas, head, Box(12, 38, 116, SIDE - MARGIN, rests=True))
    centre, half = (left + right) / 2, 0.33 * (right - left)
    brim = top + 0.16 * (bottom - top)
    _put(canvas, hat, Box(centre - half, MARGIN, centre + half, brim, rests=True))
    return np.asarray(canvas)


def crowned(head: np.ndarray, hat: np.ndarray) -> np.ndarray:
    """The second one smaller, on top of the first, which keeps its place: as if a hat were
    painted on an existing head."""
    canvas = _blank()
    image = Image.fromarray(head)
    left, top, right, bottom = image.getbbox() or (0, 0, SIDE, SIDE)
    canvas.alpha_composite(image)
    centre, half = (left + right) / 2, 0.36 * (right - left)
    brim = top + 0.24 * (bottom - top)
    _put(canvas, hat, Box(centre - half, 1, centre + half, brim, rests=True))
    return np.asarray(canvas)


def behind_glasses(head: np.ndarray, glasses: np.ndarray, eyes: float) -> np.ndarray:
    """The second one across the eyes of the first, which are at this share of its height."""
    canvas = _blank()
    left, top, right, bottom = _put(canvas, head, Box(6, 6, SIDE - 6, SIDE - 6))
    line, half = top + eyes * (bottom - top), 0.42 * (right - left)
    centre = (left + right) / 2
    _put(canvas, glasses, Box(centre - half, line - half, centre + half, line + half))
    return np.asarray(canvas)


def before_fire(thing: np.ndarray, fire: np.ndarray) -> np.ndarray:
    """The first one smaller, at the foot of the second."""
    canvas = _blank()
    _put(canvas, fire, Box(MARGIN, MARGIN, SIDE - MARGIN, SIDE - MARGIN))
    _put(canvas, thing, Box(24, 50, 104, SIDE - MARGIN, rests=True))
    return np.asarray(canvas)


def with_face(thing: np.ndarray, face: np.ndarray, middle: float) -> np.ndarray:
    """Eyes and mouth of a yellow face on a thing, around this share of its height."""
    canvas = _blank()
    left, top, right, bottom = _put(canvas, thing, Box(4, 4, SIDE - 4, SIDE - 4))
    centre, line = (left + right) / 2, top + middle * (bottom - top)
    half = 0.30 * min(right - left, bottom - top)
    # not cropped to the features, so that they keep their place in the face
    _put(canvas, features(face), Box(centre - half, line - half, centre + half, line + half))
    return np.asarray(canvas)


def features(face: np.ndarray) -> np.ndarray:
    """The features of a yellow face: everything inside that is not skin."""
    light, chroma, hue = polar(to_oklab(face[..., :3] / 255))
    skin = (hue > SKIN_HUES[0]) & (hue < SKIN_HUES[1]) & (chroma > 0.08) & (light > 0.6)
    opaque = Image.fromarray(np.where(face[..., 3] >= 250, 255, 0).astype(np.uint8))
    inside = np.asarray(opaque.filter(ImageFilter.MinFilter(19))) == 255
    drawn = Image.fromarray(np.where(inside & ~skin, 255, 0).astype(np.uint8))
    alpha = drawn.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.GaussianBlur(0.7))
    result = face.copy()
    result[..., 3] = np.asarray(alpha)
    return result


def moved(
    rgba: np.ndarray, scale: float, shift: tuple[float, float], flip: bool = False
) -> np.ndarray:
    """The drawing scaled and moved by up to `shift` pixels, without being cut."""
    drawing = Image.fromarray(rgba)
    drawing = drawing.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else drawing
    bounds = drawing.getchannel("A").getbbox()
    if bounds is None:
        return rgba
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    scale = min(scale, (SIDE - 2) / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    places = (
        round(min(max((low + high - extent) / 2 + by, 1), SIDE - 1 - extent))
        for low, high, extent, by in zip(bounds[:2], bounds[2:], size, shift, strict=True)
    )
    canvas = _blank()
    canvas.alpha_composite(
        drawing.crop(bounds).resize(size, Image.Resampling.BICUBIC), (next(places), next(places))
    )
    return np.asarray(canvas)


def _blank() -> Image.Image:
    return Image.new("RGBA", (SIDE, SIDE))


def _put(canvas: Image.Image, drawing: np.ndarray, box: Box) -> tuple[int, int, int, int]:
    """Draws into a box, without the empty margin; returns where: left, top, right, bottom."""
    image = Image.fromarray(drawing)
    image = image.crop(image.getchannel("A").getbbox())
    scale = min((box.right - box.left) / image.width, (box.bottom - box.top) / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    left = round((box.left + box.right - size[0]) / 2)
    top = round(box.bottom - size[1] if box.rests else (box.top + box.bottom - size[1]) / 2)
    canvas.alpha_composite(image.resize(size, Image.Resampling.LANCZOS), (left, top))
    return left, top, left + size[0], top + size[1]
