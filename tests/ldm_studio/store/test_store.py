from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QSpinBox

from core.checkpoints.load_model import DEFAULT_MODEL
from core.request.parameters import MAX_SEED, Guidance, Inpaint, Levels, Options, Variation
from core.request.request import Change, Request
from core.sampling.samplers import SAMPLERS
from ldm_studio.store.binding import bind
from ldm_studio.store.model_limits import size_problem
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore, default_of, persistent_fields
from tests.ldm_studio.fakes import MODEL

REQUEST = Request(
    prompt="a whale",
    negative="text",
    sampler="DDIM",
    schedule="Karras",
    steps=33,
    cfg=7.25,
    seed=MAX_SEED,
    width=64,
    height=192,
    count=3,
)

FULL = replace(
    REQUEST,
    model="another",
    sampler="Euler",
    guidance=Guidance(0.7, 0.1, 0.8, 3.0, 0.9, 0.6),
    options=Options(s_noise=1.05, churn=12.0, churn_lowest=0.1, churn_highest=9.0),
    levels=Levels(sigma_min=0.02, sigma_max=12.0, rho=5.0),
    noise="A1111 NV",
    variation=Variation(seed=MAX_SEED, strength=0.25),
)
"""A request with everything set."""


@pytest.fixture
def store(qapp) -> StudioStore:
    return StudioStore()


def test_a_new_value_is_announced_once(store) -> None:
    seen: list[object] = []
    modified: list[str] = []
    store.steps_changed.connect(seen.append)
    store.modified.connect(modified.append)
    store.steps = 30
    store.steps = 30
    assert seen == [30]
    assert modified == ["steps"]


def test_a_new_store_suits_the_default_model(store) -> None:
    config = json.loads((DEFAULT_MODEL / "model.json").read_text(encoding="utf-8"))
    for name, value in config["defaults"].items():
        assert getattr(store, name) == value, name


def test_the_state_of_the_engine_is_not_a_parameter(store) -> None:
    modified: list[str] = []
    store.modified.connect(modified.append)
    store.run = RunState(waiting=1)
    assert modified == []
    assert "run" not in persistent_fields()


def test_numbers_are_clamped_to_their_limits(store) -> None:
    store.steps = 10**9
    store.cfg = -5.0
    assert (store.steps, store.cfg) == (1000, 0.0)


def test_apply_and_snapshot_are_inverse(store) -> None:
    store.apply(REQUEST)
    assert store.snapshot() == REQUEST
    assert store.seed_locked
    assert store.mode is Mode.TEXT


@pytest.mark.parametrize(
    "request_",
    [
        FULL,
        replace(FULL, levels=Levels(sigmas=(14.0, 3.25, 0.1)), steps=3),
        replace(FULL, sampler="DDIM", options=Options(eta=0.3)),
        replace(FULL, sampler="UniPC", options=Options(order=2)),
        replace(FULL, sampler="Euler a", options=Options(eta=1.0)),
        REQUEST,
        Request(),
    ],
)
def test_apply_restores_every_field_and_every_default(store, request_) -> None:
    store.apply(FULL)
    store.apply(replace(FULL, levels=Levels(sigmas=(9.0, 1.0)), steps=2))
    store.apply(request_)
    assert store.snapshot() == request_
    other = StudioStore()
    assert other.restore(json.loads(json.dumps(store.saved()))) == []
    assert other.snapshot() == request_


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_gets_only_its_options(store, sampler) -> None:
    store.apply(FULL)
    store.eta, store.order = 0.5, 2
    store.schedule = "Normal"  # has no rho
    store.sampler = sampler
    request = store.snapshot()
    assert set(request.options.given) <= set(SAMPLERS[sampler].options)
    assert request.levels.rho is None
    store.sampler, store.schedule = FULL.sampler, FULL.schedule
    assert store.snapshot().options == FULL.options
    assert store.snapshot().levels.rho == 5.0


def test_inpainting_settings_are_restored(store) -> None:
    inpaint = Inpaint(True, -5, 2.5, "noise", True, "masked", 7, 192, 96, False)
    masked = replace(FULL, init="a" * 64, mask="b" * 64, strength=0.4, inpaint=inpaint, tile=64)
    store.apply(masked)
    assert store.snapshot() == replace(masked, init="", mask="")
    other = StudioStore()
    other.restore(json.loads(json.dumps(store.saved())))
    assert other.snapshot() == store.snapshot()


def test_an_image_without_a_mask_keeps_the_inpainting_settings(store) -> None:
    store.grow = 9
    store.apply(FULL)
    assert store.snapshot().inpaint == Inpaint()
    store.mode = Mode.INPAINT
    assert store.snapshot().inpaint == Inpaint(grow=9, match=True)


def test_a_mask_added_by_a_change_restores_its_settings(store) -> None:
    inpaint = Inpaint(blur=3.0, match=True)
    steered = replace(REQUEST, inpaint=inpaint, changes=(Change(4, init="a" * 64, mask="b" * 64),))
    store.apply(steered)
    assert store.snapshot().inpaint == inpaint


