"""Weights in prompts, as people know them from AUTOMATIC1111."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.prompt import MAX_WEIGHT, Prompt, parse

MARKUP_AND_WORDS = st.lists(
    st.sampled_from(["(", ")", "[", "]", "\\", ":", ":1.3)", ": .5 ]", ":-2)", ":1.2.3)", ", ",
                     "a", "cat", "\u732b", "\U0001f431", "\n"]) | st.text(max_size=3),
    max_size=25,
).map("".join)  # fmt: skip


def told(prompt: str) -> list[tuple[str, float]]:
    """Text and weights, neighbours of the same weight joined."""
    joined: list[tuple[str, float]] = []
    for piece in parse(prompt).pieces:
        weight = round(piece.weight, 6)
        if joined and joined[-1][1] == weight:
            joined[-1] = (joined[-1][0] + piece.text, weight)
        else:
            joined.append((piece.text, weight))
    return joined


def underlined(prompt: str) -> list[str]:
    return [prompt[p.start : p.end] for p in parse(prompt).problems]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        ("a red cat", [("a red cat", 1)]),
        ("a (red) cat", [("a ", 1), ("red", 1.1), (" cat", 1)]),
        ("((red))", [("red", 1.21)]),
        ("[red]", [("red", 0.909091)]),
        ("[[red]]", [("red", 0.826446)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("(red: 1.3 )", [("red", 1.3)]),
        ("(red:.5)", [("red", 0.5)]),
        ("(red:+1.5)", [("red", 1.5)]),
        ("(red:0)", [("red", 0)]),
        ("(a:b:1.2)", [("a:b", 1.2)]),
        ("(16:9)", [("16", 9)]),
        ("([red])", [("red", 1)]),
        ("(a (red:1.5) cat:2)", [("a ", 2), ("red", 3), (" cat", 2)]),
        ("(red)(cat)", [("redcat", 1.1)]),
        (r"\(red\) \[cat\] \\", [(r"(red) [cat] \ ".rstrip(), 1)]),
        (r"(smile \:\):1.2)", [(r"smile \:)", 1.2)]),
        ("C:\\new, cat", [("C:\\new, cat", 1)]),
        ("(a, b:1.1), c", [("a, b", 1.1), (", c", 1)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).)",
            [("a ", 1), ("house", 1.573), (" ", 1.1), ("on", 1), (" a ", 1.1), ("hill", 0.55),
             (", sun, ", 1.1), ("sky", 1.4641), (".", 1.1)],
        ),
        ("()[](:1.2)", []),
    ],
)  # fmt: skip
def test_known_prompts(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert told(prompt) == expected
    assert parse(prompt).problems == ()


@pytest.mark.parametrize(
    ("prompt", "lone", "read"),
    [
        ("a (red cat", "(", [("a (red cat", 1)]),
        ("a red) cat", ")", [("a red) cat", 1)]),
        ("(red]", "(]", [("(red]", 1)]),
        ("red:1.3)", ")", [("red:1.3)", 1)]),
        ("(a [red) cat]", "[]", [("a [red", 1.1), (" cat]", 1)]),
        ("((red)", "(", [("(", 1), ("red", 1.1)]),
        ("[a (b]", "(", [("a (b", 0.909091)]),
    ],
)
def test_a_lone_bracket_is_text_and_is_pointed_at(
    prompt: str, lone: str, read: list[tuple[str, float]]
) -> None:
    assert told(prompt) == read
    assert sorted(underlined(prompt)) == sorted(lone)
    for problem in parse(prompt).problems:
        assert f"\\{prompt[problem.start]}" in problem.explanation


@pytest.mark.parametrize(
    ("prompt", "weight", "place"),
    [("(red:-1)", 0.0, ":-1"), ("(red:11)", 10.0, ":11"), ("((red:9):9)", 10.0, "(red:9)")],
)
def test_weights_are_kept_in_their_range_and_it_is_said(
    prompt: str, weight: float, place: str
) -> None:
    assert [piece.weight for piece in parse(prompt).pieces] == [weight]
    assert underlined(prompt) == [place]


@pytest.mark.parametrize("prompt", ["[red:1.2]", "[cat:dog:0.5]", "(red:1.2.3)", "(red:.)"])
def test_numbers_that_are_not_weights_are_text_and_are_pointed_at(prompt: str) -> None:
    parsed = parse(prompt)
    assert parsed.text == prompt[1:-1]
    assert underlined(prompt) == [prompt[prompt.rindex(":") : -1]]


@pytest.mark.parametrize("prompt", ["", " ", "()", "( [] :1.2)", "(cat:0)", "((cat:2):0)"])
def test_prompts_without_anything_to_read_are_blank(prompt: str) -> None:
    assert parse(prompt).is_blank


def tiles(parsed: Prompt) -> str:
    """The source, from the pieces and the brackets alone."""
    spans = [(piece.start, piece.end) for piece in parsed.pieces]
    for group in parsed.groups:
        spans += [(group.start, group.inner_start), (group.inner_end, group.end)]
    spans.sort()
    at = 0
    for start, end in spans:
        assert start == at
        assert start < end
        at = end
    return "".join(parsed.source[start:end] for start, end in spans)


@given(MARKUP_AND_WORDS)
def test_any_text_is_taken_apart_without_losing_a_character(prompt: str) -> None:
    parsed = parse(prompt)
    assert tiles(parsed) == prompt
    assert len(parsed.weights) == len(parsed.text)
    assert all(0 <= weight <= MAX_WEIGHT for weight in parsed.weights)
    for problem in parsed.problems:
        assert 0 <= problem.start < problem.end <= len(prompt)
        assert problem.explanation
    for at, char in enumerate(parsed.text):
        start, end = parsed.span(at, at + 1)
        assert prompt[start:end] in (char, f"\\{char}")


@given(st.text())
def test_escaped_text_comes_back_with_weight_1(text: str) -> None:
    escaped = "".join(f"\\{char}" if char in "()[]\\" else char for char in text)
    parsed = parse(escaped)
    assert parsed.text == text
    assert parsed.problems == ()
    assert set(parsed.weights) <= {1.0}


WEIGHTED = st.lists(st.tuples(st.text("ab c,", min_size=1), st.integers(0, 1000)), max_size=8)


@given(WEIGHTED)
def test_weights_that_are_written_are_read(words: list[tuple[str, int]]) -> None:
    pieces = parse("".join(f"({word}:{weight / 100})" for word, weight in words)).pieces
    assert [(piece.text, piece.weight) for piece in pieces] == [(w, x / 100) for w, x in words]


def test_the_longest_prompts_are_quick_to_take_apart() -> None:
    for prompt in ("(" * 100_000, "(" * 50_000 + ")" * 50_000, "([" * 50_000, ":1" * 50_000):
        assert tiles(parse(prompt)) == prompt
