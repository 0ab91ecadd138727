"""The masks that the canvas shows equal those that the pipeline uses, bit for bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.text_to_image import prepare
from core.request.inputs import Inputs
from core.request.parameters import PARAMETERS, Inpaint
from core.request.request import Request
from ldm_studio.canvas.document.mask_usage import MaskUsage, apply_usage
from tests.narrowing import present

AREAS, CONTENTS = (tuple(PARAMETERS[name].choices or ()) for name in ("area", "content"))


WIDTH, HEIGHT = 96, 64
PHOTO = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)

inpaints = st.builds(
    Inpaint,
    invert=st.booleans(),
    grow=st.integers(-5, 5),
    blur=st.sampled_from([0.0, 2.5]),
    soft=st.booleans(),
    area=st.sampled_from(AREAS),
    padding=st.integers(0, 40),
    width=st.sampled_from([32, 48]),
    height=st.sampled_from([32, 64]),
)


@settings(max_examples=25, deadline=None)
@given(inpaints, st.integers(0, HEIGHT - 12), st.integers(0, WIDTH - 12))
def test_the_mask_view_equals_the_pipelines_mask(
    tiny_model: Model, inpaint: Inpaint, y: int, x: int
) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[y : y + 12, x : x + 12] = 180
    mask[y + 3 : y + 9, x + 3 : x + 9] = 255
    request = Request(
        steps=1, width=WIDTH, height=HEIGHT, init=digest(PHOTO), mask=digest(mask), inpaint=inpaint
    )
    drawn = (WIDTH, HEIGHT) if inpaint.area == "whole" else (inpaint.width, inpaint.height)
    seen = apply_usage(mask, MaskUsage(inpaint, drawn, tiny_model.factor))
    assert seen is not None
    original = prepare(tiny_model, request, Inputs(PHOTO, mask)).segments[0].init_image
    assert original is not None
    assert np.array_equal(seen.alpha, present(original.alpha))
    assert seen.region == original.region
    assert original.cells is not None
    assert np.allclose(seen.cells / 255, original.cells[0, 0].numpy(), atol=1e-6)
