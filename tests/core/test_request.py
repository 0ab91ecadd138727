"""A request survives its JSON, and says which field cannot be honoured."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diffusion.samplers import SAMPLERS
from core.diffusion.sigmas import SCHEDULES
from core.errors import RequestError
from core.request import MAX_SEED, VERSION, Request

DIGEST = "ab" * 32
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
requests = st.builds(
    Request,
    prompt=text,
    negative=text,
    model=text,
    model_digest=st.sampled_from(["", DIGEST]),
    sampler=st.sampled_from(list(SAMPLERS)),
    schedule=st.sampled_from(list(SCHEDULES)),
    steps=st.integers(1, 1000),
    cfg=st.floats(0, 100),
    seed=st.integers(0, MAX_SEED),
    width=st.integers(8, 16384),
    height=st.integers(8, 16384),
    count=st.integers(1, 1000),
    strength=st.floats(0, 1, exclude_min=True),
    init=st.just(DIGEST),
    mask=st.sampled_from(["", DIGEST]),
)


@given(requests)
def test_json_gives_the_request_back(request_: Request) -> None:
    assert Request.from_json(request_.to_json()) == request_


@given(requests)
def test_the_json_names_every_field_and_is_utf8(request_: Request) -> None:
    data = json.loads(request_.to_json().encode())
    assert data == asdict(request_)
    assert data["version"] == VERSION


def test_fields_left_out_have_their_defaults() -> None:
    assert Request.from_json("{}") == Request()
    assert Request.from_json('{"steps": 3}') == Request(steps=3)


def test_an_integer_is_a_number() -> None:
    request_ = Request.from_json('{"cfg": 7, "strength": 1}')
    assert (request_.cfg, request_.strength) == (7.0, 1.0)
    assert type(request_.cfg) is type(request_.strength) is float
    assert request_.to_json() == Request(cfg=7.0).to_json()


BAD: dict[str, list[Any]] = {
    "prompt": [1, None, "x" * 100_001],
    "negative": [[], "x" * 100_001],
    "model": [3],
    "model_digest": [False],
    "sampler": ["", "euler", "Quantum", 1, None],
    "schedule": ["", "karras", 2],
    "steps": [0, -1, 1001, 20.0, "20", True, None],
    "cfg": [-0.1, 100.1, float("nan"), float("inf"), "4", True],
    "seed": [-1, 2**64, 1.0, "0"],
    "width": [0, 7, 16385, 128.0],
    "height": [0, 7, 16385, "128"],
    "count": [0, 1001, 1.5],
    "strength": [0.0, -0.5, 1.01, float("nan"), None],
    "init": [0, None],
    "mask": [0, DIGEST],  # a mask without a picture
    "version": [0, 2, "1"],
}


def test_every_field_is_tried() -> None:
    assert set(BAD) == {field.name for field in fields(Request)}


@pytest.mark.parametrize(
    ("field", "value"),
    [pytest.param(f, v, id=f"{f}-{v!r:.12}") for f, values in BAD.items() for v in values],
)
def test_a_bad_value_names_its_field(field: str, value: Any) -> None:
    with pytest.raises(RequestError) as made:
        Request(**{field: value})
    assert made.value.field == field
    assert str(made.value)
    with pytest.raises(RequestError) as read:
        Request.from_json(json.dumps({field: value}))
    assert read.value.field == field


def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="clip_skip") as error:
        Request.from_json('{"clip_skip": 2, "steps": 5}')
    assert error.value.field == "clip_skip"


@pytest.mark.parametrize(
    "source", ["", "{", "[]", "null", '"a"', "{}{}", "[" * 100_000, '{"seed": 1' + "0" * 5000 + "}"]
)
def test_what_is_not_a_request_is_refused(source: str) -> None:
    with pytest.raises(RequestError) as error:
        Request.from_json(source)
    assert error.value.field == "json"


def test_each_picture_is_a_request_of_its_own() -> None:
    request_ = Request(prompt="a fox", seed=5, count=3, steps=7)
    assert list(request_.each()) == [replace(request_, count=1, seed=seed) for seed in (5, 6, 7)]
    assert list(Request(seed=5).each()) == [Request(seed=5)]


def test_seeds_wrap_around() -> None:
    seeds = [single.seed for single in Request(seed=MAX_SEED, count=3).each()]
    assert seeds == [MAX_SEED, 0, 1]


def test_a_request_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Request().steps = 3  # type: ignore[misc]  # that is the point
