"""Marking texts for translation that are translated where they are shown."""

from __future__ import annotations


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:  # noqa: N802 - lupdate looks for this name
    """PySide6's own does the same, but is declared to return any object."""
    return text
