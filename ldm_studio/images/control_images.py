"""Fits any image to the shape that a model's control image must have."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from core.images.clip_crop import clip_center_crop
from core.request.request import Request
from ldm_studio.engine_protocol import ModelInfo

CONTROL_KINDS = ("depth", "instruct-pix2pix", "upscaling", "unCLIP")
"""The values of `ModelInfo.input_kind` for models that take a control image."""
NEEDS_SOURCE_IMAGE = ("instruct-pix2pix", "upscaling")
"""Models whose control image is the image to edit or enlarge; an init image will do."""


def control_of(pixels: np.ndarray, request: Request, model: ModelInfo) -> np.ndarray:
    """`pixels`, uint8 [H, W, 3] or [H, W], in the shape that
    `core.pipeline.extra_conditioning.control_shape` gives."""
    size = request.width, request.height
    if model.input_kind == "upscaling":
        size = request.width // model.factor, request.height // model.factor
    fitted = Image.fromarray(pixels).convert("L" if model.input_kind == "depth" else "RGB")
    if model.input_kind == "unCLIP":
        return clip_center_crop(np.asarray(fitted))
    if fitted.size != size:
        fitted = fitted.resize(size, Image.Resampling.LANCZOS)
    return np.array(fitted)


def output_size(size: tuple[int, int], model: ModelInfo) -> tuple[int, int]:
    """Width and height of the output for a control image of `size`.

    An upscaler multiplies the size, up to the largest size that it supports. Other models keep the
    aspect ratio; the area is the model's best, or that of the image to edit.
    """
    width, height = size
    if model.input_kind == "upscaling":
        scale = float(model.factor)
    else:
        scale = math.sqrt(model.width * model.height / (width * height))
        if model.input_kind in NEEDS_SOURCE_IMAGE:
            scale = min(1.0, scale)
    scale = min(scale, model.max_side / max(size))
    unit = model.size_multiple
    most = model.max_side // unit * unit
    across, down = (min(most, max(unit, round(side * scale / unit) * unit)) for side in size)
    return across, down
