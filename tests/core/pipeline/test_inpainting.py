"""Inpainting from the painted mask to the finished image: the visible mask is the used one, bit for
bit.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from core.errors import RequestError
from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from core.images.outpainting import Border, extended
from core.model.model import Model
from core.model.tiling import blended
from core.pipeline.inpainting import (
    Region,
    blend_alpha,
    bounds,
    cells,
    drawn_image,
    filled,
    pasted,
    redrawn,
    region,
    spread,
)
from core.pipeline.previews import preview
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import PARAMETERS, Inpaint
from core.request.request import Request
from core.sampling.conventions import A1111
from core.sampling.guidance import differential_diffusion

AREAS, CONTENTS = (tuple(PARAMETERS[name].choices or ()) for name in ("area", "content"))


SIDE = 64
RANDOM = np.random.default_rng(3)
PHOTO = RANDOM.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
REQUEST = Request(prompt="a red cat", steps=3, width=SIDE, height=SIDE, seed=5, cfg=2.0)
MASKED = Inpaint(area="masked", padding=4, width=32, height=32)


def blob(height: int = SIDE, width: int = SIDE, at: tuple[int, int] = (20, 28)) -> np.ndarray:
    """A soft disc of radius 10."""
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - at[0], x - at[1])
    return (255 * (1.5 - distance / 10).clip(0, 1)).astype(np.uint8)


def draw(
    model: Model, mask: np.ndarray, inpaint: Inpaint, photo: np.ndarray = PHOTO, **asked: Any
) -> GeneratedImage:
    height, width = mask.shape
    request = replace(
        REQUEST,
        **({"width": width, "height": height} | asked),
        init=digest(photo),
        mask=digest(mask),
        inpaint=inpaint,
    )
    job = prepare(model, request, Inputs(photo, mask))
    *_, last = steps(job)
    image = finish(job, last.state)
    assert np.array_equal(preview(job, last).whole(), image.rgb)
    return image


masks = arrays.arrays(np.uint8, (SIDE, SIDE), elements=st.sampled_from([0, 0, 0, 100, 255]))
inpaints = st.builds(
    Inpaint,
    invert=st.booleans(),
    grow=st.integers(-6, 6),
    blur=st.sampled_from([0.0, 2.5]),
    content=st.sampled_from(CONTENTS),
    soft=st.booleans(),
    area=st.sampled_from(AREAS),
    padding=st.integers(0, 40),
    width=st.sampled_from([32, 48]),
    height=st.sampled_from([32, 64]),
    match=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(masks, inpaints)
def test_outside_the_blend_alpha_no_byte_changes(
    tiny_model: Model, mask: np.ndarray, inpaint: Inpaint
) -> None:
    alpha = blend_alpha(redrawn(mask, inpaint), inpaint)
    if inpaint.area == "masked" and not redrawn(mask, inpaint).any():
        with pytest.raises(RequestError, match="The mask is empty"):
            draw(tiny_model, mask, inpaint, steps=1)
        return
    image = draw(tiny_model, mask, inpaint, steps=1)
    changed = (image.rgb != PHOTO).any(axis=2)
    assert not changed[alpha == 0].any()
    assert image.changed == changed.sum()


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("area", AREAS)
def test_painted_pixels_are_redrawn(tiny_model: Model, content: str, area: str) -> None:
    image = draw(tiny_model, blob(), replace(MASKED, content=content, area=area))
    assert (image.rgb[blob() == 255] != PHOTO[blob() == 255]).any(axis=1).mean() > 0.9


def test_masked_content_changes_the_image(tiny_model: Model) -> None:
    made = [draw(tiny_model, blob(), Inpaint(content=c), strength=0.5).rgb for c in CONTENTS]
    assert len({digest(rgb) for rgb in made}) == len(CONTENTS)


def test_inverted_masks_redraw_the_rest(tiny_model: Model) -> None:
    plain = draw(tiny_model, 255 - blob(), Inpaint())
    assert np.array_equal(draw(tiny_model, blob(), Inpaint(invert=True)).rgb, plain.rgb)


def test_a_masked_region_of_a_large_image_is_sampled_at_the_models_size(tiny_model: Model) -> None:
    width, height = 5 * SIDE + 3, 4 * SIDE + 1
    photo = RANDOM.integers(0, 256, (height, width, 3), np.uint8)
    mask = blob(height, width, at=(200, 40))
    image = draw(tiny_model, mask, MASKED, photo)
    assert image.rgb.shape == photo.shape
    changed = (image.rgb != photo).any(axis=2)
    assert changed[mask == 255].mean() > 0.9
    assert not changed[mask == 0].any()
    with pytest.raises(RequestError, match="does not support a width"):
        draw(tiny_model, mask, Inpaint(), photo)


@pytest.mark.parametrize("inpaint", [MASKED, Inpaint(), Inpaint(soft=True, grow=3, blur=2)])
def test_a_preview_covers_only_what_can_change(tiny_model: Model, inpaint: Inpaint) -> None:
    mask = blob(at=(30, 40))
    named = {"init": digest(PHOTO), "mask": digest(mask)}
    job = prepare(tiny_model, replace(REQUEST, inpaint=inpaint, **named), Inputs(PHOTO, mask))
    painted = bounds(blend_alpha(redrawn(mask, inpaint), inpaint))
    assert painted is not None
    *_, last = walked = list(steps(job))
    for shown in (preview(job, step) for step in walked):
        assert shown.ground is PHOTO
        assert (shown.left, shown.top) == (painted.left, painted.top)
        assert shown.rgb.shape[1::-1] == painted.size
    assert np.array_equal(preview(job, last).whole(), finish(job, last.state).rgb)


# The chain of masks


def test_the_mask_is_inverted_then_grown_then_blurred() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[15:25, 15:25] = 255
    assert (redrawn(mask, Inpaint(grow=3)) > 0).sum() > (mask > 0).sum()
    assert (redrawn(mask, Inpaint(grow=-3)) > 0).sum() == 4 * 4
    assert redrawn(mask, Inpaint(invert=True, grow=3))[20, 20] == 0
    assert redrawn(mask, Inpaint(invert=True, grow=8)).min() == 255
    assert 0 < redrawn(mask, Inpaint(blur=2))[15, 20] < 255
    assert np.array_equal(redrawn(mask, Inpaint()), mask)


def test_a_soft_mask_is_pasted_fully_except_for_its_faintest_part() -> None:
    mask = np.array([[0, 1, 32, 64, 200, 255]], np.uint8)
    alpha = blend_alpha(mask, Inpaint(soft=True))[0]
    assert alpha.tolist() == [0, 4, 128, 255, 255, 255]
    assert np.array_equal(blend_alpha(mask, Inpaint()), mask)


@given(
    st.integers(40, 200), st.integers(40, 200), st.data(), st.integers(0, 60),
    st.sampled_from([(32, 32), (64, 32), (32, 96)]),
)  # fmt: skip
def test_a_region_contains_the_mask_and_its_padding_with_the_right_aspect(
    width: int, height: int, data: st.DataObject, padding: int, drawn: tuple[int, int]
) -> None:
    mask = np.zeros((height, width), np.uint8)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(x, width - 1)), data.draw(st.integers(y, height - 1))
    mask[y : bottom + 1, x : right + 1] = 9
    found = region(mask, Inpaint(area="masked", padding=padding), drawn)
    assert 0 <= found.left <= max(0, x - padding)
    assert min(width, right + 1 + padding) <= found.right <= width
    assert 0 <= found.top <= max(0, y - padding)
    assert min(height, bottom + 1 + padding) <= found.bottom <= height
    across, down = found.size
    if across < width and down < height:
        assert across / down == pytest.approx(drawn[0] / drawn[1], abs=2 / down + 2 / across)


@given(
    st.integers(40, 200), st.integers(40, 200), st.data(), st.integers(0, 60),
    st.sampled_from([(32, 32), (64, 32), (32, 96), (40, 56)]),
)  # fmt: skip
def test_a_region_of_a1111_grows_by_the_whole_pixels_of_the_missing_length(
    width: int, height: int, data: st.DataObject, padding: int, drawn: tuple[int, int]
) -> None:
    """Its documented rule: only the side that is too short grows, by the difference rounded down,
    half of it, rounded down, to the left or above; then it is moved into the image."""
    mask = np.zeros((height, width), np.uint8)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(x, width - 1)), data.draw(st.integers(y, height - 1))
    mask[y : bottom + 1, x : right + 1] = 9
    across = [max(0, x - padding), min(width, right + 1 + padding)]
    down = [max(0, y - padding), min(height, bottom + 1 + padding)]
    aspect = Fraction(*drawn)
    wide = Fraction(across[1] - across[0], down[1] - down[0]) > aspect
    side, length = (down, height) if wide else (across, width)
    wanted = (across[1] - across[0]) / aspect if wide else (down[1] - down[0]) * aspect
    more = int(wanted - (side[1] - side[0]))
    side[0], side[1] = side[0] - more // 2, side[1] + more - more // 2
    over = max(0, side[1] - length)
    side[0], side[1] = side[0] - over, side[1] - over
    side[0], side[1] = max(0, side[0]), min(length, side[1] + max(0, -side[0]))
    found = region(mask, Inpaint(area="masked", padding=padding), drawn, A1111)
    assert (found.left, found.right, found.top, found.bottom) == (*across, *down)


def test_latent_cells_take_their_most_painted_pixel() -> None:
    mask = np.zeros((16, 24), np.uint8)
    mask[7, 8], mask[8, 23] = 51, 255
    assert cells(mask).tolist() == [[0, pytest.approx(0.2), 0], [0, 0, 1]]


# Pasting


@given(arrays.arrays(np.uint8, (24, 30)), st.booleans(), st.sampled_from([(12, 16), (48, 20)]))
def test_pasting_keeps_every_byte_where_alpha_is_0(
    alpha: np.ndarray, match: bool, size: tuple[int, int]
) -> None:
    image = RANDOM.integers(0, 256, (24, 30, 3), np.uint8)
    drawn = RANDOM.integers(0, 256, (*size, 3), np.uint8)
    kept = RANDOM.random((size[0] // 8 + 1, size[1] // 8)) > 0.5 if match else None
    result = pasted(image, alpha, Region(3, 2, 27, 20), drawn, kept)
    assert np.array_equal(result[alpha == 0], image[alpha == 0])
    inside = np.zeros_like(alpha, bool)
    inside[2:20, 3:27] = True
    assert np.array_equal(result[~inside], image[~inside])


IMAGE = np.full((64, 64, 3), 100, np.uint8)
SQUARE = np.zeros((64, 64), np.uint8)
SQUARE[16:48, 16:48] = 255
KEPT = np.ones((8, 8), bool)
KEPT[1:7, 1:7] = False


def test_the_decoders_colour_shift_is_removed() -> None:
    shifted = np.full((64, 64, 3), 130, np.uint8)
    whole = Region(0, 0, 64, 64)
    assert pasted(IMAGE, SQUARE, whole, shifted)[32, 32].tolist() == [130] * 3
    assert np.abs(pasted(IMAGE, SQUARE, whole, shifted, KEPT).astype(int) - 100).max() <= 1


def test_pasted_colours_change_only_at_the_border() -> None:
    drawn = IMAGE.copy()
    drawn[12:52, 12:52] = 200  # beyond the square, where nothing can be pasted
    result = pasted(IMAGE, SQUARE, Region(0, 0, 64, 64), drawn, KEPT).astype(int)
    assert np.abs(result[28:36, 28:36] - 200).max() <= 1
    steps = np.diff(result[32, :, 0])
    assert steps.max() < 60  # without: 100 at once
    assert (np.diff(result[32, 15:32, 0]) >= 0).all()


def test_spreading_keeps_known_pixels_and_is_smooth_elsewhere() -> None:
    values = RANDOM.random((21, 34, 2), np.float32)
    known = np.zeros((21, 34), np.float32)
    known[:, :5] = 1
    known[:, -5:] = 1
    smooth = spread(values, known)
    assert np.array_equal(smooth[known == 1], values[known == 1])
    assert smooth.min() >= values.min() - 1e-6
    assert smooth.max() <= values.max() + 1e-6
    flat = spread(np.full((21, 34, 2), 0.7, np.float32), known)
    assert np.allclose(flat, 0.7)
    assert not spread(values, np.zeros_like(known)).any()


def test_filling_ignores_masked_pixels() -> None:
    mask = (blob() > 0).astype(np.uint8) * 255
    other = PHOTO.copy()
    other[mask == 255] = 7
    assert np.array_equal(filled(PHOTO, mask), filled(other, mask))
    assert np.array_equal(filled(PHOTO, mask)[mask == 0], PHOTO[mask == 0])


def test_the_region_is_resized_to_the_sampled_size() -> None:
    part = drawn_image(PHOTO, Region(8, 4, 40, 36), (64, 64))
    expected = Image.fromarray(PHOTO[4:36, 8:40]).resize((64, 64), Image.Resampling.LANCZOS)
    assert np.array_equal(part, np.asarray(expected))
    assert np.array_equal(drawn_image(PHOTO, Region(0, 0, SIDE, SIDE), (SIDE, SIDE)), PHOTO)


# Soft masks


def test_each_cell_starts_when_its_share_of_the_run_is_left() -> None:
    """Against the published algorithm: hard masks with a new threshold at every step."""
    original, noise, x = torch.randn(3, 1, 4, 4, 4)
    strength = torch.rand(1, 1, 4, 4)
    strength[0, 0, 0] = torch.tensor([0.0, 0.25, 0.5, 1.0])

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        return 0.3 * x

    soft = differential_diffusion(denoise, original, strength, noise, lambda sigma: sigma / 4)
    for sigma in (4.0, 3.0, 2.0, 1.0, 0.1, 0.0):
        hard = (strength >= sigma / 4) & (strength > 0)
        seen = torch.where(hard, x, original + sigma * noise)
        expected = torch.where(hard, denoise(seen, sigma), original)
        assert torch.allclose(soft(x, sigma), expected)


def test_a_soft_mask_of_full_strength_equals_a_hard_one(tiny_model: Model) -> None:
    mask = (blob() > 0).astype(np.uint8) * 255
    soft, hard = (draw(tiny_model, mask, Inpaint(soft=soft)).rgb for soft in (True, False))
    assert np.array_equal(soft, hard)


def test_a_weaker_soft_mask_changes_less(tiny_model: Model) -> None:
    photo = (255 * np.dstack([np.indices((SIDE, SIDE)).sum(0) / 2 / SIDE] * 3)).astype(np.uint8)
    ramp = np.repeat(np.linspace(0, 255, SIDE).astype(np.uint8)[None], SIDE, axis=0)
    made = draw(tiny_model, ramp, Inpaint(soft=True), photo, steps=8).rgb
    plain = draw(tiny_model, np.full_like(ramp, 255), Inpaint(), photo, steps=8).rgb
    away = np.abs(made.astype(int) - plain).mean(axis=(0, 2))
    assert away[:16].mean() > away[-16:].mean()


# Larger images


@pytest.mark.parametrize("shape", [(4, 3), (8, 8), (16, 16), (17, 40), (100, 23)])
def test_tiles_of_a_pointwise_function_are_seamless(shape: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *shape, dtype=torch.float64)
    assert torch.allclose(blended(torch.tanh, x, tile=16, overlap=4), torch.tanh(x))


def test_tiles_may_be_upscaled() -> None:
    x = torch.randn(1, 4, 21, 40, generator=torch.Generator().manual_seed(1))

    def enlarged(x: torch.Tensor) -> torch.Tensor:
        return x[:, :3].repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)

    tiled = blended(enlarged, x, tile=16, overlap=4, factor=8)
    torch.testing.assert_close(tiled, enlarged(x))


def test_tiles_are_never_larger_than_requested(tiny_model: Model) -> None:
    sizes: set[tuple[int, ...]] = set()
    hook = tiny_model.backbone.register_forward_hook(
        lambda _, args, out: sizes.add(tuple(args[0].shape[-2:]))
    )
    side = tiny_model.max_side * 2
    request = replace(REQUEST, width=side, height=SIDE, tile=32, steps=1, cfg=1.0)
    job = prepare(tiny_model, request)
    *_, last = steps(job)
    hook.remove()
    assert finish(job, last.state).rgb.shape == (SIDE, side, 3)
    assert sizes == {(4, 4)}


def test_an_unsupported_tile_size_is_refused(tiny_model: Model) -> None:
    for tile in (tiny_model.max_side * 2, tiny_model.size_multiple + 1):
        with pytest.raises(RequestError, match="tiles"):
            prepare(tiny_model, replace(REQUEST, tile=tile))


@pytest.mark.parametrize("fill", ["edge", "noise", "mirror"])
@given(st.builds(Border, *[st.integers(0, 40)] * 4))
def test_outpainting_keeps_the_old_image(fill: Any, border: Border) -> None:
    larger, mask = extended(PHOTO, border, fill, overlap=8)
    height, width = border.top + SIDE + border.bottom, border.left + SIDE + border.right
    assert larger.shape == (height, width, 3)
    inside = (slice(border.top, border.top + SIDE), slice(border.left, border.left + SIDE))
    assert np.array_equal(larger[inside], PHOTO)
    outside = np.ones((height, width), bool)
    outside[inside] = False
    assert (mask[outside] == 255).all()
    assert not mask[
        border.top + 8 : border.top + SIDE - 8, border.left + 8 : border.left + 56
    ].any()
    assert mask[inside].max(initial=0) < 255


def test_outpainting_refuses_negative_borders() -> None:
    with pytest.raises(ValueError, match="-1"):
        extended(PHOTO, Border(left=-1))
