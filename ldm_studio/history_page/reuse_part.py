"""Which part of an image's settings to reuse; imports nothing, because start-up waits for it."""

from __future__ import annotations

from enum import Enum


class ReusePart(Enum):
    """The part of an image's settings to reuse."""

    ALL = "all"
    PROMPT = "prompt"
    SEED = "seed"
    SAMPLER = "sampler"
