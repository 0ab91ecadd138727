"""Fits images of any size to the limits of a model."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from core.request.parameters import MAX_SIDE
from core.request.request import Request
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.image_files import MAX_PIXELS
from ldm_studio.translation import joined, translate


def admit(rgb: np.ndarray, model: ModelInfo) -> tuple[np.ndarray, str]:
    """Like `fit`, but an image that is too large stays unchanged: a part of it can be redrawn."""
    return (rgb, "") if max(rgb.shape[:2]) > model.max_side else fit(rgb, model)


def tile_side(model: ModelInfo) -> int:
    """The best side of tiles for the model: about the size it was trained on."""
    side = min(model.width, model.height) // model.size_multiple * model.size_multiple
    return max(side, model.size_multiple)


def fit(rgb: np.ndarray, model: ModelInfo, *, tiled: bool = False) -> tuple[np.ndarray, str]:
    """`rgb` (uint8 [H, W, 3]) in a size that the model supports, and a sentence about what was
    done.

    An image that fits is returned unchanged, without a sentence. One that is too large, even for
    `tiled`, is shrunk in proportion; sides that are not a multiple of the model's are padded with
    the image's edge.
    """
    height, width = rgb.shape[:2]
    multiple = model.size_multiple
    most = (MAX_SIDE if tiled else model.max_side) // multiple * multiple
    scale = min(1.0, most / max(width, height))
    inner_w, inner_h = (max(1, min(most, round(side * scale))) for side in (width, height))
    outer_w, outer_h = (math.ceil(side / multiple) * multiple for side in (inner_w, inner_h))
    padded = (outer_w, outer_h) != (inner_w, inner_h)
    if scale < 1.0:
        shrunk = Image.fromarray(rgb).resize((inner_w, inner_h), Image.Resampling.LANCZOS)
        rgb = np.asarray(shrunk)
    if padded:
        top, left = (outer_h - inner_h) // 2, (outer_w - inner_w) // 2
        rest = ((top, outer_h - inner_h - top), (left, outer_w - inner_w - left), (0, 0))
        rgb = np.pad(rgb, rest, mode="edge")
    return rgb, _done((width, height), (outer_w, outer_h), shrunk=scale < 1.0, padded=padded)


def _done(before: tuple[int, int], after: tuple[int, int], *, shrunk: bool, padded: bool) -> str:
    if shrunk and padded:
        text = translate(
            "Fitting",
            "For this model, the image was scaled down from {width} × {height} and padded to "
            "{new_width} × {new_height}.",
        )
    elif shrunk:
        text = translate(
            "Fitting",
            "For this model, the image was scaled down from {width} × {height} to {new_width} × "
            "{new_height}.",
        )
    elif padded:
        text = translate(
            "Fitting",
            "For this model, the image was padded to {new_width} × {new_height}.",
        )
    else:
        return ""
    return text.format(width=before[0], height=before[1], new_width=after[0], new_height=after[1])


def side_problem(name: str, side: int, model: ModelInfo | None, *, tiled: bool = False) -> str:
    """Why the model does not support this side, in a sentence; empty if it does.

    `name`: of the side; `tiled`: with tiles it supports any side.
    """
    if model is None:
        return ""
    most = MAX_SIDE if tiled else model.max_side
    if side > most:
        return translate("Fitting", "{name} can be at most {most}.").format(name=name, most=most)
    low = side // model.size_multiple * model.size_multiple
    if side == low:
        return ""
    sides = (low, low + model.size_multiple)
    fitting = [side for side in sides if 0 < side <= most]
    if len(fitting) == 1:
        text = translate("Fitting", "{name} must be {side}.")
    else:
        text = translate("Fitting", "{name} must be {side} or {other}.")
    return text.format(name=name, side=fitting[0], other=fitting[-1])


def size_problem(width: int, height: int, model: ModelInfo | None, *, tiled: bool = False) -> str:
    """Why the model does not support this size; empty if it does."""
    sides = ((translate("Fitting", "Width"), width), (translate("Fitting", "Height"), height))
    problems = (side_problem(name, side, model, tiled=tiled) for name, side in sides)
    return joined(*problems)


_CONTROL_INPUT_KINDS = ("depth", "upscaling", "instruct-pix2pix")


def refining_problem(latents: str, input_kind: str, model: ModelInfo | None) -> str:
    """Why a model cannot continue an image of `model`; empty if it can, or if that is unknown.

    `latents`, `input_kind`: as those of `ModelInfo`; empty if unknown.
    """
    if input_kind in _CONTROL_INPUT_KINDS:
        return translate("Fitting", "It needs a control image.")
    if model is None or not model.latents or latents in ("", model.latents):
        return ""
    return translate("Fitting", "Its latent space differs from that of {model}.").format(
        model=model.family
    )


def unused_settings(request: Request, model: ModelInfo | None) -> tuple[str, ...]:
    """The settings of `request` that the model does not use, as the text in images has them."""
    if model is None or model.supports_clip_skip or request.clip_skip == 1:
        return ()
    return (translate("Fitting", "Clip skip: {clip_skip}").format(clip_skip=request.clip_skip),)


def enlarged_size(size: tuple[int, int], factor: int, model: ModelInfo) -> tuple[int, int]:
    """The enlarged width and height, as multiples that the model supports."""
    unit = model.size_multiple
    width, height = (max(unit, round(side * factor / unit) * unit) for side in size)
    return width, height


def enlarging_problem(size: tuple[int, int]) -> str:
    """Why an image cannot become this large; empty if it can."""
    width, height = size
    if max(size) <= MAX_SIDE and width * height <= MAX_PIXELS:
        return ""
    return translate(
        "Fitting",
        "{width} × {height} is more than {side} pixels along a side, or than "
        "{millions} million in all.",
    ).format(width=width, height=height, side=MAX_SIDE, millions=f"{MAX_PIXELS / 1e6:.0f}")
