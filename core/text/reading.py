"""How much of a prompt a model reads. Needs no torch, so that a window can ask at every key."""

from __future__ import annotations

from dataclasses import dataclass

from tokenizers import Tokenizer

from .prompt import parse


@dataclass(frozen=True)
class Reading:
    """What a model makes of a prompt before it draws. Characters are those of the prompt as it
    was written; its markup is not read and does not count.
    """

    count: int
    """Tokens (words, or parts of words) that the prompt has."""
    limit: int
    """Tokens that are read."""
    end: int
    """Characters that are read; what follows is cut off."""
    unknown: tuple[tuple[int, int], ...] = ()
    """Where words begin and end, in characters, that are read but mean nothing to the model."""


class PromptReader:
    """Measures prompts with a model's own tokenizer."""

    def __init__(self, tokenizer: Tokenizer, length: int) -> None:
        """`length`: tokens of a whole sequence, those that begin and end it included."""
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._limit = length - self._tokenizer.num_special_tokens_to_add(False)
        self._unknown: str | None = getattr(self._tokenizer.model, "unk_token", None)

    def __call__(self, prompt: str) -> Reading:
        parsed = parse(prompt)
        encoding = self._tokenizer.encode(parsed.text, add_special_tokens=False)
        count = len(encoding.ids)
        encoding.truncate(self._limit)
        places = [parsed.span(a, b) if a < b else None for a, b in encoding.offsets]
        end = len(prompt)
        if count > self._limit:
            end = max((place[1] for place in places if place), default=0)
        tokens = zip(encoding.tokens, places, strict=True)
        unknown = tuple(place for token, place in tokens if place and token == self._unknown)
        return Reading(count, self._limit, end, unknown)
