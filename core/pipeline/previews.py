"""Previews of an image while it is generated."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..images.preview import Preview
from ..sampling.trajectory import Step
from . import inpainting
from .decoding import compose, decode, paste_arguments, to_pixels
from .prepared_run import PreparedRun

MAX_MATCHED_PIXELS = 512 * 512
"""Matching the colours of a larger region would delay the next step."""


@torch.no_grad()
def preview(run: PreparedRun, step: Step) -> Preview:
    """The image after `step`, of the sampled region.

    Approximate if decoding is slow, and without matched colours if matching is slow.
    """
    segment = run.segment(step.state.index - 1)
    model = segment.model
    drawn = (
        decode(model, step.x0, run.check)
        if model.autoencoder.decodes_fast
        else model.preview(step.x0)
    )
    rgb, init_image = np.ascontiguousarray(to_pixels(drawn)[..., :3]), segment.init_image
    if init_image is None or init_image.alpha is None:
        return Preview(rgb)
    part, region = init_image.changing, init_image.region
    quick = region.size[0] * region.size[1] <= MAX_MATCHED_PIXELS
    patch = inpainting.patched(
        *paste_arguments(segment, init_image, init_image.alpha, rgb, match=quick)
    )
    x, y, (width, height) = part.left - region.left, part.top - region.top, part.size
    changing = np.ascontiguousarray(patch[y : y + height, x : x + width])
    return Preview(changing, init_image.image, part.left, part.top)


@torch.no_grad()
def preview_after(run: PreparedRun, done: int, x0: Tensor) -> np.ndarray:
    """The whole image after `done` steps, with the estimate `x0`: uint8 [H, W, 3]."""
    segment = run.segment(done - 1)
    return compose(segment, decode(segment.model, x0, run.check))[0]
