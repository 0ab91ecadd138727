"""The available filters of a query, and the number of images that each would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ldm_studio.history.history_reader import Reader
from ldm_studio.history.query_language import Query, parse
from ldm_studio.history.query_terms import has, term
from ldm_studio.history.results import CollectionInfo, Count
from ldm_studio.translation import translate

from .history_texts import month_text

_DAYS = 10_000


def _marks() -> tuple[tuple[str, str, str], ...]:
    """Label, term, icon."""
    return (
        (translate("History", "Favourites"), "is:favourite", "heart"),
        (translate("History", "4 stars and more"), "rating:>=4", "star"),
        (translate("History", "Not rated"), "-has:rating", "minus"),
        (translate("History", "Inpainted"), "has:mask", "mask"),
        (translate("History", "Derived"), "has:parent", "branch"),
        (translate("History", "Saved steps"), "has:steps", "steps"),
        (translate("History", "Missing files"), "is:missing", "warning"),
        (translate("History", "In the trash"), "is:deleted", "trash"),
    )


@dataclass(frozen=True)
class FilterChoice:
    """A line: a term of the query, or a whole saved query."""

    label: str
    query: str
    images: int | None = None
    icon: str = ""
    key: str = ""
    """Of a collection."""


@dataclass(frozen=True)
class FilterGroup:
    id: str
    name: str
    choices: tuple[FilterChoice, ...]
    saved: bool = False
    """Its choices are saved searches, which replace the query."""
    is_collections: bool = False


@dataclass(frozen=True)
class FilterCounts:
    """The available filters."""

    groups: tuple[FilterGroup, ...]
    collections: tuple[CollectionInfo, ...]


def count_filters(reader: Reader, query: Query, text: str) -> FilterCounts:
    """The filters of a query; those without images are left out."""
    facets = reader.facets(query, limit=_DAYS)
    marks: list[FilterChoice] = []
    for words, wanted, sign in _marks():
        number = reader.count(parse(f"{text} {wanted}"))
        if number or has(text, wanted):
            marks.append(FilterChoice(words, wanted, number, sign))
    searches = [
        FilterChoice(name, saved, None, "search") for name, saved in reader.searches().items()
    ]
    months = Counter[str]()
    for day in facets.days:
        months[day.value[:7]] += day.images
    tags = reader.tags(query)
    collections = reader.collections()
    groups = (
        FilterGroup(
            "collections",
            translate("History", "Collections"),
            _collected(collections),
            is_collections=True,
        ),
        FilterGroup(
            "searches", translate("History", "Saved searches"), tuple(searches), saved=True
        ),
        FilterGroup("marks", translate("History", "Marks"), tuple(marks)),
        FilterGroup(
            "date",
            translate("History", "Date"),
            tuple(FilterChoice(month_text(m), f"date:{m}", n) for m, n in months.items()),
        ),
        FilterGroup("tags", translate("History", "Tags"), _choices("tag", tags)),
        FilterGroup("model", translate("History", "Model"), _choices("model", facets.models)),
        FilterGroup(
            "sampler", translate("History", "Sampler"), _choices("sampler", facets.samplers)
        ),
    )
    full = tuple(group for group in groups if group.choices or group.is_collections)
    some = len(full) > 1 or bool(collections)  # without images there is nothing to collect
    return FilterCounts(full if some else (), collections)


def _collected(collections: Sequence[CollectionInfo]) -> tuple[FilterChoice, ...]:
    return tuple(
        FilterChoice(one.title, term("collection", one.title), one.images, "image", one.key)
        for one in collections
    )


def _choices(field: str, counts: Sequence[Count]) -> tuple[FilterChoice, ...]:
    return tuple(FilterChoice(one.value, term(field, one.value), one.images) for one in counts)
