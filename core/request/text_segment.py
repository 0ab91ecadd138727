"""Weighted text that is encoded in one pass. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

A1111 = "A1111"
COMFYUI = "ComfyUI"
EARLY_A1111 = "A1111 0.1"
EARLY_COMFYUI = "ComfyUI 0.1"


@dataclass(frozen=True)
class Syntax:
    """How prompts are read."""

    summary: str
    """One sentence for the user."""
    grammar: str
    """The program whose grammar and weights it follows."""
    early: bool = False
    """Whether it differs from that program as version 0.1 did: texts switch a step early, weights
    below 0 are 0, a lone backslash stays, typographic characters are not simplified, and words
    instead of weighted texts are kept together in a chunk."""


SYNTAXES: Mapping[str, Syntax] = {
    A1111: Syntax(
        "Weights, AND, BREAK, [from:to:when] and [a|b], as in AUTOMATIC1111 and Forge.", A1111
    ),
    COMFYUI: Syntax("Weights in round brackets alone, and acting as they do in ComfyUI.", COMFYUI),
    EARLY_A1111: Syntax(
        "A1111 as version 0.1 of LDM Studio read it, for its images.", A1111, early=True
    ),
    EARLY_COMFYUI: Syntax(
        "ComfyUI as version 0.1 of LDM Studio read it, for its images.", COMFYUI, early=True
    ),
}


@dataclass(frozen=True)
class TextSpan:
    """Text of one weight, from `start` to `end` of the source."""

    text: str
    """Without markup: an escaped bracket is its own span, here without the backslash."""
    weight: float
    start: int
    end: int
    breaks: bool = False
    """Whether it is a BREAK, which starts a chunk and counts as a space."""
    stretch: int = 0
    """Counts the brackets before it: consecutive spans of one number are not divided by any."""


@dataclass(frozen=True)
class TextSegment:
    """Text that is encoded in one pass, in order."""

    spans: tuple[TextSpan, ...]
    syntax: str = A1111

    @cached_property
    def weighted_runs(self) -> tuple[tuple[str, float], ...]:
        """Consecutive text of equal weight, with that weight; a BREAK is ("", 0)."""
        found: list[tuple[str, float]] = []
        for (breaks, weight), run in groupby(self.spans, lambda p: (p.breaks, p.weight)):
            if breaks:
                found += [BREAK for _ in run]
            else:
                found.append(("".join(span.text for span in run), weight))
        return tuple(found)

    @cached_property
    def stretches(self) -> tuple[tuple[str, float], ...]:
        """The texts between brackets, with their weights: neighbours may have equal weights."""
        return tuple(
            ("".join(span.text for span in run), weight)
            for (_, weight), run in groupby(self.spans, lambda p: (p.stretch, p.weight))
        )

    @cached_property
    def text(self) -> str:
        """The text as one sentence: words end where the weight changes."""
        return "".join(span.text for span in self._spaced_spans)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """The weight of each character of `text`."""
        return tuple(span.weight for span in self._spaced_spans for _ in span.text)

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to encode: no text, or none with a weight above 0."""
        return not any(span.weight and span.text.strip() for span in self.spans)

    def source_range(self, start: int, end: int) -> tuple[int, int]:
        """Where characters `start` to `end` of `text` are in the source; `start` < `end`."""
        return self._source_ranges[start][0], self._source_ranges[end - 1][1]

    @cached_property
    def _spaced_spans(self) -> tuple[TextSpan, ...]:
        return tuple(_separate_weights(self.spans))

    @cached_property
    def _source_ranges(self) -> tuple[tuple[int, int], ...]:
        """Start and end in the source of each character of `text`."""
        places: list[tuple[int, int]] = []
        for span in self._spaced_spans:
            if len(span.text) == 1:
                places.append((span.start, span.end))
            else:
                places += ((at, at + 1) for at in range(span.start, span.end))
        return tuple(places)


BREAK = "", 0.0
"""The entry of a BREAK in `weighted_runs`."""


def _separate_weights(spans: tuple[TextSpan, ...]) -> Iterator[TextSpan]:
    before: TextSpan | None = None
    for span in spans:
        if before is not None and span.weight != before.weight:
            yield TextSpan(" ", 1.0, before.end, before.end)
        yield span
        before = span
