"""The journal of the user's marks next to the database: one JSON line for each change.

Images can be indexed again from their files, but favourites, ratings, tags, collections, saved
searches and the list of folders exist nowhere else. A line holds the whole state of its subject,
and the last one wins; a line cut short by a crash is ignored.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from core.untrusted_files import open_regular, parse_json

log = logging.getLogger(__name__)

MAX_RATING = 5


@dataclass(frozen=True)
class Mark:
    """The user's marks of the image whose file has this digest."""

    digest: str
    favourite: bool = False
    rating: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedSearch:
    name: str
    query: str
    """Empty: it was removed."""


@dataclass(frozen=True)
class Folder:
    """A folder of images in the history."""

    folder: str
    known: bool = True
    """False: it was removed."""


@dataclass(frozen=True)
class Collection:
    """A named, ordered set of images."""

    collection: str
    """A key that survives renaming."""
    title: str
    """Empty: it was removed, and its members with it."""


@dataclass(frozen=True)
class Member:
    """Membership of the images with this digest in a collection."""

    member_of: str
    """The key of the collection."""
    picture: str
    """The digest."""
    place: float | None
    """Members are ordered by their places; None: it was removed."""


Saying = Mark | SavedSearch | Folder | Collection | Member


def write(path: Path, sayings: Iterable[Saying]) -> None:
    """Appends lines to the journal. Raises OSError."""
    lines = "".join(json.dumps(asdict(saying), ensure_ascii=False) + "\n" for saying in sayings)
    if lines:
        # One write in append mode: two programs at once do not tear each other's lines. The line
        # break before ends a line that a crash cut short.
        with open(path, "ab", buffering=0, opener=open_regular) as file:
            file.write(("\n" + lines).encode("utf-8", "replace"))
            os.fsync(file.fileno())


def read(path: Path) -> Iterator[Saying]:
    """The entries in order. An unreadable journal is logged and counts as empty."""
    try:
        with open(path, encoding="utf-8", errors="replace", opener=open_regular) as file:
            for line in file:
                if line.strip() and (saying := _saying(line)) is not None:
                    yield saying
    except FileNotFoundError:
        return
    except OSError as error:
        log.error("%s cannot be read: %s", path, error)


def _saying(line: str) -> Saying | None:
    try:
        data = parse_json(line)
    except ValueError:
        return None
    match data:
        case {"digest": str(digest), "favourite": bool(favourite), "rating": int(rating),
              "tags": list(tags)}:  # fmt: skip
            named = tuple(tag for tag in tags if isinstance(tag, str))
            return Mark(digest, favourite, max(0, min(rating, MAX_RATING)), named)
        case {"name": str(name), "query": str(query)}:
            return SavedSearch(name, query)
        case {"folder": str(folder), "known": bool(known)}:
            return Folder(folder, known)
        case {"collection": str(key), "title": str(title)}:
            return Collection(key, title)
        case {"member_of": str(key), "picture": str(picture), "place": float() | None as place}:
            fits = place is None or math.isfinite(place)
            return Member(key, picture, place) if fits else None
    return None
