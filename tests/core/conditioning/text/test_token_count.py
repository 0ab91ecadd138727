"""The token count next to a prompt matches what the network reads."""

from __future__ import annotations

import pickle
import subprocess
import sys

from tokenizers import Tokenizer

from core.conditioning.text.token_count import PromptTokenCounter, TokenCount

LENGTH = 6  # four words between two marks


def test_a_prompt_that_fits_is_read_completely(tokenizer: Tokenizer) -> None:
    read = PromptTokenCounter(tokenizer, LENGTH)
    assert read("a red cat ") == TokenCount(count=3, limit=4)
    assert read("") == TokenCount(count=0, limit=4)
    assert read(" \n ").count == 0


def test_a_long_prompt_is_read_up_to_the_last_token_that_fits(tokenizer: Tokenizer) -> None:
    prompt = "a red  cat with smile"
    reading = PromptTokenCounter(tokenizer, LENGTH)(prompt)
    assert (reading.count, reading.limit) == (5, 4)
    assert [prompt[a:b] for a, b in reading.unread] == [" smile"]


def test_unknown_words_are_found_by_character(tokenizer: Tokenizer) -> None:
    prompt = "a \U0001f431 cat \u732b"
    reading = PromptTokenCounter(tokenizer, LENGTH)(prompt)
    assert [prompt[a:b] for a, b in reading.unknown] == ["\U0001f431", "\u732b"]


def test_a_token_counter_can_be_pickled(tokenizer: Tokenizer) -> None:
    read = PromptTokenCounter(tokenizer, LENGTH)
    assert pickle.loads(pickle.dumps(read))("a red cat") == read("a red cat")


def test_counting_needs_no_torch() -> None:
    code = "import sys, core.conditioning.text.token_count; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_markup_is_not_counted_and_positions_are_those_of_the_prompt(tokenizer: Tokenizer) -> None:
    read = PromptTokenCounter(tokenizer, LENGTH)
    assert read("a (red) [cat]").count == 3
    assert read("(a red cat:1.3)") == TokenCount(count=3, limit=4)
    prompt = "(a (red:1.2) \u732b:0.9) cat, (smile:1.5)"
    reading = read(prompt)
    assert reading.count == 6  # the comma is a word to this tokenizer
    assert [prompt[a:b] for a, b in reading.unread] == [", ", "smile"]
    assert [prompt[a:b] for a, b in reading.unknown] == ["\u732b"]


def test_lone_and_escaped_brackets_count_as_text(tokenizer: Tokenizer) -> None:
    prompt = r"a \(cat )"
    reading = PromptTokenCounter(tokenizer, LENGTH)(prompt)
    assert reading.count == 4
    assert [prompt[a:b] for a, b in reading.unknown] == [r"\(", ")"]


def test_each_text_of_a_prompt_is_counted_separately(tokenizer: Tokenizer) -> None:
    read = PromptTokenCounter(tokenizer, LENGTH)
    assert read("a [red cat:blue heart:0.5] AND a cat with smile") == TokenCount(count=4, limit=4)
    prompt = "a red cat [smile:\u732b with heart:0.5] AND heart"
    reading = read(prompt)
    assert reading.count == 6
    assert [prompt[a:b] for a, b in reading.unread] == [" with heart"]
    assert [prompt[a:b] for a, b in reading.unknown] == ["\u732b"]
