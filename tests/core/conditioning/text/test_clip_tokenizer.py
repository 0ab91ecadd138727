"""Tokens equal the reference's, and chunks AUTOMATIC1111's."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.conditioning.text.clip_tokenizer import (
    CHUNK,
    COMMA,
    END,
    MERGES,
    START,
    ClipTokenCounter,
    chunk_tokens,
    clip_tokenizer,
)
from core.conditioning.text.embeddings import Embedding, embedding_tokens
from core.conditioning.text.prompt_parser import parse
from core.conditioning.text.prompt_plan import first_segment_of
from core.conditioning.text.token_count import TokenCount
from core.request.text_segment import A1111, COMFYUI, EARLY_A1111, EARLY_COMFYUI, TextSegment

TEXTS = [
    "",
    " ",
    "a photo of an astronaut riding a horse on mars",
    "masterpiece, best quality, (1girl), 8k, f/1.4, 35mm",
    "It's what they've said: I'll, you'd, we're, I'm, isn't",
    "  lots \t of\n\nspace  ",
    "UPPER lower MiXeD",
    "1234567890 3.14 x2",
    "naïve café Ünïcödé Straße İstanbul e\u0301 \ufb01",
    "中文 日本語 한국어 العربية עברית हिन्दी ไทย",
    "🐈 👩‍👩‍👧 ⬛️ 🇫🇷",
    "<|startoftext|> in the text <|endoftext|> and behind",
    "¼ ² Ⅷ ①",
    "$#@!%^&*()_+-=[]{}|;':\",./<>?`~",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "zero\u200bwidth nul\x00 bell\x07 \u2028 line",
]


@pytest.fixture(scope="module")
def reference() -> Any:
    transformers = pytest.importorskip("transformers")
    merges = [tuple(line.split(" ")) for line in MERGES.read_text(encoding="utf-8").splitlines()]
    return transformers.CLIPTokenizer(vocab=clip_tokenizer().get_vocab(), merges=merges)


def ours(text: str) -> list[int]:
    return clip_tokenizer().encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_equal_the_reference(text: str, reference: Any) -> None:
    assert ours(text) == reference(text, add_special_tokens=False).input_ids


@given(st.text(max_size=60))
def test_tokens_of_any_text_equal_the_reference(reference: Any, text: str) -> None:
    assert ours(text) == reference(text, add_special_tokens=False).input_ids


def test_the_vocabulary_equals_the_published_one() -> None:
    vocabulary = clip_tokenizer().get_vocab()
    assert len(vocabulary) == 49_408
    assert (vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]) == (START, END)
    assert vocabulary[",</w>"] == COMMA
    known = {"a</w>": 320, "photo</w>": 1125, "of</w>": 539, "cat</w>": 2368, "!": 0}
    assert {word: vocabulary[word] for word in known} == known


def lengths(prompt: str) -> list[int]:
    return [len(chunk.tokens) for chunk in chunk_tokens(first_segment_of(prompt), clip_tokenizer())]


def test_a_long_prompt_continues_in_another_chunk() -> None:
    assert lengths("") == [0]
    assert lengths("cat " * CHUNK) == [75]
    assert lengths("cat " * (CHUNK + 1)) == [75, 1]
    assert lengths("cat " * 160) == [75, 75, 10]


def test_a_phrase_is_not_split_if_a_comma_is_near() -> None:
    assert lengths("cat " * 60 + ", " + "dog " * 20) == [61, 20]
    assert lengths("cat " * 50 + ", " + "dog " * 30) == [75, 6]
    assert lengths("cat " * 74 + ", " + "dog " * 3) == [75, 3]
    assert lengths("cat " * 75 + ", " + "dog " * 3) == [75, 4]


def test_break_starts_a_chunk() -> None:
    assert lengths("a cat BREAK a red dog") == [2, 3]
    assert lengths("BREAK a cat") == [0, 2]
    assert lengths("a cat BREAK") == [2]
    assert lengths("a BREAKFAST break") == [3]


def test_each_token_has_the_weight_of_its_text() -> None:
    [chunk] = chunk_tokens(first_segment_of("a (red cat:1.5) in [the] snow"), clip_tokenizer())
    assert chunk.weights == pytest.approx((1, 1.5, 1.5, 1, 1 / 1.1, 1))
    tokens, weights = chunk.padded(0)
    assert tokens == [START, *chunk.tokens, END, *[0] * 69]
    assert weights == [1, *chunk.weights, *[1] * 70]


def test_adjacent_words_with_other_weights_are_separate_words() -> None:
    [chunk] = chunk_tokens(first_segment_of("(cat:1.2)(dog:0.8)"), clip_tokenizer())
    assert list(chunk.tokens) == ours("cat dog")
    assert chunk.weights == (1.2, 0.8)
    [same] = chunk_tokens(
        first_segment_of("(cat:1.2)(dog:1.2)"), clip_tokenizer()
    )  # in the reference: one run of text
    assert list(same.tokens) == ours("catdog")


def comfy(prompt: str) -> TextSegment:
    return parse(prompt, COMFYUI).parts[0].segment(0, 1)


def comfy_lengths(prompt: str, syntax: str = COMFYUI) -> list[int]:
    [part] = parse(prompt, syntax).parts
    found = chunk_tokens(part.segment(0, 1), clip_tokenizer())
    return [len(chunk.tokens) for chunk in found]


def test_comfyui_keeps_short_texts_between_brackets_in_one_chunk() -> None:
    assert comfy_lengths("") == [0]
    assert comfy_lengths("cat " * 60 + ", " + "dog " * 20) == [75, 6]
    assert comfy_lengths("cat " * 74 + "antidisestablishmentarianism") == [75, 5]
    assert comfy_lengths("cat " * 72 + "(" + "dog " * 7 + ":1.2)") == [72, 7]
    assert comfy_lengths("cat " * 72 + "(" + "dog " * 8 + ":1.2)") == [75, 5]  # is long
    assert comfy_lengths("cat " * 72 + "(dog dog)(dog dog:1.1)") == [74, 2]  # of equal weight
    assert comfy_lengths("(" + "cat " * 74 + ")(dog dog)" + "cat " * 80) == [74, 75, 7]
    assert comfy_lengths("a BREAK b") == [3]


def test_comfyui_divides_texts_at_embeddings() -> None:
    embedding = Embedding("mine", (torch.zeros(7, 4),))
    words = embedding_tokens([embedding], clip_tokenizer())[COMFYUI]
    [part] = parse("cat " * 70 + " embedding:mine " + "dog " * 3, COMFYUI).parts
    found = chunk_tokens(part.segment(0, 1), clip_tokenizer(), words)
    assert [len(chunk.tokens) for chunk in found] == [70, 10]


def test_recipes_of_version_0_1_divide_comfyui_prompts_between_words() -> None:
    assert comfy_lengths("cat " * 74 + "antidisestablishmentarianism", EARLY_COMFYUI) == [74, 6]
    assert comfy_lengths("cat " * 74 + "1234567890", EARLY_COMFYUI) == [75, 9]


def test_comfyui_weighs_words() -> None:
    [chunk] = chunk_tokens(comfy("a (red cat:1.5)\n(b:0.5)"), clip_tokenizer())
    assert list(chunk.tokens) == ours("a red cat b")
    assert chunk.weights == (1, 1.5, 1.5, 0.5)


def test_the_counter_equals_the_encoder() -> None:
    read = ClipTokenCounter()
    assert read("a (red:1.2) cat") == TokenCount(count=3, limit=75)
    assert read("cat " * 80) == TokenCount(count=80, limit=150)
    assert read("a cat BREAK a dog") == TokenCount(count=77, limit=150)
    assert read("a cat BREAK a dog", COMFYUI) == TokenCount(count=5, limit=75)
    assert pickle.loads(pickle.dumps(read))("a cat") == read("a cat")


def test_the_counter_counts_the_longest_text_of_any_step() -> None:
    read = ClipTokenCounter()
    assert read("a [cat:red dog:0.5] here") == TokenCount(count=4, limit=75)
    assert read("[a|b c|d e f] <lora:x:1>") == TokenCount(count=3, limit=75)
    assert read("a cat AND a red dog :0.5") == TokenCount(count=3, limit=75)
    assert read("a cat AND b", negative=True) == TokenCount(count=4, limit=75)


@pytest.mark.parametrize(
    ("typographic", "plain"),
    [
        ("it’s a ‘cat’", "it's a 'cat'"),
        ("“quoted”", '"quoted"'),
        ("ﬁne ﬂuﬀy", "fine fluffy"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "Full width"),
        ("salt &amp; pepper &#39;n&#39; &eacute;", "salt & pepper 'n' é"),
        ("zero\ufeffwidth", "zerowidth"),
    ],
)
def test_typographic_characters_are_simplified_in_the_syntax_of_a1111(
    typographic: str, plain: str
) -> None:
    def tokens(prompt: str, syntax: str) -> tuple[int, ...]:
        [part] = parse(prompt, syntax).parts
        [chunk] = chunk_tokens(part.segment(0, 1), clip_tokenizer())
        return chunk.tokens

    assert tokens(typographic, A1111) == tuple(ours(plain))
    for syntax in (COMFYUI, EARLY_A1111):
        assert tokens(typographic, syntax) == tuple(ours(typographic))
