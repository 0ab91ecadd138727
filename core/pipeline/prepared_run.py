"""A request made ready for the loop, and what is written of it beside its states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor

from ..cancellation import Check, unchecked
from ..model.model import Model
from ..request.inputs import Inputs
from ..request.request import Request
from ..runtime.environment import environment
from ..sampling.trajectory import Noise, State
from .segments import Leg


@dataclass(frozen=True)
class Job:
    """A request made ready: everything the loop needs, computed once."""

    model: Model
    request: Request
    inputs: Inputs
    noise: Noise
    unit: Tensor
    """The noise it starts from, [1, C, h, w]."""
    start: State
    legs: tuple[Leg, ...]
    check: Check = unchecked
    """Asked before each tile of whatever is computed; the state before stays good."""

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The noise levels that are visited, the last 0."""
        return self.legs[-1].sigmas

    @cached_property
    def sealed(self) -> Request:
        """Its request with the model's digest: what the picture is made again from."""
        model = self.model
        return replace(self.request, model_digest=model.digest, prediction=model.decided)

    @cached_property
    def description(self) -> Mapping[str, str]:
        """What a file of one of its states says of it; kept, as that is written at every step."""
        return description(self.sealed, str(self.model.device), self.model.arithmetic)

    @property
    def total(self) -> int:
        """Steps from the start to the picture."""
        return len(self.sigmas) - 1

    def leg(self, index: int) -> Leg:
        """The one that step `index` belongs to."""
        return next(leg for leg in reversed(self.legs) if leg.begin <= max(0, index))


def description(request: Request, device: str, precision: str) -> dict[str, str]:
    """What a file says of the trajectory in it. `request` names the model's digest."""
    text = request.to_json()
    return {
        "request": text,
        "recipe": hashlib.sha256(text.encode()).hexdigest(),
        "environment": environment(device, precision).to_json(),
    }
