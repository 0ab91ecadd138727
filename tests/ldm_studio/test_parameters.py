"""Every parameter of an image, from end to end: the table is tested row by row.

Each row changes the image where it has an effect and not elsewhere; it round-trips through JSON,
the text in image files, the command line, the session and its control at both ends of its range;
beyond them it is refused or clamped, everywhere alike; and it has a name everywhere.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtWidgets import QLineEdit

from core.errors import RequestError
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameter import Parameter
from core.request.parameters import (
    PARAMETERS,
    REQUESTED,
    Context,
    Options,
    in_panel,
    with_fields,
)
from core.request.request import Request
from core.sampling.samplers import OPTIONS
from ldm_studio.command_line import request_flags
from ldm_studio.draw.sampling.sampler_panel import SamplerPanel
from ldm_studio.history_page.field_names import setting
from ldm_studio.images.infotext import infotext, parse_infotext, restore
from ldm_studio.images.infotext_keys import context_of
from ldm_studio.store.parameter_texts import text_of, title_of
from ldm_studio.store.store import Mode, StudioStore
from ldm_studio.translation import SOURCE, Language
from tests.core.conftest import tiny_model, tiny_model_folder, tokenizer
from tools import docs_settings, translations

__all__ = ["tiny_model", "tiny_model_folder", "tokenizer"]  # fixtures

ROWS = list(PARAMETERS.values())
REQUEST_ROWS = list(REQUESTED)
NUMBERS = [row for row in REQUEST_ROWS if row.kind in (int, float)]
MASK = np.zeros((32, 32), np.uint8)
MASK[8:24, 8:24] = 255
MASK[16:24, 8:24] = 128
IMAGE = np.random.default_rng(1).integers(0, 255, (32, 32, 3), np.uint8)


def names(row: Parameter) -> str:
    return row.name


def request_of(values: Mapping[str, Any]) -> Request:
    """A small request with these values by the names of the table."""
    small: dict[str, Any] = {"steps": 2, "width": 32, "height": 32, "prompt": "a red fox"}
    sigmas = values.get("sigmas")
    if sigmas:
        small["steps"] = len(sigmas)
    named = {PARAMETERS[name].field: value for name, value in {**small, **values}.items()}
    return Request(**vars(with_fields(named)))


# --- the image ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Where a parameter has an effect on the image, and where it does not."""

    value: Any
    """A value other than the default."""
    others: Mapping[str, Any] = field(default_factory=dict)
    """Other settings with which it has an effect."""
    without: Mapping[str, Any] | None = None
    """Other settings with which it does not; None: it always has an effect."""
    masked: bool = False
    """Whether it applies to a masked image."""


