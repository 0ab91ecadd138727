"""Whole images against diffusers' pipelines, with the same weights, noise and noise levels."""

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
from core.pipeline.previews import preview, preview_after
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.conditions import Text
from core.request.inputs import Inputs
from core.request.parameters import Inpaint
from tests.core.checkpoints.pipelines import reference_pipeline
from tests.core.checkpoints.tiny import REQUEST, Tiny, reference_vae

INPAINTING = ("SD1 inpainting", "SD2 inpainting", "SDXL inpainting")


@pytest.fixture(scope="module")
def models(checkpoints: dict[str, Path]) -> dict[str, Model]:
    return {name: load_model(path) for name, path in checkpoints.items()}


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # diffusers, of its own tensors
@pytest.mark.parametrize("kind", ["SD1", "SD2", "SD2 base", "SDXL", "SSD-1B", "KOALA 700M"])
def test_text_to_image_equals_diffusers(
    kind: str, models: dict[str, Model], tinies: dict[str, Tiny]
) -> None:
    model = models[kind]
    job = prepare(model, REQUEST)
    *_, last = steps(job)
    ours = finish(job, last.state)
    theirs = reference_pipeline(tinies[kind])
    sigmas = list(job.sigmas)
    theirs.scheduler.set_timesteps(sigmas=sigmas)
    latents = job.start.x / theirs.scheduler.init_noise_sigma
    options = {
        "prompt": REQUEST.prompt,
        "negative_prompt": REQUEST.negative,
        "guidance_scale": REQUEST.cfg,
        "width": REQUEST.width,
        "height": REQUEST.height,
        "latents": latents,
        "sigmas": sigmas,
    }
    latent = theirs(**options, output_type="latent").images
    torch.testing.assert_close(last.state.x, latent, atol=5e-4, rtol=1e-3)
    image = theirs(**options, output_type="np").images[0]
    assert np.abs(ours.rgb / 255 - image).max() < 0.01
    assert ours.alpha is None
    assert ours.request.model_digest == model.digest


@pytest.mark.parametrize("kind", ["refiner", *INPAINTING])
def test_every_family_generates(kind: str, models: dict[str, Model]) -> None:
    model = models[kind]
    request = replace(REQUEST, steps=2, width=72, height=64, sampler="DPM++ 2M", schedule="Karras")
    job = prepare(model, request)
    *_, last = walked = list(steps(job))
    assert all(preview(job, step).rgb.shape == (64, 72, 3) for step in walked)
    image = finish(job, last.state)
    assert image.rgb.shape == (64, 72, 3)
    assert image.rgb.std() > 0


def test_prompts_of_any_length_are_encoded(models: dict[str, Model]) -> None:
    for kind in ("SD1", "SDXL"):
        request = replace(REQUEST, steps=1, prompt="a cat, " * 60)
        job = prepare(models[kind], request)
        [step] = steps(job)
        short = prepare(models[kind], replace(request, prompt="a cat"))
        [other] = steps(short)
        assert not torch.equal(step.state.x, other.state.x)


def test_an_unsupported_size_is_refused(models: dict[str, Model]) -> None:
    with pytest.raises(RequestError, match="multiple of 8"):
        prepare(models["SD1"], replace(REQUEST, width=100))


def test_tiled_generation_works(models: dict[str, Model]) -> None:
    request = replace(REQUEST, steps=1, width=96, height=64, tile=64)
    for kind in ("SD1", "SD1 inpainting"):
        [step] = steps(prepare(models[kind], request))
        assert step.state.x.shape == (1, 4, 8, 12)


@pytest.fixture
def photo() -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (96, 64, 3), dtype=np.uint8)


def test_pixels_outside_the_mask_stay_unchanged(
    models: dict[str, Model], photo: np.ndarray
) -> None:
    mask = np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    request = replace(
        REQUEST,
        init=digest(photo),
        mask=digest(mask),
        inpaint=Inpaint(blur=0.0, content="noise"),
    )
    for kind in ("SD1", *INPAINTING):
        job = prepare(models[kind], request, Inputs(photo, mask))
        *_, last = steps(job)
        image = finish(job, last.state)
        assert (image.rgb[mask == 0] == photo[mask == 0]).all()
        assert image.changed


