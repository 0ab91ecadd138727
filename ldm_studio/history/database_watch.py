"""Notices if the database file is deleted or replaced while it is open, and writes it again.

A connection to a deleted or replaced file can be written without an error, and everything is lost
in the end. The contents that the connection still has are therefore written again.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import Message

from . import index_rows, user_journal
from .database_schema import connect
from .user_journal import Collection, Folder, Member, SavedSearch, Saying

Identity = tuple[int, int]
"""The identity of a file, independent of its name."""


@dataclass(frozen=True)
class RestoredDatabase:
    """The database was deleted while it was open, and restored."""

    path: Path
    folders: tuple[Path, ...] = ()

    @property
    def message(self) -> Message:
        return Message(
            "The history {path} was deleted or replaced by another program. It was written "
            "again; nothing is lost.",
            path=self.path,
        )


def identity(path: Path) -> Identity | None:
    """None if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def write_again(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Writes the contents of `connection` to `path`, where no file is; returns a connection to it.

    Raises sqlite3.Error, OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as copy:
        connection.backup(copy)
    for suffix in ("-wal", "-shm"):  # of the file that was here before
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    part.replace(path)
    return connect(path)


def write_journal_again(connection: sqlite3.Connection, path: Path) -> None:
    """Writes the journal if it is gone, too. Raises sqlite3.Error, OSError."""
    if not path.exists():
        user_journal.write(path, user_sayings(connection))


def user_sayings(connection: sqlite3.Connection) -> list[Saying]:
    """All marks of the user in the database, as journal entries."""
    digests = connection.execute("SELECT digest FROM marks UNION SELECT digest FROM tags")
    return [
        *(index_rows.mark_of(connection, digest) for (digest,) in digests.fetchall()),
        *(SavedSearch(*row) for row in connection.execute("SELECT name, query FROM searches")),
        *(Folder(path) for (path,) in connection.execute("SELECT path FROM folders")),
        *(Collection(*row) for row in connection.execute("SELECT key, title FROM collections")),
        *(
            Member(*row)
            for row in connection.execute("SELECT collection, digest, place FROM members")
        ),
    ]
