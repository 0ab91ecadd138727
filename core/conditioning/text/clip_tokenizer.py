"""The tokenizer of CLIP (Radford et al. 2021), and the split of weighted prompts into chunks.

Byte-pair encoding; the merges are in `resources/clip/merges.txt` in the order in which they were
learned, and the vocabulary follows from them. Needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from ...request.text_segment import A1111, BREAK, SYNTAXES, TextSegment
from .embeddings import (
    NO_EMBEDDING_TOKENS,
    Embedding,
    EmbeddingTokens,
    embedding_tokens,
    insert_embeddings,
)
from .prompt_parser import parse
from .token_count import PromptTokenCounter, TokenCount
from .typography import simplify

MERGES = Path(__file__).parents[3] / "resources" / "clip" / "merges.txt"
START_TEXT, END_TEXT = "<|startoftext|>", "<|endoftext|>"
START, END = 49_406, 49_407
COMMA = 267
CHUNK = 75
"""Tokens that CLIP reads at once, without the start and end token."""
COMMA_PADDING_BACKTRACK = 20
"""A chunk is split at its last comma if at most this many tokens follow it."""
LONG_TEXT = 8
"""In ComfyUI's syntax, texts of at least this many tokens may be split between two chunks."""


_WORD_END = "</w>"
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


@lru_cache(maxsize=1)
def clip_tokenizer() -> Tokenizer:
    """Text -> tokens, without the start and end token."""
    lines = MERGES.read_text(encoding="utf-8").splitlines()
    merges: list[tuple[str, str]] = []
    for line in lines:
        first, _, second = line.partition(" ")
        merges.append((first, second))
    letters = _byte_letters()
    symbols = [*letters, *(letter + _WORD_END for letter in letters), *map("".join, merges)]
    vocabulary = {symbol: i for i, symbol in enumerate([*symbols, START_TEXT, END_TEXT])}
    model = models.BPE(
        vocab=vocabulary, merges=merges, end_of_word_suffix=_WORD_END, unk_token=END_TEXT
    )
    made = Tokenizer(model)
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    untyped: Any = made  # the library's stub lacks the elements of the list
    untyped.add_special_tokens([START_TEXT, END_TEXT])
    return made


def _byte_letters() -> list[str]:
    """A printable character for each byte (Radford et al. 2019), in the order of the vocabulary."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = len(set(range(0x100)).difference(printable))
    return [chr(code) for code in printable] + [chr(0x100 + i) for i in range(others)]


@dataclass(frozen=True)
class Chunk:
    """What CLIP reads at once, at most CHUNK tokens."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    """Of each token."""

    def padded(self, pad: int) -> tuple[list[int], list[float]]:
        """CHUNK + 2 tokens with their weights: start token, end token, then padding with `pad`."""
        rest = CHUNK - len(self.tokens)
        tokens = [START, *self.tokens, END, *[pad] * rest]
        return tokens, [1.0, *self.weights, *[1.0] * (rest + 1)]


def chunk_tokens(
    segment: TextSegment, tokenizer: Tokenizer, words: EmbeddingTokens = NO_EMBEDDING_TOKENS
) -> list[Chunk]:
    """The chunks of a text segment, at least one, by the conventions of its syntax, so that prompts
    of other programs mean the same.
    """
    found = _ChunkBuilder()
    if SYNTAXES[segment.syntax].grammar == A1111:
        _chunk_as_a1111(found, segment, tokenizer, words)
    else:
        _chunk_as_comfyui(found, segment, tokenizer, words)
    return found.done()


class _ChunkBuilder:
    """The complete chunks, and the one that is being filled."""

    def __init__(self) -> None:
        self._found: list[Chunk] = []
        self._tokens: list[int] = []
        self._weights: list[float] = []

    def __len__(self) -> int:
        """The number of tokens in the current chunk."""
        return len(self._tokens)

    def close(self, end: int = CHUNK) -> None:
        """Ends the chunk at token `end`; the rest starts the next chunk."""
        self._found.append(Chunk(tuple(self._tokens[:end]), tuple(self._weights[:end])))
        del self._tokens[:end], self._weights[:end]

    def add(self, tokens: Sequence[int], weight: float) -> None:
        self._tokens += tokens
        self._weights += [weight] * len(tokens)

    def done(self) -> list[Chunk]:
        if self._tokens or not self._found:
            self.close()
        return self._found


def _chunk_as_a1111(
    found: _ChunkBuilder, segment: TextSegment, tokenizer: Tokenizer, words: EmbeddingTokens
) -> None:
    """AUTOMATIC1111: text of one weight is tokenized by itself, BREAK starts a chunk, and a phrase
    is not split if a comma is near.
    """
    early = SYNTAXES[segment.syntax].early
    after_comma = -1  # where the current phrase begins
    for run in segment.weighted_runs:
        if run == BREAK:
            found.close()
            after_comma = -1
            continue
        text, weight = run
        if not early:
            text = simplify(text)
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        for read, _ in insert_embeddings(ids, words):
            if read == (COMMA,):
                after_comma = len(found) + 1
            elif len(found) == CHUNK and CHUNK + 1 - after_comma <= COMMA_PADDING_BACKTRACK:
                found.close(after_comma)
                after_comma = -1
            if len(found) + len(read) > CHUNK:
                found.close()
                after_comma = -1
            found.add(read, weight)


def _chunk_as_comfyui(
    found: _ChunkBuilder, segment: TextSegment, tokenizer: Tokenizer, words: EmbeddingTokens
) -> None:
    """ComfyUI: no text between brackets or embeddings is split unless it is long, and commas mean
    nothing.
    """
    early = SYNTAXES[segment.syntax].early
    texts = segment.weighted_runs if early else segment.stretches
    for text, weight in texts:
        for part in text.split() if early else [text]:
            ids = tokenizer.encode(part, add_special_tokens=False).ids
            read = [tokens for tokens, _ in insert_embeddings(ids, words)]
            for tokens in [list(chain(*read))] if early else _around_embeddings(read):
                is_long = len(tokens) >= LONG_TEXT
                while len(found) + len(tokens) > CHUNK:
                    room = CHUNK - len(found) if is_long else 0
                    found.add(tokens[:room], weight)
                    found.close()
                    tokens = tokens[room:]
                found.add(tokens, weight)


def _around_embeddings(read: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The tokens of the texts before, between and after embeddings, and of each embedding."""
    for _, parts in groupby(enumerate(read), lambda one: one[0] if one[1][0] < 0 else -1):
        yield [token for _, tokens in parts for token in tokens]


class ClipTokenCounter(PromptTokenCounter):
    """Counts tokens in chunks; CLIP reads all of a prompt."""

    def __init__(self, embeddings: Sequence[Embedding] = ()) -> None:
        self._words = embedding_tokens(embeddings, clip_tokenizer())

    def with_embeddings(self, embeddings: Sequence[Embedding]) -> ClipTokenCounter:
        return ClipTokenCounter(embeddings)

    def __call__(self, prompt: str, syntax: str = A1111, *, negative: bool = False) -> TokenCount:
        most = limit = 0
        for segment in parse(prompt, syntax, negative=negative).segments:
            found = chunk_tokens(segment, clip_tokenizer(), self._words[syntax])
            most = max(most, CHUNK * (len(found) - 1) + len(found[-1].tokens))
            limit = max(limit, CHUNK * len(found))
        return TokenCount(most, limit)
