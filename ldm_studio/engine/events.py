"""What the interface asks of the engine, and what the engine tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.errors import StudioError
from core.images.generated_image import GeneratedImage
from core.images.preview import Preview
from core.request.inputs import Inputs
from core.request.request import Change, Request
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.run_record import Parent, Record

if TYPE_CHECKING:  # core.pipeline.text_to_image imports torch
    from ldm_studio.images.replay import Verdict


@dataclass(frozen=True, eq=False)
class Job:
    """One press of Generate: `request.count` images, and the images they start from."""

    id: int
    request: Request
    """`init` and `mask` may be empty: the engine fills them in from the pixels below.

    Where they name images that are not given, those are looked for among the kept inputs.
    """
    inputs: Inputs = field(default_factory=Inputs)
    parent: Parent | None = None
    """The image it branched off."""
    live: bool = False
    """Drawn to be looked at: nothing of it is written to disk, and the next one replaces it."""
    resume: Path | None = None
    """A saved trajectory to go on from; it brings its own request and images."""


@dataclass(frozen=True)
class Loading:
    """The model is being loaded."""


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    model: ModelInfo


@dataclass(frozen=True)
class MadeRoom:
    """The model is loaded as before, but its networks take turns now: another needed room."""

    model: ModelInfo


@dataclass(frozen=True)
class LoadFailed:
    """There is no model. The next job tries again."""

    error: StudioError
    report: str = ""
    """Traceback when it is a bug; empty when it is something the user can act upon."""


@dataclass(frozen=True)
class Started:
    """An image is begun: number `index` (from 0) of `count`."""

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
    preview: Preview | None = None
    """Fresh and never written again."""


@dataclass(frozen=True, eq=False)
class Finished:
    """An image is done, and on disk unless `path` is None."""

    id: int
    image: GeneratedImage
    path: Path | None
    index: int = 0
    count: int = 1
    record: Record | None = None
    """What happened on the way; None for a live one."""
    trajectory: Path | None = None
    """The file that keeps what was seen at each step, for `look`; None where none is kept."""
    live: bool = False
    """Nothing was to be saved: `path` is None for that reason."""
    memory: int | None = None
    """Bytes that drawing it took beside the weights; None: not known."""


@dataclass(frozen=True, eq=False)
class NotSaved:
    """A finished image could not be written. It is kept, and tried again every now and then;
    until it is there the job stands still, and the queue with it.
    """

    id: int
    error: StudioError


@dataclass(frozen=True, eq=False)
class Saved:
    """The image of a `Finished` without a path is on disk now."""

    id: int
    image: GeneratedImage
    path: Path
    trajectory: Path | None = None
    over: bool = False
    """It was the last of its job."""


@dataclass(frozen=True)
class Failed:
    """The job ended with an error; the engine goes on with the next."""

    id: int
    error: StudioError
    report: str = ""
    """Traceback when it is a bug; empty when it is something the user can act upon."""


@dataclass(frozen=True)
class Cancelled:
    """The job ended because the user said so, or the program closes, which keeps it on disk."""

    id: int


@dataclass(frozen=True)
class Idle:
    """Nothing is left to do."""


@dataclass(frozen=True)
class Steered:
    """From `change.step` on the running image follows `change`; it is in its recipe."""

    id: int
    change: Change


@dataclass(frozen=True)
class SteerRefused:
    """A change was not made, and nothing else has changed."""

    id: int
    error: StudioError


@dataclass(frozen=True)
class Paused:
    """The running job stands still after `step` of `steps`; its state is on disk."""

    id: int
    step: int
    steps: int


@dataclass(frozen=True)
class Resumed:
    """The job goes on from where it stood still."""

    id: int


JobState = Literal["waiting", "running", "paused", "interrupted"]
"""Interrupted: it ran when the program ended without being asked to."""


@dataclass(frozen=True)
class QueueItem:
    """A job that is not over, as the user sees it in the queue."""

    id: int
    request: Request
    state: JobState
    done: int = 0
    """Finished images, of `request.count`."""
    step: int = 0
    """Steps done of the next image, where it was left; `Progress` tells while it runs."""
    steps: int = 0
    """How many it has; 0 until known."""


@dataclass(frozen=True)
class QueueChanged:
    """The queue as it is now, in its order; live jobs are never in it."""

    items: tuple[QueueItem, ...]
    paused: bool
    """Nothing new starts."""


@dataclass(frozen=True, eq=False)
class Looked:
    """What a finished image looked like after `step` steps."""

    trajectory: Path
    step: int
    pixels: np.ndarray
    """uint8 [H, W, 3], fresh and never written again."""


@dataclass(frozen=True)
class LookFailed:
    """It cannot be shown."""

    trajectory: Path
    step: int
    error: StudioError


@dataclass(frozen=True)
class ReplayProgress:
    """`step` of `steps` of a replay are done."""

    path: Path
    step: int
    steps: int


@dataclass(frozen=True)
class Replayed:
    """An image was drawn again and compared."""

    path: Path
    verdict: Verdict


@dataclass(frozen=True)
class ReplayFailed:
    """An image cannot be drawn again; or the replay was stopped, which is no error."""

    path: Path
    error: StudioError | None
    report: str = ""


@dataclass(frozen=True)
class Warned:
    """Something went wrong that stops nothing, such as a full disk: worth telling once."""

    error: StudioError


Event = (
    Loading
    | Ready
    | MadeRoom
    | LoadFailed
    | Started
    | Progress
    | Finished
    | NotSaved
    | Saved
    | Failed
    | Cancelled
    | Idle
    | Steered
    | SteerRefused
    | Paused
    | Resumed
    | QueueChanged
    | Looked
    | LookFailed
    | ReplayProgress
    | Replayed
    | ReplayFailed
    | Warned
)
