"""Differences between two moments of a trajectory, and their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from core.request.parameters import PARAMETERS, PROMPT
from core.request.request import Change, Request
from ldm_studio.translation import QT_TRANSLATE_NOOP, counted, translate

from .parameter_texts import text_of, value_text

STEERED = ("prompt", "negative", "cfg")
"""Fields that can change while an image runs."""

BRANCHED = (*STEERED, "sampler", "schedule", "steps")
"""Fields that can change from a step of a finished image on, besides the mask."""

_IMAGES = {
    "init": QT_TRANSLATE_NOOP("Changes", "initial image"),
    "mask": QT_TRANSLATE_NOOP("Changes", "mask"),
    "control": QT_TRANSLATE_NOOP("Changes", "control image"),
}
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
    """What it changes, in a line, such as "CFG scale 7, Sampler Euler"."""
    fields = change.fields
    fields.pop("model_digest", None)
    if "mask" in fields:
        fields.pop("init", None)  # the image that the mask belongs to
    return ", ".join(_changed(name, value) for name, value in fields.items())


def _changed(name: str, value: Any) -> str:
    if name in _IMAGES:
        image = translate("Changes", _IMAGES[name])
        if value:
            return translate("Changes", "another {image}").format(image=image)
        return translate("Changes", "no {image}").format(image=image)
    row = PARAMETERS[name]
    title = text_of(row.title)
    if value == "":
        return translate("Changes", "{setting}: none").format(setting=title)
    shown = _quoted(value) if row.group == PROMPT else value_text(row, value)
    return f"{title} {shown}"


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
