"""How visible the edge of an inpainted region is, with and without colour matching.

The measure is the mean colour step across the border of the pasted region, divided by the steps
of the pixels on both sides of it: 1 is no seam at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.checkpoints.load_model import load_model
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Inpaint
from core.request.request import Request

from .picture import default_request
from .record import Options, use_cores

CASES = (
    ("a cat face", "a hat", (16, 24, 64, 104)),
    ("a red car", "a blue car", (40, 20, 100, 70)),
    ("a slice of pizza", "a heart", (50, 40, 100, 90)),
    ("a house", "a tree", (30, 60, 110, 120)),
    ("a smiling face", "sunglasses", (36, 16, 72, 112)),
    ("a sun", "a moon", (20, 20, 90, 64)),
)
"""Fixed images by their prompts, what is redrawn, and where: top, left, bottom, right."""


@dataclass(frozen=True)
class SeamResult:
    """Means over `pictures`; 1 is no seam."""

    matched: float
    plain: float
    plain_over_matched: float
    pictures: int

    def line(self) -> str:
        return (
            f"step across the border {self.matched:.2f} times that beside it with colours matched, "
            f"{self.plain:.2f} by plain blending ({self.pictures} images)"
        )


def measure(options: Options) -> SeamResult:
    """The median of each image's ratio would hide the worst seams, so the mean is used."""
    use_cores()
    model = load_model(options.model)
    base = default_request(model, options.steps)
    found = {True: list[float](), False: list[float]()}
    cases = CASES[: options.repeats]
    for seed, (prompt, other, box) in enumerate(cases):
        photo = _draw(model, replace(base, prompt=prompt, seed=seed), Inputs())
        mask = np.zeros(photo.shape[:2], np.uint8)
        top, left, bottom, right = box
        mask[top:bottom, left:right] = 255
        for match in (True, False):
            request = replace(
                base,
                prompt=other,
                seed=seed,
                init=digest(photo),
                mask=digest(mask),
                inpaint=Inpaint(match=match),
            )
            made = _draw(model, request, Inputs(photo, mask))
            found[match].append(step_across(made, mask))
    matched, plain = float(np.mean(found[True])), float(np.mean(found[False]))
    return SeamResult(matched, plain, plain / matched, len(cases))


def step_across(made: np.ndarray, mask: np.ndarray) -> float:
    """The mean absolute step across the border of the mask, divided by that on both sides of it."""
    across: list[np.ndarray] = []
    beside: list[np.ndarray] = []
    for axis in (0, 1):
        steps = np.abs(np.diff(made.astype(np.float32), axis=axis)).mean(axis=2)
        border = np.diff((mask > 0).astype(np.int8), axis=axis) != 0
        near = np.roll(border, 1, axis) | np.roll(border, -1, axis)
        across.append(steps[border])
        beside.append(steps[near & ~border])
    return _mean(across) / max(_mean(beside), 0.5)


def _mean(parts: Sequence[np.ndarray]) -> float:
    return float(np.concatenate(parts).mean())


def _draw(model: Model, request: Request, inputs: Inputs) -> np.ndarray:
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    return finish(job, last.state).rgb
