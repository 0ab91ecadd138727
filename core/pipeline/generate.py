"""The simplest call: a request in, an image out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..cancellation import CancelCheck, never_cancel
from ..images.generated_image import GeneratedImage
from ..model.model import Model
from ..request.inputs import Inputs
from ..request.request import Request
from ..sampling.sigma_schedules import Levels
from ..sampling.trajectory import Sampler, Step
from .prepared_run import PreparedRun
from .text_to_image import finish, prepare, steps

OnStep = Callable[[PreparedRun, Step], object]
"""Called after each step, for example to show `preview(run, step)`."""


def generate(
    model: Model,
    request: Request | str,
    inputs: Inputs | None = None,
    on_step: OnStep | None = None,
    *,
    sampler: str | Sampler | None = None,
    schedule: str | Levels | Sequence[float] | None = None,
    check: CancelCheck = never_cancel,
    **settings: Any,
) -> GeneratedImage:
    """One image from a request, or from a prompt and fields of `Request` over the model's defaults.

    `sampler` and `schedule` are those of `prepare`. Raises RequestError for what does not fit,
    DecodeError if the result is not finite, and what `check` raises.
    """
    if isinstance(request, str):
        request = model.request(request, **settings)
    elif settings:
        raise TypeError(f"Put {', '.join(settings)} into the request.")
    run = prepare(model, request, inputs, check, sampler=sampler, schedule=schedule)
    state = run.start
    for step in steps(run):
        state = step.state
        if on_step is not None:
            on_step(run, step)
    return finish(run, state)
