"""Extra networks in a prompt: `<lora:name:0.8>`. Needs no torch.

AUTOMATIC1111's form: a kind, a name, and strengths. `<lora:name:w>` changes text encoder and U-Net
by w (default 1); `<lora:name:t:u>` the text encoder by t and the U-Net by u, also written `te=t`
and `unet=u`. A tag is never part of the text, wherever it is, and applies to all steps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import Message

MAX_STRENGTH = 10.0
"""Strengths are in [-MAX_STRENGTH, MAX_STRENGTH]."""
LORAS = frozenset(("lora", "lyco"))
"""The supported kinds, in lower case; LyCORIS files once had their own kind."""

# Bounded, and no tag within a tag, so that any text is searched in linear time.
_TAG = re.compile(r"<(\w{1,30}):([^<>\n]{1,400})>")
_STRENGTH_NAMES = {"te": "text", "unet": "unet"}


@dataclass(frozen=True)
class Problem:
    """A warning about the source from `start` to `end`."""

    start: int
    end: int
    explanation: Message


@dataclass(frozen=True)
class LoraUse:
    """A LoRA by name (file name without folder and suffix, or an alias), and its strengths."""

    name: str
    unet: float = 1.0
    text: float = 1.0


@dataclass(frozen=True)
class Tag:
    """A tag from `start` to `end` of the source."""

    start: int
    end: int
    lora: LoraUse | None
    """None if the kind is not supported."""
    problems: tuple[Problem, ...] = ()


def find_tags(source: str) -> Iterator[Tag]:
    """The tags in the order of the source."""
    for match in _TAG.finditer(source):
        kind = match[1].casefold()
        if kind in LORAS:
            yield _parse_lora(match)
            continue
        explanation = Message("<{kind}:> is not supported here and is ignored.", kind=match[1])
        yield Tag(*match.span(), None, (Problem(*match.span(), explanation),))


def _parse_lora(match: re.Match[str]) -> Tag:
    problems: list[Problem] = []
    strengths: dict[str, float] = {}
    at = match.start(2)
    name = ""
    position = 0
    for item in match[2].split(":"):
        place = at, at + max(1, len(item))
        at += len(item) + 1
        key, equals, value = item.partition("=")
        if position and equals:
            field = _STRENGTH_NAMES.get(key.strip().casefold())
            if field is None:
                problems.append(
                    Problem(*place, Message("“{key}” is unknown and is ignored.", key=key.strip()))
                )
            else:
                strengths[field] = _parse_strength(value, place, problems)
            continue
        if position == 0:
            name = item.strip()
        elif position == 1:
            strengths.setdefault("text", _parse_strength(item, place, problems))
        elif position == 2:
            strengths.setdefault("unet", _parse_strength(item, place, problems))
        else:
            problems.append(
                Problem(*place, Message("A LoRA has at most two strengths; the rest is ignored."))
            )
        position += 1
    if not name:
        problems.append(Problem(*match.span(), Message("This names no LoRA.")))
        return Tag(*match.span(), None, tuple(problems))
    text = strengths.get("text", 1.0)
    return Tag(*match.span(), LoraUse(name, strengths.get("unet", text), text), tuple(problems))


def _parse_strength(text: str, place: tuple[int, int], problems: list[Problem]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        problems.append(Problem(*place, Message("This is not a number, so 1 is used.")))
        return 1.0
    if abs(value) > MAX_STRENGTH:
        value = math.copysign(MAX_STRENGTH, value)
        explanation = Message(
            "Strengths are at most {most}; {strength} is used here.",
            most=MAX_STRENGTH,
            strength=value,
        )
        problems.append(Problem(*place, explanation))
    return value
