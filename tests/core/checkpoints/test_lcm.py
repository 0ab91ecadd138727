"""Full LCMs, whose U-Net has a guidance embedding, against diffusers' pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.model.model import Model
from core.networks.layers import guidance_embedding
from core.pipeline.prepared_run import PreparedRun
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.parameters import Guidance, Levels
from tests.core.checkpoints.pipelines import reference_pipeline
from tests.core.checkpoints.tiny import REQUEST, Tiny

DRAWN = replace(REQUEST, negative="", sampler="LCM", schedule="SGM Uniform", cfg=8.0)


@pytest.fixture(scope="module")
def model(checkpoints: dict[str, Path]) -> Model:
    return load_model(checkpoints["SD1 LCM"], digest="known")


@pytest.fixture
def evaluations(model: Model) -> Iterator[list[int]]:
    """The batch sizes of the U-Net's evaluations."""
    batches: list[int] = []
    hook = model.backbone.register_forward_hook(lambda _, args, out: batches.append(len(args[0])))
    yield batches
    hook.remove()


def drawn(job: PreparedRun) -> Tensor:
    *_, last = steps(job)
    return last.state.x


@pytest.mark.parametrize("cfg", [1.0, 2.5, 8.0])
def test_text_to_image_equals_diffusers(
    cfg: float, model: Model, tinies: dict[str, Tiny], monkeypatch: pytest.MonkeyPatch
) -> None:
    diffusers = pytest.importorskip("diffusers")
    theirs = reference_pipeline(tinies["SD1 LCM"])
    scheduler = theirs.scheduler = diffusers.LCMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"
    )
    scheduler.set_timesteps(4, original_inference_steps=50)
    sigmas = tuple(model.schedule.sigma(float(t)) for t in scheduler.timesteps)
    job = prepare(model, replace(DRAWN, cfg=cfg, levels=Levels(sigmas=sigmas)))
    state = job.start
    for step in steps(job):
        state = step.state
    ours = finish(job, state)
    draws = iter(range(4))

    def noise(*_: Any, **__: Any) -> Tensor:
        return job.noise(next(draws), 0)

    monkeypatch.setattr("diffusers.schedulers.scheduling_lcm.randn_tensor", noise)
    image = theirs(
        prompt=DRAWN.prompt,
        guidance_scale=cfg,
        num_inference_steps=4,
        original_inference_steps=50,
        width=DRAWN.width,
        height=DRAWN.height,
        latents=job.start.x * (1 + sigmas[0] ** 2) ** -0.5,
        output_type="np",
    ).images[0]
    assert np.abs(ours.rgb / 255 - image).max() < 0.01


def test_the_guidance_scale_is_embedded_like_in_diffusers() -> None:
    diffusers = pytest.importorskip("diffusers")
    scales = torch.tensor([1.0, 1.5, 8.0])
    theirs = diffusers.LatentConsistencyModelPipeline.get_guidance_scale_embedding(
        None, scales - 1, embedding_dim=256
    )
    torch.testing.assert_close(guidance_embedding(scales, 256), theirs)


def test_a_step_is_one_evaluation(model: Model, evaluations: list[int]) -> None:
    strong = drawn(prepare(model, DRAWN))
    assert evaluations == [1] * DRAWN.steps
    weak = drawn(prepare(model, replace(DRAWN, cfg=2.0)))
    assert not torch.equal(strong, weak)


def test_the_negative_prompt_is_ignored(model: Model) -> None:
    plain, negative = (prepare(model, replace(DRAWN, negative=text)) for text in ("", "blurry"))
    assert torch.equal(drawn(plain), drawn(negative))


def test_guidance_may_end_before_the_last_step(model: Model) -> None:
    whole, none = (drawn(prepare(model, replace(DRAWN, cfg=cfg))) for cfg in (8.0, 1.0))
    part = drawn(prepare(model, replace(DRAWN, guidance=Guidance(end=0.5))))
    never = drawn(prepare(model, replace(DRAWN, guidance=Guidance(start=0.0, end=0.0))))
    assert not torch.equal(part, whole)
    assert not torch.equal(part, none)
    assert torch.equal(never, none)


def test_guidance_embedding_applies_to_parts_of_a_prompt(
    model: Model, evaluations: list[int]
) -> None:
    both = replace(DRAWN, prompt="a cat AND snow")
    assert not torch.equal(
        drawn(prepare(model, both)), drawn(prepare(model, replace(both, cfg=1.0)))
    )
    assert set(evaluations) == {3}


def test_defaults_suit_an_lcm(model: Model) -> None:
    defaults = model.defaults
    assert (defaults.sampler, defaults.steps, defaults.cfg) == ("LCM", 4, 8.0)