@pytest.mark.parametrize(
    ("mode", "area", "tile", "side", "drawn"),
    [
        (Mode.TEXT, "whole", 0, 256, 0),
        (Mode.IMAGE, "whole", 64, 4096, 0),
        (Mode.INPAINT, "masked", 0, 4095, 0),
        (Mode.INPAINT, "masked", 0, 4095, 192),
    ],
)
def test_the_sampled_size_must_fit_the_model(store, mode, area, tile, side, drawn) -> None:
    store.run = RunState(model=MODEL)
    store.mode, store.area, store.tile = mode, area, tile
    store.width = store.height = side
    store.area_width = store.area_height = drawn
    assert store.problem() == ""
    assert store.drawn_size == ((drawn or 128,) * 2 if area == "masked" else (side, side))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"width": 272}, "at most 256"),
        ({"mode": Mode.INPAINT, "width": 272}, "at most 256"),
        ({"mode": Mode.INPAINT, "area": "masked", "area_width": 100}, "must be 96 or 112"),
        ({"tile": 272, "width": 512}, "A tile can be at most 256"),
        ({"tile": 64, "width": 500}, "must be 496 or 512"),
    ],
)
def test_a_sampled_size_that_does_not_fit_is_reported(store, parameters, words) -> None:
    store.run = RunState(model=MODEL)
    for name, value in parameters.items():
        setattr(store, name, value)
    assert words in store.problem()


def test_settings_without_effect_are_not_sent(store) -> None:
    store.quantile, store.variation_seed, store.churn_lowest = 0.9, 7, 1.0
    assert store.snapshot() == StudioStore().snapshot()


def test_recommended_settings_reset_the_advanced_ones(store) -> None:
    store.apply(FULL)
    store.sigmas = (3.0, 1.0)
    assert not store.has_defaults_of(MODEL)
    store.apply_defaults(MODEL)
    assert store.has_defaults_of(MODEL)
    request = store.snapshot()
    assert (request.steps, request.guidance, request.levels) == (12, Guidance(), Levels())
    assert (request.noise, request.model) == ("A1111 NV", "another")


STEERED = replace(
    REQUEST, count=1, changes=(Change(8, prompt="a dog"), Change(14, cfg=9.0, steps=40))
)


def test_applied_changes_are_requested_again(store) -> None:
    store.apply(STEERED)
    assert store.changes == STEERED.changes
    assert store.snapshot() == STEERED
    store.new_seed()
    store.seed_locked = False
    store.count = 2
    assert store.snapshot().changes == STEERED.changes


@pytest.mark.parametrize(
    ("name", "value"), [("prompt", "a cow"), ("steps", 5), ("rescale", 0.5), ("mode", Mode.IMAGE)]
)
def test_editing_a_setting_drops_the_changes(store, name, value) -> None:
    seen: list[object] = []
    store.apply(STEERED)
    store.changes_changed.connect(seen.append)
    setattr(store, name, value)
    assert seen == [()]
    assert store.snapshot().changes == ()
    store.apply(STEERED)
    store.apply(REQUEST)
    assert store.changes == ()


def test_changes_are_not_stored_in_the_session(store) -> None:
    store.apply(STEERED)
    assert store.changes
    other = StudioStore()
    other.restore(store.saved())
    assert other.changes == ()


def test_a_change_of_only_the_mask_can_be_requested_again(store) -> None:
    masked = replace(REQUEST, init="a" * 64, mask="b" * 64, strength=0.5)
    steered = replace(masked, changes=(Change(3, mask="c" * 64),))
    store.apply(steered)
    assert store.snapshot() == steered


def test_apply_restores_the_mode_of_an_image(store) -> None:
    store.apply(replace(REQUEST, init="a" * 64, strength=0.4))
    assert store.mode is Mode.IMAGE
    assert store.snapshot().strength == 0.4
    store.apply(replace(REQUEST, init="a" * 64, mask="b" * 64, strength=0.5))
    assert store.mode is Mode.INPAINT


def test_saved_and_restored_are_inverse(store, qapp) -> None:
    store.apply(replace(REQUEST, init="a" * 64, strength=0.4))
    other = StudioStore()
    assert other.restore(store.saved()) == []
    assert other.saved() == store.saved()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sampler", "Heun of the future"),
        ("steps", "many"),
        ("cfg", None),
        ("prompt", 5),
        ("seed_locked", "yes"),
        ("mode", "magic"),
        ("seed", float("inf")),
        ("sigmas", [1, 2]),
        ("sigmas", "5 3 1"),
        ("order", "two"),
        ("noise", ["Studio"]),
        ("model_folders", "/somewhere"),
    ],
)
def test_a_damaged_field_gets_its_default_and_the_others_are_kept(store, name, value) -> None:
    problems = store.restore({"negative": "blurry", name: value, "unknown": 1})
    if name != "seed":  # infinity is clamped like any number that is too large
        assert len(problems) == 1
        assert name in problems[0]
        assert getattr(store, name) == default_of(name)
    assert store.negative == "blurry"


def test_a_bound_widget_and_the_store_follow_each_other(store, qtbot) -> None:
    box = QSpinBox(maximum=500)
    qtbot.addWidget(box)
    bind(store, "steps", box, box.value, box.setValue, box.valueChanged)
    assert box.value() == store.steps
    box.setValue(44)
    assert store.steps == 44
    store.steps = 55
    assert box.value() == 55


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (128, 96, ""),
        (130, 128, "Width must be 128 or 144."),
        (128, 250, "Height must be 240 or 256."),
        (128, 272, "Height can be at most 256."),
        (8, 128, "Width must be 16."),
    ],
)
def test_an_unsupported_size_is_explained(width, height, words) -> None:
    assert size_problem(width, height, MODEL) == words


def test_the_remaining_time_covers_the_rest_of_the_batch() -> None:
    run = RunState(waiting=1, step=5, steps=20, index=1, count=3, seconds=0.5)
    assert run.seconds_left == pytest.approx((15 + 20) * 0.5)
    assert run.fraction == pytest.approx(1.25 / 3)
    assert RunState(waiting=1).seconds_left is None


def test_random_seeds_differ_and_fit_other_programs(store) -> None:
    seeds = set()
    for _ in range(20):
        store.new_seed()
        seeds.add(store.seed)
    assert len(seeds) > 15
    assert max(seeds) < 2**32
