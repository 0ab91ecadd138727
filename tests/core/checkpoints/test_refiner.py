"""A refiner, or any model with the same latents, continues a run of another model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.errors import RequestError
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.prepared_run import PreparedRun
from core.pipeline.previews import preview
from core.pipeline.resume import resume
from core.pipeline.saved_job import load, save
from core.pipeline.steering import steer
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.request import Change, Request
from core.runtime.offload import DeviceManager
from tests.core.checkpoints.pipelines import reference_pipeline
from tests.core.checkpoints.tiny import REQUEST, Tiny
from tests.narrowing import present

HANDED = replace(REQUEST, changes=(Change(2, model="refiner"),))


@pytest.fixture(scope="module")
def models(checkpoints: dict[str, Path]) -> dict[str, Model]:
    kinds = ("SD1", "SD1 inpainting", "SDXL", "refiner")
    return {kind: load_model(checkpoints[kind], digest=kind) for kind in kinds}


@pytest.fixture
def inputs(models: dict[str, Model]) -> Inputs:
    return Inputs(models=lambda request, _: models[request.model])


def ended(job: PreparedRun) -> Tensor:
    *_, last = steps(job)
    return last.state.x


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # diffusers, of its own tensors
def test_the_refiner_equals_diffusers(
    models: dict[str, Model], inputs: Inputs, tinies: dict[str, Tiny]
) -> None:
    job = prepare(models["SDXL"], HANDED, inputs)
    base, refiner = reference_pipeline(tinies["SDXL"]), reference_pipeline(tinies["refiner"])
    arguments = {
        "prompt": HANDED.prompt,
        "negative_prompt": HANDED.negative,
        "guidance_scale": HANDED.cfg,
        "num_inference_steps": HANDED.steps,
        "output_type": "latent",
    }
    base.scheduler.set_timesteps(HANDED.steps)
    half = base(
        **arguments,
        width=HANDED.width,
        height=HANDED.height,
        latents=job.start.x / base.scheduler.init_noise_sigma,
        denoising_end=0.5,
    ).images
    expected = refiner(**arguments, image=half, denoising_start=0.5).images
    first, second, *_, last = steps(job)
    torch.testing.assert_close(second.state.x, half, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(last.state.x, expected, atol=1e-4, rtol=1e-3)
    assert preview(job, first).rgb.shape == preview(job, last).rgb.shape == (96, 64, 3)


def test_the_recipe_names_both_models_by_digest(models: dict[str, Model], inputs: Inputs) -> None:
    job = prepare(models["SDXL"], HANDED, inputs)
    *_, last = steps(job)
    made = finish(job, last.state).request
    assert made.model_digest == "SDXL"
    assert made.changes == (Change(2, model="refiner", model_digest="refiner"),)
    again = prepare(models["SDXL"], Request.from_json(made.to_json()), inputs)
    assert torch.equal(ended(again), last.state.x)
    other = replace(made, changes=(replace(made.changes[0], model_digest="ab"),))
    with pytest.raises(RequestError, match="hash ab"):
        prepare(models["SDXL"], other, inputs)


def test_a_change_of_the_model_equals_the_refiner(models: dict[str, Model], inputs: Inputs) -> None:
    job = prepare(models["SDXL"], REQUEST, inputs)
    _, second, *_, last = steps(job)
    steered_job = steer(job, HANDED.changes[0])
    *_, other = steps(steered_job, second.state)
    assert torch.equal(other.state.x, ended(prepare(models["SDXL"], HANDED, inputs)))
    assert not torch.equal(other.state.x, last.state.x)


def test_a_saved_refiner_run_resumes_with_identical_bits(
    models: dict[str, Model], inputs: Inputs, tmp_path: Path
) -> None:
    job = prepare(models["SDXL"], HANDED, inputs)
    _, _, third, last = steps(job)
    save(tmp_path / "a.safetensors", job, third.state)
    saved = load(tmp_path / "a.safetensors")
    saved = replace(saved, inputs=replace(saved.inputs, models=inputs.models))
    job, state = resume(models["SDXL"], saved)
    [rest] = steps(job, state)
    assert torch.equal(rest.state.x, last.state.x)


def test_switching_to_the_same_model_changes_no_bit(
    models: dict[str, Model], inputs: Inputs
) -> None:
    request = replace(REQUEST, sampler="DPM++ 2M")
    same = replace(request, changes=(Change(2, model="SDXL"),))
    job, other = (prepare(models["SDXL"], asked, inputs) for asked in (request, same))
    assert torch.equal(ended(job), ended(other))


def test_an_inpainting_model_may_refine_inside_the_mask(
    models: dict[str, Model], inputs: Inputs
) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)
    mask = np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    request = replace(
        REQUEST,
        init=digest(photo),
        mask=digest(mask),
        changes=(Change(2, model="SD1 inpainting"),),
    )
    job = prepare(models["SD1"], request, replace(inputs, image=photo, mask=mask))
    given = job.segments[1].extra
    assert given is not None
    assert present(given.prompt.channels)[0, 0].sum() == 16
    *_, last = steps(job)
    image = finish(job, last.state)
    assert (image.rgb[mask == 0] == photo[mask == 0]).all()


def test_a_refiner_with_other_latents_is_refused(
    models: dict[str, Model], inputs: Inputs, tiny_model: Model
) -> None:
    request = replace(REQUEST, changes=(Change(2, model="SD1"),))
    with pytest.raises(RequestError, match="latent space is different"):
        prepare(models["SDXL"], request, inputs)
    with pytest.raises(RequestError, match="latent space is different"):
        prepare(models["SDXL"], request, replace(inputs, models=lambda request, _: tiny_model))
    with pytest.raises(RequestError, match="not available"):
        prepare(models["SDXL"], request)


def test_two_models_are_offloaded_in_turn_on_one_device(
    models: dict[str, Model], inputs: Inputs
) -> None:
    turns = DeviceManager(torch.device("cpu"))
    first, second = (replace(models[name], device_manager=turns) for name in ("SDXL", "refiner"))
    job = prepare(first, HANDED, replace(inputs, models=lambda *_: second))
    present = [turns.loaded for _ in steps(job)]
    assert present == [(first.backbone,)] * 2 + [(second.backbone,)] * 2
