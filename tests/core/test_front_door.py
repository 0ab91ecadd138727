"""`from core import ...`: its names, what they import, and the defaults and refusals of
`prepare`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import core
from core import Change, Inputs, Request, finish, generate, prepare, steer, steps
from core.errors import RequestError, StateError
from core.images import image_digest
from core.model.model import Model
from core.pipeline import saved_job
from core.request import inputs as inputs_module
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES
from core.sampling.trajectory import State, Step

SIDE = 32
REQUEST = Request(prompt="a red cat", steps=3, width=SIDE, height=SIDE, seed=5, cfg=3.0)
PHOTO = np.arange(SIDE * SIDE * 3, dtype=np.uint8).reshape(SIDE, SIDE, 3)
MASK = np.zeros((SIDE, SIDE), np.uint8)
MASK[8:24, 8:24] = 255


def test_importing_core_imports_neither_torch_nor_numpy() -> None:
    code = "import sys, core; dir(core); assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", core.__all__)
def test_every_exported_name_exists(name: str) -> None:
    assert getattr(core, name) is not None
    assert name in dir(core)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = core.nothing_like_this  # pyright: ignore[reportAttributeAccessIssue]


def test_a_request_gets_the_models_defaults(tiny_model: Model) -> None:
    request = tiny_model.request("a red cat", steps=2)
    defaults = tiny_model.defaults
    assert (request.prompt, request.steps) == ("a red cat", 2)
    assert (request.sampler, request.cfg) == (defaults.sampler, defaults.cfg)
    with pytest.raises(TypeError):
        tiny_model.request("a red cat", stepz=2)


def test_generate_equals_prepare_steps_finish(tiny_model: Model) -> None:
    run = prepare(tiny_model, REQUEST)
    *_, last = steps(run)
    seen: list[int] = []
    image = generate(tiny_model, REQUEST, on_step=lambda run, step: seen.append(step.state.index))
    assert np.array_equal(image.rgb, finish(run, last.state).rgb)
    assert seen == [1, 2, 3]
    named = generate(
        tiny_model, "a red cat", sampler="Euler", schedule="Normal",
        steps=3, width=SIDE, height=SIDE, seed=5, cfg=3.0,
    )  # fmt: skip
    assert np.array_equal(named.rgb, image.rgb)
    with pytest.raises(TypeError, match="steps"):
        generate(tiny_model, REQUEST, steps=5)


def test_images_are_identified_by_their_pixels(tiny_model: Model) -> None:
    image = generate(tiny_model, REQUEST, Inputs(PHOTO, MASK))
    assert image.request.init == image_digest.digest(PHOTO)
    assert image.request.mask == image_digest.digest(MASK)
    named = replace(REQUEST, init=image.request.init, mask=image.request.mask)
    assert np.array_equal(generate(tiny_model, named, Inputs(PHOTO, MASK)).rgb, image.rgb)
    with pytest.raises(RequestError, match="not the one"):
        prepare(tiny_model, named, Inputs(PHOTO + 1, MASK))


def test_pixels_are_hashed_once(tiny_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[tuple[int, ...]] = []

    def digest(pixels: np.ndarray) -> str:
        hashed.append(pixels.shape)
        return image_digest.digest(pixels)

    monkeypatch.setattr(inputs_module, "digest", digest)
    inputs = Inputs(PHOTO, MASK)
    request = inputs.request(REQUEST)
    run = prepare(tiny_model, request, replace(inputs, models=lambda request, exactly: tiny_model))
    steer(run, Change(1, prompt="a dog"))
    assert hashed == [PHOTO.shape, MASK.shape]


def euler(denoise: object, state: State, sigmas: object, noise: object) -> Step:
    return SAMPLERS["Euler"].step(denoise, state, sigmas, noise)  # pyright: ignore[reportArgumentType]


def test_a_sampler_function_makes_the_run_not_replayable(tiny_model: Model, tmp_path: Path) -> None:
    plain = generate(tiny_model, REQUEST)
    own = generate(tiny_model, replace(REQUEST, sampler="Heun"), sampler=euler)
    assert np.array_equal(own.rgb, plain.rgb)
    assert plain.replayable
    assert not own.replayable
    assert np.array_equal(generate(tiny_model, REQUEST, sampler="Heun").rgb,
                          generate(tiny_model, replace(REQUEST, sampler="Heun")).rgb)  # fmt: skip
    run = prepare(tiny_model, REQUEST, sampler=euler)
    with pytest.raises(StateError, match="sampler of your own"):
        saved_job.save(tmp_path / "state", run, run.start)


def test_a_user_defined_sampler_stays_until_a_change_names_another(tiny_model: Model) -> None:
    run = prepare(tiny_model, replace(REQUEST, sampler="Heun"), sampler=euler)
    prompted = steer(run, Change(1, prompt="a dog"))
    assert prompted.segments[1].sampler is euler
    named = steer(prompted, Change(2, sampler="Heun"))
    assert named.segments[2].sampler is not euler
    assert named.segments[2].resets_memory


def test_a_schedule_function_or_sigmas_are_replayable(tiny_model: Model) -> None:
    karras = SCHEDULES["Karras"].sigmas
    named = generate(tiny_model, REQUEST, schedule="Karras")
    assert named.request.schedule == "Karras"
    for schedule in (karras, karras(3, tiny_model.schedule), [*karras(3, tiny_model.schedule)][:3]):
        own = generate(tiny_model, REQUEST, schedule=schedule)
        assert np.array_equal(own.rgb, named.rgb)
        replayed = generate(tiny_model, Request.from_json(own.request.to_json()))
        assert np.array_equal(replayed.rgb, own.rgb)
    with pytest.raises(RequestError, match="decrease"):
        prepare(tiny_model, REQUEST, schedule=[1.0, 2.0])


def test_an_unapplied_lora_is_an_error(tiny_model: Model) -> None:
    tagged = replace(REQUEST, prompt="a red cat <lora:ink:1>")
    with pytest.raises(RequestError, match='"ink"'):
        prepare(tiny_model, tagged)
    with pytest.raises(RequestError, match='"ink"'):
        steer(prepare(tiny_model, REQUEST), Change(1, prompt=tagged.prompt))
    applied = Inputs(models=lambda request, exactly: tiny_model)
    assert prepare(tiny_model, tagged, applied).total == 3
