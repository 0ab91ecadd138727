"""A prepared run, and the metadata that is stored with its states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor

from ..cancellation import CancelCheck, never_cancel
from ..model.model import Model
from ..request.inputs import Inputs
from ..request.request import Request
from ..runtime.environment import environment
from ..sampling.trajectory import Noise, State
from .segments import Segment


@dataclass(frozen=True)
class PreparedRun:
    """Everything that the steps of one image need, computed once."""

    model: Model
    request: Request
    inputs: Inputs
    noise: Noise
    unit: Tensor
    """The unit noise that it starts from, [1, C, h, w]."""
    start: State
    segments: tuple[Segment, ...]
    check: CancelCheck = never_cancel
    """Called before each tile of any computation; if it raises, the previous state remains
    valid."""

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The noise levels of the run, the last 0."""
        return self.segments[-1].sigmas

    @cached_property
    def recorded_request(self) -> Request:
        """The request with the model's digest, enough to reproduce the image."""
        model = self.model
        return replace(
            self.request, model_digest=model.digest, prediction=model.prediction_override
        )

    @cached_property
    def description(self) -> Mapping[str, str]:
        """The metadata of its saved states; cached, because they are written with every step."""
        return description(self.recorded_request, str(self.model.device), self.model.arithmetic)

    @property
    def total(self) -> int:
        """Steps from the start to the image."""
        return len(self.sigmas) - 1

    @property
    def replayable(self) -> bool:
        """Whether the request, as JSON, makes the same image: not with a user-defined sampler."""
        return not any(segment.own_sampler for segment in self.segments)

    def segment(self, index: int) -> Segment:
        """The segment of step `index`."""
        return next(part for part in reversed(self.segments) if part.begin <= max(0, index))


def description(request: Request, device: str, precision: str) -> dict[str, str]:
    """The metadata of a saved state. `request` names the model's digest."""
    text = request.to_json()
    return {
        "request": text,
        "recipe": hashlib.sha256(text.encode()).hexdigest(),
        "environment": environment(device, precision).to_json(),
    }
