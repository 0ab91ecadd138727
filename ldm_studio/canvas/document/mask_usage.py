"""Converts a painted mask to what the pipeline uses. Needs no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import RequestError
from core.pipeline import inpainting
from core.pipeline.inpainting import Region
from core.request.parameters import Inpaint
from core.sampling.conventions import STUDIO


@dataclass(frozen=True)
class MaskUsage:
    """How a mask will be used."""

    inpaint: Inpaint
    drawn: tuple[int, int]
    """Width and height at which the image, or its region, is generated: multiples of `factor`."""
    factor: int
    """Image pixels per latent cell in each direction."""
    conventions: str = STUDIO
    """As `Request.conventions`."""


@dataclass(frozen=True, eq=False)
class UsedMask:
    """Computed by the same functions as in the pipeline, in their order."""

    usage: MaskUsage
    alpha: np.ndarray
    """Blend alpha of the generated image: uint8 [H, W]."""
    region: Region
    """The generated region, in image pixels."""
    cells: np.ndarray
    """Mask of the latent: uint8 [h, w], of the region."""


def apply_usage(mask: np.ndarray, usage: MaskUsage) -> UsedMask | None:
    """uint8 [H, W] -> the mask as it is used; None if nothing is masked."""
    redrawn = inpainting.redrawn(mask, usage.inpaint)
    try:
        region = inpainting.region(redrawn, usage.inpaint, usage.drawn, usage.conventions)
    except RequestError:  # nothing is painted, or nothing is left after shrinking
        return None
    cells = inpainting.cells(inpainting.drawn_image(redrawn, region, usage.drawn), usage.factor)
    alpha = inpainting.blend_alpha(redrawn, usage.inpaint)
    return UsedMask(usage, alpha, region, (255 * cells).round().astype(np.uint8))
