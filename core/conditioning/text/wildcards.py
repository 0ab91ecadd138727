"""Dynamic prompts: resolves wildcards and variants of a template with a seed. Needs no torch.

    __name__                a line of the wildcard `name`; `*` in it stands for any part of a name
    {a|b|c}                 one of these, and `{2::a|b}` a twice as often as b
    {2$$a|b|c}              two of them, in any order, with ", " between
    {1-2$$ and $$a|b|c}     one or two, with " and " between
    {2$$__name__}           two lines of a wildcard
    \\{ \\}                   the braces themselves

Options and lines may contain templates. A line of a wildcard may also begin with a weight;
blank lines and lines that begin with # are ignored. Braces without a bar or `$$` are text, as
`{prompt}` in a style is, and so is the name of a missing wildcard.

The forms are those of the Dynamic Prompts extension of AUTOMATIC1111, and ComfyUI's `{a|b}`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ...errors import Message, RequestError
from .extra_network_tags import Problem

WildcardLines = Callable[[str], "Sequence[str] | None"]
"""Returns the lines of a wildcard by its name; None if there is no such wildcard."""

MAX_DEPTH = 20
"""Maximum depth of nested braces, and of wildcards that refer to others."""
MAX_LENGTH = 100_000
"""Characters of a resolved template."""
MAX_DRAWS = 10_000
DRAWN_AT_ONCE = 1_000
"""A draw among more options counts as several."""

_TOKEN = re.compile(r"(?P<escape>\\[{}])|__(?P<name>[\w\-./*]{1,200}?)__|(?P<mark>[{}|\[\]])")
_WEIGHT = re.compile(r"\s*(\d{0,6}\.?\d{1,6})::")
_COUNT = re.compile(r"(\d{1,3})?(?:(-)(\d{1,3})?)?\$\$(?:([^{}|$\[\]\\_]{0,50})\$\$)?")


@dataclass(frozen=True)
class Wildcard:
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Variants:
    """The choices of a pair of braces."""

    options: tuple[Option, ...]
    min_count: int
    max_count: int
    separator: str


@dataclass(frozen=True)
class Option:
    weight: float
    nodes: tuple[Node, ...]


Node = str | Wildcard | Variants


@dataclass(frozen=True)
class _Line:
    """An option of a wildcard's file. It is parsed when it is drawn: a file may have many."""

    weight: float
    text: str

    @property
    def nodes(self) -> tuple[Node, ...]:
        return parse_template(self.text).nodes


