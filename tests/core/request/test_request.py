"""Requests round-trip through JSON, and errors name the invalid field."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.request.parameters import (
    MAX_SEED,
    PARAMETERS,
    Guidance,
    Inpaint,
    Levels,
    Options,
    Variation,
)
from core.request.request import VERSION, Addon, Change, Request
from core.request.text_segment import A1111, COMFYUI, EARLY_A1111, EARLY_COMFYUI, SYNTAXES
from core.sampling.noise_profiles import PROFILES
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES

AREAS, CONTENTS = (tuple(PARAMETERS[name].choices or ()) for name in ("area", "content"))


DIGEST = "ab" * 32
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
share = st.floats(0, 1)


@st.composite
def levels_and_schedules(draw: st.DrawFn) -> dict[str, Any]:
    """Steps, schedule and levels that go together."""
    bent = draw(st.sampled_from([None, 3.0]))
    names = [name for name, row in SCHEDULES.items() if bent is None or row.with_rho is not None]
    sigmas = draw(st.lists(st.floats(0.01, 100), unique=True, max_size=5))
    return {
        "schedule": draw(st.sampled_from(names)),
        "steps": len(sigmas) or draw(st.integers(1, 1000)),
        "levels": Levels(
            sigmas=tuple(sorted(sigmas, reverse=True)),
            sigma_min=draw(st.sampled_from([None, 0.1])),
            sigma_max=draw(st.sampled_from([None, 10.0])),
            rho=bent,
        ),
    }


@st.composite
def samplers_and_options(draw: st.DrawFn) -> dict[str, Any]:
    sampler = draw(st.sampled_from(list(SAMPLERS)))
    given: dict[str, Any] = {
        name: draw(st.integers(1, 3) if name == "order" else share)
        for name in SAMPLERS[sampler].options
        if draw(st.booleans())
    }
    return {"sampler": sampler, "options": Options(**given)}


def changes() -> st.SearchStrategy[tuple[Change, ...]]:
    change = st.builds(
        Change,
        step=st.integers(0, 900),
        prompt=st.none() | text,
        negative=st.none() | text,
        cfg=st.floats(0, 100),
        sampler=st.none() | st.sampled_from(list(SAMPLERS)),
        schedule=st.none() | st.sampled_from(list(SCHEDULES)),
        steps=st.none() | st.integers(1, 1000),
        init=st.none() | st.just(DIGEST),
        mask=st.none() | st.sampled_from(["", DIGEST]),
        control=st.none() | st.sampled_from(["", DIGEST]),
        model=st.none() | text,
        addons=st.none() | addons(),
    )
    with_digest = change.map(
        lambda made: made if made.model is None else replace(made, model_digest=DIGEST)
    )
    change = change | with_digest
    return st.lists(change, max_size=3).map(
        lambda found: tuple(sorted(found, key=lambda change: change.step))
    )


def addons() -> st.SearchStrategy[tuple[Addon, ...]]:
    kinds = st.sampled_from(["lora", "embedding", "vae"])
    addon = st.builds(Addon, kinds, name=text, digest=st.just(DIGEST), short=st.just(DIGEST[:12]))
    return st.lists(addon, max_size=3).map(tuple)


@st.composite
def whole_requests(draw: st.DrawFn) -> Request:
    together = draw(samplers_and_options()) | draw(levels_and_schedules())
    return draw(requests(**together))


def requests(**together: Any) -> st.SearchStrategy[Request]:
    return st.builds(
        Request,
        prompt=text,
        negative=text,
        syntax=st.sampled_from(list(SYNTAXES)),
        template=text,
        negative_template=text,
        clip_skip=st.integers(1, 12),
        model=text,
        model_digest=st.sampled_from(["", DIGEST]),
        prediction=st.sampled_from(["", "eps", "v"]),
        vae=text,
        addons=addons(),
        cfg=st.floats(0, 100),
        seed=st.integers(0, MAX_SEED),
        width=st.integers(8, 16384),
        height=st.integers(8, 16384),
        count=st.integers(1, 1000),
        strength=st.floats(0, 1, exclude_min=True),
        init=st.just(DIGEST),
        mask=st.sampled_from(["", DIGEST]),
        inpaint=st.builds(
            Inpaint,
            invert=st.booleans(),
            grow=st.integers(-256, 256),
            blur=st.floats(0, 256),
            content=st.sampled_from(CONTENTS),
            soft=st.booleans(),
            area=st.sampled_from(AREAS),
            padding=st.integers(0, 16384),
            width=st.integers(0, 16384),
            height=st.integers(0, 16384),
            match=st.booleans(),
        ),
        control=st.sampled_from(["", DIGEST]),
        noise_level=st.integers(0, 999),
        tile=st.integers(0, 16384),
        guidance=st.builds(
            Guidance,
            rescale=share,
            start=st.floats(0, 0.5),
            end=st.floats(0.5, 1),
            mimic=st.floats(0, 100),
            quantile=st.floats(0.5, 1),
            plus_plus=share,
            image=st.floats(0, 100),
        ),
        noise=st.sampled_from(list(PROFILES)),
        variation=st.builds(Variation, seed=st.integers(0, MAX_SEED), strength=share),
        changes=changes(),
        **{name: st.just(value) for name, value in together.items()},
    )


@given(whole_requests())
def test_json_round_trips_the_request(request_: Request) -> None:
    assert Request.from_json(request_.to_json()) == request_


@given(whole_requests())
def test_the_json_names_every_field_and_is_utf8(request_: Request) -> None:
    data = json.loads(request_.to_json().encode())
    assert data == json.loads(json.dumps(asdict(request_)))
    assert data["version"] == VERSION


def test_fields_left_out_have_their_defaults() -> None:
    assert Request.from_json("{}") == Request()
    assert Request.from_json('{"steps": 3}') == Request(steps=3)


@pytest.mark.parametrize(
    ("texts", "syntax", "expected"),
    [
        ({"prompt": "a (red:1.2) cat, [dull]"}, A1111, A1111),
        ({"prompt": "a [red|blue] cat"}, A1111, EARLY_A1111),
        ({"prompt": "a [red:blue:4] cat"}, A1111, EARLY_A1111),
        ({"negative": "a “dog”"}, A1111, EARLY_A1111),
        ({"prompt": "C:\\new"}, A1111, EARLY_A1111),
        ({"prompt": "(a:-1)"}, A1111, EARLY_A1111),
        ({"changes": [{"step": 3, "prompt": "[a|b]"}]}, A1111, EARLY_A1111),
        ({"prompt": "a “cat” [a|b]"}, COMFYUI, COMFYUI),
        ({"prompt": "a (cat"}, COMFYUI, EARLY_COMFYUI),
        ({"prompt": "cat " * 30}, COMFYUI, EARLY_COMFYUI),
    ],
)
def test_a_request_of_version_1_keeps_the_syntax_it_had_where_that_matters(
    texts: dict[str, Any], syntax: str, expected: str
) -> None:
    read = Request.from_json(json.dumps({"version": 1, "syntax": syntax, **texts}))
    assert (read.syntax, read.version) == (expected, VERSION)
    now = Request.from_json(json.dumps({"version": VERSION, "syntax": syntax, **texts}))
    assert now.syntax == syntax


def test_an_integer_is_a_number() -> None:
    request_ = Request.from_json('{"cfg": 7, "strength": 1}')
    assert (request_.cfg, request_.strength) == (7.0, 1.0)
    assert type(request_.cfg) is type(request_.strength) is float
    assert request_.to_json() == Request(cfg=7.0).to_json()


BAD: dict[str, list[Any]] = {
    "prompt": [1, None, "x" * 100_001],
    "negative": [[], "x" * 100_001],
    "syntax": ["", "a1111", "Compel", 1],
    "template": [1, None, "x" * 100_001],
    "negative_template": [1, None, "x" * 100_001],
    "clip_skip": [0, 13, 2.0, "2", None],
    "model": [3],
    "model_digest": [False],
    "prediction": ["x0", None],
    "vae": [3, None],
    "addons": ["", {}, 3],
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
    "mask": [0, DIGEST],  # a mask without an image
    "inpaint": [3, None],
    "control": [0, None],
    "noise_level": [-1, 1000, 2.5],
    "tile": [-1, 1.5, None],
    "guidance": [3, None, "strong"],
    "options": [3, None],
    "levels": [[1.0], None],
    "noise": ["", "white", 1],
    "noise_seed_delta": [-1, 2**64, 1.0, "0", None],
    "conventions": ["", "a1111", "InvokeAI", 1],
    "variation": [0.5, None],
    "conditions": ["", {}, 3, [{"kind": "smell"}], [{}], [[3]]],
    "changes": ["", {}, 3],
    "version": [0, 3, "1"],
}


def test_every_field_is_validated() -> None:
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


def levels(*sigmas: float, **others: Any) -> dict[str, Any]:
    return {"levels": Levels(sigmas, **others), "steps": max(1, len(sigmas))}


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("inpaint.grow", {"inpaint": Inpaint(grow=300)}),
        ("inpaint.blur", {"inpaint": Inpaint(blur=-1.0)}),
        ("inpaint.content", {"inpaint": Inpaint(content="cake")}),
        ("inpaint.area", {"inpaint": Inpaint(area="half")}),
        ("guidance.rescale", {"guidance": Guidance(rescale=1.1)}),
        ("guidance.end", {"guidance": Guidance(start=0.5, end=0.4)}),
        ("guidance.quantile", {"guidance": Guidance(quantile=0.1)}),
        ("guidance.plus_plus", {"guidance": Guidance(plus_plus=2.0)}),
        ("options.eta", {"sampler": "Euler", "options": Options(eta=0.5)}),
        ("options.eta", {"sampler": "Euler a", "options": Options(eta=1.5)}),
        ("options.order", {"sampler": "UniPC", "options": Options(order=9)}),
        ("levels.sigmas", levels(3.0, 3.0)),
        ("levels.sigmas", levels(1.0, 2.0)),
        ("levels.sigmas", levels(1.0, 0.0)),
        ("levels.sigmas", levels(float("inf"), 1.0)),
        ("levels.sigmas", levels(3.0, float("nan"), 1.0)),
        ("levels.sigmas", {"levels": Levels((3.0, 1.0)), "steps": 3}),
        ("levels.sigma_min", levels(sigma_min=0.0)),
        ("levels.sigma_min", levels(sigma_min=2.0, sigma_max=1.0)),
        ("levels.rho", {"levels": Levels(rho=5.0), "schedule": "Normal"}),
        ("levels.rho", {"levels": Levels(rho=float("nan")), "schedule": "Karras"}),
        ("variation.strength", {"variation": Variation(seed=1, strength=1.5)}),
        ("variation.seed", {"variation": Variation(seed=-1, strength=0.5)}),
        ("changes", {"changes": (Change(3),)}),
        ("changes.step", {"changes": (Change(3, cfg=1.0), Change(2, cfg=2.0))}),
        ("changes.step", {"changes": (Change(-1, cfg=1.0),)}),
        ("cfg", {"changes": (Change(3, cfg=-1.0),)}),
        ("sampler", {"changes": (Change(3, sampler="Quantum"),)}),
        ("mask", {"changes": (Change(3, mask=DIGEST),)}),
    ],
)
def test_a_bad_part_names_its_field(field: str, asked: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as error:
        Request(**asked)
    assert error.value.field == field


def test_an_option_is_refused_with_those_the_sampler_takes() -> None:
    with pytest.raises(RequestError, match="It has eta, s_noise"):
        Request(sampler="Euler a", options=Options(churn=1.0))


def test_another_sampler_has_its_own_options() -> None:
    before = Request(
        sampler="Euler a", options=Options(eta=0.5), levels=Levels((2.0, 1.0)), steps=2
    )
    after = before.changed(Change(1, sampler="DPM++ 2M"))
    assert (after.options, after.levels) == (Options(), before.levels)
    assert before.changed(Change(1, steps=9)).levels == Levels()


def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="hypernetwork") as error:
        Request.from_json('{"hypernetwork": 2, "steps": 5}')
    assert error.value.field == "hypernetwork"


@pytest.mark.parametrize(
    "source", ["", "{", "[]", "null", '"a"', "{}{}", "[" * 100_000, '{"seed": 1' + "0" * 5000 + "}"]
)
def test_anything_but_a_request_is_refused(source: str) -> None:
    with pytest.raises(RequestError) as error:
        Request.from_json(source)
    assert error.value.field == "json"


def test_a_batch_splits_into_single_requests() -> None:
    request_ = Request(prompt="a fox", seed=5, count=3, steps=7)
    assert list(request_.each()) == [replace(request_, count=1, seed=seed) for seed in (5, 6, 7)]
    assert list(Request(seed=5).each()) == [Request(seed=5)]


def test_seeds_wrap_around() -> None:
    seeds = [single.seed for single in Request(seed=MAX_SEED, count=3).each()]
    assert seeds == [MAX_SEED, 0, 1]


def test_a_request_is_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        Request().steps = 3  # type: ignore[misc]  # that is the point
