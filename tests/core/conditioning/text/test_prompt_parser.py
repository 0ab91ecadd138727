"""Prompt syntax as in AUTOMATIC1111: weights and markup."""

from __future__ import annotations

import time
from itertools import groupby, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.conditioning.text.prompt_parser import MAX_WEIGHT, LoraUse, Prompt, loras, parse
from core.request.text_segment import COMFYUI, EARLY_A1111, EARLY_COMFYUI, SYNTAXES

MARKUP_AND_WORDS = st.lists(
    st.sampled_from(["(", ")", "[", "]", "\\", ":", "|", ":1.3)", ": .5 ]", ":8]", ":-2)",
                     ":1.2.3)", ", ", "a", "cat", "\u732b", "\U0001f431", "\n", " AND ", " BREAK ",
                     " :0.5", "<lora:a:1>", "<", ">", "# ", "#", " // ", "/*", "*/"])
    | st.text(max_size=3),
    max_size=25,
).map("".join)  # fmt: skip


def spans_of(prompt: str, syntax: str = "A1111") -> list[tuple[str, float]]:
    """Text and weights; neighbours of equal weight are joined."""
    [part] = parse(prompt, syntax).parts
    return [(text, round(weight, 6)) for text, weight in part.segment(0, 20).weighted_runs]


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
        (r"(smile \:\):1.2)", [("smile :)", 1.2)]),
        (r"\# 1 \| 2 \: 3", [("# 1 | 2 : 3", 1)]),
        ("(red:-0.5)", [("red", -0.5)]),
        ("((red:-2):1.5)", [("red", -3)]),
        ("(a, b:1.1), c", [("a, b", 1.1), (", c", 1)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).)",  # the published example
            [("a ", 1), ("house", 1.573), (" ", 1.1), ("on", 1), (" a ", 1.1), ("hill", 0.55),
             (", sun, ", 1.1), ("sky", 1.4641), (".", 1.1)],
        ),
        ("()[](:1.2)", []),
    ],
)  # fmt: skip
def test_known_prompts_are_parsed(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert spans_of(prompt) == expected
    assert parse(prompt).problems == ()


@pytest.mark.parametrize(
    ("prompt", "lone", "read"),
    [
        ("a (red cat", "(", [("a ", 1), ("red cat", 1.1)]),
        ("a [red cat", "[", [("a ", 1), ("red cat", 0.909091)]),
        ("a red) cat", ")", [("a red) cat", 1)]),
        ("(red]", "(]", [("red]", 1.1)]),
        ("red:1.3)", ")", [("red:1.3)", 1)]),
        ("(a [red) cat]", "[]", [("a ", 1.1), ("red", 1), (" cat]", 1)]),
        ("((red)", "(", [("red", 1.21)]),
        ("[a (b]", "(", [("a ", 0.909091), ("b", 1)]),
        ("a (b AND c) d", "()", []),
    ],
)
def test_a_lone_bracket_is_reported(prompt: str, lone: str, read: list[tuple[str, float]]) -> None:
    """An unclosed bracket extends to the end; an unopened one is text."""
    if read:
        assert joined(spans_of(prompt)) == joined(read)
    assert sorted(underlined(prompt)) == sorted(lone)
    for problem in parse(prompt).problems:
        assert f"\\{prompt[problem.start]}" in str(problem.explanation)


def joined(runs: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Neighbours that have the same weight after parsing."""
    return [
        ("".join(text for text, _ in same), weight)
        for weight, same in groupby(runs, key=lambda run: run[1])
    ]


@pytest.mark.parametrize(
    ("prompt", "weight", "place"),
    [
        ("(red:-11)", -10.0, ":-11"),
        ("(red:11)", 10.0, ":11"),
        ("((red:9):9)", 10.0, "(red:9)"),
        ("((red:-9):9)", -10.0, "(red:-9)"),
    ],
)
def test_weights_are_clamped_and_reported(prompt: str, weight: float, place: str) -> None:
    assert [piece.weight for piece in parse(prompt).spans] == [weight]
    assert underlined(prompt) == [place]


@pytest.mark.parametrize("prompt", ["[red:1.2.3]", "[a:b:c]", "(red:1.2.3)", "(red:.)", "[a|b:8]"])
def test_invalid_numbers_are_text_and_reported(prompt: str) -> None:
    assert underlined(prompt) == [prompt[prompt.rindex(":") : -1]]
    texts = [piece.text for piece in parse(prompt).spans]
    assert "".join(texts) == prompt[1:-1].replace("|", "")


def test_adjacent_words_with_other_weights_are_separate_words() -> None:
    [part] = parse("(cat:1.2)(dog:0.8)").parts
    passage = part.segment(0, 1)
    assert passage.text == "cat dog"
    assert passage.weights == (1.2, 1.2, 1.2, 1.0, 0.8, 0.8, 0.8)
    assert passage.source_range(4, 7) == (10, 13)


@pytest.mark.parametrize(
    ("prompt", "text"), [(r"C:\new, \m/ (a\b:1.2)\\", "C:new, m/ ab\\"), ("\\", "")]
)
def test_a_lone_backslash_is_left_out_and_reported(prompt: str, text: str) -> None:
    assert "".join(run for run, _ in spans_of(prompt)) == text
    assert set(underlined(prompt)) == {"\\"}


def test_recipes_of_version_0_1_keep_lone_backslashes_and_have_no_negative_weights() -> None:
    assert spans_of(r"C:\new (a:-1)", EARLY_A1111) == [(r"C:\new ", 1), ("a", 0)]
    found = spans_of("((a) (b:1.2)", EARLY_COMFYUI)
    assert found == [("(", 1), ("a", 1.1), (" ", 1), ("b", 1.2)]


# Comments and tags


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("a cat\n# a dog\n in snow", "a cat\n\n in snow"),
        ("# all of it", ""),
        ("  # (indented", ""),
        ("a cat # a dog, (red:2)\nin snow", "a cat \nin snow"),
        ("a C# logo, #1, #ff0000", "a C# logo, #1, #ff0000"),
        ("a <lora:x:1>cat<lora:y:0.5>", "a cat"),
        ("(a<lora:x:1> cat:1.2)", "a cat"),
        ("(a cat:1.2<lora:x:1>)", "a cat"),
        ("[a|<lora:x:1>b]", "a"),
        ("a cat // a dog", "a cat // a dog"),
    ],
)
def test_comments_and_tags_are_not_part_of_the_text(prompt: str, text: str) -> None:
    assert "".join(run for run, _ in spans_of(prompt)) == text
    assert parse(prompt).problems == ()


def test_a_lora_in_a_comment_is_ignored() -> None:
    assert loras("<lora:a:1>\n# <lora:b:1>\n<lora:c:1>") == (LoraUse("a"), LoraUse("c"))
    assert loras("<lora:a:1> // <lora:b:1>", COMFYUI) == (LoraUse("a"),)


def test_a_negative_prompt_has_no_loras_and_no_parts() -> None:
    parsed = parse("dark AND <lora:a:1>blurry :0.5", negative=True)
    assert parsed.loras == ()
    assert [piece.text for piece in parsed.spans] == ["dark AND ", "blurry :0.5"]
    [problem] = parsed.problems
    assert "negative" in str(problem.explanation)


# ComfyUI's syntax


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a (red) ((cat))", [("a ", 1), ("red", 1.1), (" ", 1), ("cat", 1.21)]),
        ("(a (red:1.5) cat:2)", [("a ", 2), ("red", 1.5), (" cat", 2)]),
        ("((red:0.5))", [("red", 0.5)]),
        ("(((a:0.5) b))", [("a", 0.5), (" b", 1.21)]),
        ("[red] [a:b:0.5] [a|b] a|b", [("[red] [a:b:0.5] [a|b] a|b", 1)]),
        ("a AND b BREAK c :0.5", [("a AND b BREAK c :0.5", 1)]),
        (r"\(red\) \[cat\]", [(r"(red) \[cat\]", 1)]),
        ("a // (b:2)\nc /* (d:2)\n e */ f", [("a \nc  f", 1)]),
        ("a /* b", [("a /* b", 1)]),
        ("# a cat", [("# a cat", 1)]),
        ("a <lora:x:1>cat", [("a cat", 1)]),
    ],
)
def test_known_prompts_of_comfyui_are_parsed(
    prompt: str, expected: list[tuple[str, float]]
) -> None:
    assert spans_of(prompt, COMFYUI) == expected
    assert parse(prompt, COMFYUI).problems == ()


def comfyui_reference(text: str, weight: float = 1.0) -> list[tuple[str, float]]:
    """ComfyUI's rules, one character at a time: the text is cut where its level, the brackets that
    are open, is 0; what is then between a first and a last bracket has another weight.
    """
    cuts, level = [0], 0
    for at, char in enumerate(text):
        if char == "(":
            cuts += [at] * (level == 0)
            level += 1
        elif char == ")":
            level -= 1
            cuts += [at + 1] * (level == 0)
    found = []
    for start, end in pairwise([*cuts, len(text)]):
        part = text[start:end]
        if len(part) > 1 and part[0] + part[-1] == "()":
            inner, _, number = part[1:-1].rpartition(":")
            try:
                found += comfyui_reference(inner, float(number)) if inner else []
            except ValueError:
                inner = ""
            if not inner:
                found += comfyui_reference(part[1:-1], weight * 1.1)
        elif part:
            found.append((part, weight))
    return found


BRACKETS = st.text("((()))a b:", max_size=16)


@given(BRACKETS | st.lists(st.sampled_from(["(a", ")", ":1.2)", " b", "(", ": -.5 )", ":2e-1)"]),
                           max_size=9).map("".join))  # fmt: skip
@example("((a) b")
@example("((a)")
@example("(:1.2)")
@example("a) (b) (c)")
@example("a (b ((c) d)")
def test_comfyui_reads_any_brackets_as_its_rules_say(prompt: str) -> None:
    [part] = parse(prompt, COMFYUI).parts
    found = [(text, pytest.approx(weight)) for text, weight in part.segment(0, 1).stretches]
    assert found == comfyui_reference(prompt)


@pytest.mark.parametrize("prompt", ["a (red cat", "a red) cat"])
def test_lone_brackets_are_text_in_comfyui(prompt: str) -> None:
    assert spans_of(prompt, COMFYUI) == [(prompt, 1)]
    [problem] = parse(prompt, COMFYUI).problems
    assert "read as text" in str(problem.explanation)


@pytest.mark.parametrize("prompt", ["", " ", "()", "( [] :1.2)", "(cat:0)", "((cat:2):0)"])
def test_prompts_without_text_are_blank(prompt: str) -> None:
    assert parse(prompt).is_blank


def tiles(parsed: Prompt) -> str:
    """The source, reassembled from pieces and markup."""
    marked = [False] * len(parsed.source)

    def mark(start: int, end: int) -> None:
        marked[start:end] = [True] * (end - start)

    for pair in (*parsed.groups, *parsed.choices):
        mark(pair.start, pair.inner_start)
        mark(pair.inner_end, pair.end)
    for choice in parsed.choices:
        for at in choice.separators:
            mark(at, at + 1)
    for start, end in parsed.marks:
        mark(start, end)
    at = 0
    for piece in parsed.spans:
        assert at <= piece.start < piece.end
        assert not any(marked[piece.start : piece.end])
        at = piece.end
        mark(piece.start, piece.end)
    chars = zip(parsed.source, marked, strict=True)
    return "".join(char for char, seen in chars if seen or not char.isspace())


@given(MARKUP_AND_WORDS, st.sampled_from(list(SYNTAXES)), st.booleans())
def test_parsing_loses_no_character(prompt: str, syntax: str, negative: bool) -> None:
    parsed = parse(prompt, syntax, negative=negative)
    assert "".join(tiles(parsed).split()) == "".join(prompt.split())
    assert all(abs(piece.weight) <= MAX_WEIGHT for piece in parsed.spans)
    assert all(abs(part.weight) <= MAX_WEIGHT for part in parsed.parts)
    for problem in parsed.problems:
        assert 0 <= problem.start < problem.end <= len(prompt)
        assert problem.explanation
    for part in parsed.parts:
        assert 0 in part.switch_steps(7)
        for step in range(7):
            passage = part.segment(step, 7)
            if step not in part.switch_steps(7):
                assert passage == part.segment(step - 1, 7)
            for at, char in enumerate(passage.text):
                start, end = passage.source_range(at, at + 1)
                assert prompt[start:end] in (char, f"\\{char}", "BREAK", "")


@given(st.text())
def test_escaped_text_comes_back_with_weight_1(text: str) -> None:
    escaped = "".join(f"\\{char}" if char in "()[]\\:|#" else char for char in text)
    assert spans_of(escaped) == ([(text, 1)] if text else [])
    assert parse(escaped).problems == ()


WEIGHTED = st.lists(st.tuples(st.text("ab c,", min_size=1), st.integers(0, 1000)), max_size=8)


@given(WEIGHTED)
def test_written_weights_are_read_back(words: list[tuple[str, int]]) -> None:
    pieces = parse("".join(f"({word}:{weight / 100})" for word, weight in words)).spans
    assert [(piece.text, piece.weight) for piece in pieces] == [(w, x / 100) for w, x in words]


@pytest.mark.parametrize(
    "unit",
    ["(", "([", ":1", "[a|", "[a:", "<lora:", "<a:b", "# ", " #", "/*", "//", "AND :1", "1",
     "BREAK ", "\\", ": ", "(a:", "[(", "|"],
)  # fmt: skip
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_longest_prompts_are_parsed_quickly(unit: str, syntax: str) -> None:
    prompt = unit * (15_000 // len(unit))
    for text in (prompt, prompt + ")]" * 7_500, prompt + " " * 7_500 + "x"):
        began = time.process_time()
        segments = parse(text, syntax).segments
        assert [len(one.text) for one in segments] == [len(one.weights) for one in segments]
        assert segments
        assert time.process_time() - began < 10  # a non-linear parser takes minutes


@pytest.mark.parametrize("bracket", ["(", "[", ")", "]"])
def test_the_first_of_many_unmatched_brackets_are_explained(bracket: str) -> None:
    for syntax in ("A1111", COMFYUI):
        assert len(parse(bracket * 5_000, syntax).problems) <= 200
