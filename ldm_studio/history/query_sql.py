"""Translates a query to SQL: a condition on `pictures p`, and its parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from core.sampling.sampler_names import sampler_name, schedule_name

from .database_schema import State
from .index_rows import seed_text
from .query_language import ALL, Condition, Days, Flag, Name, Query, Range, Size, Words
from .tokenize import phrase

_COLUMNS = ("steps", "cfg", "strength", "width", "height")
_FLAGS = {
    "favourite": "p.digest IN (SELECT digest FROM marks WHERE favourite)",
    "missing": f"p.state = {State.MISSING:d}",
    "deleted": f"p.state = {State.DELETED:d}",
    "damaged": "p.problem != ''",
    "portrait": "p.height > p.width",
    "landscape": "p.width > p.height",
    "square": "(p.width = p.height AND p.width > 0)",
    "mask": "p.id IN (SELECT child FROM lineage WHERE mask != '')",
    "parent": "p.id IN (SELECT child FROM lineage)",
    "steps": "p.pixels IN (SELECT pixels FROM steps)",
    "tags": "p.digest IN (SELECT digest FROM tags)",
    "collection": "p.digest IN (SELECT digest FROM members)",
    "rating": "p.digest IN (SELECT digest FROM marks WHERE rating > 0)",
    "recipe": "p.program != ''",
}


@dataclass
class Sql:
    """Conditions, all of which must hold, and their parameters in order.

    Words are looked up in two ways. Joined, the matches are walked and each image fetched, which is
    quick if few are found or few are needed. As a set, images are walked in their order and looked
    up among the matches, which is quick if many are found.
    """

    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)
    words: str = ""
    """FTS5 expression; empty: no words."""

    def add(self, condition: str, *parameters: object) -> None:
        self.conditions.append(condition)
        self.parameters += parameters

    def joined(self) -> tuple[str, list[object]]:
        """FROM and WHERE with parameters, for a join."""
        where = " AND ".join(self.conditions) or "1"
        if not self.words:
            return f"FROM pictures p WHERE {where}", self.parameters
        source = "FROM words CROSS JOIN pictures p ON p.id = words.rowid"
        return f"{source} WHERE words MATCH ? AND {where}", [self.words, *self.parameters]

    def in_order(self) -> tuple[str, list[object]]:
        """FROM and WHERE with parameters, for walking from the newest image on."""
        conditions, parameters = list(self.conditions), list(self.parameters)
        if self.words:
            conditions.insert(0, _SEARCH_TEXT_MATCH)
            parameters.insert(0, self.words)
        where = " AND ".join(conditions) or "1"
        return f"FROM pictures p INDEXED BY pictures_newest WHERE {where}", parameters


def sql(query: Query) -> Sql:
    """Deleted images are found only if the query asks for them."""
    result = Sql()
    if not any(Flag("is", "deleted") in term.alternatives for term in query.terms):
        result.add(f"p.state < {State.DELETED:d}")
    # What is excluded from words that are wanted is best left out where those are looked up.
    is_wanted = any(
        not term.excluded and all(isinstance(found, Words) for found in term.alternatives)
        for term in query.terms
    )
    wanted, unwanted = list[str](), list[str]()
    for term in query.terms:
        words = [match(found) for found in term.alternatives if isinstance(found, Words)]
        others = [found for found in term.alternatives if not isinstance(found, Words)]
        if words and not others and not term.excluded:
            wanted.append(f"({' OR '.join(words)})")
            continue
        if words and not others and is_wanted:
            unwanted += words
            continue
        parts = [_condition(found) for found in others]
        if words:
            parts.append((_SEARCH_TEXT_MATCH, (" OR ".join(words),)))
        written = " OR ".join(condition for condition, _ in parts)
        values = [value for _, bound in parts for value in bound]
        result.add(f"NOT coalesce({written}, 0)" if term.excluded else f"({written})", *values)
    result.words = " AND ".join(wanted)
    if unwanted:
        result.words = f"({result.words}) NOT ({' OR '.join(unwanted)})"
    return result


_SEARCH_TEXT_MATCH = "p.id IN (SELECT rowid FROM words WHERE words MATCH ?)"


def match(words: Words) -> str:
    """An FTS5 expression."""
    if words.column == "lora":  # <lora:name:0.8> in the prompt
        return f"{{prompt}} : {phrase(f'lora {words.text}', prefix=not words.quoted)}"
    found = phrase(words.text, prefix=not words.quoted)
    return found if words.column == ALL else f"{{{words.column}}} : {found}"


def _condition(found: Condition) -> tuple[str, tuple[object, ...]]:
    match found:
        case Name():
            return _name(found)
        case Range():
            return _range(found)
        case Size(width, height):
            return "(p.width = ? AND p.height = ?)", (width, height)
        case Days(first, last):
            return "p.day BETWEEN ? AND ?", (first, last)
        case Flag():
            return _FLAGS[found.name], ()
        case Words():
            return _SEARCH_TEXT_MATCH, (match(found),)


def _name(name: Name) -> tuple[str, tuple[object, ...]]:
    text = _known_name(name)
    contains = f"%{_escaped(text)}%"
    match name.field:
        case "tag":
            compare, value = ("= ?", text) if name.quoted else (_LIKE, f"{_escaped(text)}%")
            return f"p.digest IN (SELECT digest FROM tags WHERE tag {compare})", (value,)
        case "collection":
            keys, value = collections_named(name)
            return f"p.digest IN (SELECT digest FROM members WHERE collection IN ({keys}))", (
                value,
            )
        case "hash":
            return f"p.model_hash {_LIKE}", (f"{_escaped(text)}%",)
        case "name" if name.quoted:
            return "p.name = ?", (text,)
        case "name":
            return f"p.name {_LIKE}", (contains,)
        case "format":
            return "p.format = ?", ({"JPG": "JPEG"}.get(text.upper(), text.upper()),)
        case column if name.quoted or text != name.text:
            return f"p.{column} = ?", (text,)
        case column:
            # There are few names, and an index holds them: ask them instead of every image.
            names = f"SELECT DISTINCT {column} FROM pictures WHERE {column} {_LIKE}"
            return f"p.{column} IN ({names})", (contains,)


def collections_named(name: Name) -> tuple[str, str]:
    """A subquery for the keys of the collections with this name, and its parameters."""
    compare = ("= ?", name.text) if name.quoted else (_LIKE, f"{_escaped(name.text)}%")
    return f"SELECT key FROM collections WHERE title {compare[0]}", compare[1]


_LIKE = "LIKE ? ESCAPE '\\'"


def _known_name(name: Name) -> str:
    """Samplers and schedules may also be given by other programs' names."""
    find = {"sampler": sampler_name, "schedule": schedule_name}.get(name.field)
    if find is None or name.quoted:
        return name.text
    try:
        return find(name.text)
    except ValueError:
        return name.text


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _range(found: Range) -> tuple[str, tuple[object, ...]]:
    low = "<" if found.low_open else "<="
    high = "<" if found.high_open else "<="
    if found.field == "seed":
        lowest, highest = (_seed_bound(found.low), _seed_bound(found.high))
        return f"(? {low} p.seed AND p.seed {high} ?)", (lowest, highest)
    bounds = (_bound(found.low), _bound(found.high))
    if found.field == "rating":
        # What is not rated has no row and counts as 0, so ask for those that do not fit.
        fits_zero = (found.low < 0 or (found.low == 0 and not found.low_open)) and (
            found.high > 0 or (found.high == 0 and not found.high_open)
        )
        condition = f"? {low} rating AND rating {high} ?"
        condition = f"NOT ({condition})" if fits_zero else f"({condition}) AND rating > 0"
        is_in = "NOT IN" if fits_zero else "IN"
        return f"p.digest {is_in} (SELECT digest FROM marks WHERE {condition})", bounds
    assert found.field in _COLUMNS
    return f"(? {low} p.{found.field} AND p.{found.field} {high} ?)", bounds


def _bound(number: float) -> float:
    """Clamped to SQLite's integers."""
    return max(-1e18, min(float(number), 1e18))


def _seed_bound(number: float) -> str:
    """Numbers outside the range of seeds are clamped; fractions are rounded down."""
    if math.isinf(number):
        return "~" if number > 0 else ""
    return seed_text(min(int(number), 10**20 - 1)) or ""
