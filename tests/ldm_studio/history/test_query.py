"""The query language: meaning; no text makes it fail."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldm_studio.history.history_store import History
from ldm_studio.history.query_language import (
    ALL,
    FIELDS,
    Days,
    Flag,
    Name,
    Query,
    Range,
    Size,
    Span,
    Words,
    parse,
)
from tests.ldm_studio.history.files import scanned

TODAY = date(2026, 11, 23)


def conditions(text: str) -> list[object]:
    query = parse(text, TODAY)
    assert query.problems == ()
    assert not any(term.excluded for term in query.terms)
    return [condition for term in query.terms for condition in term.alternatives]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("fox", Words(ALL, "fox", False)),
        ('"red fox"', Words(ALL, "red fox", True)),
        ('"say ""hi"""', Words(ALL, 'say "hi"', True)),
        ("fur:1.2", Words(ALL, "fur:1.2", False)),
        ("prompt:fox", Words("prompt", "fox", False)),
        ('NEG:"bad hands"', Words("negative", "bad hands", True)),
        ("style:3d", Words("prompt", "3d", False)),
        ("lora:fur", Words("lora", "fur", False)),
        ("model:v1-5", Name("model", "v1-5", False)),
        ('model:"a, b: c"', Name("model", "a, b: c", True)),
        ("seed:42", Range("seed", 42, 42)),
        ("steps:>=20", Range("steps", low=20)),
        ("cfg:<7.5", Range("cfg", high=7.5, high_open=True)),
        ("cfg:4..7", Range("cfg", 4, 7)),
        ("stars:3..", Range("rating", 3, math.inf)),
        ("width:..512", Range("width", -math.inf, 512)),
        ("size:512x768", Size(512, 768)),
        ("date:today", Days("2026-11-23", "2026-11-23")),
        ("date:yesterday", Days("2026-11-22", "2026-11-22")),
        ("date:7d", Days("2026-11-17", "2026-11-23")),
        ("date:2026", Days("2026-01-01", "2026-12-31")),
        ("date:2026-02", Days("2026-02-01", "2026-02-28")),
        ("date:2026-2-3", Days("2026-02-03", "2026-02-03")),
        ("date:>2026-11", Days("2026-12-01", "9999-12-31")),
        ("date:<2026-11", Days("0001-01-01", "2026-10-31")),
        ("date:2026-11-01..2026-12", Days("2026-11-01", "2026-12-31")),
        ("is:favorite", Flag("is", "favourite")),
        ("has:mask", Flag("has", "mask")),
    ],
)
def test_terms_are_parsed(text, means):
    assert conditions(text) == [means]


def test_spaces_separate_terms_and_commas_values():
    assert conditions("  fox \t model:a,b ") == [
        Words(ALL, "fox", False), Name("model", "a", False), Name("model", "b", False),
    ]  # fmt: skip
    assert len(parse("model:a,b").terms) == 1


def test_a_quotation_mark_within_a_word_begins_no_quotation():
    for text in ('"a"b', '""x', 'a:"b"c'):
        assert all(isinstance(condition, Words) for condition in conditions(text))


def test_a_dash_excludes():
    (term,) = parse("-model:v1").terms
    assert term.excluded
    assert term.span == Span(0, 9)


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("modle:x", (0, 7), "Did you mean model"),
        ("fox steps:many", (4, 14), "is not a number"),
        ("steps:1e99", (0, 10), "is not a number"),
        ("steps:..", (0, 8), "has no end"),
        ("size:big", (0, 8), "512x768"),
        ("date:soon", (0, 9), "is not a date"),
        ("date:2026-13", (0, 12), "is not a date"),
        ("is:nice", (0, 7), "favourite, missing"),
        ("model:", (0, 6), "needs a value"),
        ('fox "red', (4, 8), "quotation mark"),
    ],
)
def test_a_mistake_is_reported_in_place_and_the_rest_is_searched(text, where, says):
    query = parse(text, TODAY)
    (problem,) = query.problems
    assert (problem.span.start, problem.span.end) == where
    assert says in str(problem.message)
    assert [term for term in query.terms if term.span.start < where[0]] == (
        [parse("fox").terms[0]] if text.startswith("fox") else []
    )


@pytest.mark.parametrize("text", ["", "   ", "-", "()", '""', "!!!", ":", ",,"])
def test_a_text_without_words_matches_everything(text):
    assert parse(text) == Query()


pieces = st.sampled_from(
    [*(f"{field}:" for field in FIELDS), "-", '"', ",", "..", ">=", "<", " ", "7d", "2026-11",
     "0000-00", "512x768", "fox", "红狐", "🦊", "\\", "%", "_", "*", "^", "{", "(", ")", "NEAR",
     "AND", "'", ";", "\0", "\ud800", "99999999999999999999", "0.", ".5", "𝟙", "²"]
)  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with History(tmp_path_factory.mktemp("library")) as history:
        history.put([scanned(number) for number in range(20)]).result()
        with history.reader() as reader:
            yield reader


@given(st.lists(pieces | st.text(max_size=8), max_size=8).map("".join))
def test_no_text_raises_and_every_query_runs(library, text):
    query = parse(text, TODAY)
    for term in query.terms:
        assert 0 <= term.span.start < term.span.end <= len(text)
        assert term.alternatives
    for problem in query.problems:
        assert 0 <= problem.span.start < problem.span.end <= len(text)
    page = library.page(query, limit=5)
    count = library.count(query)
    assert len(page.images) == min(5, count)
    assert sum(day.images for day in library.facets(query).days) == count
    excluded = "".join("-" + text[term.span.start : term.span.end] for term in query.terms[:1])
    assert library.count(parse(excluded, TODAY)) <= 20


def test_an_endless_query_is_truncated():
    query = parse("word " * 5_000)
    assert len(query.terms) == 100
    assert "first 2000 characters" in str(query.problems[0].message)
