"""The query language of the search field. Every text is a query; mistakes are reported, not raised.

A term with a mistake is left out of the search, and a `Problem` says where and what.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import InvalidError, Message, quoted

GRAMMAR = """\
  query  = { term }                       all terms must hold
  term   = [ "-" ] ( value | field ":" value { "," value } )
                                          "-" excludes; one of the values must hold
  value  = word | '"' text '"'            "" inside stands for one quotation mark
  number = 20 | >20 | >=20 | <20 | <=20 | 20..30 | 20.. | ..30
  date   = 2026 | 2026-11 | 2026-11-23 | today | yesterday | 7d, and ranges as of numbers

  fox                 a word that begins with it, in prompt, negative prompt, tags or model
  "red fox"           these words in this order
  prompt:fox  negative:blurry  style:3d  lora:detail      words of one text
  tag:animals  model:v1-5  sampler:euler  schedule:karras  program:forge  format:webp
  name:00012  folder:foxes                a part of the name; in quotation marks the whole name
  hash:6ce016         the beginning of the model's hash
  seed:42  steps:>=20  cfg:4..7  strength:<0.5  width:512  height:>512  rating:>=4
  size:512x768  date:2026-11  date:7d  date:2026-11-01..2026-11-20
  collection:best                         the beginning of the name of a collection
  is:favourite  is:missing  is:damaged  is:deleted  is:portrait  is:landscape  is:square
  has:mask  has:parent  has:steps  has:tags  has:rating  has:collection  has:recipe
"""
"""For users, in the help of the command line."""

MAX_LENGTH = 2_000
MAX_TERMS = 100

ALL = ""
_WORDS = {"prompt": "prompt", "negative": "negative", "style": "prompt", "lora": "lora"}
_NAMES = (
    "tag", "collection", "model", "sampler", "schedule", "program", "format", "name", "folder",
    "hash",
)  # fmt: skip
_NUMBERS = ("seed", "steps", "cfg", "strength", "width", "height", "rating")
_FLAGS = {
    "is": ("favourite", "missing", "damaged", "deleted", "portrait", "landscape", "square"),
    "has": ("mask", "parent", "steps", "tags", "rating", "collection", "recipe"),
}
_ALIASES = {
    "neg": "negative",
    "tags": "tag",
    "in": "collection",
    "styles": "style",
    "loras": "lora",
    "file": "name",
    "app": "program",
    "stars": "rating",
    "day": "date",
}
_FLAG_ALIASES = {"favorite": "favourite", "init": "parent"}
FIELDS = (*_WORDS, *_NAMES, *_NUMBERS, "size", "date", *_FLAGS)


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` (exclusive) of the query."""

    start: int
    end: int


@dataclass(frozen=True)
class Problem:
    """A problem with a part of the query, in a sentence."""

    span: Span
    message: Message


@dataclass(frozen=True)
class Words:
    """Words in this order; the last one matches prefixes unless the words are quoted."""

    column: str
    """prompt, negative, lora, or `ALL`."""
    text: str
    quoted: bool


