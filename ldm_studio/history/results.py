"""What the history answers with: pages of pictures, counts beside them, all about one picture."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path

from .database_schema import State
from .image_reader import Stamp
from .kept_steps import KeptSteps


@dataclass(frozen=True)
class Cursor:
    """Where a page ends; the next one begins behind it, whatever was added meanwhile."""

    made_at: int
    id: int


@dataclass(frozen=True)
class ListedImage:
    """A picture in a list."""

    id: int
    path: Path
    digest: str
    state: State
    problem: str
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
    """The beginning of it."""


@dataclass(frozen=True)
class CollectionInfo:
    """A collection."""

    key: str
    title: str
    pictures: int
    """How many of it are not in the trash."""


@dataclass(frozen=True)
class Page:
    pictures: tuple[ListedImage, ...]
    next: Cursor | None
    """None where there is nothing more."""
    collection: CollectionInfo | None = None
    """The collection whose order they are in; None: newest first."""


@dataclass(frozen=True)
class Count:
    """How many pictures have this value."""

    value: str
    pictures: int


@dataclass(frozen=True)
class Order:
    """All pictures of a query, newest first; those of a collection in its order."""

    ids: array[int]
    days: tuple[Count, ...]
    """The days in this order, with how many pictures in a row each has; of a collection its name
    alone."""
    collection: CollectionInfo | None = None


@dataclass(frozen=True)
class Facets:
    """What the pictures of a query have, most frequent first; days newest first."""

    models: tuple[Count, ...]
    samplers: tuple[Count, ...]
    days: tuple[Count, ...]


@dataclass(frozen=True)
class Relation:
    """Something a picture was made from."""

    digest: str
    step: int | None
    mask: str
    ids: tuple[int, ...]
    """The pictures of the history with this digest; none where it is not known."""


@dataclass(frozen=True)
class Details:
    """Everything about one picture."""

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
    """In the words of the `parameters` text."""
    unread: tuple[str, ...]
    """What its file says and could not be put into these words."""
    request: str
    """The exact request as JSON; empty for other programs."""
    run: str
    tags: tuple[str, ...]
    parents: tuple[Relation, ...]
    children: tuple[int, ...]
    collections: tuple[str, ...] = ()
    """The names of those it is in."""
    kept_steps: KeptSteps | None = None
    """Which of its steps are kept; None: none are."""


@dataclass(frozen=True)
class KnownFile:
    """What the index knows of a file."""

    id: int
    stamp: Stamp
    state: State
