from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QSpinBox

from core.request import MAX_SEED, Request
from ldm_studio.store import (
    Mode,
    RunState,
    StudioStore,
    bind,
    default_of,
    persistent_fields,
    size_problem,
)
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


def test_the_state_of_the_engine_is_not_a_parameter(store) -> None:
    modified: list[str] = []
    store.modified.connect(modified.append)
    store.run = RunState(waiting=1)
    assert modified == []
    assert "run" not in persistent_fields()


def test_numbers_are_kept_inside_their_limits(store) -> None:
    store.steps = 10**9
    store.cfg = -5.0
    assert (store.steps, store.cfg) == (1000, 0.0)


def test_apply_and_snapshot_are_inverse(store) -> None:
    store.apply(REQUEST)
    assert store.snapshot() == REQUEST
    assert store.seed_locked
    assert store.mode is Mode.TEXT


def test_apply_knows_what_a_picture_was_made_from(store) -> None:
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
    ],
)
def test_a_damaged_field_keeps_its_default_and_spares_the_others(store, name, value) -> None:
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
def test_a_size_the_model_cannot_draw_is_explained(width, height, words) -> None:
    assert size_problem(width, height, MODEL) == words


def test_time_left_covers_the_rest_of_the_batch() -> None:
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
