"""Writes rows of the database for scanned files and for marks of the user.

Functions on a writable connection, inside the caller's transaction.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from . import collections
from .database_schema import State
from .image_reader import ScannedImage
from .recipe import Facts, Recipe, facts, json_object, text, whole
from .tokenize import tokenize
from .user_journal import Collection, Folder, Mark, Member, SavedSearch, Saying

_LAST_MS = 253_370_764_800_000  # year 9999: dates end there


class Change(Enum):
    """The effect of indexing a file."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True)
class IndexedRow:
    id: int
    change: Change


def put(connection: sqlite3.Connection, found: ScannedImage) -> IndexedRow:
    """Indexes a file: a new one, a changed one, or one that was moved to its path.

    An image that has become unreadable keeps its recipe, its marks and its place.
    """
    path = str(found.path)
    row = connection.execute("SELECT id, digest FROM pictures WHERE path = ?", (path,)).fetchone()
    change = Change.CHANGED
    if row is None:
        row = _moved(connection, found)
        change = Change.ADDED if row is None else Change.MOVED
    if row is None:
        made, day = _when(found)
        cursor = connection.execute(
            "INSERT INTO pictures (path, folder, name, digest, size, mtime_ns, made, day) "
            "VALUES (?, '', '', ?, 0, 0, ?, ?)",
            (path, found.digest, made, day),
        )
        row = (int(cursor.lastrowid or 0), "")
    number, digest = row
    connection.execute(
        "UPDATE pictures SET path = ?, folder = ?, name = ?, size = ?, mtime_ns = ?, state = ?, "
        "problem = ? WHERE id = ?",
        (
            path, str(found.path.parent), found.path.name, found.stamp.size,
            found.stamp.mtime_ns, State.HERE, found.problem.to_json(), number,
        ),
    )  # fmt: skip
    if not found.problem:
        if digest and digest != found.digest:  # another image under the same name
            made, day = _when(found)
            connection.execute(
                "UPDATE pictures SET made = ?, day = ? WHERE id = ?", (made, day, number)
            )
        _describe(connection, number, found)
    return IndexedRow(number, change)


def _moved(connection: sqlite3.Connection, found: ScannedImage) -> tuple[int, str] | None:
    """The image with the same content whose file is no longer at its old path."""
    if not found.digest:
        return None
    rows = connection.execute(
        "SELECT id, path FROM pictures WHERE digest = ? ORDER BY state DESC, id", (found.digest,)
    )
    for number, path in rows:
        if not os.path.lexists(path):
            return number, found.digest
    return None


def locate(connection: sqlite3.Connection, number: int, found: ScannedImage) -> None:
    """Sets another file for an image; a row that the file has in the meantime is removed."""
    _make_way(connection, found.path, number)
    connection.execute("UPDATE pictures SET path = ? WHERE id = ?", (str(found.path), number))
    put(connection, found)


def move(connection: sqlite3.Connection, number: int, path: Path) -> None:
    """Records that the file of an image was renamed."""
    _make_way(connection, path, number)
    connection.execute(
        "UPDATE pictures SET path = ?, folder = ?, name = ? WHERE id = ?",
        (str(path), str(path.parent), path.name, number),
    )


def _make_way(connection: sqlite3.Connection, path: Path, number: int) -> None:
    rows = connection.execute(
        "SELECT id FROM pictures WHERE path = ? AND id != ?", (str(path), number)
    )
    for (other,) in rows.fetchall():
        connection.execute("DELETE FROM words WHERE rowid = ?", (other,))
        connection.execute("DELETE FROM pictures WHERE id = ?", (other,))


