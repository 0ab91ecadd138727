"""Errors of the history itself; a single bad image never raises one."""

from __future__ import annotations

from core.errors import StudioError


class HistoryError(StudioError):
    """The history cannot be read or written: a full disk, a locked or damaged database."""


class NewerHistory(HistoryError):
    """The database was written by a newer version of the program."""
