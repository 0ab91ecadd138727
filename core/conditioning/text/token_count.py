"""Counts the tokens of a prompt. Needs no torch, so a window can count at every keystroke."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...request.text_segment import A1111, TextSegment
from .embeddings import (
    NO_EMBEDDING_TOKENS,
    Embedding,
    EmbeddingTokens,
    embedding_tokens,
    insert_embeddings,
)
from .prompt_parser import parse

if TYPE_CHECKING:  # a large library; the window does not wait for it
    from tokenizers import Encoding, Tokenizer

Span = tuple[int, int]


@dataclass(frozen=True)
class TokenCount:
    """How a model tokenizes a prompt. Positions are characters of the prompt as written; its markup
    does not count. If a prompt has several texts, such as those of its steps or parts, each is
    counted by itself.
    """

    count: int
    """Tokens (words, or parts of words) of the longest text."""
    limit: int
    """Tokens that the model reads."""
    unread: tuple[Span, ...] = ()
    """Ranges of characters that are cut off."""
    unknown: tuple[Span, ...] = ()
    """Ranges of words that are read but unknown to the tokenizer."""


class PromptTokenCounter:
    """Counts the tokens of prompts with a model's own tokenizer."""

    def __init__(self, tokenizer: Tokenizer, length: int) -> None:
        """`length`: tokens of a whole sequence, with the start and end token."""
        self._tokenizer = type(tokenizer).from_str(tokenizer.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._limit = length - self._tokenizer.num_special_tokens_to_add(False)
        unknown: str | None = getattr(self._tokenizer.model, "unk_token", None)
        self._unknown = None if unknown is None else self._tokenizer.token_to_id(unknown)
        self._words: Mapping[str, EmbeddingTokens] = {}

    def with_embeddings(self, embeddings: Sequence[Embedding]) -> PromptTokenCounter:
        """A counter for the vectors of these words, and of no others."""
        made = copy(self)
        made._words = embedding_tokens(embeddings, self._tokenizer)
        return made

    def __call__(self, prompt: str, syntax: str = A1111, *, negative: bool = False) -> TokenCount:
        most = 0
        unread: dict[Span, None] = {}
        unknown: dict[Span, None] = {}
        for segment in parse(prompt, syntax, negative=negative).segments:
            encoding = self._tokenizer.encode(segment.text, add_special_tokens=False)
            tokens = read_tokens(encoding, self._words.get(syntax, NO_EMBEDDING_TOKENS))
            most = max(most, len(tokens))
            if len(tokens) > self._limit:
                last = max((end for _, (_, end) in tokens[: self._limit]), default=0)
                unread |= dict.fromkeys(_ranges_from(segment, last))
            for token, (start, end) in tokens[: self._limit]:
                if start < end and token == self._unknown:
                    unknown[segment.source_range(start, end)] = None
        return TokenCount(most, self._limit, tuple(unread), tuple(sorted(unknown)))


def read_tokens(encoding: Encoding, words: EmbeddingTokens) -> list[tuple[int, Span]]:
    """The tokens of an encoded text with the characters that each stands for, names of embeddings
    replaced.
    """
    offsets, numbers = encoding.offsets, encoding.word_ids
    starts = [i == 0 or number != numbers[i - 1] for i, number in enumerate(numbers)]
    return [
        (token, (offsets[place.start][0], offsets[place.stop - 1][1]))
        for read, place in insert_embeddings(encoding.ids, words, starts)
        for token in read
    ]


def _ranges_from(segment: TextSegment, at: int) -> Iterator[Span]:
    """The source ranges of the text from character `at` on, as few as possible."""
    start = end = -1
    for char in range(at, len(segment.text.rstrip())):
        span = segment.source_range(char, char + 1)
        if span[0] != end:
            if start < end:
                yield start, end
            start = span[0]
        end = span[1]
    if start < end:
        yield start, end
