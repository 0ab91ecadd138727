"""The syntax of prompts: which words count more, which less. Needs no torch.

The grammar is the one AUTOMATIC1111 made common: `(word)` is 1.1 times as strong, `[word]` 1.1
times weaker, `(word:1.3)` 1.3 times as strong; groups nest, and their factors multiply. A
backslash before a bracket or a backslash makes it plain text.

Any text can be drawn. Where it breaks the grammar, the brackets concerned are text, and a problem
says so: a lone `(` therefore strengthens nothing, while AUTOMATIC1111 lets it reach to the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from .tags import LoraUse, Problem, tags

STRONGER = 1.1
"""The factor of a bracket without a number."""
MAX_WEIGHT = 10.0
"""Weights are in [0, MAX_WEIGHT]; 0 silences, 1 changes nothing."""

_TOKEN = re.compile(
    r"(?P<escape>\\[()\[\]\\])|(?P<open>[(\[])|(?P<number>:\s*[+-]?[.\d]+\s*)?(?P<close>[)\]])"
)
_PAIR = {")": "(", "]": "["}
_KEPT = 64

__all__ = [
    "MAX_WEIGHT",
    "STRONGER",
    "Group",
    "LoraUse",
    "Piece",
    "Problem",
    "Prompt",
    "loras",
    "parse",
]


@dataclass(frozen=True)
class Piece:
    """Some text of one weight, from `start` to `end` of the source."""

    text: str
    """Without markup: an escaped bracket, a piece of its own, has no backslash here."""
    weight: float
    start: int
    end: int


@dataclass(frozen=True)
class Group:
    """A pair of brackets, from `start` to `end` of the source."""

    start: int
    inner_end: int
    """Where its text ends; what follows is the closing bracket and the number before it."""
    end: int
    factor: float
    numbered: bool
    """Whether its factor is written out."""

    @property
    def inner_start(self) -> int:
        return self.start + 1


@dataclass(frozen=True)
class Prompt:
    """A prompt taken apart. Pieces, in order, and the brackets of the groups make up the source."""

    source: str
    pieces: tuple[Piece, ...]
    groups: tuple[Group, ...]
    """By where they start."""
    problems: tuple[Problem, ...]

    @cached_property
    def text(self) -> str:
        """What the model is to read."""
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """Of each character of `text`."""
        return tuple(piece.weight for piece in self.pieces for _ in piece.text)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is left to read: no text, or none of a weight above 0."""
        return not any(piece.weight and piece.text.strip() for piece in self.pieces)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters `start` to `end` of `text` are in the source, `start` < `end`."""
        return self._places[start][0], self._places[end - 1][1]

    @cached_property
    def _places(self) -> tuple[tuple[int, int], ...]:
        """Where each character of `text` begins and ends in the source."""
        places: list[tuple[int, int]] = []
        for piece in self.pieces:
            if len(piece.text) == 1:
                places.append((piece.start, piece.end))
            else:
                places += ((at, at + 1) for at in range(piece.start, piece.end))
        return tuple(places)


def loras(source: str) -> tuple[LoraUse, ...]:
    """The LoRAs that a prompt names, in its order; one that is named twice is there twice."""
    return tuple(tag.lora for tag in tags(source) if tag.lora is not None)


@lru_cache(maxsize=_KEPT)  # the window asks for the same prompt several times at every key
def parse(source: str) -> Prompt:
    """Take a prompt apart; no text is refused. Takes time linear in its length."""
    groups, problems = _match(source)
    opened = {group.start: group for group in groups}
    closed = {group.inner_end: group for group in groups}
    pieces: list[Piece] = []
    weights = [1.0]
    written = 0  # up to here the source is in the pieces or in brackets

    def write(end: int) -> None:
        if written < end:
            pieces.append(Piece(source[written:end], weights[-1], written, end))

    for token in _TOKEN.finditer(source):
        at = token.start() if token.start() in closed else token.start("close")
        if token["escape"]:
            write(token.start())
            pieces.append(Piece(token["escape"][1:], weights[-1], *token.span()))
            written = token.end()
        elif group := opened.get(token.start()):
            write(group.start)
            product = weights[-1] * group.factor
            if product > MAX_WEIGHT:
                problems.append(_too_strong(group))
            weights.append(min(MAX_WEIGHT, product))
            written = group.inner_start
        elif group := closed.get(at):
            write(group.inner_end)
            weights.pop()
            written = group.end
    write(len(source))
    problems.sort(key=lambda problem: problem.start)
    return Prompt(source, tuple(pieces), tuple(groups), tuple(problems))


def _match(source: str) -> tuple[list[Group], list[Problem]]:
    """The pairs of brackets, and what is wrong with the others."""
    groups: list[Group] = []
    problems: list[Problem] = []
    waiting: list[re.Match[str]] = []
    number_of = {"(": 0, "[": 0}
    for token in _TOKEN.finditer(source):
        if bracket := token["open"]:
            waiting.append(token)
            number_of[bracket] += 1
        elif bracket := token["close"]:
            wanted = _PAIR[bracket]
            if not number_of[wanted]:
                problems.append(_lone(token.start("close"), bracket, f"has no {wanted} before it"))
                continue
            while (opening := waiting.pop())["open"] != wanted:
                number_of[opening["open"]] -= 1
                problems.append(_unclosed(opening))
            number_of[wanted] -= 1
            groups.append(_group(opening.start(), token, problems))
    problems += map(_unclosed, waiting)
    groups.sort(key=lambda group: group.start)
    return groups, problems


def _group(start: int, closing: re.Match[str], problems: list[Problem]) -> Group:
    number, close, end = closing["number"], closing.start("close"), closing.end()
    round_brackets = closing["close"] == ")"
    plain = Group(start, close, end, STRONGER if round_brackets else 1 / STRONGER, numbered=False)
    if number is None:
        return plain
    place = closing.start("number"), close
    if not round_brackets:
        explanation = "Weights are written in round brackets: (text:1.2). This is read as text."
        problems.append(Problem(*place, explanation))
        return plain
    try:
        factor = float(number[1:])
    except ValueError:
        problems.append(Problem(*place, "This is not a number, so it is read as text."))
        return plain
    if not 0 <= factor <= MAX_WEIGHT:
        factor = min(MAX_WEIGHT, max(0.0, factor))
        explanation = f"Weights go from 0 to {MAX_WEIGHT:g}; this one is taken as {factor:g}."
        problems.append(Problem(*place, explanation))
    return Group(start, closing.start("number"), end, factor, numbered=True)


def _unclosed(opening: re.Match[str]) -> Problem:
    return _lone(opening.start(), opening["open"], "is never closed")


def _lone(at: int, bracket: str, what: str) -> Problem:
    return Problem(
        at,
        at + 1,
        f"This {bracket} {what}, so it is read as text. If that is meant, write \\{bracket}",
    )


def _too_strong(group: Group) -> Problem:
    return Problem(
        group.start,
        group.end,
        f"The weights around this multiply to more than {MAX_WEIGHT:g}, and are taken as that.",
    )