_MASKED: dict[str, Any] = {"masked": True}
_AREA: dict[str, Any] = {"area": "masked"}
CASES: dict[str, Case] = {
    "prompt": Case("two blue hats"),
    "negative": Case("a green owl", without={"cfg": 1.0}),
    "syntax": Case("ComfyUI", {"prompt": "a [fox] (red:1.3)"}),
    "sampler": Case("Euler a"),
    "schedule": Case("Karras", {"steps": 4}, {"sigmas": (5.0, 1.0)}),
    "steps": Case(3),
    "cfg": Case(9.0, without={"plus_plus": 0.6}),
    "width": Case(64),
    "height": Case(64),
    "seed": Case(2**64 - 1),
    "strength": Case(0.5, **_MASKED),
    "rescale": Case(0.8),
    "guidance_start": Case(0.6),
    "guidance_end": Case(0.4),
    "mimic": Case(1.5),
    "quantile": Case(0.5, {"mimic": 1.5}, {"mimic": 0.0}),
    "plus_plus": Case(0.6),
    "zero_star": Case(True, without={"cfg": 1.0}),
    "zero_init": Case(1),
    "eta": Case(0.3, {"sampler": "Euler a"}),
    "s_noise": Case(1.9, {"sampler": "Euler a"}, {"sampler": "Heun"}),
    "churn": Case(60.0, {"sampler": "Euler"}),
    "churn_lowest": Case(1e6, {"sampler": "Euler", "churn": 60.0}, {"sampler": "Euler"}),
    "churn_highest": Case(0.0, {"sampler": "Euler", "churn": 60.0}, {"sampler": "Euler"}),
    "order": Case(1, {"sampler": "LMS", "steps": 4}),
    "sigmas": Case((8.0, 1.0)),
    "sigma_min": Case(0.4, without={"sigmas": (5.0, 1.0)}),
    "sigma_max": Case(3.0, without={"sigmas": (5.0, 1.0)}),
    "rho": Case(2.0, {"schedule": "Karras", "steps": 4}),
    "noise": Case("A1111 NV"),
    "variation_strength": Case(0.5, {"variation_seed": 7}),
    "variation_seed": Case(9, {"variation_strength": 0.5}, {"variation_strength": 0.0}),
    "seed_width": Case(16, {"seed_height": 16}),
    "seed_height": Case(16, {"seed_width": 16}),
    "noise_seed_delta": Case(31337, {"sampler": "Euler a"}),
    "conventions": Case("A1111", {"schedule": "KL Optimal", "steps": 4}),
    "tile": Case(32, {"width": 64, "height": 64}),
    "invert": Case(True, **_MASKED),
    "grow": Case(6, **_MASKED),
    "blur": Case(4.0, **_MASKED),
    "content": Case("nothing", **_MASKED),
    "soft": Case(True, **_MASKED),
    "area": Case("masked", {"area_width": 32, "area_height": 32, "padding": 0}, **_MASKED),
    "padding": Case(0, {**_AREA, "area_width": 32, "area_height": 32}, {"area": "whole"}, True),
    "area_width": Case(64, {**_AREA, "area_height": 32}, {"area": "whole"}, True),
    "area_height": Case(64, {**_AREA, "area_width": 32}, {"area": "whole"}, True),
    "match": Case(True, **_MASKED),
}
TESTS = Path(__file__).parents[1]
CONTROL_IMAGES = "core/checkpoints/test_control_images.py"
REFINER = "core/checkpoints/test_refiner.py"
ELSEWHERE = {
    "count": (
        "ldm_studio/engine/test_engine.py",
        "test_a_batch_runs_image_by_image_with_consecutive_seeds",
    ),
    "model": (REFINER, "test_a_change_of_the_model_equals_the_refiner"),
    "clip_skip": (
        "core/checkpoints/test_text_to_image.py",
        "test_clip_skip_counts_like_in_other_programs",
    ),
    "vae": ("ldm_studio/models/test_addons.py", "test_another_vae_decodes"),
    "refiner": (REFINER, "test_the_refiner_equals_diffusers"),
    "refiner_at": (
        "ldm_studio/images/test_refiner.py",
        "test_the_refiner_takes_over_after_its_share_of_the_steps",
    ),
    "image_guidance": (
        CONTROL_IMAGES,
        "test_every_noise_level_and_image_guidance_has_an_effect",
    ),
    "noise_level": (CONTROL_IMAGES, "test_every_noise_level_and_image_guidance_has_an_effect"),
}
"""Rows whose effect needs a model of another kind: the file and the test that show it."""


def pixels(model: Model, case: Case, values: Mapping[str, Any]) -> bytes:
    request = request_of(values)
    inputs = Inputs()
    if case.masked:
        request = replace(request, init=digest(IMAGE), mask=digest(MASK))
        inputs = Inputs(IMAGE, MASK)
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    return finish(job, last.state).rgb.tobytes()


def test_each_row_has_a_case_or_a_test_elsewhere() -> None:
    assert set(CASES) | set(ELSEWHERE) == set(PARAMETERS)
    assert not set(CASES) & set(ELSEWHERE)
    for path, test in ELSEWHERE.values():
        assert f"def {test}(" in (TESTS / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_a_parameter_changes_the_image_where_it_applies(name: str, tiny_model: Model) -> None:
    case, row = CASES[name], PARAMETERS[name]
    context = context_of(request_of({**case.others, name: case.value}))
    assert row.applies(replace(context, masked=case.masked, from_image=case.masked))
    before = pixels(tiny_model, case, case.others)
    assert pixels(tiny_model, case, {**case.others, name: case.value}) != before


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.without is not None])
def test_a_parameter_does_not_change_the_image_where_it_does_not_apply(
    name: str, tiny_model: Model
) -> None:
    case, row = CASES[name], PARAMETERS[name]
    assert case.without is not None
    if name not in ("negative", "zero_star"):  # the context does not know its CFG
        context = context_of(request_of({**case.without, name: case.value}))
        assert not row.applies(replace(context, masked=case.masked))
    before = pixels(tiny_model, case, case.without)
    assert pixels(tiny_model, case, {**case.without, name: case.value}) == before


# --- where it is written ------------------------------------------------------------------------

