"""The record of the run that made an image, which a replay is compared with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from core import typed_json
from core.runtime.environment import Environment
from core.untrusted_files import parse_json

STEP_DIGEST_LENGTH = 16
"""Hexadecimal digits of each step's digest that are kept; enough to be unique."""


@dataclass(frozen=True)
class Parent:
    """The image from which this one was branched."""

    picture: str
    """SHA-256 of its pixels, as `core.images.image_digest.digest` computes it."""
    name: str
    """The file's name at that time, for display."""
    step: int
    """The number of shared steps."""


@dataclass(frozen=True)
class Record:
    """The run of one finished image."""

    environment: Environment
    steps: tuple[str, ...]
    """The first STEP_DIGEST_LENGTH digits of the digest of the state after each step."""
    pixels: str
    """SHA-256 of the finished RGB pixels, as `core.images.image_digest.digest` computes it."""
    parent: Parent | None = None
    tiled: bool = False
    """Whether it was decoded in small tiles, because memory was short."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Raises ValueError."""
        return typed_json.read(cls, parse_json(text), "the record of the run")
