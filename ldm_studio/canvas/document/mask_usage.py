"""What becomes of a painted mask before it is used. No Qt in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import RequestError
from core.pipeline import inpainting
from core.pipeline.inpainting import Region
from core.request.parameters import Inpaint


@dataclass(frozen=True)
class MaskUsage:
    """How a mask is going to be used."""

    inpaint: Inpaint
    drawn: tuple[int, int]
    """Width and height that the picture, or its region, is drawn in: multiples of `factor`."""
    factor: int
    """Pixels a cell of the latent, each way."""


@dataclass(frozen=True, eq=False)
class UsedMask:
    """Made by the functions that the pipeline itself calls, in their order."""

    usage: MaskUsage
    alpha: np.ndarray
    """How much of what is drawn is pasted over the picture: uint8 [H, W]."""
    region: Region
    """What is drawn, in pixels of the picture."""
    cells: np.ndarray
    """How much of the latent is redrawn: uint8 [h, w], of the region."""


def apply_usage(mask: np.ndarray, usage: MaskUsage) -> UsedMask | None:
    """uint8 [H, W] -> what is used of it; None where nothing is left to be redrawn."""
    redrawn = inpainting.redrawn(mask, usage.inpaint)
    try:
        region = inpainting.region(redrawn, usage.inpaint, usage.drawn)
    except RequestError:  # nothing is painted, or shrinking has left nothing
        return None
    cells = inpainting.cells(inpainting.drawn_picture(redrawn, region, usage.drawn), usage.factor)
    alpha = inpainting.blend_alpha(redrawn, usage.inpaint)
    return UsedMask(usage, alpha, region, (255 * cells).round().astype(np.uint8))
