"""Sample sheets: images in a grid, for judging by eye."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor


def to_pixels(image: Tensor) -> np.ndarray:
    """[3, H, W] in [-1, 1] -> uint8 [H, W, 3]."""
    levels = (image.clamp(-1, 1).float().cpu() + 1) * 127.5
    return levels.round().byte().permute(1, 2, 0).numpy()


def save_sheet(path: Path, images: Sequence[np.ndarray], columns: int, gap: int = 4) -> None:
    """Writes uint8 [S, S, 3] images row by row."""
    side = images[0].shape[0]
    rows = -(-len(images) // columns)
    shape = (rows * (side + gap) - gap, columns * (side + gap) - gap, 3)
    sheet = np.full(shape, 255, np.uint8)
    for i, image in enumerate(images):
        top, left = (i // columns) * (side + gap), (i % columns) * (side + gap)
        sheet[top : top + side, left : left + side] = image
    Image.fromarray(sheet).save(path)
