"""Replays an image from its own metadata and compares the result with the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import Message
from core.images.image_digest import digest
from core.request.inputs import Inputs
from core.runtime.environment import Environment
from ldm_studio.engine_protocol import Pipeline

from . import recipe_inputs
from .headless_run import Drawn, OnStep, draw
from .image_files import Pixels, read_pixels, read_record
from .input_store import InputStore
from .replay_causes import differences
from .run_record import Record


@dataclass(frozen=True)
class Verdict:
    """The result of a replay."""

    identical: bool
    """Every step, the finished image and the pixels of the file are equal."""
    first_difference: int | None
    """The first step, counted from 1, whose state differs in any bit."""
    pixels_equal: bool
    """Whether the finished image is the same."""
    causes: tuple[Message, ...]
    """Possible causes of the difference, the likeliest first."""
    notes: tuple[Message, ...] = ()
    """Additional remarks."""
    steps: int = 0
    """The number of steps."""


def replay(
    path: Path,
    pipeline: Pipeline,
    inputs: InputStore,
    on_step: OnStep = lambda done, total: None,
    *,
    given: Inputs | None = None,
    model: str | None = None,
) -> Verdict:
    """Runs the recipe inside an image and compares each step, the result and the file.

    `given` are init images that `inputs` may lack; `model` is the path of the model if it is not
    the recipe's. Raises NoRecipe; ImageError for an unreadable file; ModelError and MissingInput if
    something is missing; RequestError if the recipe does not fit its model.
    """
    request = recipe_inputs.recipe(path)
    record = read_record(path)
    own = read_pixels(path)
    start = recipe_inputs.find(request, inputs, given)
    recipe_inputs.load_model(pipeline, request, model)
    run = pipeline.begin(request, start)
    drawn = draw(run, on_step, tiled=record is not None and record.tiled)
    if record is None:
        return _by_pixels(own, drawn)
    return _by_record(own, record, drawn, request.model_digest)


def _by_pixels(own: Pixels, drawn: Drawn) -> Verdict:
    same = np.array_equal(own, _as_saved(own, drawn))
    return Verdict(
        identical=same,
        first_difference=None,
        pixels_equal=same,
        causes=()
        if same
        else (
            Message(
                "it was made elsewhere, by an earlier version, or edited: without a record of "
                "its steps the cause is unknown"
            ),
        ),
        notes=(
            Message("it carries no record of its steps, so only the finished pixels are compared"),
        ),
        steps=len(drawn.record.steps),
    )


def _by_record(own: Pixels, then: Record, drawn: Drawn, model_digest: str) -> Verdict:
    now = drawn.record
    first = _first_difference(then.steps, now.steps)
    pixels_equal = then.pixels == now.pixels
    edited = _edited(own, then, drawn)
    same_run = first is None and pixels_equal
    notes: list[Message] = []
    causes: tuple[Message, ...] = ()
    if not same_run:
        causes = _causes(then.environment, now.environment, model_digest)
        if len(then.steps) != len(now.steps):
            notes.append(
                Message(
                    "its record has {recorded} steps, the replay {actual}",
                    recorded=len(then.steps),
                    actual=len(now.steps),
                )
            )
        if edited:
            notes.append(Message("the pixels of the file do not match its record either"))
        elif edited is None:
            notes.append(Message("for a transparent image, edits of the file cannot be detected"))
    elif edited:
        causes = (Message("the file's pixels were edited after it was made"),)
    return Verdict(
        identical=same_run and not edited,
        first_difference=first,
        pixels_equal=pixels_equal,
        causes=causes,
        notes=tuple(notes),
        steps=len(now.steps),
    )


def _causes(then: Environment, now: Environment, model_digest: str) -> tuple[Message, ...]:
    found = differences(then, now)
    if not model_digest:
        found = (*found, Message("the model may differ: the recipe does not name its hash"))
    return found or (
        Message(
            "the machine is the same, so the recipe or the record in the file was edited "
            "after it was made"
        ),
    )


def _first_difference(then: tuple[str, ...], now: tuple[str, ...]) -> int | None:
    for step, (before, after) in enumerate(zip(then, now, strict=False), 1):
        if before != after:
            return step
    return None if len(then) == len(now) else min(len(then), len(now)) + 1


def _as_saved(own: Pixels, drawn: Drawn) -> Pixels:
    """The output as the file would hold it, which may have a transparent background."""
    return drawn.image.rgba() if own.shape[-1] == 4 else drawn.image.rgb


def _edited(own: Pixels, then: Record, drawn: Drawn) -> bool | None:
    """Whether the file's pixels differ from the recorded ones; None if that is unknown.

    The record is about pixels on white, which cannot be derived from a transparent file; they can
    from a replay with the same result.
    """
    if own.shape[-1] == 3:
        return digest(own) != then.pixels
    if drawn.record.pixels == then.pixels:
        return not np.array_equal(own, drawn.image.rgba())
    return None
