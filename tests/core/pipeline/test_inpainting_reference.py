"""Masked blending and differential diffusion against their published loops, on a small model;
and the position of cropped and pasted regions at every edge."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.inpainting import Region, bounds, drawn_image, pasted, region
from core.pipeline.text_to_image import prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Inpaint
from core.request.request import Request

SIDE = 64
RANDOM = np.random.default_rng(7)
PHOTO = RANDOM.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
REQUEST = Request(
    prompt="a red cat", steps=6, width=SIDE, height=SIDE, seed=3, cfg=2.0, sampler="Euler"
)


def with_mask(mask: np.ndarray, inpaint: Inpaint, strength: float) -> Request:
    return replace(
        REQUEST, strength=strength, init=digest(PHOTO), mask=digest(mask), inpaint=inpaint
    )


@pytest.mark.parametrize("strength", [1.0, 0.6])
@pytest.mark.parametrize("soft", [False, True])
def test_inpainting_equals_the_published_loops(
    tiny_model: Model, soft: bool, strength: float
) -> None:
    """Hard masks: Lugmayr et al. 2022, algorithm 1 without resampling. Soft masks: Levin & Fried
    2023, algorithm 1: at each step a hard mask of the cells whose strength reaches the remaining
    share. The others are restored after each step too, so that none moves before it starts."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, SIDE // 4 :] = np.linspace(20, 255, SIDE * 3 // 4).astype(np.uint8) if soft else 255
    job = prepare(tiny_model, with_mask(mask, Inpaint(soft=soft), strength), Inputs(PHOTO, mask))
    *_, ours = steps(job)
    free = prepare(tiny_model, replace(REQUEST, strength=1.0)).segments[0].denoisers[0][0]
    kept = job.segments[0].init_image
    assert kept is not None
    assert kept.cells is not None
    schedule, sigmas = tiny_model.schedule, job.sigmas
    noisiest, cleanest = schedule.t(sigmas[0]), schedule.t(schedule.sigma_min)
    x = job.start.x
    with torch.no_grad():
        for sigma, after in pairwise(sigmas):
            left = (schedule.t(sigma) - cleanest) / (noisiest - cleanest)
            redrawn = (kept.cells >= max(left, 1e-3)) if soft else (kept.cells > 0)
            x = torch.where(redrawn, x, kept.latent + sigma * job.unit)
            estimate = free(x, sigma)
            x = estimate + after / sigma * (x - estimate)
            x = torch.where(redrawn, x, kept.latent + after * job.unit)
    torch.testing.assert_close(ours.state.x, x, atol=1e-4, rtol=1e-4)


EDGES = [(y, x) for y in (0, 60, 119) for x in (0, 80, 159)]


@pytest.mark.parametrize(("y", "x"), EDGES)
@pytest.mark.parametrize("drawn", [(32, 32), (64, 32), (32, 96)])
@pytest.mark.parametrize("padding", [0, 9, 500])
def test_a_cut_out_region_is_pasted_back_in_place(
    y: int, x: int, drawn: tuple[int, int], padding: int
) -> None:
    """A smooth image survives being resized if nothing moves by a pixel."""
    rows, columns = np.mgrid[:120, :160]
    image = np.dstack([columns, 2 * rows, 255 - columns]).astype(np.uint8)
    mask = np.zeros((120, 160), np.uint8)
    mask[max(0, y - 3) : y + 4, max(0, x - 5) : x + 6] = 255
    place = region(mask, Inpaint(area="masked", padding=padding), drawn)
    painted = bounds(mask)
    assert painted is not None
    assert place.left <= painted.left
    assert painted.right <= place.right <= 160
    assert place.top <= painted.top
    assert painted.bottom <= place.bottom <= 120
    made = pasted(image, mask, place, drawn_image(image, place, drawn)).astype(int)
    scale = max(place.size[0] / drawn[0], place.size[1] / drawn[1], 1)
    assert np.abs(made - image).max() <= 2 * scale  # half a pixel of the drawn image
    assert np.array_equal(made[mask == 0], image[mask == 0])


@pytest.mark.parametrize(("y", "x"), EDGES)
def test_pasting_at_the_same_size_is_exact(y: int, x: int) -> None:
    image = RANDOM.integers(0, 256, (120, 160, 3), np.uint8)
    other = RANDOM.integers(0, 256, (120, 160, 3), np.uint8)
    place = Region(max(0, x - 16), max(0, y - 16), min(160, x + 17), min(120, y + 17))
    alpha = np.zeros((120, 160), np.uint8)
    place.of(alpha)[...] = 255
    made = pasted(image, alpha, place, place.of(other))
    assert np.array_equal(place.of(made), place.of(other))
    assert np.array_equal(made[alpha == 0], image[alpha == 0])
