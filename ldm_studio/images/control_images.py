"""Any picture, made into the one that a request names as its control picture."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from core.images.clip_crop import looked_at
from core.request.request import Request
from ldm_studio.engine_protocol import ModelInfo

CONTROL_KINDS = ("depth", "instruct-pix2pix", "upscaling", "unCLIP")
"""As `core.pipeline.extra_conditioning.LED`: `ModelInfo.extra` of models that take one."""
NEEDS_SOURCE_IMAGE = ("instruct-pix2pix", "upscaling")
"""Those that draw what they are given, and need that; a start picture will do."""


def control_of(picture: np.ndarray, request: Request, model: ModelInfo) -> np.ndarray:
    """`picture`, uint8 [H, W, 3] or [H, W], in the shape that
    `core.pipeline.extra_conditioning.control_shape` gives."""
    size = request.width, request.height
    if model.extra == "upscaling":
        size = request.width // model.factor, request.height // model.factor
    image = Image.fromarray(picture).convert("L" if model.extra == "depth" else "RGB")
    if model.extra == "unCLIP":
        return looked_at(np.asarray(image))
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.array(image)


def output_size(size: tuple[int, int], model: ModelInfo) -> tuple[int, int]:
    """Width and height of what is drawn after a control picture of `size`.

    What is enlarged becomes as many times as large as the model makes it, as far as it draws such
    sizes; else the shape is kept, and the area is that which the model draws best, or what is
    edited has.
    """
    width, height = size
    if model.extra == "upscaling":
        scale = float(model.factor)
    else:
        scale = math.sqrt(model.width * model.height / (width * height))
        if model.extra in NEEDS_SOURCE_IMAGE:
            scale = min(1.0, scale)
    scale = min(scale, model.max_side / max(size))
    unit = model.size_multiple
    most = model.max_side // unit * unit
    across, down = (min(most, max(unit, round(side * scale / unit) * unit)) for side in size)
    return across, down
