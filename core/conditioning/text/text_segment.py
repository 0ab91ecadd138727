"""What one reading of a text encoder is of: text of several weights. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

A1111 = "A1111"
COMFYUI = "ComfyUI"
SYNTAXES = {
    A1111: "Weights, AND, BREAK, [from:to:when] and [a|b], as in AUTOMATIC1111 and Forge.",
    COMFYUI: "Weights in round brackets alone, and acting as they do in ComfyUI.",
}
"""Whose conventions a prompt follows, in its grammar and in what its weights do."""


@dataclass(frozen=True)
class Piece:
    """Some text of one weight, from `start` to `end` of the source."""

    text: str
    """Without markup: an escaped bracket, a piece of its own, has no backslash here."""
    weight: float
    start: int
    end: int
    breaks: bool = False
    """Whether it is a BREAK, which begins a chunk and reads as a space."""


@dataclass(frozen=True)
class Passage:
    """What is read at once, in order."""

    pieces: tuple[Piece, ...]
    syntax: str = A1111

    @cached_property
    def runs(self) -> tuple[tuple[str, float], ...]:
        """Text of one weight, read together, and that weight; a BREAK is ("", 0)."""
        found: list[tuple[str, float]] = []
        for (breaks, weight), run in groupby(self.pieces, lambda p: (p.breaks, p.weight)):
            if breaks:
                found += [BREAK for _ in run]
            else:
                found.append(("".join(piece.text for piece in run), weight))
        return tuple(found)

    @cached_property
    def text(self) -> str:
        """As one sentence: where the weight changes, a word ends."""
        return "".join(piece.text for piece in self._spaced)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Of each character of `text`."""
        return tuple(piece.weight for piece in self._spaced for _ in piece.text)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is left to read: no text, or none of a weight above 0."""
        return not any(piece.weight and piece.text.strip() for piece in self.pieces)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters `start` to `end` of `text` are in the source, `start` < `end`."""
        return self._places[start][0], self._places[end - 1][1]

    @cached_property
    def _spaced(self) -> tuple[Piece, ...]:
        return tuple(_spaced(self.pieces))

    @cached_property
    def _places(self) -> tuple[tuple[int, int], ...]:
        """Where each character of `text` begins and ends in the source."""
        places: list[tuple[int, int]] = []
        for piece in self._spaced:
            if len(piece.text) == 1:
                places.append((piece.start, piece.end))
            else:
                places += ((at, at + 1) for at in range(piece.start, piece.end))
        return tuple(places)


BREAK = "", 0.0
"""Among the runs of a passage."""


def _spaced(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    before: Piece | None = None
    for piece in pieces:
        if before is not None and piece.weight != before.weight:
            yield Piece(" ", 1.0, before.end, before.end)
        yield piece
        before = piece
