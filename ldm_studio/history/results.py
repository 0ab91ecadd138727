"""Results of history queries: pages of images, counts, details of one image."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path

from core.errors import Message

from .database_schema import State
from .image_reader import Stamp
from .kept_steps import KeptSteps


@dataclass(frozen=True)
class Cursor:
    """The end of a page; the next one starts after it, even if images were added."""

    made_at: int
    id: int


@dataclass(frozen=True)
class ListedImage:
    """An image in a list."""

    id: int
    path: Path
    digest: str
    state: State
    problem: Message
    made_at: int
    """Milliseconds since 1970."""
    day: str
    """2026-11-23"""
    width: int
    height: int
    model: str
    sampler: str
    seed: int | None
    favourite: bool
    rating: int
    prompt: str
    """Its beginning."""


@dataclass(frozen=True)
class CollectionInfo:
    """A collection."""

    key: str
    title: str
    images: int
    """The number of its images that are not in the trash."""


@dataclass(frozen=True)
class Page:
    images: tuple[ListedImage, ...]
    next: Cursor | None
    """None if there are no more."""
    collection: CollectionInfo | None = None
    """The collection whose order is used; None: newest first."""


@dataclass(frozen=True)
class Count:
    """The number of images with this value."""

    value: str
    images: int


@dataclass(frozen=True)
class Order:
    """All images of a query, newest first, or in a collection's order."""

    ids: array[int]
    days: tuple[Count, ...]
    """Consecutive days with their number of images; for a collection only its name."""
    collection: CollectionInfo | None = None


@dataclass(frozen=True)
class Facets:
    """The values of a query's images, most frequent first; days newest first."""

    models: tuple[Count, ...]
    samplers: tuple[Count, ...]
    days: tuple[Count, ...]


@dataclass(frozen=True)
class Relation:
    """An image that another was made from."""

    digest: str
    step: int | None
    mask: str
    ids: tuple[int, ...]
    """The images of the history with this digest; empty if it is unknown."""


@dataclass(frozen=True)
class Details:
    """Everything about one image."""

    listed: ListedImage
    format: str
    program: str
    model_hash: str
    schedule: str
    steps: int | None
    cfg: float | None
    strength: float | None
    prompt: str
    negative: str
    settings: dict[str, str]
    """In the vocabulary of the `parameters` text."""
    unread: tuple[str, ...]
    """Settings of its file outside this vocabulary."""
    request: str
    """The exact request as JSON; empty for other programs."""
    run: str
    tags: tuple[str, ...]
    parents: tuple[Relation, ...]
    children: tuple[int, ...]
    collections: tuple[str, ...] = ()
    """The names of its collections."""
    kept_steps: KeptSteps | None = None
    """Its saved steps; None if there are none."""


@dataclass(frozen=True)
class KnownFile:
    """A file in the index."""

    id: int
    stamp: Stamp
    state: State
