"""What differs from one moment of a trajectory to the next, and how one says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import Any

from core.request import Change, Request

STEERED = ("prompt", "negative", "cfg")
"""What can be changed while a picture is drawn."""

BRANCHED = (*STEERED, "sampler", "schedule", "steps")
"""What can be changed from a step of a finished picture on, beside the mask."""

MOST = 48
"""Characters of a prompt that are said."""


def in_force(request: Request, step: int | None = None) -> Request:
    """What is asked for after `step` steps, without changes; None: at the end."""
    made = [change for change in request.changes if step is None or change.step <= step]
    return reduce(Request.changed, made, replace(request, changes=()))


def difference(now: Request, wanted: Request, names: Iterable[str]) -> dict[str, Any]:
    """Those of the fields `names` that are otherwise in `wanted`, as they are there."""
    return {
        name: getattr(wanted, name) for name in names if getattr(wanted, name) != getattr(now, name)
    }


def in_words(change: Change) -> str:
    """What it changes, in a line."""
    said = []
    for name, value in change.fields.items():
        if name == "prompt":
            said.append(f"prompt {_quoted(value)}" if value else "no prompt")
        elif name == "negative":
            said.append(f"negative prompt {_quoted(value)}" if value else "no negative prompt")
        elif name == "cfg":
            said.append(f"CFG {value:g}")
        elif name == "steps":
            said.append("1 step" if value == 1 else f"{value} steps")
        elif name in ("sampler", "schedule"):
            said.append(f"{name} {value}")
        elif name == "model":
            said.append(f"model {value}")
        elif name == "control":
            said.append("another control picture" if value else "no control picture")
        elif name == "mask":
            said.append("another mask" if value else "no mask")
    return ", ".join(said) or "another picture to start from"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= MOST else f"“{line[: MOST - 1]}…”"
