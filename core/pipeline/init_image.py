"""The init image, from which a run starts and which it keeps outside the mask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..cancellation import CancelCheck
from ..model.model import Model
from ..request.inputs import Inputs, find_image
from ..request.request import Change, Request
from ..runtime.forecast import WHOLE_CELLS
from ..sampling import noise
from . import inpainting
from .inpainting import Region, bounds

TILE = 64
"""Side of a tile, in latent cells."""


@dataclass(frozen=True)
class InitImage:
    """The init image and how much of it is redrawn."""

    image: np.ndarray
    """The whole image, uint8 [H, W, 3]."""
    alpha: np.ndarray | None
    """The opacity at which the result is pasted, uint8 [H, W]; None: nothing is pasted."""
    region: Region
    """The part that is sampled."""
    latent: Tensor
    """The region, encoded: [1, C, h, w]."""
    cells: Tensor | None
    """How much of each latent cell is redrawn, [1, 1, h, w] in [0, 1]; None: all of it."""
    kept: Tensor | None = None
    """The region with the redrawn part in gray, encoded, for inpainting models."""

    @cached_property
    def changing(self) -> Region:
        """The part of the region whose pixels can change."""
        painted = None if self.alpha is None else bounds(self.region.of(self.alpha))
        if painted is None:
            return self.region
        x, y = self.region.left, self.region.top
        return Region(x + painted.left, y + painted.top, x + painted.right, y + painted.bottom)


def drawn_size(model: Model, request: Request) -> tuple[int, int]:
    """(width, height) in pixels of the sampled region."""
    inpaint = request.inpaint
    if not request.mask or inpaint.area == "whole":
        return request.width, request.height
    return inpaint.width or model.defaults.width, inpaint.height or model.defaults.height


def latent_shape(model: Model, request: Request) -> tuple[int, int, int]:
    """(C, h, w)"""
    width, height = drawn_size(model, request)
    return model.latent_channels, height // model.factor, width // model.factor


def prepare_init_image(
    model: Model, request: Request, inputs: Inputs, check: CancelCheck
) -> InitImage | None:
    """None without an init image."""
    if inputs.image is None:
        return None
    return _prepare(model, request, inputs.image, inputs.mask, check)


def _prepare(
    model: Model,
    request: Request,
    image: np.ndarray,
    mask: np.ndarray | None,
    check: CancelCheck,
    region: Region | None = None,
) -> InitImage:
    """`region`: the region that was chosen at the start of the run."""
    drawn = drawn_size(model, request)
    whole = Region(0, 0, request.width, request.height)
    alpha = cells = small = None
    if mask is not None:
        redrawn = inpainting.redrawn(mask, request.inpaint)
        region = region or inpainting.region(redrawn, request.inpaint, drawn, request.conventions)
        alpha = inpainting.blend_alpha(redrawn, request.inpaint)
        small = inpainting.drawn_image(redrawn, region, drawn)
        cells = torch.as_tensor(inpainting.cells(small, model.factor))
        cells = cells[None, None].to(model.device)
    region = region or whole
    resized = inpainting.drawn_image(image, region, drawn)
    pixels = to_tensor(resized, model.device)
    kept = None
    if model.input_kind == "inpainting" and small is not None:
        outside = torch.as_tensor(small < 128).to(pixels)
        kept = encode(model, pixels * outside, check)  # gray inside the mask
    return InitImage(image, alpha, region, encode(model, pixels, check), cells, kept)


def initial_latent(
    model: Model, request: Request, init_image: InitImage, check: CancelCheck
) -> Tensor:
    """The latent that noise is added to at the start, [1, C, h, w]."""
    content, cells = request.inpaint.content, init_image.cells
    if cells is None or content == "original":
        return init_image.latent
    if content == "fill":
        assert init_image.alpha is not None
        surroundings = inpainting.filled(
            init_image.region.of(init_image.image), init_image.region.of(init_image.alpha)
        )
        size = drawn_size(model, request)
        whole = Region(0, 0, *init_image.region.size)
        resized = inpainting.drawn_image(surroundings, whole, size)
        other = encode(model, to_tensor(resized, model.device), check)
    elif content == "noise":
        other = noise.step_noise(request.seed, -1, 0, init_image.latent.shape[1:])[None]
    else:
        other = torch.zeros_like(init_image.latent)
    return init_image.latent.lerp(other.to(model.device), cells)


def changed_init_image(
    model: Model,
    inputs: Inputs,
    started: Request,
    first: InitImage | None,
    before: tuple[Request, InitImage | None],
    change: Change,
    check: CancelCheck,
) -> InitImage | None:
    """The init image after a change; the sampled region keeps its place and size.

    `started` and `first` are the request and the init image at the start of the run; `before` are
    those of the segment that the change ends.
    """
    request, init_image = before
    asked = request.changed(change)
    if (asked.init, asked.mask, asked.model) == (request.init, request.mask, request.model):
        return init_image
    if not asked.init:
        return None
    size = (asked.height, asked.width)
    image = find_image(inputs, "init", asked.init, (*size, 3))
    mask = find_image(inputs, "mask", asked.mask, size) if asked.mask else None
    if first is None or first.alpha is None:
        region = Region(0, 0, asked.width, asked.height)
        asked = replace(asked, inpaint=replace(asked.inpaint, area="whole"))
    else:
        region = first.region
        asked = replace(asked, mask=started.mask)  # the sampled region keeps its size
    return _prepare(model, asked, image, mask, check, region)


def encode(model: Model, image: Tensor, check: CancelCheck) -> Tensor:
    height, width = (side // model.factor for side in image.shape[-2:])
    if height * width <= WHOLE_CELLS:
        return model.encode(image)
    return model.encode_tiled(image, TILE, check)


def to_tensor(image: np.ndarray, device: torch.device) -> Tensor:
    tensor = torch.as_tensor(image.astype(np.float32) / 127.5 - 1)
    return tensor.permute(2, 0, 1)[None].to(device)
