"""What happened when a picture was made: beside its recipe, what a replay is compared with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from core import typed_json
from core.runtime.environment import Environment

MARK = 16
"""Hexadecimal digits that are kept of each step's digest: two unlike steps never share them."""


@dataclass(frozen=True)
class Parent:
    """The picture this one branched off."""

    picture: str
    """SHA-256 of its pixels, as `core.images.image_digest.digest` has it."""
    name: str
    """The file's name at that time, for people."""
    step: int
    """How many steps both share."""


@dataclass(frozen=True)
class Record:
    """One finished picture's run."""

    environment: Environment
    steps: tuple[str, ...]
    """The first MARK digits of the digest of the state after each step."""
    pixels: str
    """SHA-256 of the finished RGB pixels, as `core.images.image_digest.digest` has it."""
    parent: Parent | None = None
    tiled: bool = False
    """Whether it was decoded in small tiles, as it could not be at once."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Raises ValueError."""
        try:
            return typed_json.read(cls, json.loads(text), "the record of the run")
        except RecursionError as error:
            raise ValueError("the record of the run is nested too deeply") from error
