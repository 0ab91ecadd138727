"""What can go wrong with the history itself; a single bad picture is never among it."""

from __future__ import annotations

from core.errors import StudioError


class HistoryError(StudioError):
    """The history cannot be read or written: a full disk, a locked or damaged database."""


class NewerHistory(HistoryError):
    """The database was written by a newer version of the program."""
