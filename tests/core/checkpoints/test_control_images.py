"""Models with a control image generate the same images as diffusers' pipelines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.errors import RequestError
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.prepared_run import PreparedRun
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Guidance, Inpaint
from core.request.request import Change, Request
from core.sampling.noise import step_noise
from tests.core.checkpoints.pipelines import reference_pipeline
from tests.core.checkpoints.tiny import REQUEST, Tiny
from tests.narrowing import present

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of diffusers' tensors


@pytest.fixture(scope="module")
def models(checkpoints: dict[str, Path]) -> dict[str, Model]:
    kinds = ("SD1", "SD2 depth", "instruct-pix2pix", "x4 upscaler")
    return {kind: load_model(checkpoints[kind], digest=kind) for kind in kinds}


def pixels(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def led(request: Request, control: np.ndarray, **inputs: Any) -> tuple[Request, Inputs]:
    named = digest(control)
    return replace(request, control=named), Inputs(images={named: control}, **inputs)


def drawn(model: Model, request: Request, inputs: Inputs) -> tuple[PreparedRun, Tensor]:
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    assert finish(job, last.state).rgb.shape == (request.height, request.width, 3)
    return job, last.state.x


def as_tensor(image: np.ndarray) -> Tensor:
    return torch.as_tensor(image).permute(2, 0, 1)[None].float() / 255


TOLD: dict[str, Any] = {
    "prompt": REQUEST.prompt,
    "negative_prompt": REQUEST.negative,
    "guidance_scale": REQUEST.cfg,
    "num_inference_steps": REQUEST.steps,
    "output_type": "latent",
}


def test_depth_conditioning_equals_diffusers(
    models: dict[str, Model], tinies: dict[str, Tiny], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, depths, photo = models["SD2 depth"], pixels(96, 64), pixels(96, 64, 3, seed=1)
    request, inputs = led(replace(REQUEST, strength=0.5, init=digest(photo)), depths, image=photo)
    job, ours = drawn(model, request, inputs)
    theirs = reference_pipeline(tinies["SD2 depth"])
    monkeypatch.setattr(  # which draws a sample
        "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_depth2img.retrieve_latents",
        lambda encoded, **_: encoded.latent_dist.mode(),
    )
    expected = theirs(
        **TOLD,
        image=as_tensor(photo),
        depth_map=torch.as_tensor(depths)[None].float(),
        strength=0.5,
        generator=torch.Generator().manual_seed(REQUEST.seed),
    ).images
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-3)
    assert job.total == 2


def test_image_editing_equals_diffusers(models: dict[str, Model], tinies: dict[str, Tiny]) -> None:
    photo = pixels(96, 64, 3)
    request, inputs = led(replace(REQUEST, guidance=Guidance(image=1.7)), photo)
    job, ours = drawn(models["instruct-pix2pix"], request, inputs)
    theirs = reference_pipeline(tinies["instruct-pix2pix"])
    theirs.scheduler.set_timesteps(REQUEST.steps)
    expected = theirs(
        **TOLD,
        image=as_tensor(photo),
        image_guidance_scale=1.7,
        latents=job.start.x / theirs.scheduler.init_noise_sigma,
    ).images
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-3)


def test_upscaling_equals_diffusers(
    models: dict[str, Model], tinies: dict[str, Tiny], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = pixels(24, 16, 3)
    request, inputs = led(replace(REQUEST, noise_level=35), small)
    job, ours = drawn(models["x4 upscaler"], request, inputs)
    theirs = reference_pipeline(tinies["x4 upscaler"])
    theirs.scheduler.set_timesteps(REQUEST.steps)
    monkeypatch.setattr(
        "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_upscale.randn_tensor",
        lambda shape, **_: step_noise(REQUEST.seed, -2, 0, shape[1:])[None],
    )
    expected = theirs(
        **TOLD,
        image=as_tensor(small),
        noise_level=35,
        latents=job.start.x / theirs.scheduler.init_noise_sigma,
    ).images
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-3)


def test_the_init_image_is_the_default_control_image(models: dict[str, Model]) -> None:
    photo = pixels(96, 64, 3)
    started = replace(REQUEST, init=digest(photo))
    _, given = drawn(models["instruct-pix2pix"], started, Inputs(photo))
    both, inputs = led(started, photo, image=photo)
    assert torch.equal(given, drawn(models["instruct-pix2pix"], both, inputs)[1])
    large = pixels(24, 16, 3).repeat(4, axis=0).repeat(4, axis=1)
    started = replace(REQUEST, init=digest(large))
    _, given = drawn(models["x4 upscaler"], started, Inputs(large))
    both, inputs = led(started, pixels(24, 16, 3), image=large)
    torch.testing.assert_close(given, drawn(models["x4 upscaler"], both, inputs)[1])


def test_inpainting_works_with_a_control_image(models: dict[str, Model]) -> None:
    photo, mask = pixels(96, 64, 3), np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    inpaint = Inpaint(area="masked", padding=0, width=32, height=32)
    for kind, control in (
        ("SD2 depth", pixels(96, 64)),
        ("instruct-pix2pix", photo),
        ("x4 upscaler", pixels(24, 16, 3)),
    ):
        asked = replace(REQUEST, steps=1, init=digest(photo), mask=digest(mask), inpaint=inpaint)
        request, inputs = led(asked, control, image=photo, mask=mask)
        job, _ = drawn(models[kind], request, inputs)
        given = job.segments[0].extra
        assert given is not None
        assert present(given.prompt.channels).shape[-2:] == job.start.x.shape[-2:]


def test_tiles_get_their_part_of_the_control_image(models: dict[str, Model]) -> None:
    for kind, control in (("SD2 depth", pixels(96, 64)), ("x4 upscaler", pixels(24, 16, 3))):
        asked = replace(REQUEST, steps=1, guidance=Guidance(image=1.0))
        request, inputs = led(replace(asked, tile=64), control)
        assert drawn(models[kind], request, inputs)[1].isfinite().all()
        _, tiled = drawn(models[kind], replace(request, tile=96), inputs)
        _, whole = drawn(models[kind], replace(request, tile=0), inputs)
        torch.testing.assert_close(tiled, whole)


def test_a_change_may_replace_the_control_image(models: dict[str, Model]) -> None:
    first, second = pixels(96, 64), pixels(96, 64, seed=1)
    request, inputs = led(REQUEST, first)
    inputs = replace(inputs, images={**inputs.images, digest(second): second})
    changed = replace(request, changes=(Change(2, control=digest(second)),))
    job, other = drawn(models["SD2 depth"], changed, inputs)
    _, same = drawn(models["SD2 depth"], request, inputs)
    assert not torch.equal(same, other)
    assert job.segments[1].extra is not job.segments[0].extra


def test_every_noise_level_and_image_guidance_has_an_effect(models: dict[str, Model]) -> None:
    request, inputs = led(replace(REQUEST, steps=1), pixels(24, 16, 3))
    levels = [replace(request, noise_level=level) for level in (0, 20, 350)]
    images = [drawn(models["x4 upscaler"], asked, inputs)[1] for asked in levels]
    assert not torch.equal(images[0], images[1])
    assert not torch.equal(images[1], images[2])
    request, inputs = led(replace(REQUEST, steps=1), pixels(96, 64, 3))
    scales = [replace(request, guidance=Guidance(image=scale)) for scale in (1.0, 1.5)]
    one, more = (drawn(models["instruct-pix2pix"], asked, inputs)[1] for asked in scales)
    assert not torch.equal(one, more)


def test_missing_and_unused_control_images_are_refused(models: dict[str, Model]) -> None:
    for kind in ("SD2 depth", "x4 upscaler"):
        with pytest.raises(RequestError, match="needs") as caught:
            prepare(models[kind], REQUEST)
        assert caught.value.field == "control"
    assert prepare(models["instruct-pix2pix"], REQUEST).segments[0].extra
    request, inputs = led(REQUEST, pixels(96, 64))
    with pytest.raises(RequestError, match="has no control image"):
        prepare(models["SD1"], request, inputs)
    with pytest.raises(RequestError, match="is missing"):
        prepare(models["SD2 depth"], request)
    with pytest.raises(RequestError, match="not uint8"):
        prepare(models["x4 upscaler"], *led(REQUEST, pixels(96, 64, 3)))
