"""Edits of prompts by keys: `|` is the cursor, or an end of the selection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conditioning.text.prompt_parser import parse
from ldm_studio.draw.prompt.prompt_edits import STEP, Edit, change_weight, move_phrase


def edit(marked: str) -> Edit:
    start = marked.index("|")
    end = marked.rindex("|") - (1 if marked.count("|") == 2 else 0)
    return Edit(marked.replace("|", ""), start, end)


def marked(edit: Edit) -> str:
    if edit.start == edit.end:
        return f"{edit.text[: edit.start]}|{edit.text[edit.start :]}"
    inside = edit.text[edit.start : edit.end]
    return f"{edit.text[: edit.start]}|{inside}|{edit.text[edit.end :]}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a |red| cat", "a (|red|:1.1) cat"),
        ("a (|red|:1.1) cat", "a (|red|:1.2) cat"),
        ("a |(red:1.1)| cat", "a (|red|:1.2) cat"),
        ("a re|d cat", "a (re|d:1.1) cat"),
        ("a red| cat", "a (red|:1.1) cat"),
        ("a (re|d:1.9) cat", "a (re|d:2) cat"),
        ("a (red|) cat", "a (red|:1.2) cat"),
        ("a (red:1.|5) cat", "a (red|:1.6) cat"),
        ("a [re|d] cat", "a re|d cat"),
        ("(red:0.|9)", "red|"),
        ("a | red |cat", "a  (|red|:1.1) cat"),
        ("(a r|ed cat:1.2)", "(a r|ed cat:1.3)"),
        ("(a |red| cat:1.2)", "(a (|red|:1.1) cat:1.2)"),
        ("a |red (cat|:1.2)", "a (|red (cat:1.2)|:1.1)"),
        ("|a (red), cat|", "(|a (red), cat|:1.1)"),
        ("一只|红色|的猫", "一只(|红色|:1.1)的猫"),
        ("红色的|猫，3d", "(红色的|猫:1.1)，3d"),
        ("\U0001f431 ca|t", "\U0001f431 (ca|t:1.1)"),
        (r"smile\(|x\) y", r"(smile\(|x\):1.1) y"),
        ("ratio |16:9|", "ratio (|16:9|:1.1)"),
        ("(red:10|)", "(red:10|)"),
        ("a  |  cat", "a  |  cat"),
        ("|", "|"),
        ("a |b ) c| d", "a |b ) c| d"),
        ("a (re|d", "a ((re|d:1.1)"),
        ("[red:bl|ue:0.5]", "[red:(bl|ue:1.1):0.5]"),
        ("[|red:blue|:0.5]", "(|[red:blue:0.5]|:1.1)"),
        ("|a AND b|", "|a AND b|"),
    ],
)
def test_a_weight_is_increased(before: str, after: str) -> None:
    assert marked(change_weight(edit(before), STEP)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a |red| cat", "a (|red|:0.9) cat"),
        ("a (|red|:1.1) cat", "a |red| cat"),
        ("a (re|d) cat", "a re|d cat"),
        ("a [re|d] cat", "a (re|d:0.8) cat"),
        ("(red:0.1|)", "(red|:0)"),
        ("(red:0|)", "(red:0|)"),
        ("(re|d:1.25)", "(re|d:1.15)"),
    ],
)
def test_a_weight_is_decreased(before: str, after: str) -> None:
    assert marked(change_weight(edit(before), -STEP)) == after


@pytest.mark.parametrize(
    ("before", "on", "back"),
    [
        ("a c|at, 3d, red", "3d, a c|at, red", "a c|at, 3d, red"),
        ("a cat, 3|d,  red", "a cat, red,  3|d", "3|d, a cat,  red"),
        ("a, (b, c|:1.2), d", "a, d, (b, c|:1.2)", "(b, c|:1.2), a, d"),
        ("a, |b, c|, d", "a, d, |b, c|", "|b, c|, a, d"),
        ("红色，|猫、3d", "红色，3d、|猫", "|猫，红色、3d"),
        ("a,\nb|, c", "a,\nc, b|", "b|,\na, c"),
        ("a,,  |b ,c", "a,,  c ,|b", "|b,,  a ,c"),
        ("a, | b, c", "a,  c, |b", "|b,  a, c"),
        ("|\U0001f431, b", "b, |\U0001f431", "|\U0001f431, b"),
        ("a, (b, |c", "a, (b, |c", "a, |c, (b"),
        ("[a, |b:c, d:0.5], e", "e, [a, |b:c, d:0.5]", "[a, |b:c, d:0.5], e"),
        ("only| one", "only| one", "only| one"),
        ("|", "|", "|"),
    ],
)
def test_a_phrase_moves_forward_and_back(before: str, on: str, back: str) -> None:
    assert marked(move_phrase(edit(before), 1)) == on
    assert marked(move_phrase(edit(before), -1)) == back


TEXTS = st.text("ab (),[]:1.\\\n，猫|#", max_size=30)


@given(TEXTS, st.integers(0, 30), st.integers(0, 30))
def test_a_move_loses_nothing_and_is_reversible(text: str, one: int, other: int) -> None:
    low, high = sorted((min(one, len(text)), min(other, len(text))))
    before = Edit(text, low, high)
    after = move_phrase(before, 1)
    assert sorted(after.text) == sorted(text)
    assert 0 <= after.start <= after.end <= len(text)
    if after.text != text and not parse(text).problems:  # lone brackets may meet
        assert move_phrase(after, -1).text == text


@given(TEXTS, st.integers(0, 30), st.integers(0, 30), st.sampled_from([STEP, -STEP]))
def test_a_weight_change_keeps_all_words(text: str, one: int, other: int, step: float) -> None:
    low, high = sorted((min(one, len(text)), min(other, len(text))))
    after = change_weight(Edit(text, low, high), step)
    words, before = ([p.text for p in parse(t).spans] for t in (after.text, text))
    assert "".join(words) == "".join(before)
    assert 0 <= after.start <= after.end <= len(after.text)
