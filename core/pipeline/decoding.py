"""Decodes latents to pixels and, with a mask, pastes them into the init image."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..cancellation import CancelCheck
from ..model.model import Model
from . import inpainting
from .init_image import TILE, WHOLE_CELLS, InitImage
from .inpainting import Region
from .segments import Segment

SMALL_TILE = 32
"""Side of a tile in latent cells, for a decoder that ran out of memory."""


def decode(model: Model, latent: Tensor, check: CancelCheck, *, tiled: bool = False) -> Tensor:
    """[1, C, h, w] -> [1, 3 or 4, H, W] in [-1, 1]; large latents in tiles."""
    if latent.shape[-2] * latent.shape[-1] <= WHOLE_CELLS and not tiled:
        return model.decode(latent)
    return model.decode_tiled(latent, SMALL_TILE if tiled else TILE, check)


def to_pixels(decoded: Tensor) -> np.ndarray:
    """[1, C, H, W] in [-1, 1] -> uint8 [H, W, C]"""
    levels = (decoded[0].clamp(-1, 1).float().cpu() + 1) * 127.5
    return levels.round().byte().permute(1, 2, 0).numpy()


def compose(segment: Segment, decoded: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
    """[1, 3 or 4, H, W] -> uint8 RGB [H, W, 3], and alpha [H, W] if the model has transparency.

    With a mask, the result is pasted into the init image.
    """
    pixels = to_pixels(decoded)
    rgb = np.ascontiguousarray(pixels[..., :3])
    alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
    init_image = segment.init_image
    if init_image is None or init_image.alpha is None:
        return rgb, alpha
    return inpainting.pasted(*paste_arguments(segment, init_image, init_image.alpha, rgb)), None


def paste_arguments(
    segment: Segment,
    init_image: InitImage,
    alpha: np.ndarray,
    rgb: np.ndarray,
    *,
    match: bool = True,
) -> tuple[np.ndarray, np.ndarray, Region, np.ndarray, np.ndarray | None]:
    """The arguments of `inpainting.pasted` and `patched`; `match`: whether to match colours, if
    the request asks for it."""
    kept = None
    if match and segment.request.inpaint.match and init_image.cells is not None:
        kept = (init_image.cells[0, 0] == 0).cpu().numpy()
    return init_image.image, alpha, init_image.region, rgb, kept


def count_changed(init_image: InitImage | None, rgb: np.ndarray) -> int | None:
    """How many pixels differ from the init image; None without a mask.

    Raises AssertionError if one of them is outside the mask.
    """
    if init_image is None or init_image.alpha is None:
        return None
    changed = (rgb != init_image.image).any(axis=2)
    if (changed & (init_image.alpha == 0)).any():
        raise AssertionError("A pixel outside the mask was changed.")
    return int(changed.sum())