@dataclass(frozen=True)
class Template:
    """A parsed prompt template."""

    nodes: tuple[Node, ...]
    wildcards: tuple[Wildcard, ...]
    marks: tuple[tuple[int, int], ...]
    """The ranges of its markup."""
    problems: tuple[Problem, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it is a prompt as it stands."""
        return all(isinstance(node, str) for node in self.nodes) and not self.marks


def missing_wildcards(template: Template, values: WildcardLines) -> list[Problem]:
    """Problems for wildcards that are missing or empty."""
    return [
        Problem(
            wildcard.start,
            wildcard.end,
            Message("There is no wildcard “{name}”, so this is read as text.", name=wildcard.name)
            if lines is None
            else Message("The wildcard “{name}” is empty.", name=wildcard.name),
        )
        for wildcard in template.wildcards
        if not (lines := values(wildcard.name))
    ]


def resolve_wildcards(source: str, values: WildcardLines, seed: int, which: str = "prompt") -> str:
    """`source` resolved with `seed`; another `which` gives other text for the same image.

    Raises RequestError for wildcards that name themselves, and for results beyond the limits.
    """
    template = parse_template(source)
    if template.is_plain:
        return source
    return _WildcardResolver(values, random.Random(f"{which} {seed}"), which).resolve(
        template.nodes
    )


@lru_cache(maxsize=64)
def parse_template(source: str) -> Template:
    """Parses a template in linear time; no text is refused."""
    reader = _TemplateParser(source)
    nodes = reader.parse()
    return Template(
        tuple(nodes), tuple(reader.wildcards), tuple(sorted(reader.marks)), tuple(reader.problems)
    )


@dataclass
class _Frame:
    """An opening bracket, and what follows it."""

    at: int
    bracket: str
    nodes: list[Node] = field(default_factory=list[Node])
    bars: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Position of each bar, and the number of nodes before it."""


class _TemplateParser:
    def __init__(self, source: str) -> None:
        self._source = source
        self.wildcards: list[Wildcard] = []
        self.marks: list[tuple[int, int]] = []
        self.problems: list[Problem] = []

    def parse(self) -> list[Node]:
        source, at = self._source, 0
        stack = [_Frame(0, "")]
        braces = 0
        for token in _TOKEN.finditer(source):
            stack[-1].nodes += _text(source[at : token.start()])
            at = token.end()
            mark = token["mark"]
            if token["escape"]:
                self.marks.append((token.start(), token.start() + 1))
                stack[-1].nodes.append(token["escape"][1:])
            elif token["name"]:
                wildcard = Wildcard(token["name"], *token.span())
                self.wildcards.append(wildcard)
                self.marks.append(token.span())
                stack[-1].nodes.append(wildcard)
            elif mark == "{" and braces < MAX_DEPTH:
                braces += 1
                stack.append(_Frame(token.start(), mark))
            elif mark == "[" and braces and len(stack) < 2 * MAX_DEPTH:
                stack.append(_Frame(token.start(), mark))
            elif mark == "|" and braces:
                stack[-1].bars.append((token.start(), len(stack[-1].nodes)))
            elif mark == "]" and stack[-1].bracket == "[":
                frame = stack.pop()
                stack[-1].nodes += ["[", *_with_bars_as_text(frame), "]"]
            elif mark == "}" and braces:
                braces -= 1
                while stack[-1].bracket == "[":
                    self._leave_open(stack)
                frame = stack.pop()
                stack[-1].nodes += self._braces(frame, token.start())
            else:
                stack[-1].nodes.append(token[0])
        stack[-1].nodes += _text(source[at:])
        while len(stack) > 1:
            self._leave_open(stack)
        return stack[0].nodes

    def _leave_open(self, stack: list[_Frame]) -> None:
        """Turns the innermost bracket into text."""
        frame, around = stack.pop(), stack[-1]
        if frame.bracket == "{" and frame.bars:
            explanation = Message("This { is never closed, so it is read as text.")
            self.problems.append(Problem(frame.at, frame.at + 1, explanation))
        around.nodes.append(frame.bracket)
        if around.bracket:
            before = len(around.nodes)
            around.bars += [(at, before + count) for at, count in frame.bars]
            around.nodes += frame.nodes
        else:
            around.nodes += _with_bars_as_text(frame)

    def _braces(self, frame: _Frame, close: int) -> list[Node]:
        start = frame.at + 1
        count = _COUNT.match(self._source, start, close)
        if not frame.bars and count is None:
            return ["{", *frame.nodes, "}"]
        self.marks += [(frame.at, count.end() if count else start), (close, close + 1)]
        self.marks += [(at, at + 1) for at, _ in frame.bars]
        options: list[Option] = []
        places = [frame.at, *(at for at, _ in frame.bars)]
        ends = [*(n for _, n in frame.bars), len(frame.nodes)]
        before = 0
        for place, end in zip(places, ends, strict=True):
            nodes = frame.nodes[before:end]
            skipped = count.end() - start if count and place == frame.at else 0
            nodes = _drop_characters(nodes, skipped)
            weight = _WEIGHT.match(nodes[0]) if nodes and isinstance(nodes[0], str) else None
            if weight is None:
                options.append(Option(1.0, tuple(nodes)))
            else:
                begin = place + 1 + skipped
                self.marks.append((begin, begin + weight.end()))
                rest = _drop_characters(nodes, weight.end())
                options.append(Option(float(weight[1]), tuple(rest)))
            before = end
        min_count, max_count, separator = _parse_count(count)
        if min_count > len(options) and _only_wildcard(options) is None:
            explanation = Message(
                "There are only {count} options; all of them are chosen.", count=len(options)
            )
            self.problems.append(Problem(frame.at, close + 1, explanation))
        return [Variants(tuple(options), min_count, max_count, separator)]


def _with_bars_as_text(frame: _Frame) -> list[Node]:
    """The nodes of a frame, with its bars as text."""
    nodes: list[Node] = []
    before = 0
    for _, count in frame.bars:
        nodes += [*frame.nodes[before:count], "|"]
        before = count
    return [*nodes, *frame.nodes[before:]]


def _text(text: str) -> list[Node]:
    return [text] if text else []


def _only_wildcard(options: Sequence[Option]) -> Wildcard | None:
    """The wildcard, if it is the only option."""
    if len(options) != 1 or len(options[0].nodes) != 1:
        return None
    node = options[0].nodes[0]
    return node if isinstance(node, Wildcard) else None


def _drop_characters(nodes: list[Node], count: int) -> list[Node]:
    """Without the first `count` characters, which are in the first node."""
    if not count or not nodes or not isinstance(nodes[0], str):
        return nodes
    return [*_text(nodes[0][count:]), *nodes[1:]]


def _parse_count(match: re.Match[str] | None) -> tuple[int, int, str]:
    """Minimum and maximum count, and the separator."""
    if match is None:
        return 1, 1, ""
    low, dash, high, separator = match.groups()
    min_count = int(low) if low else 0 if dash else 1
    max_count = int(high) if high else 999 if dash else min_count
    return (
        min(min_count, max_count),
        max(min_count, max_count),
        ", " if separator is None else separator,
    )


class _WildcardResolver:
    """Resolves a template in one pass, drawing at random."""

    def __init__(self, values: WildcardLines, chance: random.Random, field: str) -> None:
        self._values, self._chance, self._field = values, chance, field
        self._names: list[str] = []
        self._known: dict[str, tuple[_Line, ...]] = {}
        self._draws = self._length = 0

    def resolve(self, nodes: Sequence[Node]) -> str:
        return "".join(self._resolve_nodes(nodes))

    def _resolve_nodes(self, nodes: Sequence[Node]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, str):
                self._length += len(node)
                if self._length > MAX_LENGTH:
                    raise RequestError(self._field, "The wildcards expand to too long a text.")
                yield node
            elif isinstance(node, Wildcard):
                yield self._draw_line(node)
            else:
                yield self._draw_variants(node)

    def _draw_line(self, wildcard: Wildcard) -> str:
        lines = self._lines(wildcard)
        if not lines:
            return f"__{wildcard.name}__"
        return self._resolve_line(wildcard, lines[self._pick(lines)])

    def _resolve_line(self, wildcard: Wildcard, line: Option | _Line) -> str:
        if wildcard.name in self._names or len(self._names) == MAX_DEPTH:
            way = " → ".join((*self._names, wildcard.name))
            raise RequestError(
                self._field,
                "The wildcards refer to each other in a circle: {names}.",
                "Change their files.",
                names=way,
            )
        self._names.append(wildcard.name)
        text = self.resolve(line.nodes)
        self._names.pop()
        return text

    def _draw_variants(self, variants: Variants) -> str:
        options: list[Option | _Line] = [*variants.options]
        wildcard = _only_wildcard(variants.options)
        if wildcard is not None:
            options = [*self._lines(wildcard)] or options
        max_count = min(variants.max_count, len(options))
        min_count = min(variants.min_count, max_count)
        count = min_count + int(self._chance.random() * (max_count - min_count + 1))
        taken: list[str] = []
        for _ in range(count):
            option = options.pop(self._pick(options))
            own = option.nodes == (wildcard,)  # the wildcard is not there
            taken.append(
                self._resolve_line(wildcard, option)
                if wildcard and not own
                else self.resolve(option.nodes)
            )
        return variants.separator.join(taken)

    def _lines(self, wildcard: Wildcard) -> tuple[_Line, ...]:
        if wildcard.name not in self._known:
            lines = map(_line, self._values(wildcard.name) or ())
            self._known[wildcard.name] = tuple(lines)
        return self._known[wildcard.name]

    def _pick(self, options: Sequence[Option | _Line]) -> int:
        self._draws += 1 + len(options) // DRAWN_AT_ONCE
        if self._draws > MAX_DRAWS:
            raise RequestError(self._field, "The wildcards expand to too long a text.")
        weights = [option.weight for option in options]
        if not any(weights):
            weights = [1.0] * len(weights)
        left = self._chance.random() * sum(weights)
        for i, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return i
        return max(i for i, weight in enumerate(weights) if weight)


def wildcard_lines(text: str) -> list[str]:
    """The lines of a wildcard's file."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _line(text: str) -> _Line:
    weight = _WEIGHT.match(text)
    return _Line(float(weight[1]), text[weight.end() :]) if weight else _Line(1.0, text)
