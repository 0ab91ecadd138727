"""Matches the brackets of a prompt and reads what each pair does. Needs no torch."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...errors import Message
from ...request.text_segment import A1111, COMFYUI, EARLY_A1111, EARLY_COMFYUI, SYNTAXES
from .extra_network_tags import Problem

ATTENTION_FACTOR = 1.1
"""The factor of a bracket without a number."""
MAX_PROBLEMS = 100
"""Unmatched brackets that are explained."""
MAX_WEIGHT = 10.0
"""Weights are in [-MAX_WEIGHT, MAX_WEIGHT]; 0 mutes the text, 1 changes nothing."""

_NUMBER = r"(?P<number>:\s*[+-]?[.\d]+\s*)?"
_A1111 = rf"(?P<open>[(\[])|{_NUMBER}(?P<close>[)\]])|(?P<part>[:|])|(?P<break>\bBREAK\b)"
_COMFYUI = rf"(?P<escape>\\[()])|(?P<open>\()|{_NUMBER}(?P<close>\))"
TOKENS = {
    A1111: re.compile(rf"(?P<escape>\\[()\[\]\\:|#]?)|{_A1111}"),
    EARLY_A1111: re.compile(rf"(?P<escape>\\[()\[\]\\:|#])|{_A1111}"),
    COMFYUI: re.compile(_COMFYUI),
    EARLY_COMFYUI: re.compile(_COMFYUI),
}
"""The markup of each syntax; `lastgroup` is the kind."""
_PAIR = {")": "(", "]": "["}
_MAX_NUMBER = 45
"""Characters of a number and its colon; bounded, so that nested brackets take linear time."""
_COMFYUI_NUMBER = re.compile(r"\s{0,9}[+-]?(?:\d{1,9}\.?\d{0,9}|\.\d{1,9})(?:[eE][+-]?\d)?\s{0,9}")


@dataclass(frozen=True)
class Group:
    """A pair of brackets that sets a weight, from `start` to `end` of the source."""

    start: int
    inner_end: int
    """The end of its text; the closing bracket and the number before it follow."""
    end: int
    factor: float
    numbered: bool
    """Whether its factor is written as a number."""

    @property
    def inner_start(self) -> int:
        return self.start + 1

    @property
    def is_closed(self) -> bool:
        return self.inner_end < self.end


@dataclass(frozen=True)
class Choice:
    """Square brackets of which each step reads one text, from `start` to `end` of the source."""

    start: int
    inner_end: int
    end: int
    separators: tuple[int, ...]
    """The positions of the colons or bars between its texts."""
    when: float | None
    """When the second text replaces the first; None: they alternate at each step."""
    is_share: bool = False
    """Whether `when` is a fraction of the steps instead of a number of steps."""

    @property
    def inner_start(self) -> int:
        return self.start + 1

    def switch(self, steps: int) -> int:
        """The number of steps, of `steps`, for which the first text is read."""
        when = self.when or 0.0
        return min(steps, max(0, int(when * steps if self.is_share else when)))

    def option(self, step: int, steps: int) -> int:
        """The index of the text that step `step` of `steps` reads; both count from 0."""
        if self.when is None:
            return step % (len(self.separators) + 1)
        return 0 if step < self.switch(steps) else 1


@dataclass
class Brackets:
    """The brackets of one text."""

    groups: list[Group] = field(default_factory=list[Group])
    choices: list[Choice] = field(default_factory=list[Choice])
    problems: list[Problem] = field(default_factory=list[Problem])
    lone_backslashes: list[int] = field(default_factory=list[int])
    """Their positions; they are not part of the text."""
    literal_from: int | None = None
    """Where a text begins that a bracket would have begun, were it closed (ComfyUI)."""


@dataclass
class _OpenBracket:
    at: int
    bracket: str
    parts: list[int] = field(default_factory=list[int])
    """Colons and bars directly inside."""


def match_brackets(text: str, start: int, end: int, syntax: str) -> Brackets:
    """The brackets from `start` to `end`, in linear time.

    In AUTOMATIC1111's syntax an unclosed bracket extends to the end of its surroundings; for
    ComfyUI's see `_match_as_comfyui`. A closing bracket without an opening one is text in
    both.
    """
    if syntax == COMFYUI:
        return _match_as_comfyui(text, start, end)
    found = Brackets()
    waiting: list[_OpenBracket] = []
    number_of = {"(": 0, "[": 0}
    for token in bracket_tokens(text, start, end, syntax):
        kind, at = token.lastgroup, token.start()
        if kind == "escape" and len(token[0]) == 1:
            found.lone_backslashes.append(at)
            if len(found.problems) < MAX_PROBLEMS:
                explanation = Message("A lone backslash is left out. Write \\\\ for a literal one.")
                found.problems.append(Problem(at, at + 1, explanation))
        elif kind == "open":
            waiting.append(_OpenBracket(at, token[0]))
            number_of[token[0]] += 1
        elif kind == "part" and waiting:
            waiting[-1].parts.append(at)
        elif kind == "close":
            bracket = token["close"]
            wanted = _PAIR[bracket]
            if not number_of[wanted]:
                if len(found.problems) < MAX_PROBLEMS:
                    found.problems.append(_unopened_problem(token.start("close"), bracket, wanted))
                continue
            crossed: list[_OpenBracket] = []
            while (opening := waiting.pop()).bracket != wanted:
                number_of[opening.bracket] -= 1
                crossed.append(opening)
            number_of[wanted] -= 1
            for other in reversed(crossed):
                opening.parts += other.parts
            inner_end = _close(text, opening, token, syntax, found)
            for other in crossed:
                _add_unclosed(other, inner_end, syntax, found)
    for opening in waiting:
        _add_unclosed(opening, end, syntax, found)
    found.groups.sort(key=lambda group: group.start)
    found.choices.sort(key=lambda choice: choice.start)
    return found


def bracket_tokens(text: str, start: int, end: int, syntax: str) -> Iterator[re.Match[str]]:
    """The markup from `start` to `end`."""
    return TOKENS[syntax].finditer(text, start, end)


def _close(
    text: str, opening: _OpenBracket, token: re.Match[str], syntax: str, found: Brackets
) -> int:
    """Adds the pair to `found`; returns where its text ends."""
    if opening.bracket == "(":
        group = _weight(opening.at, token, syntax, found.problems)
        found.groups.append(group)
        return group.inner_end
    choice = _choice(text, opening, token, found.problems)
    if choice is not None:
        found.choices.append(choice)
        return choice.inner_end
    close = token.start("close")
    found.groups.append(Group(opening.at, close, close + 1, 1 / ATTENTION_FACTOR, numbered=False))
    return close


def _weight(start: int, token: re.Match[str], syntax: str, problems: list[Problem]) -> Group:
    number, close, end = token["number"], token.start("close"), token.end()
    if number is None:
        return Group(start, close, end, ATTENTION_FACTOR, numbered=False)
    place = token.start("number"), close
    factor = _parse_number(number)
    if factor is None:
        problems.append(Problem(*place, Message("This is not a number, so it is read as text.")))
        return Group(start, close, end, ATTENTION_FACTOR, numbered=False)
    factor = _clamp(factor, place, 0.0 if SYNTAXES[syntax].early else -MAX_WEIGHT, problems)
    return Group(start, place[0], end, factor, numbered=True)


def _clamp(weight: float, place: tuple[int, int], least: float, problems: list[Problem]) -> float:
    """The weight, within the range from `least` to MAX_WEIGHT."""
    if least <= weight <= MAX_WEIGHT:
        return weight
    weight = min(MAX_WEIGHT, max(least, weight))
    explanation = Message(
        "Weights range from {least} to {most}; {weight} is used here.",
        least=least,
        most=MAX_WEIGHT,
        weight=weight,
    )
    problems.append(Problem(*place, explanation))
    return weight


def _choice(
    text: str, opening: _OpenBracket, token: re.Match[str], problems: list[Problem]
) -> Choice | None:
    """The choice that square brackets make; None if they only lower the weight."""
    number, close, end = token["number"], token.start("close"), token.end()
    bars = tuple(at for at in opening.parts if text[at] == "|")
    if bars:
        if number is not None:
            explanation = Message(
                "Alternating texts do not switch at a step, so this is read as text."
            )
            problems.append(Problem(token.start("number"), close, explanation))
        return Choice(opening.at, close, end, bars, None)
    colons = tuple(opening.parts)
    if number is None:
        if len(colons) > 1:
            explanation = Message(
                "[from:to:when] needs a number at its end; this is read as text in brackets, "
                "with less weight."
            )
            problems.append(Problem(colons[-1], close, explanation))
        return None
    place = token.start("number"), close
    when = _parse_number(number)
    if when is None:
        problems.append(Problem(*place, Message("This is not a number, so it is read as text.")))
        return None
    if len(colons) > 1:
        explanation = Message(
            "Only [from:to:when] and [to:when] are supported, so this is read as text in "
            "brackets. Write \\: for a literal colon."
        )
        problems.append(Problem(colons[1], colons[1] + 1, explanation))
        return None
    is_share = "." in number
    if is_share and when >= 1:
        explanation = Message(
            "With a decimal point this is a fraction of the steps, so from 1 on it never happens."
        )
        problems.append(Problem(*place, explanation))
    elif when < 0:
        problems.append(Problem(*place, Message("There is no such step; 0 is used.")))
    return Choice(opening.at, place[0], end, colons, when, is_share)


def _parse_number(written: str) -> float | None:
    """The number after a colon."""
    try:
        return float(written[1:])
    except ValueError:
        return None


def _add_unclosed(opening: _OpenBracket, end: int, syntax: str, found: Brackets) -> None:
    """Adds what a bracket does that is never closed."""
    at, bracket = opening.at, opening.bracket
    if SYNTAXES[syntax].grammar == A1111:
        factor = ATTENTION_FACTOR if bracket == "(" else 1 / ATTENTION_FACTOR
        found.groups.append(Group(at, end, end, factor, numbered=False))
    if len(found.problems) >= MAX_PROBLEMS:
        return
    if syntax == A1111:
        explanation = Message(
            "This {bracket} is never closed, so it applies up to the end. Write \\{bracket} "
            "for a literal one.",
            bracket=bracket,
        )
    else:
        explanation = Message(
            "This {bracket} is never closed, so it is read as text. Write \\{bracket} for a "
            "literal one.",
            bracket=bracket,
        )
    found.problems.append(Problem(at, at + 1, explanation))


def _match_as_comfyui(text: str, start: int, end: int) -> Brackets:
    """ComfyUI's brackets.

    It counts levels: a closing bracket without an opening one makes the next opening one text.
    What begins with a bracket that is never closed is text up to the end, with all brackets in it;
    but if the end is a closing bracket, the first and the last one are a pair nonetheless. A number
    is what stands behind the last colon.
    """
    found = Brackets()
    partners: dict[int, int] = {}
    """The opening bracket of each closing one."""
    opened: list[int] = []
    missing = 0
    for token in bracket_tokens(text, start, end, COMFYUI):
        at = token.end() - 1
        if token.lastgroup == "open" and not missing:
            opened.append(at)
        elif token.lastgroup == "open":
            missing -= 1
            _add_unclosed(_OpenBracket(at, "("), end, COMFYUI, found)
        elif token.lastgroup == "close" and opened:
            partners[at] = opened.pop()
        elif token.lastgroup == "close":
            missing += 1
            if len(found.problems) < MAX_PROBLEMS:
                found.problems.append(_unopened_problem(at, ")", "("))
    pairs = {begin: close for close, begin in partners.items()}
    unclosed = deque(opened)
    last = end
    while unclosed:
        first = unclosed.popleft()
        last -= 1
        if last not in partners:
            found.literal_from = first
            pairs = {begin: close for begin, close in pairs.items() if not first < begin < last}
            for at in (first, *unclosed):
                _add_unclosed(_OpenBracket(at, "("), end, COMFYUI, found)
            break
        unclosed.append(partners[last])
        del pairs[partners[last]]
        pairs[first] = last
    found.groups += (_comfyui_group(text, *pair, found.problems) for pair in sorted(pairs.items()))
    return found


def _comfyui_group(text: str, start: int, close: int, problems: list[Problem]) -> Group:
    colon = text.rfind(":", max(start + 2, close - _MAX_NUMBER), close)
    number = _COMFYUI_NUMBER.fullmatch(text, colon + 1, close) if colon >= 0 else None
    if number is None:
        return Group(start, close, close + 1, ATTENTION_FACTOR, numbered=False)
    weight = _clamp(float(number[0]), (colon, close), -MAX_WEIGHT, problems)
    return Group(start, colon, close + 1, weight, numbered=True)


def _unopened_problem(at: int, bracket: str, wanted: str) -> Problem:
    explanation = Message(
        "This {bracket} has no {opening} before it, so it is read as text. Write "
        "\\{bracket} for a literal one.",
        bracket=bracket,
        opening=wanted,
    )
    return Problem(at, at + 1, explanation)