def test_an_inpainting_model_gets_the_mask_and_the_masked_image(
    models: dict[str, Model], tinies: dict[str, Tiny], photo: np.ndarray
) -> None:
    model = models["SD1 inpainting"]
    mask = np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    seen: list[torch.Tensor] = []
    hook = model.backbone.register_forward_hook(lambda _, args, out: seen.append(args[2].channels))
    request = replace(REQUEST, steps=1, init=digest(photo), mask=digest(mask))
    list(steps(prepare(model, request, Inputs(photo, mask))))
    list(steps(prepare(model, replace(REQUEST, steps=1))))
    hook.remove()
    masked, unmasked = seen
    cells = torch.zeros(12, 8)
    cells[2:6, 1:5] = 1
    assert torch.equal(masked[0, 0], cells)
    pixels = torch.tensor(photo / 127.5 - 1, dtype=torch.float32).permute(2, 0, 1)[None]
    pixels[:, :, 16:48, 8:40] = 0
    kept = reference_vae(tinies["SD1 inpainting"]).encode(pixels).latent_dist.mode() * 0.18215
    torch.testing.assert_close(masked[:1, 1:], kept, atol=1e-4, rtol=1e-4)
    assert (unmasked[:, 0] == 1).all()
    grey = model.encode(torch.zeros(1, 3, 96, 64))
    torch.testing.assert_close(unmasked[:1, 1:], grey)


def test_the_refiner_gets_the_aesthetic_score(models: dict[str, Model]) -> None:
    model = models["refiner"]
    good, poor = (
        model.condition(Text("a cat"), 64, 96, negative=negative) for negative in (False, True)
    )
    assert good.vector is not None
    assert poor.vector is not None
    assert good.vector.shape == (1, 64 + 5 * 256)
    assert torch.equal(good.vector[:, :-256], poor.vector[:, :-256])
    assert not torch.equal(good.vector, poor.vector)


def test_previews_need_no_decoding(models: dict[str, Model]) -> None:
    model = models["SD1"]
    decoded: list[None] = []
    hook = model.autoencoder.get_submodule("decoder").register_forward_hook(
        lambda *_: decoded.append(None)
    )
    job = prepare(model, replace(REQUEST, steps=2))
    *_, last = walked = list(steps(job))
    assert all(preview(job, step).rgb.shape == (96, 64, 3) for step in walked)
    assert not decoded
    assert preview_after(job, 2, last.x0).shape == (96, 64, 3)
    assert decoded
    hook.remove()


def test_clip_skip_counts_like_in_other_programs(models: dict[str, Model]) -> None:
    def tokens(kind: str, skip: int) -> Tensor:
        found = models[kind].condition(Text("a cat", skip)).tokens
        assert found is not None
        return found

    assert not torch.equal(tokens("SD1", 1), tokens("SD1", 2))
    assert torch.equal(tokens("SDXL", 1), tokens("SDXL", 2))


def test_clip_skip_applies_where_the_family_supports_it(models: dict[str, Model]) -> None:
    def drawn(kind: str, **asked: Any) -> Tensor:
        return next(steps(prepare(models[kind], replace(REQUEST, steps=2, **asked)))).x0

    plain = drawn("SD1")
    assert not torch.equal(drawn("SD1", clip_skip=2), plain)
    assert torch.equal(drawn("SD1", clip_skip=1), plain)
    assert torch.equal(drawn("SDXL", clip_skip=2), drawn("SDXL"))


@pytest.mark.parametrize("kind", ["SD1", "SDXL", "refiner"])
def test_each_step_is_conditioned_on_its_own_text(kind: str, models: dict[str, Model]) -> None:
    """One chunk or two, several parts, both syntaxes. As in A1111, the first two steps read the
    first of the texts.
    """
    model = models[kind]
    prompt = "a [cat:dog BREAK hat:1] (in:1.3) snow AND [a|b] :0.5"
    job = prepare(model, replace(REQUEST, steps=3, prompt=prompt))
    first = "a cat (in:1.3) snow AND a :0.5"
    texts = [first, first, "a dog BREAK hat (in:1.3) snow AND b :0.5"]
    before = job.start
    for text, step in zip(texts, steps(job), strict=True):
        alone = prepare(model, replace(REQUEST, steps=3, prompt=text))
        assert torch.equal(next(steps(alone, before)).x0, step.x0)
        before = step.state
    [one, other] = (
        next(steps(prepare(model, replace(REQUEST, steps=1, prompt="a (cat:1.4)", syntax=name))))
        for name in ("A1111", "ComfyUI")
    )
    assert not torch.equal(one.x0, other.x0)
