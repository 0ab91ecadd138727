"""Adds, removes and finds terms in the text of a query."""

from __future__ import annotations

from .query_language import parse

_PARTLY = frozenset(
    ("model", "sampler", "schedule", "program", "tag", "collection", "name", "folder")
)
"""Fields that match a part of a name unless it is quoted."""


def term(field: str, value: str) -> str:
    """A term that matches exactly this value."""
    plain = value.replace("-", "").replace(".", "").replace("_", "").isalnum()
    if plain and field not in _PARTLY:
        return f"{field}:{value}"
    return f'{field}:"{value.replace(chr(34), chr(34) * 2)}"'


def has(query: str, wanted: str) -> bool:
    """Whether a term is in a query, as it is written."""
    return any(query[one.span.start : one.span.end] == wanted for one in parse(query).terms)


def toggled(query: str, wanted: str) -> str:
    """The query with the term added if it is absent, or removed if it is present."""
    for one in parse(query).terms:
        if query[one.span.start : one.span.end] == wanted:
            rest = f"{query[: one.span.start].rstrip()} {query[one.span.end :].lstrip()}"
            return rest.strip()
    return with_term(query, wanted)


def with_term(query: str, wanted: str) -> str:
    """The query with the term, once."""
    if has(query, wanted):
        return query
    return f"{query.strip()} {wanted}".strip()
