"""Runs to the end without the engine, with a run record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import Message
from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from ldm_studio.engine_protocol import Run

from .run_record import Parent, Record

OnStep = Callable[[int, int], None]
"""(steps done, steps in all)"""


@dataclass(frozen=True)
class Walked:
    """A run that stopped after a step."""

    last: Any | None
    """The step; None if the run had none left."""
    step_digests: tuple[str, ...]
    """Of all steps so far."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A finished image."""

    image: GeneratedImage
    record: Record
    rescue: Callable[[Path], None]
    """Writes all that is needed to decode it later. Raises OSError, StateError."""
    notes: tuple[Message, ...]
    """Settings without effect, or replaced by others, in sentences."""


def walk(run: Run, on_step: OnStep, until: int | None = None) -> Walked:
    """Runs the steps up to number `until`, or all of them, and computes the digest of each."""
    step_digests, last = list(run.step_digests), None
    end = run.total if until is None else until
    steps = run.steps()
    for done in range(run.done + 1, end + 1):
        last = next(steps)
        step_digests.append(run.step_digest(last))
        on_step(done, run.total)
    return Walked(last, tuple(step_digests))


def draw(run: Run, on_step: OnStep, parent: Parent | None = None, *, tiled: bool = False) -> Drawn:
    """Runs the remaining steps and decodes the image, in small tiles if `tiled`."""
    walked = walk(run, on_step)
    image = run.finish(walked.last, tiled=tiled)
    record = Record(run.environment, walked.step_digests, digest(image.rgb), parent, tiled)

    def rescue(path: Path) -> None:
        run.save(path, walked.last, step_digests=walked.step_digests)

    return Drawn(image, record, rescue, run.notes)
