"""The refiner of a request: another model that goes on at the end."""

from __future__ import annotations

from core.request.request import Change, Request


def refinement(request: Request) -> Change | None:
    """The change by which another model, and nothing else, goes on; None where there is none, or
    more than one."""
    found = [c for c in request.changes if c.fields.keys() - {"model_digest"} == {"model"}]
    return found[0] if len(found) == 1 else None


def steps_run(request: Request) -> int:
    """How many steps lead to the picture, as `core.sampling.sigma_schedules.tail` counts them."""
    return max(1, min(int(request.steps * request.strength + 0.5), request.steps))
