"""The text of each step: prompt editing, alternation and AND, as in AUTOMATIC1111."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from core.conditioning.text.prompt_parser import parse
from core.conditioning.text.prompt_plan import StepConditioning, plan_conditioning
from core.request.text_segment import COMFYUI, EARLY_A1111


def schedule(
    prompt: str, steps: int = 10, syntax: str = "A1111", negative: str = ""
) -> tuple[StepConditioning, ...]:
    """Steps 1 to `steps` of the schedule: evaluation 0 reads step 1 as well."""
    return plan_conditioning(prompt, negative, steps + 1, syntax, steps=steps)[1:]


def texts(planned: Iterable[StepConditioning]) -> list[str]:
    return ["".join(run for run, _ in step.parts[0][1].weighted_runs) for step in planned]


def read(prompt: str, steps: int = 10, syntax: str = "A1111") -> list[tuple[int, str]]:
    """The number of consecutive steps of the schedule with each text, as its parser lists them."""
    found: list[tuple[int, str]] = []
    for plan in schedule(prompt, steps, syntax):
        [(weight, passage)] = plan.parts
        assert weight == 1
        text = "".join(run for run, _ in passage.weighted_runs)
        if found and found[-1][1] == text:
            found[-1] = found[-1][0] + 1, text
        else:
            found.append((1, text))
    return found


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("test", [(10, "test")]),
        # The published examples of its parser
        ("a [b:3]", [(3, "a "), (7, "a b")]),
        ("a [b: 3]", [(3, "a "), (7, "a b")]),
        ("a [[[b]]:2]", [(2, "a "), (8, "a b")]),
        ("[(a:2):3]", [(3, ""), (7, "a")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (9, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (1, "ace"), (8, "ade")]),
        ("a [unbalanced", [(10, "a unbalanced")]),
        ("a [b:.5] c", [(5, "a  c"), (5, "a b c")]),
        ("((a][:b:c [d:3]", [(3, "a]:b:c "), (7, "a]:b:c d")]),
        # The three forms
        ("a [red:blue:0.4] cat", [(4, "a red cat"), (6, "a blue cat")]),
        ("a [red:blue:4] cat", [(4, "a red cat"), (6, "a blue cat")]),
        ("a [big:6] cat", [(6, "a  cat"), (4, "a big cat")]),
        ("a [big::6] cat", [(6, "a big cat"), (4, "a  cat")]),
        ("[a b:c d:0.25]", [(2, "a b"), (8, "c d")]),
        ("[a:b:0]", [(10, "b")]),
        ("[a:b:10]", [(10, "a")]),
        ("[a:b:99]", [(10, "a")]),
        ("[a:b:1.0]", [(10, "a")]),
        ("[a:b:1]", [(1, "a"), (9, "b")]),
        ("[a:b:-3]", [(10, "b")]),
        (r"[\[a\]\:b:c:5]", [(5, "[a]:b"), (5, "c")]),
        ("[(a:1.2):(b:0.8):5]", [(5, "a"), (5, "b")]),
        ("[a:b:5] [c:d:7]", [(5, "a c"), (2, "b c"), (3, "b d")]),
        ("[<lora:x:1>a:b<lora:y:1>:5]", [(5, "a"), (5, "b")]),
        # Invalid forms
        ("[red]", [(10, "red")]),
        ("[a:b:c:0.5]", [(10, "a:b:c:0.5")]),
        ("(a|b)", [(10, "a|b")]),
    ],
)
def test_prompt_editing_switches_texts(prompt: str, expected: list[tuple[int, str]]) -> None:
    assert read(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("[a|b]", "ababab"),
        ("[a|b|c]", "abcabc"),
        ("[fe|]male", ["female", "male"] * 3),
        ("[|a]", ["", "a"] * 3),
        ("[[a|b]|c]", "acacac"),
        ("[a|[b:c:3]]", "abacac"),
        ("[[a|b]:c:3]", "abaccc"),
        ("([a|b]:1.2)", "ababab"),
        ("[a:1|b]", ["a:1", "b"] * 3),
    ],
)
def test_alternation_cycles_through_texts(prompt: str, expected: str | list[str]) -> None:
    assert texts(schedule(prompt, 6)) == list(expected)


@pytest.mark.parametrize("steps", [1, 7, 20])
@pytest.mark.parametrize("when", [1, 2, 5, 6, 7, 20, 30])
def test_an_evaluation_reads_the_first_step_that_is_not_before_it(steps: int, when: int) -> None:
    """AUTOMATIC1111 counts evaluations from 0 and steps from 1."""
    switched = texts(plan_conditioning(f"[a:b:{when}]", "", steps))
    assert switched == ["a" if evaluation <= when else "b" for evaluation in range(steps)]
    alternating = texts(plan_conditioning("[a|b|c]", "", steps))
    assert alternating == ["abc"[(max(evaluation, 1) - 1) % 3] for evaluation in range(steps)]


def test_shares_refer_to_the_steps_of_the_schedule() -> None:
    assert texts(plan_conditioning("[a:b:0.5]", "", 8, steps=20)) == ["a"] * 8
    assert texts(plan_conditioning("[a:b:0.5]", "", 20, steps=10)) == ["a"] * 6 + ["b"] * 14


def test_recipes_of_version_0_1_read_one_step_earlier() -> None:
    assert texts(plan_conditioning("[a:b:2]", "", 4, EARLY_A1111)) == ["a", "a", "b", "b"]
    assert texts(plan_conditioning("[a|b]", "", 4, EARLY_A1111)) == ["a", "b", "a", "b"]


def test_choosing_brackets_have_no_weight() -> None:
    for prompt in ("[a|b]", "[a:b:3]", "[a:3]"):
        planned = schedule(prompt, 6)
        assert {piece.weight for plan in planned for piece in plan.parts[0][1].spans} == {1}


def test_weights_around_and_inside_a_choice_multiply() -> None:
    plan = schedule("([(a:1.5):[b]:0.5]:2)", 2)
    assert [step.parts[0][1].weighted_runs for step in plan] == [(("a", 3),), (("b", 2 / 1.1),)]


@pytest.mark.parametrize(
    ("prompt", "problem"),
    [
        ("[a:b:1.5]", "fraction"),
        ("[a:b:1.0]", "fraction"),
        ("[a:b:-2]", "no such step"),
        ("[a:b:c:0.5]", "Only"),
        ("[a:b:soon]", "needs a number"),
        ("[a|b:0.5]", "do not switch at a step"),
        ("a AND b :99", "at most"),
    ],
)
def test_impossible_switches_are_reported(prompt: str, problem: str) -> None:
    [found] = parse(prompt).problems
    assert problem in str(found.explanation)


def test_the_negative_prompt_has_its_own_schedule() -> None:
    plan = schedule("[a:b:1]", 4, negative="[c:d:3] AND e")
    words = [step.negative.text.split() for step in plan]
    assert words == [["c", "AND", "e"]] * 3 + [["d", "AND", "e"]]
    assert [step.parts[0][1].text for step in plan] == ["a", "b", "b", "b"]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat AND a dog", [(1, "a cat "), (1, " a dog")]),
        ("a cat :1.2 AND a dog:0.5", [(1.2, "a cat "), (0.5, " a dog")]),
        ("a AND b :-0.7 AND c: +2.", [(1, "a "), (-0.7, " b "), (2, " c")]),
        ("(a:1.3) AND (b:0.5)", [(1, "a "), (1, " b")]),
        ("16:9 AND b", [(9, "16"), (1, " b")]),
        (r"16\:9 AND b", [(1, "16:9 "), (1, " b")]),
        ("16:9", [(1, "16:9")]),
        ("a :0.5", [(1, "a :0.5")]),
        ("SAND and ANDES", [(1, "SAND and ANDES")]),
        ("a :.5 <lora:x:1> AND b :.5 # no", [(0.5, "a "), (0.5, " b ")]),
        ("a # AND b", [(1, "a ")]),
        ("AND", [(1, ""), (1, "")]),
    ],
)
def test_parts_have_weights(prompt: str, expected: list[tuple[float, str]]) -> None:
    [plan] = plan_conditioning(prompt, "", 1)
    parts = [(w, "".join(run for run, _ in passage.weighted_runs)) for w, passage in plan.parts]
    assert parts == expected


def test_comfyui_has_no_prompt_editing() -> None:
    assert read("[a:b:0.5] [c|d]", 4, COMFYUI) == [(4, "[a:b:0.5] [c|d]")]


def test_steps_with_equal_text_share_their_conditioning() -> None:
    plan = plan_conditioning("a [b:c:500] [d::250]", "", 1000)
    assert len({id(step) for step in plan}) == 3
