"""What the user asks for: frozen, typed, versioned, JSON both ways.

Every field that changes a pixel is here; the same JSON goes into the picture's metadata, so a
picture can always be made again from itself. Pictures that a request starts from are named by
digest and travel beside it (see `core.pipeline.Inputs`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, cast

from .diffusion.samplers import SAMPLERS
from .diffusion.sigmas import SCHEDULES
from .errors import RequestError

VERSION = 1
MAX_STEPS = 1000
MAX_CFG = 100.0
MAX_SIDE = 16384
MAX_COUNT = 1000
MAX_SEED = 2**64 - 1
MAX_PROMPT = 100_000


@dataclass(frozen=True)
class Request:
    """One or more pictures to make.

    Picture i of `count` is the picture that `seed + i` makes alone.
    """

    prompt: str = ""
    negative: str = ""
    model: str = "default"
    """Name or path of the model."""
    model_digest: str = ""
    """SHA-256 of the model's weights; empty means whatever `model` names."""
    sampler: str = "Euler"
    schedule: str = "Normal"
    steps: int = 20
    cfg: float = 4.0
    """Classifier-free guidance scale; 1 means no guidance."""
    seed: int = 0
    width: int = 128
    height: int = 128
    count: int = 1
    strength: float = 1.0
    """Image-to-image: the share of the schedule that is run, in (0, 1]."""
    init: str = ""
    """SHA-256 of the picture to start from, as `core.pipeline.digest` computes it; empty: none."""
    mask: str = ""
    """SHA-256 of the mask: only what it covers is redrawn; empty: everything."""
    version: int = VERSION

    def __post_init__(self) -> None:
        _check_types(self)
        _within("steps", self.steps, 1, MAX_STEPS)
        _within("cfg", self.cfg, 0.0, MAX_CFG)
        _within("seed", self.seed, 0, MAX_SEED)
        _within("width", self.width, 8, MAX_SIDE)
        _within("height", self.height, 8, MAX_SIDE)
        _within("count", self.count, 1, MAX_COUNT)
        _within("strength", self.strength, 0.0, 1.0)
        if self.strength == 0.0:
            raise RequestError("strength", "Strength 0 would change nothing.", "Use more than 0.")
        for field in ("prompt", "negative"):
            if len(getattr(self, field)) > MAX_PROMPT:
                raise RequestError(field, f"The {field} is longer than {MAX_PROMPT} characters.")
        _known("sampler", self.sampler, SAMPLERS)
        _known("schedule", self.schedule, SCHEDULES)
        if self.mask and not self.init:
            raise RequestError("mask", "A mask needs a picture to redraw.", "Give one as init.")
        if self.version != VERSION:
            raise RequestError(
                "version",
                f"This request has version {self.version}; this program knows {VERSION}.",
                "Use a newer LDM Studio.",
            )

    def each(self) -> Iterator[Request]:
        """The single-picture requests this one stands for, seeds wrapping at 2^64."""
        for i in range(self.count):
            yield replace(self, count=1, seed=(self.seed + i) % (MAX_SEED + 1))

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Request:
        """Raises RequestError for anything that is not a request of a version known here."""
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RequestError("json", f"Not a request: {error}.") from error
        if not isinstance(data, dict):
            raise RequestError("json", "Not a request: a JSON object is expected.")
        data = cast("dict[str, Any]", data)
        known = {field.name for field in fields(cls)}
        unknown = sorted(key for key in data if key not in known)
        if unknown:
            raise RequestError(
                unknown[0],
                f"Unknown settings in the request: {', '.join(unknown[:5])}.",
                "It may come from a newer LDM Studio.",
            )
        return cls(**data)


_TYPES: dict[str, type] = {"str": str, "int": int, "float": float}


def _check_types(request: Request) -> None:
    for field in fields(request):
        kind = _TYPES[str(field.type)]
        value = getattr(request, field.name)
        if kind is float and type(value) is int and abs(value) < MAX_SEED:
            object.__setattr__(request, field.name, float(value))
        elif type(value) is not kind:
            raise RequestError(field.name, f"{field.name} must be {field.type}, not {value!r:.60}.")
        elif isinstance(value, str) and not _is_unicode(value):
            raise RequestError(field.name, f"{field.name} holds half of a surrogate pair.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _within(field: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise RequestError(
            field, f"{field} is {value}, outside {low} to {high}.", "Choose a value between them."
        )


def _known(field: str, value: str, table: Any) -> None:
    if value not in table:
        raise RequestError(field, f"Unknown {field} {value!r}.", f"Known: {', '.join(table)}.")
