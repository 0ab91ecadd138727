"""Differences between two moments of a trajectory, and their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from core.request.request import Change, Request
from ldm_studio.translation import counted, translate

STEERED = ("prompt", "negative", "cfg")
"""Fields that can change while an image runs."""

BRANCHED = (*STEERED, "sampler", "schedule", "steps")
"""Fields that can change from a step of a finished image on, besides the mask."""

MOST = 48
"""Maximum length of a prompt in the text."""
MOST_NAMED = 4
"""Maximum number of steps that are listed."""


def in_force(request: Request, step: int | None = None) -> Request:
    """The settings after `step` steps, without changes; None: at the end."""
    made = [change for change in request.changes if step is None or change.step <= step]
    return reduce(Request.changed, made, replace(request, changes=()))


def difference(now: Request, wanted: Request, names: Iterable[str]) -> dict[str, Any]:
    """The fields among `names` that differ in `wanted`, with their new values."""
    return {
        name: getattr(wanted, name) for name in names if getattr(wanted, name) != getattr(now, name)
    }


def in_words(change: Change) -> str:
    """The changed fields, in a line."""
    said = []
    for name, value in change.fields.items():
        match name:
            case "prompt" if value:
                text = translate("Changes", "prompt {value}").format(value=_quoted(value))
            case "prompt":
                text = translate("Changes", "no prompt")
            case "negative" if value:
                text = translate("Changes", "negative prompt {value}").format(value=_quoted(value))
            case "negative":
                text = translate("Changes", "no negative prompt")
            case "cfg":
                text = translate("Changes", "CFG {value}").format(value=f"{value:g}")
            case "steps":
                text = counted("Changes", "%n steps", value)
            case "sampler":
                text = translate("Changes", "sampler {value}").format(value=value)
            case "schedule":
                text = translate("Changes", "schedule {value}").format(value=value)
            case "model":
                text = translate("Changes", "model {value}").format(value=value)
            case "control" if value:
                text = translate("Changes", "another control image")
            case "control":
                text = translate("Changes", "no control image")
            case "mask" if value:
                text = translate("Changes", "another mask")
            case "mask":
                text = translate("Changes", "no mask")
            case _:
                continue
        said.append(text)
    return ", ".join(said) or translate("Changes", "another initial image")


def summary(changes: Sequence[Change]) -> str:
    """For example: with 2 changes at steps 8 and 14."""
    if not changes:
        return ""
    steps = [str(change.step) for change in changes]
    if len(changes) == 1:
        return translate("Changes", "With 1 change at step {step}").format(step=steps[0])
    if len(changes) > MOST_NAMED:
        words = counted("Changes", "With %n changes at steps {first} to {last}", len(changes))
        return words.format(first=steps[0], last=steps[-1])
    words = counted("Changes", "With %n changes at steps {steps} and {last}", len(changes))
    return words.format(steps=", ".join(steps[:-1]), last=steps[-1])


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    short = line if len(line) <= MOST else f"{line[: MOST - 1]}…"
    return translate("Changes", "“{text}”").format(text=short)
