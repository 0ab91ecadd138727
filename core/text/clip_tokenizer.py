"""The tokenizer of CLIP (Radford et al. 2021), and how a weighted prompt becomes chunks of tokens.

Byte pairs, whose merges ship in `resources/clip/merges.txt` in the order in which they were
learned: the vocabulary follows from them. Needs no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from .prompt import Prompt, parse
from .reading import PromptReader, Reading

MERGES = Path(__file__).parents[2] / "resources" / "clip" / "merges.txt"
START_TEXT, END_TEXT = "<|startoftext|>", "<|endoftext|>"
START, END = 49_406, 49_407
COMMA = 267
CHUNK = 75
"""Tokens that CLIP reads at once, beside those that begin and end them."""
COMMA_REACH = 20
"""A chunk is divided at its last comma if no more tokens than this follow it."""

Words = Mapping[tuple[int, ...], tuple[int, ...]]
"""Names that stand for vectors of their own, as the tokens they are written with, and the tokens
that are read instead, which are below 0: -1 - i is row i of a table of vectors."""
NO_WORDS: Words = {}

_WORD_END = "</w>"
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_BREAK = re.compile(r"\s*\bBREAK\b\s*")


@lru_cache(maxsize=1)
def clip_tokenizer() -> Tokenizer:
    """Text -> tokens, without those that begin and end a sequence."""
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
        """CHUNK + 2 tokens with their weights: begun, ended, filled up with `pad`."""
        rest = CHUNK - len(self.tokens)
        tokens = [START, *self.tokens, END, *[pad] * rest]
        return tokens, [1.0, *self.weights, *[1.0] * (rest + 1)]


def chunks(prompt: Prompt, tokenizer: Tokenizer, words: Words = NO_WORDS) -> list[Chunk]:
    """The prompt in as many chunks as it needs, at least one.

    The conventions are AUTOMATIC1111's, so that its prompts mean the same: text of one weight is
    read by itself, BREAK begins a chunk, and a phrase is not torn in two if a comma is near.
    """
    found: list[Chunk] = []
    tokens: list[int] = []
    weights: list[float] = []
    after_comma = -1  # where the phrase begins that is being read

    def close(end: int) -> None:
        nonlocal after_comma
        found.append(Chunk(tuple(tokens[:end]), tuple(weights[:end])))
        del tokens[:end], weights[:end]
        after_comma = -1

    for text, weight in _runs(prompt):
        for i, part in enumerate(_BREAK.split(text)):
            if i:
                close(CHUNK)
            for read in _read(tokenizer.encode(part, add_special_tokens=False).ids, words):
                if read == (COMMA,):
                    after_comma = len(tokens) + 1
                elif len(tokens) == CHUNK and CHUNK + 1 - after_comma <= COMMA_REACH:
                    close(after_comma)
                if len(tokens) + len(read) > CHUNK:
                    close(CHUNK)
                tokens += read
                weights += [weight] * len(read)
    if tokens or not found:
        close(CHUNK)
    return found


def _read(ids: list[int], words: Words) -> Iterator[tuple[int, ...]]:
    """The tokens, those of a name replaced by what it stands for; the longest name counts."""
    lengths = sorted({len(name) for name in words}, reverse=True)
    at = 0
    while at < len(ids):
        names = (tuple(ids[at : at + length]) for length in lengths)
        name = next((name for name in names if name in words), None)
        yield words[name] if name else (ids[at],)
        at += len(name) if name else 1


def _runs(prompt: Prompt) -> list[tuple[str, float]]:
    """Text of the same weight."""
    pieces = groupby(prompt.pieces, key=lambda piece: piece.weight)
    return [("".join(piece.text for piece in run), weight) for weight, run in pieces]


class ClipReader(PromptReader):
    """All of a prompt is read, in chunks."""

    def __init__(self, words: Words = NO_WORDS) -> None:
        self._words = words

    def __call__(self, prompt: str) -> Reading:
        found = chunks(parse(prompt), clip_tokenizer(), self._words)
        count = CHUNK * (len(found) - 1) + len(found[-1].tokens)
        return Reading(count, CHUNK * len(found), len(prompt))