NEEDS: dict[str, dict[str, Any]] = {
    "quantile": {"mimic": 2.0},
    "variation_seed": {"variation_strength": 0.5},
    "eta": {"sampler": "Euler a"},
    "s_noise": {"sampler": "Euler a"},
    "churn": {"sampler": "Euler"},
    "churn_lowest": {"sampler": "Euler", "churn": 1.0},
    "churn_highest": {"sampler": "Euler", "churn": 1.0},
    "order": {"sampler": "UniPC"},
    "rho": {"schedule": "Karras"},
    "sigma_min": {"sigma_max": None},
}
"""Settings that are needed for a value to be valid, and kept."""


def ends(row: Parameter) -> tuple[Any, ...]:
    """Both ends of the range, or every choice."""
    if row.choices is not None:
        return tuple(row.choices)
    if row.kind is bool:
        return False, True
    if row.kind is tuple:
        return (row.high, 2.5, 1e-6), ()
    if row.kind is str:
        return "x", 'a name, with commas: and "quotes"'
    low = row.low + 1e-9 if row.exclusive else row.low
    return row.kind(low), row.kind(row.high)


def valid(row: Parameter, value: Any) -> dict[str, Any]:
    values = {**NEEDS.get(row.name, {}), row.name: value}
    if row.name == "guidance_start":
        values["guidance_end"] = 1.0
    return values


ENDS = [pytest.param(row, value, id=f"{row.name}-{value}") for row in REQUEST_ROWS
        for value in ends(row)]  # fmt: skip


@pytest.mark.parametrize(("row", "value"), ENDS)
def test_a_parameter_round_trips_through_json(row: Parameter, value: Any) -> None:
    request = request_of(valid(row, value))
    assert Request.from_json(request.to_json()) == request
    assert row.value(request) == value


@pytest.mark.parametrize(
    ("row", "value"),
    [one for one in ENDS if one.values[0].infotext],  # type: ignore[union-attr]
)
def test_a_parameter_round_trips_through_the_infotext(row: Parameter, value: Any) -> None:
    images = Request(init="a" * 64, mask="b" * 64)
    request = replace(request_of(valid(row, value)), init=images.init, mask=images.mask)
    text = infotext(request, "m", "c" * 64)
    restored = restore(parse_infotext(text), images)
    assert row.value(restored.request) == value
    refused = {one.partition(":")[0] for one in restored.ignored}
    assert not refused & {key.name for key in row.infotext}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(exit_on_error=False)
    request_flags.add(made)
    for name in ("--mask", "--outpaint", "--sampler"):
        made.add_argument(name)
    return made


def argument(row: Parameter, value: Any) -> list[str]:
    assert row.flag is not None
    if row.kind is bool:
        return [row.flag.name if value else f"--no-{row.flag.name[2:]}"]
    text = ",".join(map(repr, value)) if row.kind is tuple else str(value)
    return [f"{row.flag.name}={text}"]


@pytest.mark.parametrize(
    ("row", "value"),
    [one for one in ENDS if one.values[0].field in request_flags.ROWS and one.values[1] != ()],  # type: ignore[union-attr]
)
def test_a_parameter_round_trips_through_the_command_line(row: Parameter, value: Any) -> None:
    assert row.flag is not None
    needed = [f"{row.flag.needs}=1"] if row.flag.needs not in ("", "--area") else []
    needed += ["--area=masked", "--mask=m"] if row.flag.needs == "--area" else []
    given = request_flags.given(parser().parse_args([*argument(row, value), *needed]))
    assert given[row.field] == value


@pytest.mark.parametrize(("row", "value"), ENDS)
def test_a_parameter_is_restored_with_the_session_and_reaches_the_request(
    row: Parameter, value: Any, qapp: object
) -> None:
    store, later = StudioStore(), StudioStore()
    store.mode = Mode.INPAINT
    store.area = "masked" if row.name not in ("area", "content") else store.area
    for name, one in valid(row, value).items():
        setattr(store, name, one)
    assert later.restore(json.loads(json.dumps(store.saved()))) == []
    assert getattr(later, row.name) == value
    if row.name != "strength":
        assert row.value(later.snapshot()) == value
    fresh = StudioStore()
    fresh.mode = Mode.INPAINT
    fresh.apply(replace(later.snapshot(), init="a" * 64, mask="b" * 64))
    assert getattr(fresh, row.name) == value


SHOWN = ("main", "more", "inpaint", "mask", "control")


@pytest.fixture
def panel(qtbot: Any) -> tuple[SamplerPanel, StudioStore]:
    store = StudioStore()
    made = SamplerPanel(store)
    qtbot.addWidget(made)
    return made, store


