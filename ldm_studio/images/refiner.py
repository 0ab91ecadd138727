"""The refiner of a request: another model that goes on at the end."""

from __future__ import annotations

from core.request.request import Change, Request


def refinement(request: Request) -> Change | None:
    """The change by which another model, and nothing else, goes on; None where there is none, or
    more than one."""
    found = [c for c in request.changes if c.fields.keys() - {"model_digest"} == {"model"}]
    return found[0] if len(found) == 1 else None


def steps_run(request: Request) -> int:
    """The number of steps that are run; `core.sampling.sigma_schedules.truncate` counts alike."""
    return max(1, min(int(request.steps * request.strength + 0.5), request.steps))
