"""Reads and parses the `parameters` text of an image file."""

from __future__ import annotations

from pathlib import Path

from ldm_studio.images.infotext import Infotext, parse_infotext
from ldm_studio.images.metadata_chunks import read_metadata


def infotext_of(path: Path) -> Infotext | None:
    """None if the file has none."""
    text = read_metadata(path.read_bytes()).texts.get("parameters")
    return None if text is None else parse_infotext(text)
