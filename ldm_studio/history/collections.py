"""Collections in the database: named, ordered sets of images.

Functions on a writable connection, inside the caller's transaction. Each returns the journal
entries of its change, and applies them to the database.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .history_errors import HistoryError
from .user_journal import Collection, Member, Saying

MAX_TITLE = 100
_CLOSEST = 1e-6
"""Members whose places are closer than this are renumbered."""


@dataclass(frozen=True)
class CollectionContents:
    """A collection with all of its members."""

    collection: Collection
    members: tuple[Member, ...]

    @property
    def sayings(self) -> list[Saying]:
        """The journal entries that create it."""
        return [self.collection, *self.members]


def clean_title(title: str) -> str:
    """The title in one line with single spaces; empty if nothing is left."""
    return " ".join(title.split())[:MAX_TITLE].encode("utf-8", "replace").decode().replace("\0", "")


def create(
    connection: sqlite3.Connection, title: str, digests: Iterable[str]
) -> CollectionContents:
    """Raises HistoryError if the name is taken."""
    key = secrets.token_hex(8)
    collection = Collection(key, _free(connection, title, key))
    members = [Member(key, digest, float(place)) for place, digest in enumerate(digests)]
    made = CollectionContents(collection, tuple(members))
    _apply_and_return(connection, made.sayings)
    return made


def rename(connection: sqlite3.Connection, key: str, title: str) -> list[Saying]:
    """Raises HistoryError if another collection has this name."""
    return _apply_and_return(connection, [Collection(key, _free(connection, title, key))])


def remove(connection: sqlite3.Connection, key: str) -> CollectionContents:
    """Returns its contents; its images stay in the history. Raises HistoryError if it does not
    exist.
    """
    row = connection.execute("SELECT title FROM collections WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise HistoryError("This collection no longer exists.")
    members = [Member(key, digest, place) for digest, place in _members(connection, key)]
    _apply_and_return(connection, [Collection(key, "")])
    return CollectionContents(Collection(key, row[0]), tuple(members))


def add(connection: sqlite3.Connection, key: str, digests: Iterable[str]) -> list[Saying]:
    """Appends in this order; existing members keep their places."""
    known = _members(connection, key)
    there = {digest for digest, _ in known}
    end = known[-1][1] + 1 if known else 0.0
    new = [digest for digest in digests if digest not in there]
    return _apply_and_return(
        connection, [Member(key, digest, end + n) for n, digest in enumerate(new)]
    )


def remove_members(
    connection: sqlite3.Connection, key: str, digests: Iterable[str]
) -> list[Member]:
    """Returns journal entries that restore the removed members."""
    known = dict(_members(connection, key))
    gone = [Member(key, digest, known[digest]) for digest in digests if digest in known]
    _apply_and_return(connection, [Member(key, member.picture, None) for member in gone])
    return gone


def move(
    connection: sqlite3.Connection, key: str, digests: Sequence[str], before: str
) -> list[Saying]:
    """Moves members, in this order, before another one; to the end if that is empty."""
    moved = [digest for digest in digests if digest != before]
    members = _members(connection, key)
    places = dict(members)
    moved = [digest for digest in moved if digest in places]
    rest = [digest for digest, _ in members if digest not in set(moved)]
    at = rest.index(before) if before in rest else len(rest)
    low = places[rest[at - 1]] if at else None
    high = places[rest[at]] if at < len(rest) else None
    if low is None:
        low = (high or 0.0) - len(moved) - 1
    if high is None:
        high = low + len(moved) + 1
    step = (high - low) / (len(moved) + 1)
    if step < _CLOSEST:
        order = [*rest[:at], *moved, *rest[at:]]
        return _apply_and_return(
            connection, [Member(key, one, float(n)) for n, one in enumerate(order)]
        )
    return _apply_and_return(
        connection, [Member(key, one, low + step * n) for n, one in enumerate(moved, 1)]
    )


# --- what was said -------------------------------------------------------------------------------


def apply_collection(connection: sqlite3.Connection, saying: Collection) -> None:
    connection.execute("DELETE FROM collections WHERE key = ?", (saying.collection,))
    if saying.title:
        connection.execute(
            "INSERT INTO collections VALUES (?, ?)", (saying.collection, saying.title)
        )
    else:
        connection.execute("DELETE FROM members WHERE collection = ?", (saying.collection,))


def apply_member(connection: sqlite3.Connection, saying: Member) -> None:
    connection.execute(
        "DELETE FROM members WHERE collection = ? AND digest = ?",
        (saying.member_of, saying.picture),
    )
    if saying.place is not None:
        connection.execute(
            "INSERT INTO members VALUES (?, ?, ?)", (saying.member_of, saying.picture, saying.place)
        )


def _apply_and_return(connection: sqlite3.Connection, sayings: list[Saying]) -> list[Saying]:
    for saying in sayings:
        if isinstance(saying, Collection):
            apply_collection(connection, saying)
        elif isinstance(saying, Member):
            apply_member(connection, saying)
    return sayings


def _free(connection: sqlite3.Connection, title: str, key: str) -> str:
    title = clean_title(title)
    if not title:
        raise HistoryError("A collection needs a name.")
    rows = connection.execute("SELECT title FROM collections WHERE key != ?", (key,))
    if title.casefold() in {known.casefold() for (known,) in rows}:
        raise HistoryError(
            "There is already a collection “{title}”.", "Choose another name.", title=title
        )
    return title


def _members(connection: sqlite3.Connection, key: str) -> list[tuple[str, float]]:
    return connection.execute(
        "SELECT digest, place FROM members WHERE collection = ? ORDER BY place, digest", (key,)
    ).fetchall()
