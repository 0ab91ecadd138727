"""What the interface asks of the engine, and what the engine tells it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import StudioError
from core.request import Request

if TYPE_CHECKING:  # core.pipeline imports torch
    from core.pipeline import Picture
    from core.text.reading import PromptReader


@dataclass(frozen=True)
class ModelInfo:
    """What the interface needs to know about the loaded model."""

    name: str
    digest: str
    """SHA-256 of the weights."""
    device: str
    """Device and precision in words, such as "CPU, float32"."""
    sampler: str
    schedule: str
    steps: int
    cfg: float
    width: int
    height: int
    size_multiple: int
    """Width and height must be multiples of it."""
    max_side: int
    read: PromptReader | None = None
    """Says how much of a prompt the model reads. Quick, and good on every thread."""


@dataclass(frozen=True, eq=False)
class Work:
    """One press of Generate: `request.count` pictures, and the pictures they start from."""

    id: int
    request: Request
    """`init` and `mask` are left empty: the engine fills them in from the pixels below."""
    image: np.ndarray | None = None
    """uint8 [H, W, 3]"""
    mask: np.ndarray | None = None
    """uint8 [H, W]; 0 keeps, 255 redraws."""


@dataclass(frozen=True)
class Loading:
    """The model is being loaded."""


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    model: ModelInfo


@dataclass(frozen=True)
class LoadFailed:
    """There is no model. The next work tries again."""

    error: StudioError
    report: str = ""
    """Traceback when it is a bug; empty when it is something the user can act upon."""


@dataclass(frozen=True)
class Started:
    """A picture is begun: number `index` (from 0) of `count`."""

    id: int
    request: Request
    index: int
    count: int


@dataclass(frozen=True, eq=False)
class Progress:
    """`step` of `steps` are done."""

    id: int
    step: int
    steps: int
    seconds: float
    """Seconds a step, smoothed."""
    preview: np.ndarray | None = None
    """uint8 [H, W, 3], fresh and never written again."""


@dataclass(frozen=True, eq=False)
class Finished:
    """A picture is done, and on disk unless `path` is None."""

    id: int
    picture: Picture
    path: Path | None
    index: int = 0
    count: int = 1


@dataclass(frozen=True)
class Failed:
    """The work ended with an error; the engine goes on with the next."""

    id: int
    error: StudioError
    report: str = ""
    """Traceback when it is a bug; empty when it is something the user can act upon."""


@dataclass(frozen=True)
class Cancelled:
    """The work ended because the user said so."""

    id: int


@dataclass(frozen=True)
class Idle:
    """Nothing is left to do."""


Event = Loading | Ready | LoadFailed | Started | Progress | Finished | Failed | Cancelled | Idle
