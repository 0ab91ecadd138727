"""Changes along a trajectory: branching and steering are the same, and both replay."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import RequestError, StateError
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline import saved_job
from core.pipeline.prepared_run import PreparedRun
from core.pipeline.previews import preview, preview_after
from core.pipeline.resume import resume
from core.pipeline.starting_noise import starting_noise
from core.pipeline.steering import steer
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Guidance, Levels, Options, Variation
from core.request.request import Change, Request
from core.request.text_segment import EARLY_A1111
from core.runtime.environment import Environment, environment
from core.sampling import noise
from core.sampling.model_schedule import scaled_linear
from core.sampling.noise_profiles import A1111_CPU, A1111_NV, COMFYUI, PROFILES
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES
from core.sampling.trajectory import Denoiser, State, Step
from core.sampling.trajectory import digest as bits

SIDE = 32
STEPS = 6
REQUEST = Request(prompt="a red cat", steps=STEPS, width=SIDE, height=SIDE, seed=5, cfg=3.0)


def walk(model: Model, request: Request = REQUEST, inputs: Inputs | None = None) -> list[Step]:
    return list(steps(prepare(model, request, inputs)))


def marks(walked: list[Step]) -> list[str]:
    return [bits(step.state) for step in walked]


def run_steered(model: Model, request: Request, *changes: Change) -> tuple[PreparedRun, list[Step]]:
    """Runs `request` and changes it during the run, as a user would."""
    job, walked = prepare(model, request), list[Step]()
    state = job.start
    waiting = list(changes)
    while state.index < job.total:
        while waiting and waiting[0].step == state.index:
            job = steer(job, waiting.pop(0))
        walked.append(next(steps(job, state)))
        state = walked[-1].state
    return job, walked


PHOTO = (255 * np.dstack([*np.mgrid[:SIDE, :SIDE], np.eye(SIDE) * SIDE]) / SIDE).astype(np.uint8)
MASK = np.zeros((SIDE, SIDE), np.uint8)
MASK[8:24, 8:24] = 255
LATER = Inputs(images={digest(PHOTO): PHOTO, digest(MASK): MASK})

CHANGES = {
    "prompt": Change(3, prompt="a blue dog"),
    "negative": Change(2, negative="hat"),
    "cfg": Change(4, cfg=1.0),
    "sampler": Change(3, sampler="DPM++ 2M"),
    "schedule": Change(3, schedule="Karras"),
    "more steps": Change(2, steps=12),
    "at once": Change(0, prompt="a hat"),
    "everything": Change(3, "a dog", "hat", 2.0, "Heun", "Exponential", 9),
}


def evaluated(model: Model, request: Request, inputs: Inputs | None = None) -> list[str]:
    """For each step, the texts of its evaluations: equal letters stand for equal texts."""
    run = prepare(model, request, inputs)
    letters: dict[Denoiser, str] = {}
    return [
        "".join(letters.setdefault(one, "abc"[len(letters)]) for one in denoisers)
        for denoisers in run.segments[0].denoisers
    ]


def test_a_prompt_changes_between_the_evaluations_of_a_step(tiny_model: Model) -> None:
    """AUTOMATIC1111 counts the evaluations of second-order samplers against twice the steps."""
    request = replace(REQUEST, sampler="Heun", prompt="a [red:blue:2] cat", cfg=1.0)
    assert evaluated(tiny_model, request) == ["a", "ab", *"bbbb"]  # evaluations 0 to 2, then 3
    share = replace(request, prompt="a [red:blue:0.5] cat")
    assert evaluated(tiny_model, share) == [*"aaa", "ab", *"bb"]  # half of 12 evaluations
    run = prepare(tiny_model, request)
    step = run.segment(1).step(State(1, run.start.x), run.noise)
    again = run.segment(1).step(State(1, run.start.x), run.noise)
    assert torch.equal(step.state.x, again.state.x)
    (red, blue), (sigma, following) = run.segments[0].denoisers[1], run.sigmas[1:3]
    slope = (run.start.x - red(run.start.x, sigma)) / sigma
    ahead = run.start.x + slope * (following - sigma)
    there = (ahead - blue(ahead, following)) / following
    expected = run.start.x + (slope + there) / 2 * (following - sigma)
    torch.testing.assert_close(step.state.x, expected, rtol=1e-4, atol=1e-4)


def test_shares_of_steps_are_those_of_all_steps_in_image_to_image(tiny_model: Model) -> None:
    request = replace(REQUEST, init=digest(PHOTO), strength=0.5, steps=8)
    inputs = Inputs(PHOTO)
    assert evaluated(tiny_model, replace(request, prompt="[a:b:0.5]"), inputs) == [*"aaaa"]
    assert evaluated(tiny_model, replace(request, prompt="[a:b:2]"), inputs) == [*"aaab"]
    early = replace(request, prompt="[a:b:0.5]", syntax=EARLY_A1111)
    assert evaluated(tiny_model, early, inputs) == [*"aabb"]


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M", "UniPC", "DPM fast", "Restart", "LMS"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_steered_run_replays_from_its_recipe(
    tiny_model: Model, change: Change, sampler: str
) -> None:
    job, walked = run_steered(tiny_model, replace(REQUEST, sampler=sampler), change)
    again = walk(tiny_model, Request.from_json(job.request.to_json()))
    assert marks(again) == marks(walked)
    assert all(step.x0.isfinite().all() for step in walked)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_branch_shares_only_the_steps_before_it(tiny_model: Model, change: Change) -> None:
    plain, branch = walk(tiny_model), walk(tiny_model, replace(REQUEST, changes=(change,)))
    k = change.step
    assert marks(branch)[:k] == marks(plain)[:k]
    assert not set(marks(branch)[k:]) & set(marks(plain)[k:])


def test_a_change_to_the_same_values_changes_no_bit(tiny_model: Model) -> None:
    same = Change(3, prompt=REQUEST.prompt, cfg=REQUEST.cfg, sampler="Euler", schedule="Normal")
    assert marks(walk(tiny_model, replace(REQUEST, changes=(same,)))) == marks(walk(tiny_model))


def test_another_schedule_continues_below_the_current_level(tiny_model: Model) -> None:
    for name in SCHEDULES:
        request = replace(REQUEST, changes=(Change(3, schedule=name, steps=10),))
        sigmas = prepare(tiny_model, request).sigmas
        assert sigmas[:4] == prepare(tiny_model, REQUEST).sigmas[:4]
        assert all(a > b for a, b in pairwise(sigmas))
        whole = prepare(tiny_model, replace(REQUEST, schedule=name, steps=10)).sigmas
        assert sigmas[4:] == tuple(sigma for sigma in whole if sigma < sigmas[3] * (1 - 1e-6))


def test_changes_add_up(tiny_model: Model) -> None:
    changes = (Change(1, cfg=5.0), Change(2, prompt="a dog"), Change(2, negative="a cat"))
    job, walked = run_steered(tiny_model, REQUEST, *changes)
    assert job.request.changes == changes
    assert marks(walk(tiny_model, job.request)) == marks(walked)
    assert job.segment(5).request == replace(REQUEST, cfg=5.0, prompt="a dog", negative="a cat")


def test_after_a_mask_change_only_the_mask_is_redrawn(tiny_model: Model) -> None:
    change = Change(3, prompt="a dog", init=digest(PHOTO), mask=digest(MASK))
    job = prepare(tiny_model, replace(REQUEST, changes=(change,)), LATER)
    walked = list(steps(job))
    image = finish(job, walked[-1].state)
    assert np.array_equal(image.rgb[MASK == 0], PHOTO[MASK == 0])
    assert not np.array_equal(image.rgb[MASK == 255], PHOTO[MASK == 255])
    assert np.array_equal(preview(job, walked[-1]).whole(), image.rgb)
    whole = preview(job, walked[2]).whole()  # before the change, nothing is kept
    assert not np.array_equal(whole[MASK == 0], PHOTO[MASK == 0])
    assert marks(walked)[:3] == marks(walk(tiny_model))[:3]


def test_a_change_can_remove_the_mask(tiny_model: Model) -> None:
    request = replace(REQUEST, init=digest(PHOTO), mask=digest(MASK), changes=(Change(2, mask=""),))
    job = prepare(tiny_model, request, Inputs(PHOTO, MASK))
    *_, last = steps(job)
    assert not np.array_equal(finish(job, last.state).rgb[MASK == 0], PHOTO[MASK == 0])


def test_a_change_with_a_missing_image_is_refused(tiny_model: Model) -> None:
    request = replace(REQUEST, changes=(Change(3, init=digest(PHOTO)),))
    with pytest.raises(RequestError, match="missing"):
        prepare(tiny_model, request)


@pytest.mark.parametrize("step", [STEPS, STEPS + 1])
def test_a_change_after_the_end_is_refused(tiny_model: Model, step: int) -> None:
    with pytest.raises(RequestError, match="after the last of 6 steps"):
        prepare(tiny_model, replace(REQUEST, changes=(Change(step, cfg=1.0),)))


def test_a_change_before_the_last_one_is_refused(tiny_model: Model) -> None:
    job = prepare(tiny_model, replace(REQUEST, changes=(Change(4, cfg=1.0),)))
    with pytest.raises(RequestError, match="before the last change"):
        steer(job, Change(3, cfg=2.0))


def test_any_step_can_be_previewed_later(tiny_model: Model) -> None:
    job = prepare(tiny_model, REQUEST)
    walked = list(steps(job))
    assert len(walked) == REQUEST.steps
    for step in walked:
        shown = preview_after(job, step.state.index, step.x0)
        assert np.array_equal(shown, preview(job, step).whole())


# Prompts with editing or several parts


SCHEDULED = {
    "edited": "a [red:blue:0.5] cat",
    "edited at a step": "a [red cat:4] heart [smile::2]",
    "alternating": "a [red|blue|(cat:1.3)] heart",
    "parts": "a red cat AND a blue heart :0.6",
    "all": "[a|red] cat AND (blue:1.2) [cat:heart:3] :-0.4",
}


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M", "Heun", "DPM++ SDE"])
@pytest.mark.parametrize("prompt", SCHEDULED.values(), ids=SCHEDULED)
def test_a_prompt_with_editing_resumes_and_branches_with_identical_bits(
    tiny_model: Model, prompt: str, sampler: str
) -> None:
    request = replace(REQUEST, prompt=prompt, negative="[blue:red:2]", sampler=sampler)
    whole = walk(tiny_model, request)
    assert marks(walk(tiny_model, request)) == marks(whole)
    for done in (2, 5):
        rest = list(steps(prepare(tiny_model, request), whole[done - 1].state))
        assert marks(rest) == marks(whole)[done:]
        same = replace(request, changes=(Change(done, cfg=REQUEST.cfg),))
        assert marks(walk(tiny_model, same)) == marks(whole)


def test_each_step_depends_on_its_own_text_only(tiny_model: Model) -> None:
    edited = walk(tiny_model, replace(REQUEST, prompt="a [red:blue:2] [cat|heart]"))
    assert len(edited) == REQUEST.steps
    for i, step in enumerate(edited):
        animal = ("cat", "heart")[(max(i, 1) - 1) % 2]
        text = f"a {'red' if i <= 2 else 'blue'} {animal}"
        job = prepare(tiny_model, replace(REQUEST, prompt=text))
        before = edited[i - 1].state if i else job.start
        assert bits(next(steps(job, before)).state) == bits(step.state)


def test_a_share_counts_the_steps_that_were_asked_for(tiny_model: Model) -> None:
    request = replace(REQUEST, init=digest(PHOTO), strength=0.5, steps=12)
    edited = prepare(tiny_model, replace(request, prompt="[red:blue:0.25]"), Inputs(PHOTO))
    plain = prepare(tiny_model, replace(request, prompt="red"), Inputs(PHOTO))
    assert edited.total == 6
    first, second = marks(list(steps(plain))), marks(list(steps(edited)))
    assert [a == b for a, b in zip(first, second, strict=True)] == [True] * 4 + [False] * 2


def test_steering_uses_the_schedule_of_the_new_prompt(tiny_model: Model) -> None:
    change = Change(2, prompt="[red:blue:4] heart", steps=8)
    job, walked = run_steered(tiny_model, replace(REQUEST, prompt="[a|cat]"), change)
    assert marks(walk(tiny_model, Request.from_json(job.request.to_json()))) == marks(walked)
    texts = ["a", "a", *(["red heart"] * 3), *(["blue heart"] * (len(walked) - 5))]
    for i, (text, step) in enumerate(zip(texts, walked, strict=True)):
        later = (Change(2, prompt="a", steps=8),)  # with which sigmas are the same
        alone = prepare(tiny_model, replace(REQUEST, changes=later))
        alone = steer(alone, Change(max(2, i), prompt=text)) if i >= 2 else alone
        if i < 2:
            alone = prepare(tiny_model, replace(REQUEST, prompt=text))
        before = walked[i - 1].state if i else alone.start
        assert bits(next(steps(alone, before)).state) == bits(step.state)


@pytest.mark.parametrize("scale", [3.0, 1.0])
def test_parts_add_up_their_guidance(tiny_model: Model, scale: float) -> None:
    request = replace(REQUEST, cfg=scale, negative="smile")
    first = next(steps(prepare(tiny_model, replace(request, prompt="a cat AND red :0.5")))).x0
    one, other, without = (
        next(steps(prepare(tiny_model, replace(request, prompt=prompt, cfg=1.0)))).x0
        for prompt in ("a cat", "red", "smile")
    )
    composed = without + scale * ((one - without) + 0.5 * (other - without))
    torch.testing.assert_close(first, composed, atol=1e-5, rtol=1e-4)


def test_a_single_part_of_weight_1_needs_no_negative_prompt(tiny_model: Model) -> None:
    batches: list[int] = []
    hook = tiny_model.backbone.register_forward_hook(
        lambda _, args, out: batches.append(len(args[0]))
    )
    walk(tiny_model, replace(REQUEST, prompt="a cat", cfg=1.0, steps=1))
    walk(tiny_model, replace(REQUEST, prompt="a cat AND red", cfg=1.0, steps=1))
    hook.remove()
    assert batches == [1, 3]


def test_the_syntax_decides_what_is_markup(tiny_model: Model) -> None:
    marked = replace(REQUEST, prompt="a [red:blue:2] cat")
    assert last(tiny_model, prompt=marked.prompt) != last(
        tiny_model, prompt=marked.prompt, syntax="ComfyUI"
    )


def test_clip_skip_is_ignored_without_clip(tiny_model: Model) -> None:
    assert last(tiny_model, clip_skip=3) == last(tiny_model)


def test_a_template_changes_no_bit_and_is_dropped_with_its_prompt(tiny_model: Model) -> None:
    assert last(tiny_model, template="a {red|blue} cat") == last(tiny_model)
    request = replace(REQUEST, template="a {red|blue} cat", negative_template="x")
    assert request.changed(Change(1, prompt="a dog")).template == ""
    assert request.changed(Change(1, prompt="a dog")).negative_template == "x"
    assert request.changed(Change(1, cfg=2.0)).template == request.template


# Settings besides the guidance scale


def last(model: Model, **asked: Any) -> str:
    return marks(walk(model, replace(REQUEST, **asked)))[-1]


@pytest.mark.parametrize(
    "asked",
    [
        {"guidance": Guidance(rescale=0.7)},
        {"guidance": Guidance(mimic=2.0, quantile=0.9)},
        {"guidance": Guidance(plus_plus=0.6)},
        {"guidance": Guidance(start=0.3)},
        {"guidance": Guidance(end=0.8)},
        {"levels": Levels(sigma_max=50.0)},
        {"levels": Levels(sigma_min=0.1)},
        {"levels": Levels((900.0, 20.0, 5.0, 1.0, 0.5, 0.1))},
        {"variation": Variation(seed=9, strength=0.2)},
    ],
    ids=repr,
)
def test_every_part_has_an_effect(tiny_model: Model, asked: dict[str, Any]) -> None:
    assert last(tiny_model, **asked) != last(tiny_model)


def test_guidance_costs_nothing_outside_its_interval(tiny_model: Model) -> None:
    batches: list[int] = []
    hook = tiny_model.backbone.register_forward_hook(
        lambda _, args, out: batches.append(len(args[0]))
    )
    walk(tiny_model, replace(REQUEST, guidance=Guidance(start=0.3, end=0.7)))
    hook.remove()
    assert batches[0] == batches[-1] == 1
    assert 2 in batches


def test_an_empty_interval_disables_guidance(tiny_model: Model) -> None:
    none = last(tiny_model, guidance=Guidance(start=1.0, end=1.0))
    assert none == last(tiny_model, cfg=1.0)


OPTIONS = {"eta": 0.3, "s_noise": 0.9, "churn": 5.0, "churn_highest": 3.0, "order": 2}


@pytest.mark.parametrize("sampler", [name for name, row in SAMPLERS.items() if row.options])
def test_every_sampler_option_has_an_effect(tiny_model: Model, sampler: str) -> None:
    count = 24 if sampler == "Restart" else 8  # in few steps it never restarts
    plain = last(tiny_model, sampler=sampler, steps=count)
    for name in set(SAMPLERS[sampler].options) - {"churn_lowest", "churn_highest"}:
        churns = name == "s_noise" and "churn" in SAMPLERS[sampler].options
        others = Options(churn=5.0) if churns else Options()
        options = replace(others, **{name: OPTIONS[name]})
        without = last(tiny_model, sampler=sampler, options=others, steps=count)
        assert last(tiny_model, sampler=sampler, options=options, steps=count) not in (
            plain,
            without,
        )


def test_sigmas_outside_the_models_range_are_refused(tiny_model: Model) -> None:
    top = tiny_model.schedule.sigma_max
    for asked in (Levels(sigma_max=2 * top), Levels(sigma_min=1e-6), Levels(sigma_min=top)):
        with pytest.raises(RequestError, match="not a range within"):
            prepare(tiny_model, replace(REQUEST, levels=asked))


# Noise of other programs


@pytest.mark.parametrize("profile", PROFILES)
def test_a_noise_profile_resumes_and_varies_with_the_seed(tiny_model: Model, profile: str) -> None:
    request = replace(REQUEST, sampler="Euler a", noise=profile)
    whole = walk(tiny_model, request)
    rest = list(steps(prepare(tiny_model, request), whole[2].state))
    assert marks(rest) == marks(whole)[3:]
    assert marks(walk(tiny_model, replace(request, seed=6)))[-1] != marks(whole)[-1]


def test_a_noise_stream_is_drawn_sequentially() -> None:
    shape = (4, 8, 8)
    generator = torch.Generator().manual_seed(7)
    stream = [torch.randn(shape, generator=generator) for _ in range(4)]
    draw = noise.profile_step_noise(A1111_CPU, 7, shape, "cpu")
    assert torch.equal(noise.profile_initial_noise(A1111_CPU, 7, shape), stream[0])
    assert all(torch.equal(draw(i, 0)[0], stream[i + 1]) for i in range(3))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_seed_delta_seeds_the_noise_of_the_steps_again(profile: str) -> None:
    """A1111's ENSD: after the first draw the generator is another seed's, from its beginning."""
    shape = (4, 8, 8)
    first = noise.profile_step_noise(profile, 7, shape, "cpu", delta=31337)(0, 0)[0]
    if profile == "Studio":
        assert torch.equal(first, noise.step_noise(31344, 0, 0, shape))
    elif profile == A1111_CPU:
        generator = torch.Generator().manual_seed(31344)
        assert torch.equal(first, torch.randn(shape, generator=generator))
    else:
        assert torch.equal(first, noise.nvidia_noise(31344, shape))


def test_samplers_that_draw_twice_a_step_take_a_stream_in_order() -> None:
    shape, generator = (4, 8, 8), torch.Generator().manual_seed(7)
    stream = [torch.randn(shape, generator=generator) for _ in range(5)]
    draw = noise.profile_step_noise(A1111_CPU, 7, shape, "cpu", draws=2)
    found = [draw(step, which)[0] for step in (0, 1) for which in (0, 1)]
    assert all(torch.equal(a, b) for a, b in zip(found, stream[1:], strict=True))


@pytest.mark.parametrize(
    ("seed_size", "rows", "columns"),
    [((32, 48), slice(0, 6), slice(2, 6)), ((96, 32), slice(1, 5), slice(0, 8))],
)
def test_a_seed_of_another_size_puts_its_noise_in_the_middle(
    seed_size: tuple[int, int], rows: slice, columns: slice
) -> None:
    """For 64 x 48 pixels: of a narrower image all columns, of a wider one the middle ones."""
    width, height = seed_size
    variation = Variation(from_width=width, from_height=height)
    request = replace(REQUEST, noise=A1111_CPU, variation=variation)
    found = starting_noise(request, (4, 6, 8), 8)[0]
    own, other = (
        torch.randn(shape, generator=torch.Generator().manual_seed(REQUEST.seed))
        for shape in ((4, 6, 8), (4, height // 8, width // 8))
    )
    middle = other[:, :, 2:10] if width > 64 else other
    assert torch.equal(found[:, rows, columns], middle)
    own[:, rows, columns] = middle
    assert torch.equal(found, own)


def test_a1111_conventions_reach_the_run(tiny_model: Model) -> None:
    """DDIM from timestep 751, with the noise of variance-preserving form, to timestep 1."""
    model = replace(tiny_model, config=replace(tiny_model.config, schedule=scaled_linear()))
    job = prepare(model, replace(REQUEST, sampler="DDIM", conventions="A1111", steps=4))
    assert [model.schedule.t(sigma) for sigma in job.sigmas] == pytest.approx([751, 501, 251, 1])
    assert torch.equal(job.start.x, job.unit * (1 + job.sigmas[0] ** 2) ** 0.5)
    before, end = [*steps(job)][-2:]
    expected = end.x0 + job.sigmas[-1] / job.sigmas[-2] * (before.state.x - end.x0)
    torch.testing.assert_close(end.state.x, expected / (1 + job.sigmas[-1] ** 2) ** 0.5)
    flow = prepare(tiny_model, replace(REQUEST, sampler="DDIM", conventions="A1111", steps=4))
    assert flow.total == 4


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_euler_with_cfg_plus_plus_equals_the_guidance_of_that_strength(
    tiny_model: Model, strength: float
) -> None:
    built_in = walk(tiny_model, replace(REQUEST, sampler="Euler CFG++", cfg=strength))
    guided = walk(tiny_model, replace(REQUEST, guidance=Guidance(plus_plus=strength)))
    torch.testing.assert_close(built_in[-1].state.x, guided[-1].state.x, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("conventions", ["A1111", "ComfyUI"])
def test_runs_with_conventions_resume_and_take_changes(tiny_model: Model, conventions: str) -> None:
    for sampler in ("UniPC bh1", "DPM++ 2M"):
        request = replace(
            REQUEST, sampler=sampler, conventions=conventions, schedule="KL Optimal",
            changes=(Change(2, schedule="Beta", steps=6),),
        )  # fmt: skip
        whole = walk(tiny_model, request)
        rest = list(steps(prepare(tiny_model, request), whole[2].state))
        assert marks(rest) == marks(whole)[3:]


def test_nvidia_noise_uses_one_stream_for_start_and_steps() -> None:
    shape = (4, 8, 8)
    a1111 = noise.profile_step_noise(A1111_NV, 7, shape, "cpu")
    comfy = noise.profile_step_noise(COMFYUI, 7, shape, "cpu")
    assert torch.equal(noise.profile_initial_noise(A1111_NV, 7, shape), comfy(0, 0)[0])
    assert torch.equal(a1111(0, 0), comfy(1, 0))


def test_comfyui_starts_with_the_variance_of_noise_and_image(tiny_model: Model) -> None:
    job = prepare(tiny_model, replace(REQUEST, noise=COMFYUI))
    sigma = job.sigmas[0]
    assert torch.equal(job.start.x, job.unit * (1 + sigma**2) ** 0.5)


# Files


def test_a_saved_job_resumes_with_identical_bits(tiny_model: Model, tmp_path: Path) -> None:
    change = Change(2, init=digest(PHOTO), mask=digest(MASK))
    request = replace(REQUEST, sampler="DPM++ 2M SDE", changes=(change,))
    job = prepare(tiny_model, request, LATER)
    whole = list(steps(job))
    for done in (1, 2, 4, STEPS):
        saved_job.save(tmp_path / "job", job, whole[done - 1].state)
        found = saved_job.load(tmp_path / "job")
        again, state = resume(tiny_model, found)
        assert found.request == job.recorded_request
        assert found.environment == environment()
        assert marks(list(steps(again, state))) == marks(whole)[done:]
        assert state.index == done


def test_a_file_from_before_a_field_was_added_is_read(tiny_model: Model, tmp_path: Path) -> None:
    job = prepare(tiny_model, REQUEST)
    saved_job.save(tmp_path / "job", job, job.start)
    older = json.loads(job.recorded_request.to_json())
    del older["clip_skip"]
    text = json.dumps(older)
    said = {**job.description, "request": text, "recipe": sha256(text.encode()).hexdigest()}
    save_file(load_file(tmp_path / "job"), tmp_path / "job", said)
    assert saved_job.load(tmp_path / "job").request == job.recorded_request


def test_the_header_is_read_without_tensors(tiny_model: Model, tmp_path: Path) -> None:
    job = prepare(tiny_model, REQUEST)
    walked = list(steps(job))[:2]
    saved_job.save(tmp_path / "job", job, walked[-1].state, step_digests=marks(walked))
    header = saved_job.read_header(tmp_path / "job")
    assert header == saved_job.SavedJobHeader(
        job.recorded_request, environment(), tuple(marks(walked))
    )
    assert saved_job.load(tmp_path / "job").step_digests == header.step_digests
    save_file({"x": torch.zeros(1)}, tmp_path / "plain")
    (tmp_path / "long").write_bytes(b"\xff" * 20)
    for name in ("plain", "long", "missing"):
        with pytest.raises(StateError, match=name):
            saved_job.read_header(tmp_path / name)


def test_a_job_without_inputs_gets_them_from_the_caller(tiny_model: Model, tmp_path: Path) -> None:
    request = replace(REQUEST, init=digest(PHOTO), strength=0.7)
    job = prepare(tiny_model, request, Inputs(PHOTO))
    walked = list(steps(job))
    saved_job.save(tmp_path / "job", job, walked[0].state, with_inputs=False, durable=False)
    found = saved_job.load(tmp_path / "job")
    with pytest.raises(RequestError, match="missing"):
        resume(tiny_model, found)
    again, state = resume(tiny_model, replace(found, inputs=Inputs(PHOTO)))
    assert marks(list(steps(again, state))) == marks(walked)[1:]


def test_a_state_of_another_request_is_refused(tiny_model: Model, tmp_path: Path) -> None:
    job = prepare(tiny_model, REQUEST)
    saved_job.save(tmp_path / "job", job, State(STEPS + 1, job.start.x))
    with pytest.raises(StateError, match="damaged"):
        resume(tiny_model, saved_job.load(tmp_path / "job"))
    other = prepare(tiny_model, replace(REQUEST, width=2 * SIDE))
    saved_job.save(tmp_path / "job", job, other.start)
    with pytest.raises(StateError, match="damaged"):
        resume(tiny_model, saved_job.load(tmp_path / "job"))


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"request": "{}", "recipe": "0" * 64, "environment": "{}"},
        {"request": "{}", "recipe": sha256(b"{} ").hexdigest(), "environment": "{}"},
        {"request": '{"steps": 0}', "recipe": "", "environment": "{}"},
        {"request": "{}", "recipe": "", "environment": "[" * 9000},
    ],
)
def test_a_file_with_another_recipe_is_refused(
    metadata: dict[str, str], tiny_model: Model, tmp_path: Path
) -> None:
    path = tmp_path / "job"
    saved_job.save(path, prepare(tiny_model, REQUEST), State(1, torch.zeros(1, 4, 4, 4)))
    save_file(load_file(path), path, metadata or None)
    with pytest.raises(StateError, match="not a usable saved state"):
        saved_job.load(path)


def test_environments_list_their_differences() -> None:
    here = environment()
    assert here.differences(here) == {}
    there = replace(here, torch="1.0", threads=64)
    assert list(here.differences(there)) == ["torch", "threads"]
    assert Environment.from_json(here.to_json()) == here