@dataclass(frozen=True)
class Name:
    """A name that contains `text`, or equals it if it is quoted."""

    field: str
    text: str
    quoted: bool


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, inclusive unless open."""

    field: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True)
class Size:
    width: int
    height: int


@dataclass(frozen=True)
class Days:
    """From the first to the last day, as 2026-11-23."""

    first: str
    last: str


@dataclass(frozen=True)
class Flag:
    """`is:favourite` and similar."""

    field: str
    name: str


Condition = Words | Name | Range | Size | Days | Flag


@dataclass(frozen=True)
class Term:
    """One of the alternatives must match; none of them if it is excluded."""

    alternatives: tuple[Condition, ...]
    excluded: bool
    span: Span


@dataclass(frozen=True)
class Query:
    terms: tuple[Term, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Mistake(InvalidError):
    """A value that its field cannot have."""


_TERM = re.compile(r'(-?)(?:([^\W\d_]+):)?((?:"(?:[^"]|"")*(?:"|$)|[^\s"])*)')
_QUOTED = re.compile(r'"((?:[^"]|"")*)(?:"|$)')
_VALUE = re.compile(rf"{_QUOTED.pattern}|[^,]+")


def parse(text: str, today: date | None = None) -> Query:
    """The query of a text. Never raises. Dates are relative to `today`."""
    today = today or date.today()
    terms: list[Term] = []
    problems: list[Problem] = []
    if len(text) > MAX_LENGTH:
        cut = Span(MAX_LENGTH, len(text))
        problems.append(
            Problem(
                cut, Message("Only the first {most} characters are searched for.", most=MAX_LENGTH)
            )
        )
    # Without what no text of the history holds; each character stays one, as the spans count.
    text = text[:MAX_LENGTH].encode("utf-8", "replace").decode().replace("\0", " ")
    at = 0
    while at < len(text) and len(terms) < MAX_TERMS:
        if text[at].isspace():
            at += 1
            continue
        match = _TERM.match(text, at)
        if match is None or match.end() == at:  # no term can start here
            at += 1
            continue
        span = Span(at, match.end())
        at = match.end()
        try:
            alternatives = _term(match[2] or "", match[3], today)
        except _Mistake as mistake:
            problems.append(Problem(span, mistake.message))
            continue
        if match[3].count('"') % 2:
            problems.append(Problem(span, Message("A closing quotation mark is missing.")))
        if alternatives:
            terms.append(Term(tuple(alternatives), bool(match[1]), span))
    return Query(tuple(terms), tuple(problems))


def _term(field: str, value: str, today: date) -> list[Condition]:
    """Raises _Mistake."""
    name = _ALIASES.get(field.lower(), field.lower())
    if field and name not in FIELDS:
        near = difflib.get_close_matches(name, (*FIELDS, *_ALIASES), n=1, cutoff=0.75)
        if near:
            raise _Mistake(
                "There is no field {field}. Did you mean {guess}?",
                field=quoted(field),
                guess=near[0],
            )
        name, value = ALL, f"{field}:{value}"  # such as a weight in a prompt, fur:1.2
    if name == ALL:
        found = _QUOTED.fullmatch(value)
        is_quoted = found is not None
        text = found[1].replace('""', '"') if found else value.replace('"', " ")
        return [Words(ALL, text, is_quoted)] if _has_words(text) else []
    if not value:
        raise _Mistake("{field} needs a value.", field=field)
    return [
        condition
        for found in _VALUE.finditer(value)
        if (condition := _condition(name, found, today)) is not None
    ]


def _condition(field: str, value: re.Match[str], today: date) -> Condition | None:
    """Raises _Mistake."""
    is_quoted = value[1] is not None
    text = value[1].replace('""', '"') if is_quoted else value[0]
    if field in _WORDS:
        return Words(_WORDS[field], text, is_quoted) if _has_words(text) else None
    if field in _NAMES:
        return Name(field, text, is_quoted) if text else None
    if field in _NUMBERS:
        return _range(text, field)
    if field == "size":
        match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text, re.ASCII)
        if match is None:
            raise _Mistake("{text} is not a size. Write it as 512x768.", text=quoted(text))
        return Size(int(match[1]), int(match[2]))
    if field == "date":
        return _days(text, today)
    name = _FLAG_ALIASES.get(text.lower(), text.lower())
    if name not in _FLAGS[field]:
        raise _Mistake(
            "There is no {field}:{text}. Possible: {known}.",
            field=field,
            text=text,
            known=", ".join(_FLAGS[field]),
        )
    return Flag(field, name)


def _has_words(text: str) -> bool:
    """Whether there is anything to search for: a letter, a digit, a symbol such as an emoji."""
    return any(char.isalnum() or ord(char) > 0x2000 for char in text)


def _range(text: str, field: str) -> Range:
    """Raises _Mistake."""
    match = re.fullmatch(r"(>=|<=|>|<)(.*)", text)
    if match is not None:
        number = _number(match[2], text)
        is_open = len(match[1]) == 1
        if match[1][0] == ">":
            return Range(field, low=number, low_open=is_open)
        return Range(field, high=number, high_open=is_open)
    low, dots, high = text.partition("..")
    if not dots:
        number = _number(text, text)
        return Range(field, number, number)
    if not (low or high):
        raise _Mistake("{text} has no end. Write 20..30, 20.. or ..30.", text=quoted(text))
    return Range(
        field,
        _number(low, text) if low else -math.inf,
        _number(high, text) if high else math.inf,
    )


def _number(text: str, whole: str) -> float:
    if not re.fullmatch(r"\d{1,20}|\d{0,20}\.\d{1,20}", text, re.ASCII):
        raise _Mistake("{text} is not a number. Write 20, >=20, <20 or 20..30.", text=quoted(whole))
    return int(text) if text.isdigit() else float(text)


# --- dates ---------------------------------------------------------------------------------------


def _days(text: str, today: date) -> Days:
    """Raises _Mistake."""
    earliest, latest = date.min.isoformat(), date.max.isoformat()
    match = re.fullmatch(r"(>=|<=|>|<)(.*)", text)
    if match is not None:
        first, last = _period(match[2], text, today)
        return {
            ">=": lambda: Days(first.isoformat(), latest),
            ">": lambda: Days(_shifted(last, 1), latest),
            "<=": lambda: Days(earliest, last.isoformat()),
            "<": lambda: Days(earliest, _shifted(first, -1)),
        }[match[1]]()
    low, dots, high = text.partition("..")
    if not dots:
        first, last = _period(text, text, today)
        return Days(first.isoformat(), last.isoformat())
    if not (low or high):
        raise _Mistake("{text} has no end. Write 2026-11-01..2026-11-20.", text=quoted(text))
    return Days(
        _period(low, text, today)[0].isoformat() if low else earliest,
        _period(high, text, today)[1].isoformat() if high else latest,
    )


def _shifted(day: date, days: int) -> str:
    try:
        return (day + timedelta(days)).isoformat()
    except OverflowError:
        return day.isoformat()


def _period(text: str, whole: str, today: date) -> tuple[date, date]:
    """The first and the last day of a day, a month, a year or the days before today."""
    named: dict[str, Callable[[], tuple[date, date]]] = {
        "today": lambda: (today, today),
        "yesterday": lambda: (today - timedelta(1), today - timedelta(1)),
    }
    if text.lower() in named:
        return named[text.lower()]()
    if match := re.fullmatch(r"(\d{1,5})d", text, re.ASCII):
        return today - timedelta(min(int(match[1]), today.toordinal()) - 1), today
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text, re.ASCII)
    try:
        if match is None:
            raise ValueError(text)
        year, month, day = (int(part) if part else None for part in match.groups())
        first = date(year or 0, month or 1, day or 1)
        if day is not None:
            return first, first
        if month is not None and month < 12:
            return first, date(first.year, month + 1, 1) - timedelta(1)
        return first, date(first.year, 12, 31)
    except ValueError:
        raise _Mistake(
            "{text} is not a date. Write 2026-11-23, 2026-11, 2026, today, yesterday or 7d.",
            text=quoted(whole),
        ) from None
