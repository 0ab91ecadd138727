"""User-defined samplers and schedules, passed as functions.

JSON cannot hold a function, so a run with such a sampler is not `replayable`, nor is its image. A
schedule is computed once and recorded in the request as noise levels, so its run is replayable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model.model import Model
from ..request.parameters import Levels as RecordedLevels
from ..request.parameters import Options
from ..request.request import Request
from ..sampling.sigma_schedules import Levels
from ..sampling.trajectory import Sampler


def with_sampler(request: Request, sampler: str | Sampler | None) -> Request:
    """`request` with a sampler by name; a function does not change it. Raises RequestError."""
    if not isinstance(sampler, str) or sampler == request.sampler:
        return request
    return replace(request, sampler=sampler, options=Options())


def with_schedule(
    request: Request, schedule: str | Levels | Sequence[float] | None, model: Model
) -> Request:
    """`request` with a schedule: a name, a function (steps, model's schedule) -> sigmas, or the
    sigmas.

    The last sigma, 0, may be left out. Raises RequestError unless they decrease.
    """
    if schedule is None:
        return request
    if isinstance(schedule, str):
        return replace(request, schedule=schedule, levels=replace(request.levels, sigmas=()))
    sigmas = schedule(request.steps, model.schedule) if callable(schedule) else schedule
    noisy = tuple(float(sigma) for sigma in sigmas)
    noisy = noisy[:-1] if noisy and noisy[-1] == 0 else noisy
    return replace(request, steps=len(noisy), levels=RecordedLevels(sigmas=noisy))
