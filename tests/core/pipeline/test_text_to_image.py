"""The pipeline's guarantees: seeds, batches, guidance, masks, resumption."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import RequestError
from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline import decoding, state_file
from core.pipeline.prepared_run import PreparedRun
from core.pipeline.previews import preview
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.request import Request
from core.sampling import trajectory
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES
from core.sampling.trajectory import State, Step

SIDE = 32
REQUEST = Request(prompt="a red cat", steps=3, width=SIDE, height=SIDE, seed=5, cfg=3.0)


def last(job: PreparedRun, state: State | None = None) -> Step:
    *_, step = steps(job, state)
    return step


def draw(model: Model, request: Request, inputs: Inputs | None = None) -> GeneratedImage:
    job = prepare(model, request, inputs)
    return finish(job, last(job).state)


@contextmanager
def counted(model: Model) -> Iterator[list[int]]:
    """The batch sizes of the U-Net's evaluations."""
    batches: list[int] = []
    hook = model.backbone.register_forward_hook(lambda _, args, out: batches.append(len(args[0])))
    try:
        yield batches
    finally:
        hook.remove()


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """Smooth colours."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    return (255 * np.dstack([x, y, 1 - x * y])).astype(np.uint8)


def from_photo(request: Request, photo: np.ndarray, **changes: Any) -> tuple[Request, Inputs]:
    return replace(request, init=digest(photo), **changes), Inputs(image=photo)


def inpaint(
    request: Request, photo: np.ndarray, mask: np.ndarray, **changes: Any
) -> tuple[Request, Inputs]:
    asked = replace(request, init=digest(photo), mask=digest(mask), **changes)
    return asked, Inputs(image=photo, mask=mask)


# Seeds and batches


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_request_gives_the_same_bits(tiny_model: Model, sampler: str) -> None:
    request = replace(REQUEST, sampler=sampler)
    one, two = draw(tiny_model, request), draw(tiny_model, request)
    assert np.array_equal(one.rgb, two.rgb)
    assert one.alpha is not None
    assert two.alpha is not None
    assert np.array_equal(one.alpha, two.alpha)
    assert one.rgb.std() > 5, "the image is not flat"


def test_an_image_of_a_batch_equals_the_image_of_its_seed(tiny_model: Model) -> None:
    batch = [draw(tiny_model, single) for single in replace(REQUEST, count=3, seed=5).each()]
    assert len(batch) == 3
    for i, image in enumerate(batch):
        alone = draw(tiny_model, replace(REQUEST, seed=5 + i))
        assert np.array_equal(image.rgb, alone.rgb)
    assert not np.array_equal(batch[0].rgb, batch[1].rgb)


@pytest.mark.parametrize(
    "change", [{"seed": 6}, {"prompt": "a blue heart"}, {"steps": 4}, {"cfg": 5.0}]
)
def test_every_setting_has_an_effect(tiny_model: Model, change: dict[str, Any]) -> None:
    other = draw(tiny_model, replace(REQUEST, **change))
    assert not np.array_equal(draw(tiny_model, REQUEST).rgb, other.rgb)


def test_an_image_contains_its_request(tiny_model: Model) -> None:
    image = draw(tiny_model, REQUEST)
    assert image.request == replace(REQUEST, model_digest=tiny_model.digest)
    again = draw(tiny_model, Request.from_json(image.request.to_json()))
    assert np.array_equal(again.rgb, image.rgb)


def test_images_may_be_oblong(tiny_model: Model) -> None:
    image = draw(tiny_model, replace(REQUEST, width=48, height=16))
    assert image.rgb.shape == (16, 48, 3)
    assert image.rgb.dtype == np.uint8
    assert image.alpha is not None
    assert image.alpha.shape == (16, 48)
    assert image.alpha.dtype == np.uint8


def test_inputs_are_not_modified(tiny_model: Model, photo: np.ndarray) -> None:
    mask = np.full((SIDE, SIDE), 255, np.uint8)
    request, inputs = inpaint(REQUEST, photo, mask)
    before = (replace(request), digest(photo), digest(mask), torch.get_rng_state())
    draw(tiny_model, request, inputs)
    assert (request, digest(photo), digest(mask)) == before[:3]
    assert torch.equal(torch.get_rng_state(), before[3])


# Guidance


def test_scale_1_is_unguided_with_one_evaluation_per_step(tiny_model: Model) -> None:
    request = replace(REQUEST, cfg=1.0)
    with counted(tiny_model) as batches:
        image = draw(tiny_model, request)
    assert batches == [1] * request.steps
    other = draw(tiny_model, replace(request, negative="blue heart"))
    assert np.array_equal(image.rgb, other.rgb)


def test_guidance_evaluates_both_prompts_in_one_batch(tiny_model: Model) -> None:
    with counted(tiny_model) as batches:
        image = draw(tiny_model, REQUEST)
    assert batches == [2] * REQUEST.steps
    other = draw(tiny_model, replace(REQUEST, negative="blue heart"))
    assert not np.array_equal(image.rgb, other.rgb)


def test_guidance_converges_to_scale_1(tiny_model: Model) -> None:
    exact = last(prepare(tiny_model, replace(REQUEST, cfg=1.0))).state.x
    near = last(prepare(tiny_model, replace(REQUEST, cfg=1.0 + 1e-6))).state.x
    torch.testing.assert_close(near, exact, atol=1e-4, rtol=1e-4)


# Steps


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_step_is_finite_and_the_last_preview_is_the_image(
    tiny_model: Model, sampler: str
) -> None:
    job = prepare(tiny_model, replace(REQUEST, sampler=sampler, steps=4))
    walked = list(steps(job))
    assert [step.sigma for step in walked] == list(job.sigmas[:-1])
    for step in walked:
        assert step.state.x.isfinite().all()
        assert step.x0.isfinite().all()
    assert np.array_equal(preview(job, walked[-1]).whole(), finish(job, walked[-1].state).rgb)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_sampler_works_with_every_schedule(tiny_model: Model, schedule: str) -> None:
    """On the sigmas that the model makes of it, with a denoiser that costs nothing."""
    for sampler in SAMPLERS:
        request = replace(REQUEST, sampler=sampler, schedule=schedule, steps=4)
        sigmas = prepare(tiny_model, request).sigmas
        state = State(0, torch.full((1, 1, 2, 2), sigmas[0]))
        while state.index < 4:
            state = (
                SAMPLERS[sampler]
                .step(lambda x, sigma: x / (1 + sigma**2), state, sigmas, pointwise_noise)
                .state
            )
            assert state.x.isfinite().all(), sampler
        most = 2.0 if sampler == "UniPC bh1" else 1.0  # its first variant overshoots in leaps
        assert state.x.abs().max() < most * sigmas[0], sampler


def pointwise_noise(step: int, draw: int) -> torch.Tensor:
    return torch.full((1, 1, 2, 2), (-1.0) ** (step + draw))


def test_a_single_step_works(tiny_model: Model) -> None:
    for sampler in SAMPLERS:
        assert draw(tiny_model, replace(REQUEST, sampler=sampler, steps=1)).rgb.std() > 0


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_trajectory_continues_from_a_saved_state(
    tiny_model: Model, tmp_path: Path, sampler: str
) -> None:
    request = replace(REQUEST, sampler=sampler, steps=5)
    whole = [step.state for step in steps(prepare(tiny_model, request))]
    for done in range(1, 5):
        state_file.save(tmp_path / "state", whole[done - 1])
        for state in (whole[done - 1], state_file.load(tmp_path / "state").state):
            rest = [step.state for step in steps(prepare(tiny_model, request), state)]
            assert [trajectory.digest(state) for state in rest] == [
                trajectory.digest(state) for state in whole[done:]
            ]


def test_iteration_can_stop_at_any_step(tiny_model: Model) -> None:
    with counted(tiny_model) as batches:
        walk = steps(prepare(tiny_model, REQUEST))
        next(walk)
        del walk
    assert len(batches) == 1


def test_the_callers_gradient_mode_is_kept_between_steps(tiny_model: Model) -> None:
    walked = 0
    for step in steps(prepare(tiny_model, REQUEST)):
        assert torch.is_grad_enabled()
        assert not step.state.x.requires_grad
        walked += 1
    assert walked == REQUEST.steps


# Image-to-image


@pytest.mark.parametrize(
    ("strength", "run"), [(1.0, 10), (0.75, 8), (0.5, 5), (0.34, 3), (0.01, 1)]
)
def test_strength_is_the_share_of_steps(
    tiny_model: Model, photo: np.ndarray, strength: float, run: int
) -> None:
    request, inputs = from_photo(REQUEST, photo, steps=10, strength=strength)
    assert len(list(steps(prepare(tiny_model, request, inputs)))) == run


def test_a_lower_strength_stays_closer_to_the_init_image(
    tiny_model: Model, photo: np.ndarray
) -> None:
    original = tiny_model.encode(torch.tensor(photo / 127.5 - 1).float().permute(2, 0, 1)[None])
    distances: list[float] = []
    for strength in (0.1, 0.5, 1.0):
        request, inputs = from_photo(REQUEST, photo, steps=10, strength=strength)
        final = last(prepare(tiny_model, request, inputs)).state.x
        distances.append(float((final - original).square().mean()))
    assert distances == sorted(distances)
    assert distances[0] < 0.2 * distances[-1]


# Inpainting

masks = arrays.arrays(
    np.uint8,
    (SIDE, SIDE),
    elements=st.one_of(st.sampled_from([0, 255]), st.integers(0, 255)),
    fill=st.sampled_from([0, 255]),
)


@settings(max_examples=25, deadline=None)
@given(mask=masks, seed=st.integers(0, 3), strength=st.sampled_from([0.4, 1.0]))
def test_a_mask_is_exact(
    tiny_model: Model, photo: np.ndarray, mask: np.ndarray, seed: int, strength: float
) -> None:
    request, inputs = inpaint(REQUEST, photo, mask, seed=seed, strength=strength)
    job = prepare(tiny_model, request, inputs)
    *_, last = walked = list(steps(job))
    shown = [preview(job, step).whole() for step in walked]
    assert all(np.array_equal(one[mask == 0], photo[mask == 0]) for one in shown)
    image = finish(job, last.state)
    redrawn = to_pixels(tiny_model, last.state)
    assert np.array_equal(image.rgb[mask == 0], photo[mask == 0])
    assert np.array_equal(image.rgb[mask == 255], redrawn[mask == 255])
    assert np.array_equal(shown[-1], image.rgb)
    low, high = np.minimum(photo, redrawn), np.maximum(photo, redrawn)
    assert ((image.rgb >= low) & (image.rgb <= high)).all()
    assert image.alpha is None


def to_pixels(model: Model, state: State) -> np.ndarray:
    decoded = model.decode(state.x)[0, :3].permute(1, 2, 0)
    return ((decoded.clamp(-1, 1) + 1) * 127.5).round().byte().numpy()


def test_a_mask_over_everything_redraws_everything(tiny_model: Model, photo: np.ndarray) -> None:
    whole = np.full((SIDE, SIDE), 255, np.uint8)
    masked = draw(tiny_model, *inpaint(REQUEST, photo, whole, strength=0.7))
    free = draw(tiny_model, *from_photo(REQUEST, photo, strength=0.7))
    assert np.array_equal(masked.rgb, free.rgb)


def test_an_empty_mask_returns_the_image(tiny_model: Model, photo: np.ndarray) -> None:
    nothing = np.zeros((SIDE, SIDE), np.uint8)
    assert np.array_equal(draw(tiny_model, *inpaint(REQUEST, photo, nothing)).rgb, photo)


def test_kept_cells_hold_the_original_latent(tiny_model: Model, photo: np.ndarray) -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, : SIDE // 2] = 255
    job = prepare(tiny_model, *inpaint(REQUEST, photo, mask))
    original = tiny_model.encode(torch.tensor(photo / 127.5 - 1).float().permute(2, 0, 1)[None])
    kept = np.s_[..., SIDE // 16 :]
    torch.testing.assert_close(last(job).state.x[kept], original[kept], atol=1e-4, rtol=1e-4)


# Decoding


def test_large_latents_are_decoded_in_tiles(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(REQUEST, width=96, height=48)
    whole = draw(tiny_model, request)
    sizes: list[tuple[int, ...]] = []
    decoder = tiny_model.autoencoder.get_submodule("decoder")
    hook = decoder.register_forward_hook(lambda _, args, out: sizes.append(args[0].shape[-2:]))
    monkeypatch.setattr(decoding, "WHOLE_CELLS", 16)
    monkeypatch.setattr(decoding, "TILE", 2)
    tiled = draw(tiny_model, request)
    hook.remove()
    assert len(sizes) == 3 * 6
    assert np.abs(tiled.rgb.astype(int) - whole.rgb).max() <= 1


@settings(max_examples=50, deadline=None)
@given(
    colour=arrays.arrays(np.uint8, (4, 4, 3)),
    alpha=arrays.arrays(np.uint8, (4, 4)),
)
def test_a_transparent_image_on_white_equals_the_rgb(colour: np.ndarray, alpha: np.ndarray) -> None:
    share = alpha[..., None] / 255
    on_white = np.round(colour * share + 255 * (1 - share)).astype(np.uint8)
    rgba = GeneratedImage(on_white, alpha, REQUEST).rgba()
    assert rgba.shape == (4, 4, 4)
    assert rgba.dtype == np.uint8
    assert np.array_equal(rgba[..., 3], alpha)
    again = rgba[..., :3] * share + 255 * (1 - share)
    assert np.abs(again - on_white)[alpha > 0].max(initial=0) <= 1
    assert (rgba[alpha == 0, :3] == 255).all()
    assert np.array_equal(rgba[alpha == 255, :3], on_white[alpha == 255])


def test_an_image_without_alpha_is_opaque() -> None:
    rgb = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    rgba = GeneratedImage(rgb, None, REQUEST).rgba()
    assert np.array_equal(rgba[..., :3], rgb)
    assert (rgba[..., 3] == 255).all()


# Invalid requests


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"width": 40}, "width"),
        ({"height": 33}, "height"),
        ({"width": 112}, "width"),
        ({"height": 16384}, "height"),
        ({"count": 2}, "count"),
        ({"model_digest": "0" * 64}, "model_digest"),
        ({"init": "0" * 64}, "init"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    tiny_model: Model, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        prepare(tiny_model, replace(REQUEST, **changes))
    assert caught.value.field == field


def test_images_that_do_not_fit_are_refused(tiny_model: Model, photo: np.ndarray) -> None:
    mask = np.full((SIDE, SIDE), 255, np.uint8)
    request, _ = inpaint(REQUEST, photo, mask)
    wide = np.zeros((SIDE, 2 * SIDE, 3), np.uint8)
    for asked, given_, field in (
        (request, Inputs(mask=mask), "init"),
        (request, Inputs(image=photo[::-1], mask=mask), "init"),
        (replace(request, init=digest(wide)), Inputs(image=wide, mask=mask), "init"),
        (request, Inputs(image=photo), "mask"),
        (request, Inputs(image=photo, mask=mask // 2), "mask"),
        (request, Inputs(image=photo, mask=mask.astype(np.float32)), "mask"),
        (request, Inputs(image=photo, mask=mask[:8]), "mask"),
    ):
        with pytest.raises(RequestError) as caught:
            prepare(tiny_model, asked, given_)
        assert caught.value.field == field


def test_digests_distinguish_shape_and_type() -> None:
    pixels = np.arange(24, dtype=np.uint8)
    same = pixels.reshape(4, 6)
    assert digest(same) == digest(np.asfortranarray(same)) == digest(same.copy())
    others = [pixels, same.T, same.view(np.int8), same + 1, pixels.reshape(6, 4)]
    assert len({digest(same), *map(digest, others)}) == 6
