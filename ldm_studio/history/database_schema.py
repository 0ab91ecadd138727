"""The database: its tables, migrations, and the handling of damaged files.

`pictures` holds what is filtered and listed, in narrow rows that are quick to scan; `recipes` the
texts and JSON that are only read one by one. Marks of the user are keyed by the digest of the file,
so they stay with a file that is moved, renamed or copied.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from core.errors import Message

from .history_errors import HistoryError, NewerHistory

log = logging.getLogger(__name__)

BUSY_MS = 5_000


class State(IntEnum):
    """The state of an image's file."""

    HERE = 0
    MISSING = 1
    DELETED = 2
    """It was moved to the trash."""


_FIRST = """
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    made INTEGER NOT NULL,              -- milliseconds since 1970
    day TEXT NOT NULL,                  -- 2026-11-23, where the user was when it was indexed
    format TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    pixels TEXT NOT NULL DEFAULT '',    -- digest of the pixels, by which requests name images
    program TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    model_hash TEXT NOT NULL DEFAULT '',
    sampler TEXT NOT NULL DEFAULT '',
    schedule TEXT NOT NULL DEFAULT '',
    steps INTEGER,
    cfg REAL,
    seed TEXT,                          -- 20 digits: seeds do not fit into 63 bits
    strength REAL
) STRICT;
CREATE INDEX pictures_newest ON pictures (made, id, state, day);
CREATE INDEX pictures_folder ON pictures (folder);
CREATE INDEX pictures_digest ON pictures (digest);
CREATE INDEX pictures_pixels ON pictures (pixels);
CREATE INDEX pictures_model ON pictures (model, state);
CREATE INDEX pictures_sampler ON pictures (sampler, state);
CREATE INDEX pictures_day ON pictures (day, state);
CREATE INDEX pictures_seed ON pictures (seed);
-- Not to find by, but to go through instead of the rows, which are ten times as wide.
CREATE INDEX pictures_values ON pictures (width, height, steps, cfg, strength, made, state);

CREATE TABLE recipes (
    id INTEGER PRIMARY KEY REFERENCES pictures (id) ON DELETE CASCADE,
    prompt TEXT NOT NULL,
    negative TEXT NOT NULL,
    settings TEXT NOT NULL,             -- JSON object, in the words of the parameters text
    unread TEXT NOT NULL,               -- JSON list of what could not be put into these words
    request TEXT NOT NULL,              -- JSON of this program's exact request, or empty
    run TEXT NOT NULL                   -- JSON this program noted of the run, or empty
) STRICT;

-- Emoji are words too; Chinese and Japanese characters are indexed one by one (see words.py).
CREATE VIRTUAL TABLE words USING fts5 (
    prompt, negative, tags, model, columnsize = 0, prefix = 1,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);

CREATE TABLE marks (
    digest TEXT PRIMARY KEY,
    favourite INTEGER NOT NULL DEFAULT 0,
    rating INTEGER NOT NULL DEFAULT 0   -- stars, 0 is not rated
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_rating ON marks (rating);

CREATE TABLE tags (
    digest TEXT NOT NULL,
    tag TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (digest, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_tag ON tags (tag);

CREATE TABLE folders (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE searches (name TEXT PRIMARY KEY, query TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

_LINEAGE = """
CREATE TABLE lineage (
    child INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,
    parent TEXT NOT NULL,               -- digest of the parent's pixels or file
    step INTEGER,                       -- the step it was branched from
    mask TEXT NOT NULL DEFAULT '',      -- digest of the mask, or empty
    PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX lineage_parent ON lineage (parent);
INSERT INTO lineage (child, parent, mask)
    SELECT id, json_extract(request, '$.init'), coalesce(json_extract(request, '$.mask'), '')
    FROM recipes
    WHERE CASE WHEN json_valid(request) THEN json_extract(request, '$.init') END != '';
"""

_COLLECTIONS_AND_STEPS = """
CREATE TABLE collections (
    key TEXT PRIMARY KEY,
    title TEXT NOT NULL COLLATE NOCASE
) STRICT, WITHOUT ROWID;
CREATE TABLE members (
    collection TEXT NOT NULL,
    digest TEXT NOT NULL,
    place REAL NOT NULL,                -- they are in this order
    PRIMARY KEY (collection, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_digest ON members (digest);
CREATE TABLE steps (                    -- of which images the steps are kept, see steps.py
    pixels TEXT PRIMARY KEY,
    first INTEGER NOT NULL,             -- the number of the first one that is
    count INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _LINEAGE, _COLLECTIONS_AND_STEPS)
"""The n-th migrates version n - 1 to version n."""


@dataclass(frozen=True)
class OpenedDatabase:
    """A writable connection to a database of the newest version."""

    connection: sqlite3.Connection
    set_aside: Path | None = None
    """Where a damaged database was moved; the opened one is then new and empty."""
    is_new: bool = False
    """Whether it is empty."""


def open_for_writing(path: Path, migrations: Sequence[str] = MIGRATIONS) -> OpenedDatabase:
    """Opens, creates or migrates the database; a damaged one is replaced.

    Raises HistoryError if it is not writable, NewerHistory if it is from a newer version.
    """
    set_aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and _is_damaged(path):
            set_aside = _set_aside(path)
        connection = connect(path)
        try:
            is_new = _version(connection) == 0
            _migrate(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise error_text(error, path) from error
    except OSError as error:
        raise HistoryError(
            "The history {path} cannot be written: {error}.",
            "Free some space, or make its folder writable.",
            path=path,
            error=error,
        ) from error
    return OpenedDatabase(connection, set_aside, is_new)


def connect(path: Path) -> sqlite3.Connection:
    """A writable connection for this thread. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may cost the newest rows, never the database: the files are the truth.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection for this thread. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        timeout=BUSY_MS / 1000,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -32000")  # KiB
    return connection


# --- versions ------------------------------------------------------------------------------------


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    newest = len(migrations)
    if _version(connection) == newest:
        return
    if _version(connection) > newest:
        raise NewerHistory(
            "The history {path} was written by a newer LDM Studio: it has version "
            "{version}; this program supports {supported}.",
            "Use the newer program, or move the file away to start a new history.",
            path=path,
            version=_version(connection),
            supported=newest,
        )
    if _version(connection):
        _back_up(connection, backup_path(path, _version(connection)))
    connection.execute("BEGIN EXCLUSIVE")
    try:
        # Asked again: another process may have been quicker.
        for version in range(_version(connection), newest):
            for statement in _statements(migrations[version]):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # report the original error
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """The statements of a script; `executescript` would commit first."""
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found


def backup_path(path: Path, version: int) -> Path:
    """Where a database of an old version is saved before it is migrated."""
    return path.with_name(f"{path.stem}.version-{version}{path.suffix}")


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as copy:
        connection.backup(copy)
    part.replace(path)


# --- damage --------------------------------------------------------------------------------------


def suspect_path(path: Path) -> Path:
    """A marker file: the database was found damaged while in use."""
    return path.with_name(f"{path.name}.suspect")


def suspect(path: Path) -> None:
    """Requests a check of the database at the next start."""
    with suppress(OSError):  # the damage will be found again
        suspect_path(path).touch()


def _is_damaged(path: Path) -> bool:
    """Checks the whole database only if there is a reason to: after a crash, or after damage was
    found. Raises sqlite3.Error for other errors, such as a locked file.
    """
    thorough = suspect_path(path).exists() or path.with_name(f"{path.name}-wal").exists()
    try:
        with closing(connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if thorough:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if found != "ok":
                    log.error("%s is damaged: %s", path, found)
                    return True
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        log.error("%s is damaged: %s", path, error)
        return True
    suspect_path(path).unlink(missing_ok=True)
    return False


def is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _set_aside(path: Path) -> Path:
    """Moves the database and its side files away. Raises OSError."""
    now = datetime.now().strftime("%Y-%m-%d-%H%M%S-%f")
    aside = path.with_name(f"{path.stem}.damaged-{now}{path.suffix}")
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    suspect_path(path).unlink(missing_ok=True)
    return aside


def error_text(error: sqlite3.Error, path: Path) -> HistoryError:
    """A HistoryError for an error of the database, with a hint."""
    if is_damage(error):
        suspect(path)
        return HistoryError(
            "The history {path} is damaged.",
            "It is rebuilt from the image files when LDM Studio starts again.",
            path=path,
        )
    full = Message("The history {path} cannot be used: the disk is full.", path=path)
    locked = Message("The history {path} cannot be used: another program has locked it.", path=path)
    guarded = Message("The history {path} cannot be used: it is read-only.", path=path)
    closed = Message("The history {path} cannot be used: it cannot be opened.", path=path)
    other = Message("The history {path} cannot be used: {error}.", path=path, error=error)
    known: dict[int, tuple[Message, Message]] = {
        sqlite3.SQLITE_FULL: (full, Message("Free some space.")),
        sqlite3.SQLITE_BUSY: (locked, Message("Try again in a moment.")),
        sqlite3.SQLITE_LOCKED: (locked, Message("Try again in a moment.")),
        sqlite3.SQLITE_READONLY: (guarded, Message("Make its folder writable.")),
        sqlite3.SQLITE_CANTOPEN: (closed, Message("Make its folder readable and writable.")),
    }
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return HistoryError(
        *known.get(code, (other, Message("Check that the disk is connected and works.")))
    )
