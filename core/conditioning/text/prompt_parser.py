"""Parser of prompt syntax: which text is encoded at each step. Needs no torch.

AUTOMATIC1111's syntax, which most images use:

    (word) [word] (word:1.3)     weight times 1.1, divided by 1.1, times 1.3;
                                 brackets nest, and their factors multiply
    [from:to:when]               `from` in the first steps, then `to`; `when` with a point is a
    [to:when] [from::when]       share of the steps, without one a number of steps
    [a|b|c]                      the first step reads a, the second b, and so on, over and over
    a AND b :0.5                 separate conditions; the weighted sum of their guidance is used
    BREAK                        starts a new chunk
    <lora:name:0.8>              see `find_tags`
    # words                      a comment, to the end of the line: where a line begins with it,
                                 or it stands between spaces, so that `C#` and `#1` stay text
    \\( \\) \\[ \\] \\: \\| \\# \\\\       the character itself

Order as there: comments and tags are taken out, then AND divides, then brackets act. The weight
of a part is read only where there is an AND, so that "16:9" keeps its end. In a negative prompt
AND is text and LoRAs do nothing. A backslash before anything else is left out.

ComfyUI's syntax has round brackets alone, where a number replaces the weight around it, and the
escapes `\\(` and `\\)`; comments are `// to the end of the line` and `/* between */`. Tags are
taken out there as well, as there are no nodes to load a LoRA.

Every text is valid. Where it breaks the grammar, a `Problem` says where and how it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from ...errors import Message
from ...request.text_segment import A1111, SYNTAXES, TextSegment, TextSpan
from .brackets import (
    ATTENTION_FACTOR,
    MAX_PROBLEMS,
    MAX_WEIGHT,
    Brackets,
    Choice,
    Group,
    bracket_tokens,
    match_brackets,
)
from .extra_network_tags import LoraUse, Problem, Tag, find_tags

__all__ = [
    "ATTENTION_FACTOR",
    "MAX_WEIGHT",
    "Choice",
    "Group",
    "LoraUse",
    "Part",
    "Problem",
    "Prompt",
    "Switch",
    "TextSpan",
    "loras",
    "parse",
]

_CACHE_SIZE = 64
_COMMENT = re.compile(r"^[^\S\n]*#[^\n]*|(?<=\s)#(?=\s)[^\n]*", re.MULTILINE)
_COMFY_COMMENT = re.compile(r"//[^\n]*|/\*")
_AND = re.compile(r"\bAND\b")
# Bounded, so that a long row of digits is searched in linear time.
_AND_WEIGHT = re.compile(r"(?<!\\):\s*([+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))\s*$")
_MAX_COUNTED_SEGMENTS = 16
_COUNTED_STEPS = 50

Span = tuple[int, int]


@dataclass(frozen=True)
class Switch:
    """Where text `option` of `choice` begins, or where the choice ends (None)."""

    choice: Choice
    option: int | None


@dataclass(frozen=True)
class Part:
    """One of the texts between ANDs; a prompt without AND has one part."""

    weight: float
    items: tuple[TextSpan | Switch, ...]
    syntax: str = A1111

    def switch_steps(self, steps: int) -> frozenset[int]:
        """The steps that may read another text than the step before; always includes 0."""
        choices = [item.choice for item in self.items if isinstance(item, Switch)]
        if any(choice.when is None for choice in choices):
            return frozenset(range(steps))
        switches = {choice.switch(steps) for choice in choices}
        return frozenset({0, *(at for at in switches if at < steps)})

    def segment(self, step: int, steps: int) -> TextSegment:
        """The text that step `step` of `steps` reads; both count from 0."""
        read: list[TextSpan] = []
        enclosing: list[bool] = []
        """For each enclosing choice: whether the text around it is read."""
        reading = True
        for item in self.items:
            if isinstance(item, TextSpan):
                if reading:
                    read.append(item)
            elif item.option is None:
                reading = enclosing.pop()
            else:
                if item.option == 0:
                    enclosing.append(reading)
                reading = enclosing[-1] and item.choice.option(step, steps) == item.option
        return TextSegment(tuple(read), self.syntax)


@dataclass(frozen=True)
class Prompt:
    """A parsed prompt. Spans, brackets and marks make up the source."""

    source: str
    parts: tuple[Part, ...]
    groups: tuple[Group, ...]
    """In the order of their start, like the following fields."""
    choices: tuple[Choice, ...]
    marks: tuple[Span, ...]
    """Other markup: comments, tags, AND and its weight."""
    tags: tuple[Tag, ...]
    loras: tuple[LoraUse, ...]
    problems: tuple[Problem, ...]

    @cached_property
    def spans(self) -> tuple[TextSpan, ...]:
        """All text, read at any step."""
        return tuple(
            item for part in self.parts for item in part.items if isinstance(item, TextSpan)
        )

    @cached_property
    def segments(self) -> tuple[TextSegment, ...]:
        """The texts that are read at some step: not all of them, but enough to tell the length."""
        found: dict[TextSegment, None] = {}
        for part in self.parts:
            whens = [item.choice.when or 0 for item in part.items if isinstance(item, Switch)]
            steps = max(_COUNTED_STEPS, *(min(1000, int(when) + 1) for when in whens), 1)
            switch_steps = sorted(part.switch_steps(steps))[:_MAX_COUNTED_SEGMENTS]
            found |= dict.fromkeys(part.segment(step, steps) for step in switch_steps)
        return tuple(found)

    @property
    def is_blank(self) -> bool:
        """Whether no step reads any text."""
        return not any(span.weight and span.text.strip() for span in self.spans)


def loras(source: str, syntax: str = A1111) -> tuple[LoraUse, ...]:
    """The LoRAs that a prompt names, in its order; a LoRA that is named twice is listed twice."""
    return parse(source, syntax).loras


@lru_cache(maxsize=_CACHE_SIZE)  # the window asks for the same prompt several times at every key
def parse(source: str, syntax: str = A1111, *, negative: bool = False) -> Prompt:
    """Parses a prompt in linear time; no text is refused."""
    comments = tuple(_comments(source, syntax))
    plain = _blank_out(source, comments)
    named = tuple(find_tags(plain))
    if negative:
        named = tuple(map(_without_lora, named))
    spans = tuple((tag.start, tag.end) for tag in named)
    plain = _blank_out(plain, spans)
    hidden = sorted((*comments, *spans))
    problems = [problem for tag in named for problem in tag.problems]
    marks = list(hidden)
    parts: list[Part] = []
    groups: list[Group] = []
    choices: list[Choice] = []
    for start, end, weight in _split_at_and(plain, syntax, negative, marks, problems):
        found = match_brackets(plain, start, end, syntax)
        items = _ItemBuilder(source, plain, hidden, found, syntax).build(start, end)
        parts.append(Part(weight, tuple(items), syntax))
        groups += found.groups
        marks += ((at, at + 1) for at in found.lone_backslashes)
        choices += found.choices
        problems += found.problems
    problems.sort(key=lambda problem: problem.start)
    used = tuple(tag.lora for tag in named if tag.lora is not None)
    return Prompt(
        source, tuple(parts), tuple(groups), tuple(choices), tuple(sorted(marks)), named, used,
        tuple(problems),
    )  # fmt: skip


def _comments(source: str, syntax: str) -> Iterator[Span]:
    if SYNTAXES[syntax].grammar == A1111:
        yield from (found.span() for found in _COMMENT.finditer(source))
        return
    at = 0
    while found := _COMFY_COMMENT.search(source, at):
        at = found.end()
        if found[0] == "/*":
            close = source.find("*/", at)
            if close < 0:  # nor does any other end
                rest = re.compile(r"//[^\n]*").finditer(source, at)
                yield from (found.span() for found in rest)
                return
            at = close + 2
        yield found.start(), at


def _blank_out(text: str, spans: tuple[Span, ...]) -> str:
    """The text with spaces in place of the spans, so that all positions stay the same."""
    written: list[str] = []
    at = 0
    for start, end in spans:
        written += (text[at:start], " " * (end - start))
        at = end
    return "".join((*written, text[at:]))


def _without_lora(tag: Tag) -> Tag:
    if tag.lora is None:
        return tag
    explanation = Message("LoRAs belong in the prompt; in a negative prompt they have no effect.")
    return replace(tag, lora=None, problems=(Problem(tag.start, tag.end, explanation),))


def _split_at_and(
    text: str, syntax: str, negative: bool, marks: list[Span], problems: list[Problem]
) -> Iterator[tuple[int, int, float]]:
    """Start, end and weight of each part."""
    parted = SYNTAXES[syntax].grammar == A1111 and not negative
    divides = [found.span() for found in _AND.finditer(text)] if parted else []
    marks += divides
    start = 0
    for end, following in [*divides, (len(text), 0)]:
        written = _AND_WEIGHT.search(text, start, end) if divides else None
        if written is None:
            yield start, end, 1.0
        else:
            marks.append((written.start(), written.end(1)))
            weight = float(written[1])
            if abs(weight) > MAX_WEIGHT:
                weight = MAX_WEIGHT if weight > 0 else -MAX_WEIGHT
                explanation = Message(
                    "The weight of a part is at most {most}; this one is {weight}.",
                    most=MAX_WEIGHT,
                    weight=weight,
                )
                problems.append(Problem(written.start(), written.end(1), explanation))
            yield start, written.start(), weight
        start = following


class _ItemBuilder:
    """Splits one part into spans and switches."""

    def __init__(
        self, source: str, plain: str, hidden: list[Span], found: Brackets, syntax: str
    ) -> None:
        self._source, self._plain, self._syntax = source, plain, syntax
        self._hidden = hidden
        self._problems = found.problems
        self._opened: dict[int, Group | Choice] = {
            pair.start: pair for pair in (*found.groups, *found.choices)
        }
        closed = (*(group for group in found.groups if group.is_closed), *found.choices)
        self._closed: dict[int, Group | Choice] = {pair.end - 1: pair for pair in closed}
        """By the position of the closing bracket."""
        self._literal_from = found.literal_from
        self._parts = {
            at: Switch(choice, i + 1)
            for choice in found.choices
            for i, at in enumerate(choice.separators)
        }
        self._items: list[TextSpan | Switch] = []
        self._weight = 1.0
        self._stretch = 0
        self._enclosing: list[tuple[Group | Choice, float]] = []

    def build(self, start: int, end: int) -> list[TextSpan | Switch]:
        """The items from `start` to `end` of the source."""
        self._written = start
        self._next = next((i for i, span in enumerate(self._hidden) if span[1] > start), None)
        for token in bracket_tokens(self._plain, start, end, self._syntax):
            at = token.start()
            match token.lastgroup:
                case "escape":
                    self._write(at, token.end(), token[0][1:])
                case "break":
                    self._write(at, token.end(), " ", breaks=True)
                case "open" if at in self._opened:
                    self._open(self._opened[at])
                case "part" if at in self._parts:
                    self._write(at, at + 1)
                    self._items.append(self._parts[at])
                case "open" if at == self._literal_from:
                    self._write(at, at)
                    self._stretch += 1
                case "close" if token.end() - 1 in self._closed:
                    self._close(self._closed[token.end() - 1])
                case _:
                    pass
        self._write(end, end)
        return self._items

    def _open(self, pair: Group | Choice) -> None:
        self._write(pair.start, pair.inner_start)
        self._stretch += 1
        self._enclosing.append((pair, self._weight))
        if isinstance(pair, Choice):
            self._items.append(Switch(pair, 0))
            if not pair.separators:  # [to:when]
                self._items.append(Switch(pair, 1))
            return
        product = self._weight * pair.factor
        if SYNTAXES[self._syntax].grammar != A1111 and pair.numbered:
            product = pair.factor
        if abs(product) > MAX_WEIGHT and len(self._problems) < MAX_PROBLEMS:
            explanation = Message(
                "The weights around this multiply to more than {most}; {most} is used.",
                most=MAX_WEIGHT,
            )
            self._problems.append(Problem(pair.start, pair.end, explanation))
        self._weight = max(-MAX_WEIGHT, min(MAX_WEIGHT, product))

    def _close(self, pair: Group | Choice) -> None:
        self._write(pair.inner_end, pair.end)
        self._stretch += 1
        while True:  # with those inside it that were never closed
            other, self._weight = self._enclosing.pop()
            if other is pair:
                break
        if isinstance(pair, Choice):
            self._items.append(Switch(pair, None))

    def _write(self, end: int, after: int, text: str = "", *, breaks: bool = False) -> None:
        """Adds the source up to `end` without hidden spans; then `text`, which stands for the
        source up to `after`.
        """
        at = self._written
        while self._next is not None and self._hidden[self._next][0] < end:
            start, stop = self._hidden[self._next]
            self._add_span(at, start)
            at = max(at, stop)
            self._next = self._next + 1 if self._next + 1 < len(self._hidden) else None
        self._add_span(at, end)
        if text:
            self._items.append(TextSpan(text, self._weight, end, after, breaks, self._stretch))
        self._written = after

    def _add_span(self, start: int, end: int) -> None:
        if start < end:
            text = self._source[start:end]
            self._items.append(TextSpan(text, self._weight, start, end, stretch=self._stretch))
