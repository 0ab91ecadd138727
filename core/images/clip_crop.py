"""Center crop for CLIP's image encoder. Imports no torch."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 224
"""Pixels of each side, the same for every published encoder."""
LONGEST = 16
"""Times the short side: longer images are cut to this before they are resized."""


def clip_center_crop(rgb: np.ndarray) -> np.ndarray:
    """The largest square in the middle of uint8 [H, W, 3], resized: uint8 [SIDE, SIDE, 3].

    Source: the preprocessing that was published with CLIP.
    """
    image = Image.fromarray(rgb)
    short = min(image.size)
    width, height = (min(side, LONGEST * short) for side in image.size)
    image = _middle(image, width, height)
    size = SIDE * width // short, SIDE * height // short
    return np.array(_middle(image.resize(size, Image.Resampling.BICUBIC), SIDE, SIDE))


def _middle(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
