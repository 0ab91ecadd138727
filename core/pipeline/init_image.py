"""The picture a trajectory starts from or keeps, as the networks and the pasting want it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..cancellation import Check
from ..model.model import Model
from ..request.inputs import Inputs, later
from ..request.request import Change, Request
from ..runtime.forecast import WHOLE_CELLS
from ..sampling import noise
from . import inpainting
from .inpainting import Region, bounds

TILE = 64
"""Latent cells."""


@dataclass(frozen=True)
class Original:
    """The picture that is started from or kept, and what of it is redrawn."""

    image: np.ndarray
    """The whole picture, uint8 [H, W, 3]."""
    alpha: np.ndarray | None
    """How much of what is drawn is pasted, uint8 [H, W]; None: it is the picture."""
    region: Region
    """The part that is drawn."""
    latent: Tensor
    """The region, encoded: [1, C, h, w]."""
    cells: Tensor | None
    """How much of the latent is redrawn, [1, 1, h, w] in [0, 1]; None: all of it."""
    kept: Tensor | None = None
    """The region without what is redrawn, encoded, for models that want it."""

    @cached_property
    def seen(self) -> Region:
        """The part of the region that can come to look otherwise than it was."""
        painted = None if self.alpha is None else bounds(self.region.of(self.alpha))
        if painted is None:
            return self.region
        x, y = self.region.left, self.region.top
        return Region(x + painted.left, y + painted.top, x + painted.right, y + painted.bottom)


def drawn_size(model: Model, request: Request) -> tuple[int, int]:
    """(width, height) of what the networks draw."""
    inpaint = request.inpaint
    if not request.mask or inpaint.area == "whole":
        return request.width, request.height
    return inpaint.width or model.defaults.width, inpaint.height or model.defaults.height


def original_of(
    model: Model,
    request: Request,
    image: np.ndarray,
    mask: np.ndarray | None,
    check: Check,
    region: Region | None = None,
) -> Original:
    """`region`: the one that was settled at the start of the trajectory."""
    drawn = drawn_size(model, request)
    whole = Region(0, 0, request.width, request.height)
    alpha = cells = small = None
    if mask is not None:
        redrawn = inpainting.redrawn(mask, request.inpaint)
        region = region or inpainting.region(redrawn, request.inpaint, drawn)
        alpha = inpainting.blend_alpha(redrawn, request.inpaint)
        small = inpainting.drawn_picture(redrawn, region, drawn)
        cells = torch.as_tensor(inpainting.cells(small, model.factor))
        cells = cells[None, None].to(model.device)
    region = region or whole
    picture = inpainting.drawn_picture(image, region, drawn)
    pixels = to_tensor(picture, model.device)
    kept = None
    if model.extra == "inpainting" and small is not None:
        outside = torch.as_tensor(small < 128).to(pixels)
        kept = encode(model, pixels * outside, check)  # what is redrawn is grey
    return Original(image, alpha, region, encode(model, pixels, check), cells, kept)


def content_of(model: Model, request: Request, original: Original, check: Check) -> Tensor:
    """The latent that noise is added to at the start."""
    content, cells = request.inpaint.content, original.cells
    if cells is None or content == "original":
        return original.latent
    if content == "fill":
        assert original.alpha is not None
        surroundings = inpainting.filled(
            original.region.of(original.image), original.region.of(original.alpha)
        )
        size = drawn_size(model, request)
        whole = Region(0, 0, *original.region.size)
        picture = inpainting.drawn_picture(surroundings, whole, size)
        other = encode(model, to_tensor(picture, model.device), check)
    elif content == "noise":
        other = noise.step_noise(request.seed, -1, 0, original.latent.shape[1:])[None]
    else:
        other = torch.zeros_like(original.latent)
    return original.latent.lerp(other.to(model.device), cells)


def changed_original(
    model: Model,
    inputs: Inputs,
    started: Request,
    first: Original | None,
    before: tuple[Request, Original | None],
    change: Change,
    check: Check,
) -> Original | None:
    """What is kept from a change on; what is drawn keeps its place and size.

    `started` is the request of the trajectory's start, and `first` the picture there; `before` are
    those of the leg that the change ends.
    """
    request, original = before
    asked = request.changed(change)
    if (asked.init, asked.mask, asked.model) == (request.init, request.mask, request.model):
        return original
    if not asked.init:
        return None
    size = (asked.height, asked.width)
    image = later(inputs, "init", asked.init, (*size, 3))
    mask = later(inputs, "mask", asked.mask, size) if asked.mask else None
    if first is None or first.alpha is None:
        region = Region(0, 0, asked.width, asked.height)
        asked = replace(asked, inpaint=replace(asked.inpaint, area="whole"))
    else:
        region = first.region
        asked = replace(asked, mask=started.mask)  # what is drawn keeps its size
    return original_of(model, asked, image, mask, check, region)


def encode(model: Model, picture: Tensor, check: Check) -> Tensor:
    height, width = (side // model.factor for side in picture.shape[-2:])
    if height * width <= WHOLE_CELLS:
        return model.encode(picture)
    return model.encode_tiled(picture, TILE, check)


def to_tensor(image: np.ndarray, device: torch.device) -> Tensor:
    tensor = torch.as_tensor(image.astype(np.float32) / 127.5 - 1)
    return tensor.permute(2, 0, 1)[None].to(device)
