"""Which part of how a picture was made is wanted; imports nothing, as the start waits for it."""

from __future__ import annotations

from enum import Enum


class ReusePart(Enum):
    """What of a picture's settings is used again."""

    ALL = "all"
    PROMPT = "prompt"
    SEED = "seed"
    SAMPLER = "sampler"
