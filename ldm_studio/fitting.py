"""Pictures of any size, made to fit what a model can take."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from .engine.events import ModelInfo


def fit(rgb: np.ndarray, model: ModelInfo) -> tuple[np.ndarray, str]:
    """`rgb` (uint8 [H, W, 3]) in a size the model can take, and what was done, in a sentence.

    A picture that fits is returned as it is, with no sentence. One that is too large is shrunk in
    proportion; sides that are no multiple of the model's are padded with the picture's edge.
    """
    height, width = rgb.shape[:2]
    multiple = model.size_multiple
    most = model.max_side // multiple * multiple
    scale = min(1.0, most / max(width, height))
    inner_w, inner_h = (max(1, min(most, round(side * scale))) for side in (width, height))
    outer_w, outer_h = (math.ceil(side / multiple) * multiple for side in (inner_w, inner_h))
    done = []
    if scale < 1.0:
        shrunk = Image.fromarray(rgb).resize((inner_w, inner_h), Image.Resampling.LANCZOS)
        rgb = np.asarray(shrunk)
        done.append(f"shrunk from {width} × {height}")
    if (outer_w, outer_h) != (inner_w, inner_h):
        top, left = (outer_h - inner_h) // 2, (outer_w - inner_w) // 2
        rest = ((top, outer_h - inner_h - top), (left, outer_w - inner_w - left), (0, 0))
        rgb = np.pad(rgb, rest, mode="edge")
        done.append("padded at its edges")
    if not done:
        return rgb, ""
    return rgb, f"The picture was {' and '.join(done)} to {outer_w} × {outer_h} for this model."