@pytest.mark.parametrize(
    ("row", "value"),
    [one for one in ENDS
     if one.values[0].group.panel in SHOWN and one.values[0].name not in ("model", "vae")],  # type: ignore[union-attr]
)  # fmt: skip
def test_a_control_shows_and_sets_its_parameter(
    row: Parameter, value: Any, panel: tuple[SamplerPanel, StudioStore]
) -> None:
    shown, store = panel
    for name, one in NEEDS.get(row.name, {}).items():
        setattr(store, name, one)
    if row.name in ("width", "height"):
        widget = getattr(shown.size_row, f"{row.name}_field")
    else:
        widget = shown.field(row.name)
    setattr(store, row.name, value)
    if not row.exclusive or value == row.high or row.kind is tuple:  # too small to be shown
        assert (widget.value() or 0) == (value or 0)
    store.reset(row.name)
    widget.set_value(value or None if row.unset else value)
    if isinstance(widget, QLineEdit):  # which only reports typed values
        cast("Any", widget).changed.emit()
    if not row.exclusive or value == row.high:
        assert getattr(store, row.name) in (value, None if row.optional else value)


@pytest.mark.parametrize("row", NUMBERS, ids=names)
def test_bounds_are_the_same_everywhere(
    row: Parameter, panel: tuple[SamplerPanel, StudioStore]
) -> None:
    shown, store = panel
    beyond = (row.low - 1, row.high + 1 if row.kind is int else row.high * 1.01 + 1)
    for value, end in zip(map(row.kind, beyond), (row.low, row.high), strict=True):
        with pytest.raises(RequestError) as caught:
            request_of(valid(row, value))
        assert caught.value.field == row.field
        setattr(store, row.name, value)
        kept = getattr(store, row.name)
        assert kept == (row.clamp(end) if row.exclusive else end)
        row.check(kept)
        if row.field in request_flags.ROWS:
            with pytest.raises(argparse.ArgumentError):
                parser().parse_args(argument(row, value))
    for value in (math.nan, math.inf):
        if row.kind is float:
            with pytest.raises(RequestError):
                request_of(valid(row, value))
    if row.name in ("width", "height"):
        widget = getattr(shown.size_row, f"{row.name}_field")
    else:
        widget = shown.field(row.name)
    number = getattr(widget, "number", widget)
    if hasattr(number, "minimum"):
        assert number.minimum() == row.clamp(row.low)
        assert number.maximum() == row.high


@pytest.mark.parametrize("value", [object(), [1], "x"])
@pytest.mark.parametrize("row", NUMBERS, ids=names)
def test_other_types_are_refused(row: Parameter, value: object, qapp: object) -> None:
    with pytest.raises(RequestError):
        request_of(valid(row, value))
    assert StudioStore().restore({row.name: value}) != []


# --- its names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_a_parameter_has_a_name_everywhere(row: Parameter, qtbot: Any) -> None:
    assert row.title
    assert row.help.endswith(".")
    assert row.group.title
    assert row.flag is not None
    assert set(row.texts) <= set(translations.parameter_texts())
    language = Language()
    language.install("zh_CN")
    try:
        untouched = {
            "VAE",
            "CFG++",
            "CFG-Zero*",
            "Eta",
            "S-noise",
            "Churn",
            "Rho",
            "Clip skip",
            "0",
            "∞",
        }
        same = {text for text in row.texts if text_of(text) == text}
        assert same <= untouched
        chinese = title_of(row.name)
        for key in row.infotext:
            assert setting(key.name) == chinese
    finally:
        language.install(SOURCE)
    for page in docs_settings.pages().values():
        text = page.read_text(encoding="utf-8")
        assert f"`{row.flag.name}`" in text
    assert f"**{row.title}**" in docs_settings.pages()[SOURCE].read_text(encoding="utf-8")


def test_names_keys_and_flags_are_unique() -> None:
    keys = [key.name for row in ROWS for key in row.infotext]
    flags = [row.flag.name for row in ROWS if row.flag and row.flag.name != "--size"]
    for used in (keys, flags, [row.field for row in ROWS]):
        assert len(used) == len(set(used))


def test_panels_come_from_the_table() -> None:
    panels = [row for name in SHOWN for row in in_panel(name)]
    assert {row.name for row in ROWS} - {row.name for row in panels} == {"prompt", "negative"}


def test_samplers_take_the_options_of_the_table() -> None:
    assert {item.name for item in fields(Options)} == set(OPTIONS)


def test_a_context_without_a_model_allows_all_parameters() -> None:
    context = Context(Request())
    assert PARAMETERS["clip_skip"].applies(context)
    assert PARAMETERS["noise_level"].applies(context)
