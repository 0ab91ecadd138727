"""Edits of prompts by keys: change the weight, move a phrase. Text in, text out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from core.conditioning.text.prompt_parser import (
    ATTENTION_FACTOR,
    MAX_WEIGHT,
    Choice,
    Group,
    TextSpan,
    parse,
)

STEP = 0.1

_WORD = re.compile(r"(?:\\[()\[\]\\]|[^\s()\[\]\\.,;:!?，。、；：！？·「」])+")
_COMMA = re.compile("[,，、]")


@dataclass(frozen=True)
class Edit:
    """A prompt and its selection from `start` to `end`; equal if nothing is selected."""

    text: str
    start: int
    end: int


def change_weight(before: Edit, step: float) -> Edit:
    """Changes the weight of the selection by `step`.

    Without a selection it is the brackets around the cursor, or else the word there. Brackets are
    added if there are none, and removed at weight 1. What cannot be changed stays.
    """
    start, end = _phrase_at(before)
    text = before.text
    if start == end:
        return before
    group = _group_of(text, start, end)
    if group is None:
        old, opened, body_end, closed = 1.0, start, end, end
        body_start = start
    else:
        old, opened, body_end, closed = _weight(group), group.start, group.inner_end, group.end
        body_start = group.inner_start
    new = round(min(MAX_WEIGHT, max(0.0, old + step)), 2)
    if new == old:
        return before
    body = text[body_start:body_end]
    written = body if new == 1 else f"({body}:{new:g})"
    changed = text[:opened] + written + text[closed:]
    lead = 0 if new == 1 else 1
    if new != 1 and not any(g.start == opened and g.numbered for g in parse(changed).groups):
        return before  # a lone bracket inside would pair with ours
    if _read(changed) != _read(text):
        return before  # an AND inside would divide ours

    def moved(at: int) -> int:
        """The new position; in the body it stays next to the same character."""
        inside = min(max(at, body_start), body_end) - body_start
        return opened + lead + inside

    if before.start == before.end:
        return Edit(changed, moved(before.start), moved(before.start))
    return Edit(changed, moved(start), moved(end))


def move_phrase(before: Edit, places: int) -> Edit:
    """Moves the phrase at the cursor, or the selected ones, one place forward (1) or back (-1).

    Phrases are separated by commas outside brackets. Spaces and line breaks stay in place. Nothing
    moves beyond either end.
    """
    text, phrases = before.text, _phrases(before.text)
    taken = [i for i, phrase in enumerate(phrases) if phrase.holds(before.start, before.end)]
    if not taken:
        return before
    first, last = taken[0], taken[-1]
    low, high = min(first, first + places), max(last, last + places)
    if low < 0 or high >= len(phrases):
        return before
    order = list(range(len(phrases)))
    order.insert(first if places > 0 else last, order.pop(high if places > 0 else low))
    parts, new_start = [text[: phrases[0].start]], dict[int, int]()
    for slot, i in enumerate(order):
        new_start[i] = sum(map(len, parts))
        following = phrases[slot + 1].start if slot + 1 < len(phrases) else len(text)
        parts += (text[phrases[i].start : phrases[i].end], text[phrases[slot].end : following])

    def moved(at: int) -> int:
        """Next to the same character of the same phrase."""
        i = max((i for i in taken if phrases[i].start <= at), default=first)
        return new_start[i] + min(max(at, phrases[i].start), phrases[i].end) - phrases[i].start

    return Edit("".join(parts), moved(before.start), moved(before.end))


@dataclass(frozen=True)
class _Phrase:
    start: int
    end: int
    """The end of its text, without surrounding spaces."""
    opens: int
    """Its start including the spaces before it."""
    closes: int

    def holds(self, start: int, end: int) -> bool:
        """Whether a selection overlaps it, or a cursor is in it or in the spaces around it."""
        if start == end:
            return self.opens <= start <= self.closes
        return start < self.end and self.start < end


def _phrases(text: str) -> list[_Phrase]:
    """The phrases that contain text."""
    pairs = _pairs(text)
    commas = [
        comma.start()
        for comma in _COMMA.finditer(text)
        if not any(pair.start < comma.start() < pair.end for pair in pairs)
    ]
    phrases = []
    for before, after in pairwise([-1, *commas, len(text)]):
        room = text[before + 1 : after]
        if words := room.strip():
            start = before + 1 + room.index(words)
            phrases.append(_Phrase(start, start + len(words), before + 1, after))
    return phrases


def _phrase_at(edit: Edit) -> tuple[int, int]:
    """The target of a weight change: the selection without its spaces, or the text at the
    cursor.
    """
    text, start, end = edit.text, edit.start, edit.end
    if start < end:
        picked = text[start:end]
        start += len(picked) - len(picked.lstrip())
        return _whole(text, start, max(start, start + len(picked.strip())))
    groups = _groups(text)
    around = [group for group in groups if group.start < start < group.end]
    if around:
        return _span(min(around, key=lambda group: group.end - group.start))
    for word in _WORD.finditer(text):
        if word.start() <= start <= word.end():
            return word.span()
    beside = [group for group in groups if start in (group.start, group.end)]
    return _span(beside[0]) if beside else (start, start)


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The selection, extended so that it splits no pair of brackets."""
    pairs = _pairs(text)
    grown = True
    while grown:
        grown = False
        for pair in pairs:
            apart = end <= pair.start or pair.end <= start
            within = pair.inner_start <= start and end <= pair.inner_end
            around = start <= pair.start and pair.end <= end
            if within and isinstance(pair, Choice):
                within = not any(start <= at < end for at in pair.separators)
            if not (apart or within or around):
                start, end, grown = min(start, pair.start), max(end, pair.end), True
    return start, end


def _group_of(text: str, start: int, end: int) -> Group | None:
    """The brackets whose text, or whose whole, is from `start` to `end`."""
    for group in _groups(text):
        if (start, end) in (_span(group), (group.inner_start, group.inner_end)):
            return group
    return None


def _groups(text: str) -> list[Group]:
    """The closed groups; unclosed brackets are probably mistakes."""
    return [group for group in parse(text).groups if group.is_closed]


def _read(text: str) -> list[str]:
    """The text of each part."""
    return [
        "".join(p.text for p in part.items if isinstance(p, TextSpan)) for part in parse(text).parts
    ]


def _pairs(text: str) -> list[Group | Choice]:
    return [*_groups(text), *parse(text).choices]


def _span(group: Group) -> tuple[int, int]:
    return group.start, group.end


def _weight(group: Group) -> float:
    """The weight as it would be written: that of `[x]` is 0.9."""
    return group.factor if group.numbered else 1.1 if group.factor == ATTENTION_FACTOR else 0.9
