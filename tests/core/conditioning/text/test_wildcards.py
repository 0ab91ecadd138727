"""Templates are resolved by a seed, the same every time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conditioning.text.wildcards import (
    missing_wildcards,
    parse_template,
    resolve_wildcards,
    wildcard_lines,
)
from core.errors import RequestError

FILES = {
    "colour": ["red", "blue"],
    "animals/wild": ["fox", "2::wolf"],
    "pet": ["{cat|dog}", "a __colour__ parrot"],
    "empty": [],
    "one": ["only"],
    "round": ["__round2__"],
    "round2": ["__round__"],
    "self": ["a __self__"],
    "many": ["__many2__ __many2__ __many2__"],
    "many2": ["__many3__ __many3__ __many3__ __many3__"],
    "many3": ["__many4__ " * 40],
    "many4": ["__one__ " * 40],
}


def values(name: str) -> Sequence[str] | None:
    return FILES.get(name)


def made(template: str, seeds: int = 300) -> Counter[str]:
    return Counter(resolve_wildcards(template, values, seed) for seed in range(seeds))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a __colour__ cat", {"a red cat", "a blue cat"}),
        ("__animals/wild__", {"fox", "wolf"}),
        ("__pet__", {"cat", "dog", "a red parrot", "a blue parrot"}),
        ("{a|b|}", {"a", "b", ""}),
        ("{a|{b|c} d}", {"a", "b d", "c d"}),
        ("{__colour__|green}", {"red", "blue", "green"}),
        ("{2$$a|b|c}", {"a, b", "b, a", "a, c", "c, a", "b, c", "c, b"}),
        ("{2$$ and $$a|b}", {"a and b", "b and a"}),
        ("{1-2$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{1-$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{-1$$a|b}", {"", "a", "b"}),
        ("{2$$__colour__}", {"red, blue", "blue, red"}),
        ("{$$a|b}", {"a", "b"}),
        ("{0::a|b}", {"b"}),
        ("{0::a|0::b}", {"a", "b"}),
        ("{[x|y]|z}", {"[x|y]", "z"}),
        ("[{x|y}|z]", {"[x|z]", "[y|z]"}),
        ("{a[b|c}", {"a[b", "c"}),
        ("{<lora:a:1>|(b:1.2)} c", {"<lora:a:1> c", "(b:1.2) c"}),
        (r"\{a|b\}", {"{a|b}"}),
        ("{prompt}, {}, }{, a|b", {"{prompt}, {}, }{, a|b"}),
        ("__nothing__ and __ or __empty__", {"__nothing__ and __ or __empty__"}),
        ("{2$$__nothing__}", {"__nothing__"}),
        ("plain (a:1.2) [b|c]", {"plain (a:1.2) [b|c]"}),
        ("{a|b", {"{a|b"}),
    ],
)
def test_every_option_can_be_drawn(template: str, expected: set[str]) -> None:
    assert set(made(template)) == expected


def test_a_seed_determines_the_result_and_another_text_differs() -> None:
    template = "{" + "|".join(map(str, range(1000))) + "}"
    assert resolve_wildcards(template, values, 7) == resolve_wildcards(template, values, 7)
    assert resolve_wildcards(template, values, 7) != resolve_wildcards(template, values, 8)
    assert resolve_wildcards(template, values, 7) != resolve_wildcards(
        template, values, 7, "negative"
    )


@pytest.mark.parametrize("template", ["{3::a|b}", "{a|a|a|b}", "{3::a|1::b}", "{0.75::a|0.25::b}"])
def test_weights_are_respected(template: str) -> None:
    counts = made(template, 2000)
    assert counts["a"] / 2000 == pytest.approx(0.75, abs=0.04)


def test_lines_have_weights_too() -> None:
    counts = made("__animals/wild__", 2000)
    assert counts["wolf"] / 2000 == pytest.approx(2 / 3, abs=0.04)


@pytest.mark.parametrize("template", ["__self__", "{a|__round__}", "__round2__", "{1$$__self__}"])
def test_self_referencing_wildcards_are_refused(template: str) -> None:
    with pytest.raises(RequestError, match="refer to each other in a circle") as error:
        made(template)
    assert error.value.field == "prompt"


def test_unbounded_growth_is_refused() -> None:
    with pytest.raises(RequestError, match="too long a text"):
        resolve_wildcards("__many__ " * 50, values, 0)


def test_missing_wildcards_are_reported() -> None:
    source = "a __colour__ and __nothing__ or {__empty__|b}"
    problems = missing_wildcards(parse_template(source), values)
    assert [source[p.start : p.end] for p in problems] == ["__nothing__", "__empty__"]


@pytest.mark.parametrize(("source", "place"), [("a {b|c", "{"), ("{3$$a|b}", "{3$$a|b}")])
def test_problems_have_positions(source: str, place: str) -> None:
    [problem] = parse_template(source).problems
    assert source[problem.start : problem.end] == place


def test_markup_is_marked_in_place() -> None:
    source = "a {2$$b|3::c} __colour__"
    marks = [source[start:end] for start, end in parse_template(source).marks]
    assert marks == ["{2$$", "|", "3::", "}", "__colour__"]


def test_lines_of_a_wildcard_file_are_parsed() -> None:
    text = "\ufeffred\n\n  blue  \r\n# a comment\n__pet__".removeprefix("\ufeff")
    assert wildcard_lines(text) == ["red", "blue", "__pet__"]


TEMPLATES = st.lists(
    st.sampled_from(["{", "}", "|", "[", "]", "__", "colour", "__pet__", "$$", "2", "-", "::", "\\",
                     "a", " ", "__self__", "__nothing__"])
    | st.text(max_size=3),
    max_size=25,
).map("".join)  # fmt: skip


@given(TEMPLATES, st.integers(0, 2**64 - 1))
def test_any_text_is_a_valid_template(source: str, seed: int) -> None:
    template = parse_template(source)
    end = 0
    for start, stop in template.marks:
        assert end <= start < stop <= len(source)
        end = stop
    for problem in template.problems:
        assert 0 <= problem.start < problem.end <= len(source)
    if template.is_plain:
        assert resolve_wildcards(source, values, seed) == source
    elif "__self__" not in source:
        assert resolve_wildcards(source, values, seed) == resolve_wildcards(source, values, seed)


@pytest.mark.parametrize(
    "unit",
    ["{", "{[", "{a|", "__", "__a", "[", "|", "}", "{}", "\\", "1$$", "9", "{-", "_", "{2$$a"],
)
def test_the_longest_templates_are_parsed_quickly(unit: str) -> None:
    source = "{" + unit * (60_000 // len(unit))
    began = time.process_time()
    for text in (source, source + "}" * 10_000):
        parse_template(text)
    assert time.process_time() - began < 10  # a non-linear parser takes minutes


def test_a_long_wildcard_file_is_parsed_only_where_it_is_drawn() -> None:
    lines = [f"{{a|b|c}} {number}" for number in range(20_000)]
    began = time.process_time()
    text = resolve_wildcards("__long__ " * 200, lambda _: lines, 1)
    assert len(text.split()) == 400
    assert time.process_time() - began < 5  # parsing each line for each draw takes a minute
