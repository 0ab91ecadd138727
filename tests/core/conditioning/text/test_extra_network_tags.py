"""Extra networks in prompts, written as in AUTOMATIC1111."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conditioning.text.extra_network_tags import MAX_STRENGTH, find_tags
from core.conditioning.text.prompt_parser import LoraUse, loras


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat", ()),
        ("a cat <lora:detail>", (LoraUse("detail", 1, 1),)),
        ("<lora:detail:0.8> a cat", (LoraUse("detail", 0.8, 0.8),)),
        ("<lora:detail:0.5:0.9>", (LoraUse("detail", unet=0.9, text=0.5),)),
        ("<lora:detail:te=0.5:unet=.9>", (LoraUse("detail", unet=0.9, text=0.5),)),
        ("<lora:detail:0.7:unet=1>", (LoraUse("detail", unet=1, text=0.7),)),
        ("<lora:detail:te=0.3>", (LoraUse("detail", unet=0.3, text=0.3),)),
        ("<lora:a:-1><lyco:b_c.d 2:2>", (LoraUse("a", -1, -1), LoraUse("b_c.d 2", 2, 2))),
        ("<lora:styles/ink:1>", (LoraUse("styles/ink"),)),
        ("<LoRA:a:1>", (LoraUse("a"),)),
        ("<lora:a:1> <lora:a:1>", (LoraUse("a"), LoraUse("a"))),
        ("a < b: c > d, <3, <lora>, <lora:>, <lora:a", ()),
    ],
)
def test_known_tags_are_parsed(prompt: str, expected: tuple[LoraUse, ...]) -> None:
    assert loras(prompt) == expected
    assert not any(tag.problems for tag in find_tags(prompt))


@pytest.mark.parametrize(
    ("prompt", "expected", "place"),
    [
        ("<lora:a:much>", (LoraUse("a"),), "much"),
        ("<lora:a:>", (LoraUse("a"),), ">"),
        ("<lora:a:nan>", (LoraUse("a"),), "nan"),
        ("<lora:a:99>", (LoraUse("a", MAX_STRENGTH, MAX_STRENGTH),), "99"),
        ("<lora:a:1:1:dyn=4>", (LoraUse("a"),), "dyn=4"),
        ("<lora:a:1:1:4>", (LoraUse("a"),), "4"),
        ("<lora: :1>", (), "<lora: :1>"),
        ("a <hypernet:b:1>", (), "<hypernet:b:1>"),
    ],
)
def test_unsupported_tags_are_reported(
    prompt: str, expected: tuple[LoraUse, ...], place: str
) -> None:
    [tag] = find_tags(prompt)
    [problem] = tag.problems
    assert prompt[problem.start : problem.end] == place
    assert loras(prompt) == expected


@given(st.lists(st.sampled_from(["<", ">", ":", "lora", "te=", "1", "-", "e9", "a", "\n", "="])))
def test_any_text_can_be_searched_for_tags(words: list[str]) -> None:
    prompt = "".join(words)
    end = 0
    for tag in find_tags(prompt):
        assert end <= tag.start < tag.end <= len(prompt)
        end = tag.end
        assert all(tag.start <= p.start < p.end <= tag.end for p in tag.problems)


def test_the_longest_prompts_are_searched_quickly() -> None:
    assert loras("<lora:" * 20_000) == loras("<" * 100_000) == loras("<lora:a" * 14_000) == ()
    assert len(loras("<lora:a:1>" * 10_000)) == 10_000
