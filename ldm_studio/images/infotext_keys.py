"""The parameters in the `parameters` text: which key is which field of a Request.

AUTOMATIC1111's keys, and those of its known extensions, where they mean the same; other programs
ignore the rest. Defaults are only written if other programs have another default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from core.errors import InvalidError, quoted
from core.request.parameter import InfotextKey, Parameter
from core.request.parameters import MAIN, REQUESTED, Context
from core.request.request import Change, Request
from core.untrusted_files import parse_json

KEYS: Mapping[str, tuple[Parameter, InfotextKey]] = {
    key.name: (row, key) for row in REQUESTED for key in row.infotext
}
"""The rows of the table of parameters, by their names in the text."""

_OTHERS = {"Template": "template", "Negative Template": "negative_template"}
CHANGES = "Changes"


def number(value: float) -> str:
    """Without a redundant ".0"; read back exactly."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def context_of(request: Request) -> Context:
    """The context that decides which of its parameters have an effect."""
    return Context(request, from_image=bool(request.init), masked=bool(request.mask))


def main_settings(request: Request) -> dict[str, str]:
    """The settings that every image has."""
    return {
        key.name: write(row, key, request)
        for row, key in KEYS.values()
        if row.group is MAIN and (row.name != "strength" or request.init)
    }


def finer_settings(request: Request) -> dict[str, str]:
    """Further settings: those with an effect that are not at their default."""
    context = context_of(request)
    found = {
        key.name: write(row, key, request)
        for row, key in KEYS.values()
        if row.group is not MAIN
        and key.when(context)
        and (key.always or row.value(request) != row.default)
    }
    found |= {key: getattr(request, field) for key, field in _OTHERS.items()}
    return found | {CHANGES: write_changes(request.changes)}


def apply(name: str, text: str, request: Request) -> Request:
    """`request` with one setting of the text.

    Raises KeyError if it is unknown, ValueError or RequestError if its value is impossible.
    """
    if name in _OTHERS:
        return replace(request, **{_OTHERS[name]: text})
    if name == CHANGES:
        return replace(request, changes=read_changes(text))
    row, key = KEYS[name]
    value = read(row, key, text)
    part, _, inner = row.field.rpartition(".")
    if part:
        value = replace(getattr(request, part), **{inner: value})
    return replace(request, **{part or inner: value})


def write(row: Parameter, key: InfotextKey, request: Request) -> str:
    """The value in a request, as the text has it."""
    value = row.value(request)
    if key.write is not None:
        return key.write(value)
    if row.choices is not None:
        return row.choices[value].infotext or value
    if row.kind is tuple:
        return " ".join(map(number, value))
    return value if row.kind is str else number(value)


def read(row: Parameter, key: InfotextKey, text: str) -> Any:
    """Raises ValueError for invalid text."""
    if key.read is not None:
        return key.read(text)
    if row.parse is not None:
        return row.parse(text)
    if row.choices is not None:
        words = {choice.infotext or value: value for value, choice in row.choices.items()}
        if text not in words:
            raise ValueError(text)
        return words[text]
    return row.kind(text)


_CHANGE = re.compile(r'\s*(\d{1,6})((?:\s+[a-z_]+\s+(?:"(?:\\.|[^"\\])*"|[-+.\de]+))+)\s*(?:;|$)')
_PAIR = re.compile(r'([a-z_]+)\s+("(?:\\.|[^"\\])*"|[-+.\de]+)')


def write_changes(changes: tuple[Change, ...]) -> str:
    """`8 prompt "a wolf" cfg 3; 12 sampler "Heun"`: one change after 8 steps, another after 12."""
    return "; ".join(f"{change.step} {' '.join(_pairs(change))}" for change in changes)


def _pairs(change: Change) -> Iterator[str]:
    for name, value in change.fields.items():
        written = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else number(value)
        yield f"{name} {written}"


def read_changes(text: str) -> tuple[Change, ...]:
    """Raises ValueError."""
    changes: list[Change] = []
    at = 0
    while at < len(text):
        match = _CHANGE.match(text, at)
        if match is None:
            raise InvalidError("not a list of changes: {text}", text=quoted(text[at : at + 60]))
        values = {name: _CHANGED[name](value) for name, value in _PAIR.findall(match[2])}
        changes.append(Change(int(match[1]), **values))
        at = match.end()
    return tuple(changes)


def _text(written: str) -> str:
    value = parse_json(written)
    if not isinstance(value, str):
        raise ValueError(written)
    return value


_CHANGED: Mapping[str, Callable[[str], Any]] = {
    "prompt": _text,
    "negative": _text,
    "cfg": float,
    "sampler": _text,
    "schedule": _text,
    "steps": int,
    "init": _text,
    "mask": _text,
    "control": _text,
    "model": _text,
    "model_digest": _text,
}
