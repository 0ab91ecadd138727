"""The refiner of a request: a second model for the last steps."""

from __future__ import annotations

from core.request.request import Change, Request
from core.sampling import conventions


def refinement(request: Request) -> Change | None:
    """The change that switches to another model and changes nothing else; None if there is none, or
    more than one.
    """
    found = [c for c in request.changes if c.fields.keys() - {"model_digest"} == {"model"}]
    return found[0] if len(found) == 1 else None


def steps_run(request: Request) -> int:
    """The number of steps that are run."""
    return conventions.steps_run(request.conventions, request.steps, request.strength)
