"""The jobs of the engine, and the events that it posts."""

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
    """`init` and `mask` may be empty: the engine sets them from the pixels below.

    Images that are named but not given are looked up among the stored inputs.
    """
    inputs: Inputs = field(default_factory=Inputs)
    parent: Parent | None = None
    """The image that it branches from."""
    live: bool = False
    """A live job: nothing is written to disk, and the next one replaces it."""
    resume: Path | None = None
    """A saved trajectory to resume; it has its own request and images."""


@dataclass(frozen=True)
class Loading:
    """The model is being loaded."""


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    model: ModelInfo


@dataclass(frozen=True)
class ModelOffloaded:
    """The model is still loaded, but its networks are offloaded now: another model needed room."""

    model: ModelInfo


@dataclass(frozen=True)
class LoadFailed:
    """There is no model. The next job tries again."""

    error: StudioError
    report: str = ""
    """The traceback of a bug; empty if the user can act upon the error."""


@dataclass(frozen=True)
class Started:
    """An image has started: number `index` (from 0) of `count`."""

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
    """Seconds per step, smoothed."""
    preview: Preview | None = None
    """A new array, never written to again."""


@dataclass(frozen=True, eq=False)
class Finished:
    """An image is finished, and saved unless `path` is None."""

    id: int
    image: GeneratedImage
    path: Path | None
    index: int = 0
    count: int = 1
    record: Record | None = None
    """The run record; None for a live image."""
    trajectory: Path | None = None
    """The file with its steps, for `look`; None if they are not saved."""
    live: bool = False
    """Live images are not saved: that is why `path` is None."""
    memory: int | None = None
    """Bytes that it needed in addition to the weights; None: unknown."""


@dataclass(frozen=True, eq=False)
class NotSaved:
    """A finished image could not be written. It is kept, and tried again regularly; until it is
    saved the job and the queue are paused."""

    id: int
    error: StudioError


@dataclass(frozen=True, eq=False)
class Saved:
    """The image of a `Finished` without a path is saved now."""

    id: int
    image: GeneratedImage
    path: Path
    trajectory: Path | None = None
    over: bool = False
    """It was the last image of its job."""


@dataclass(frozen=True)
class Failed:
    """The job ended with an error; the engine continues with the next."""

    id: int
    error: StudioError
    report: str = ""
    """The traceback of a bug; empty if the user can act upon the error."""


@dataclass(frozen=True)
class Cancelled:
    """The job ended because the user cancelled it, or because the program closes, which keeps it
    on disk."""

    id: int


@dataclass(frozen=True)
class Idle:
    """Nothing is left to do."""


@dataclass(frozen=True)
class Steered:
    """From `change.step` on, the running image follows `change`, which is in its recipe."""

    id: int
    change: Change


@dataclass(frozen=True)
class SteerRefused:
    """A change was refused; nothing has changed."""

    id: int
    error: StudioError


@dataclass(frozen=True)
class Paused:
    """The running job is paused after `step` of `steps`; its state is on disk."""

    id: int
    step: int
    steps: int


@dataclass(frozen=True)
class Resumed:
    """The job continues from where it was paused."""

    id: int


JobState = Literal["waiting", "running", "paused", "interrupted"]
"""Interrupted: it was running when the program crashed or was killed."""


@dataclass(frozen=True)
class QueueItem:
    """An unfinished job, as the user sees it in the queue."""

    id: int
    request: Request
    state: JobState
    done: int = 0
    """Finished images, of `request.count`."""
    step: int = 0
    """Steps done of the next image when it stopped; while it runs, see `Progress`."""
    steps: int = 0
    """The number of its steps; 0 until it is known."""


@dataclass(frozen=True)
class QueueChanged:
    """The current queue in its order; it never contains live jobs."""

    items: tuple[QueueItem, ...]
    paused: bool
    """Nothing new starts."""


@dataclass(frozen=True, eq=False)
class StepViewed:
    """A finished image after `step` steps."""

    trajectory: Path
    step: int
    pixels: np.ndarray
    """uint8 [H, W, 3], a new array, never written to again."""


@dataclass(frozen=True)
class StepViewFailed:
    """The step cannot be shown."""

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
    """An image was replayed and compared."""

    path: Path
    verdict: Verdict


@dataclass(frozen=True)
class ReplayFailed:
    """An image cannot be replayed; or the replay was cancelled, which is no error."""

    path: Path
    error: StudioError | None
    report: str = ""


@dataclass(frozen=True)
class Warned:
    """A problem that stops nothing, such as a full disk; worth reporting once."""

    error: StudioError


Event = (
    Loading
    | Ready
    | ModelOffloaded
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
    | StepViewed
    | StepViewFailed
    | ReplayProgress
    | Replayed
    | ReplayFailed
    | Warned
)