def _when(found: ScannedImage) -> tuple[int, str]:
    """Milliseconds since 1970, and the day in the user's time zone."""
    made = max(0, min(found.stamp.mtime_ns // 1_000_000, _LAST_MS))
    try:
        return made, datetime.fromtimestamp(made / 1000).date().isoformat()
    except (OverflowError, OSError, ValueError):  # this system's clock ends earlier
        return made, "9999-01-01"


def _describe(connection: sqlite3.Connection, number: int, found: ScannedImage) -> None:
    recipe = found.recipe
    values = Facts() if recipe is None else facts(recipe)
    connection.execute(
        "UPDATE pictures SET digest = ?, format = ?, width = ?, height = ?, pixels = ?, "
        "program = ?, model = ?, model_hash = ?, sampler = ?, schedule = ?, steps = ?, cfg = ?, "
        "seed = ?, strength = ? WHERE id = ?",
        (
            found.digest, found.format, found.width, found.height, found.pixels,
            recipe.program if recipe else "", values.model, values.model_hash, values.sampler,
            values.schedule, values.steps, values.cfg, seed_text(values.seed), values.strength,
            number,
        ),
    )  # fmt: skip
    connection.execute("DELETE FROM recipes WHERE id = ?", (number,))
    connection.execute("DELETE FROM lineage WHERE child = ?", (number,))
    if recipe is not None:
        _write_recipe(connection, number, recipe)
        for parent in parents(recipe, values):
            connection.execute(
                "INSERT OR IGNORE INTO lineage (child, parent, step, mask) VALUES (?, ?, ?, ?)",
                (number, parent.digest, parent.step, parent.mask),
            )
    write_search_text(connection, number)


def _write_recipe(connection: sqlite3.Connection, number: int, recipe: Recipe) -> None:
    connection.execute(
        "INSERT INTO recipes (id, prompt, negative, settings, unread, request, run) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            number, recipe.info.prompt, recipe.info.negative,
            json.dumps(dict(recipe.info.settings), ensure_ascii=False),
            json.dumps(recipe.unread, ensure_ascii=False),
            recipe.request, recipe.run,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Parent:
    """An image that another was made from."""

    digest: str
    """Of its pixels, or of its file."""
    step: int | None = None
    """The step at which the image was branched."""
    mask: str = ""


def parents(recipe: Recipe, values: Facts) -> list[Parent]:
    """The init image of the request, and the image that the run was branched from."""
    found = [Parent(values.init, mask=values.mask)] if values.init else []
    noted: Any = (json_object(recipe.run) or {}).get("parent")
    if isinstance(noted, dict) and (digest := text(noted.get("picture"), 64)):
        step = whole(noted.get("step"), None)
        found.append(Parent(digest, step, _mask_from(recipe, step)))
    return found


def _mask_from(recipe: Recipe, step: int | None) -> str:
    """The mask that a branch used from a step on; empty if it had none."""
    changes: Any = (json_object(recipe.request) or {}).get("changes")
    for change in reversed(changes if isinstance(changes, list) else []):
        if isinstance(change, dict) and change.get("step") == step:
            return text(change.get("mask"), 64)
    return ""


def seed_text(seed: int | None) -> str | None:
    """Twenty digits, which sort like numbers: seeds reach 2^64 and SQLite's integers 2^63."""
    return None if seed is None else f"{seed:020d}"


def write_search_text(connection: sqlite3.Connection, number: int) -> None:
    """Updates the full-text index of an image after its recipe or tags changed."""
    connection.execute("DELETE FROM words WHERE rowid = ?", (number,))
    row = connection.execute(
        "SELECT coalesce(r.prompt, ''), coalesce(r.negative, ''), "
        "(SELECT coalesce(group_concat(tag, ' '), '') FROM tags t WHERE t.digest = p.digest), "
        "p.model FROM pictures p LEFT JOIN recipes r USING (id) WHERE p.id = ?",
        (number,),
    ).fetchone()
    if row is not None and any(row):
        connection.execute(
            "INSERT INTO words (rowid, prompt, negative, tags, model) VALUES (?, ?, ?, ?, ?)",
            (number, *(tokenize(text) for text in row)),
        )


# --- what the user said --------------------------------------------------------------------------


def apply_sayings(connection: sqlite3.Connection, sayings: Iterable[Saying]) -> None:
    """Applies journal entries to the database."""
    for saying in sayings:
        match saying:
            case Mark():
                _apply_mark(connection, saying)
            case SavedSearch(name, query):
                connection.execute("DELETE FROM searches WHERE name = ?", (name,))
                if query:
                    connection.execute("INSERT INTO searches VALUES (?, ?)", (name, query))
            case Folder(path, known):
                connection.execute("DELETE FROM folders WHERE path = ?", (path,))
                if known:
                    connection.execute("INSERT INTO folders VALUES (?)", (path,))
            case Collection():
                collections.apply_collection(connection, saying)
            case Member():
                collections.apply_member(connection, saying)


def _apply_mark(connection: sqlite3.Connection, mark: Mark) -> None:
    connection.execute("DELETE FROM marks WHERE digest = ?", (mark.digest,))
    if mark.favourite or mark.rating:
        connection.execute(
            "INSERT INTO marks VALUES (?, ?, ?)", (mark.digest, mark.favourite, mark.rating)
        )
    connection.execute("DELETE FROM tags WHERE digest = ?", (mark.digest,))
    connection.executemany(
        "INSERT OR IGNORE INTO tags VALUES (?, ?)", ((mark.digest, tag) for tag in mark.tags)
    )
    rows = connection.execute("SELECT id FROM pictures WHERE digest = ?", (mark.digest,))
    for (number,) in rows.fetchall():
        write_search_text(connection, number)


def mark_of(connection: sqlite3.Connection, digest: str) -> Mark:
    """The current marks of the images with this digest."""
    row = connection.execute(
        "SELECT favourite, rating FROM marks WHERE digest = ?", (digest,)
    ).fetchone()
    favourite, rating = row or (0, 0)
    rows = connection.execute("SELECT tag FROM tags WHERE digest = ? ORDER BY tag", (digest,))
    return Mark(digest, bool(favourite), rating, tuple(tag for (tag,) in rows))


def digests(connection: sqlite3.Connection, numbers: Iterable[int]) -> list[str]:
    """The distinct digests of the images with these ids; unknown ids are left out."""
    found: dict[str, None] = {}
    for number in numbers:
        row = connection.execute("SELECT digest FROM pictures WHERE id = ?", (number,)).fetchone()
        if row is not None and row[0]:
            found[row[0]] = None
    return list(found)


def set_state(connection: sqlite3.Connection, numbers: Iterable[int], state: State) -> None:
    connection.executemany(
        "UPDATE pictures SET state = ? WHERE id = ?", ((state, number) for number in numbers)
    )


def folder_range(folder: Path) -> tuple[str, str]:
    """Paths below `folder` are >= the first and < the second string."""
    start = str(folder)
    start = start if start.endswith(os.sep) else start + os.sep
    return start, start[:-1] + chr(ord(os.sep) + 1)
