"""What the image encoders of CLIP look at of a picture: its middle. Imports no torch."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 224
"""Pixels, of every published encoder that models are told pictures by."""
LONGEST = 16
"""Times the short side: what is farther from the middle is cut off at once, lest it be endless."""


def looked_at(picture: np.ndarray) -> np.ndarray:
    """The middle of uint8 [H, W, 3], as much as fits: uint8 [SIDE, SIDE, 3].

    Source: how pictures are prepared for CLIP, as it was published.
    """
    image = Image.fromarray(picture)
    short = min(image.size)
    width, height = (min(side, LONGEST * short) for side in image.size)
    image = _middle(image, width, height)
    size = SIDE * width // short, SIDE * height // short
    return np.array(_middle(image.resize(size, Image.Resampling.BICUBIC), SIDE, SIDE))


def _middle(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
