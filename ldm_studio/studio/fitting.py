"""Pictures of any size, made to fit what a model can take."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from core.request import MAX_SIDE, Request

from ..engine.events import ModelInfo
from ..pictures.images import MAX_PIXELS


def admit(rgb: np.ndarray, model: ModelInfo) -> tuple[np.ndarray, str]:
    """As `fit`, but a picture that is too large stays as it is: a part of it can be redrawn."""
    return (rgb, "") if max(rgb.shape[:2]) > model.max_side else fit(rgb, model)


def tile_side(model: ModelInfo) -> int:
    """The side of tiles that the model draws best: about the size it was made for."""
    side = min(model.width, model.height) // model.size_multiple * model.size_multiple
    return max(side, model.size_multiple)


def fit(rgb: np.ndarray, model: ModelInfo, *, tiled: bool = False) -> tuple[np.ndarray, str]:
    """`rgb` (uint8 [H, W, 3]) in a size the model can take, and what was done, in a sentence.

    A picture that fits is returned as it is, with no sentence. One that is too large, for `tiled`
    drawing too, is shrunk in proportion; sides that are no multiple of the model's are padded with
    the picture's edge.
    """
    height, width = rgb.shape[:2]
    multiple = model.size_multiple
    most = (MAX_SIDE if tiled else model.max_side) // multiple * multiple
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


def side_problem(name: str, side: int, model: ModelInfo | None, *, tiled: bool = False) -> str:
    """Why the model cannot draw pictures with this side, in a sentence; empty when it can.

    `tiled`: in tiles it draws any side.
    """
    if model is None:
        return ""
    most = MAX_SIDE if tiled else model.max_side
    if side > most:
        return f"{name} can be at most {most}."
    low = side // model.size_multiple * model.size_multiple
    if side == low:
        return ""
    sides = (low, low + model.size_multiple)
    fitting = " or ".join(str(side) for side in sides if 0 < side <= most)
    return f"{name} must be {fitting}."


def size_problem(width: int, height: int, model: ModelInfo | None, *, tiled: bool = False) -> str:
    """Why the model cannot draw this size; empty when it can."""
    sides = (("Width", width), ("Height", height))
    problems = (side_problem(name, side, model, tiled=tiled) for name, side in sides)
    return " ".join(filter(None, problems))


def unused_settings(request: Request, model: ModelInfo | None) -> tuple[str, ...]:
    """Those of `request` that the model has no use for, as the text in pictures writes them."""
    if model is None or model.skips or request.clip_skip == 1:
        return ()
    return (f"Clip skip: {request.clip_skip}",)


def enlarged_size(size: tuple[int, int], factor: int, model: ModelInfo) -> tuple[int, int]:
    """Width and height so many times larger, as multiples that the model takes."""
    unit = model.size_multiple
    width, height = (max(unit, round(side * factor / unit) * unit) for side in size)
    return width, height


def enlarging_problem(size: tuple[int, int]) -> str:
    """Why a picture cannot become this large; empty when it can."""
    width, height = size
    if max(size) <= MAX_SIDE and width * height <= MAX_PIXELS:
        return ""
    return (
        f"{width} × {height} is more than {MAX_SIDE} pixels along a side, or than "
        f"{MAX_PIXELS / 1e6:.0f} million in all."
    )
