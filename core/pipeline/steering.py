"""Steering: changes a run from one of its steps on."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..errors import RequestError, quoted
from ..model.model import Model
from ..request.request import Change
from .extra_conditioning import check_takes_control_image, extra_conditioning
from .init_image import changed_init_image, drawn_size
from .prepared_run import PreparedRun
from .request_checks import check_loras, check_size, check_takes_text, with_recorded_prediction
from .segments import Segment, next_segment


@torch.no_grad()
def steer(run: PreparedRun, change: Change) -> PreparedRun:
    """The run with `change` from the state after `change.step` steps, recorded in its request.

    Raises RequestError if the change does not fit, or comes too late.
    """
    last = run.segments[-1]
    if change.step < last.begin:
        raise RequestError("changes", "Step {step} is before the last change.", step=change.step)
    model = _next_model(run, last, change)
    if change.model is not None:
        change = replace(change, model_digest=model.digest)
    request = replace(run.request, changes=(*run.request.changes, change))
    init_image = changed_init_image(
        model,
        run.inputs,
        run.request,
        run.segments[0].init_image,
        (last.request, last.init_image),
        change,
        run.check,
    )
    extra, asked = last.extra, last.request.changed(change)
    before = last.model, last.init_image, last.request.control
    if any(a is not b for a, b in zip(before, (model, init_image, asked.control), strict=True)):
        extra = extra_conditioning(model, asked, run.inputs, init_image, run.unit, run.check)
    segment = next_segment(model, last, change, init_image, extra, run.unit, run.check)
    return replace(run, request=request, segments=(*run.segments, segment))


def _next_model(run: PreparedRun, last: Segment, change: Change) -> Model:
    """The model after a change."""
    model, models = last.model, run.inputs.models
    changes_model = {"model", "prompt", "negative"} & change.fields.keys()
    if models is not None and changes_model:
        request = last.request.changed(change)
        model = models(request, change.addons is not None)
        if request.model == run.request.model:
            model = with_recorded_prediction(model, run.request)
    elif change.model is not None:
        raise RequestError(
            "changes",
            "The model {model} is not available for the change.",
            model=quoted(change.model, 200),
        )
    if models is None and change.prompt is not None:
        check_loras(change.prompt, run.request.syntax)
    check_takes_text(model, last.request.changed(change))
    if change.control:
        check_takes_control_image(model)
    if change.model is None:
        return model
    if change.model_digest and change.model_digest != model.digest:
        raise RequestError(
            "changes",
            "The change was made for a model with the hash {expected}; {model} has {actual}.",
            "Choose that model, or clear the hash to continue with this one.",
            expected=change.model_digest[:10],
            model=model.name,
            actual=model.digest[:10],
        )
    before, after = (
        (one.factor, one.config.latent_mean, one.config.latent_std) for one in (last.model, model)
    )
    if before != after:
        raise RequestError(
            "changes",
            "{model} cannot continue an image of {other}: its latent space is different.",
            "Choose a model of the same family, or its refiner.",
            model=model.name,
            other=last.model.name,
        )
    check_size(model, *drawn_size(run.model, run.request), run.request.tile)
    return model
