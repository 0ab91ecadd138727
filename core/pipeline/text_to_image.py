"""A request and a model make a trajectory of steps, and the trajectory a picture.

    job = prepare(model, request)
    for step in steps(job):
        ...  # look at preview(job, step)
    picture = finish(job, step.state)

To cancel, stop iterating; between two tiles of a step, raise `Stopped` from `check`. To steer, go
on with `steps(steered(job, change), step.state)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..cancellation import Check, unchecked
from ..errors import DecodeError, RequestError, StateError
from ..images.preview import Preview
from ..model.model import Model
from ..request.inputs import Inputs, check_pixels, later
from ..request.parameters import MAX_SIDE
from ..request.request import Change, Request
from ..sampling import noise
from ..sampling.noise_profiles import A1111_CPU, A1111_NV
from ..sampling.trajectory import State, Step
from . import inpainting
from .extra_conditioning import Given, check_led, control_shape, given_to, is_led
from .init_image import (
    TILE,
    WHOLE_CELLS,
    Original,
    changed_original,
    content_of,
    drawn_size,
    encode,
    original_of,
)
from .inpainting import Region
from .prepared_run import Job
from .saved_job import Saved
from .segments import Leg, first_leg, next_leg

MATCHED_AT_ONCE = 512 * 512
"""Pixels: the colours of a larger region take longer to match than a step should be held up by."""

SMALL_TILE = 32
"""For a decoder that ran out of memory."""


@dataclass(frozen=True)
class Picture:
    """What a request made."""

    rgb: np.ndarray
    """uint8 [H, W, 3], on white where it is transparent."""
    alpha: np.ndarray | None
    """uint8 [H, W]; None if it was only partly redrawn, or the model draws no transparency."""
    request: Request
    """The request of this one picture, count 1, with the model's digest."""
    changed: int | None = None
    """How many pixels are not the original's, all of them inside the blend alpha; None: no mask."""

    def rgba(self) -> np.ndarray:
        """uint8 [H, W, 4] with straight alpha: a sticker without its white background."""
        if self.alpha is None:
            return np.dstack([self.rgb, np.full(self.rgb.shape[:2], 255, np.uint8)])
        alpha = self.alpha.astype(np.float32)[..., None] / 255
        on_white = self.rgb.astype(np.float32)
        colour = (on_white - 255 * (1 - alpha)) / np.maximum(alpha, 1e-6)
        colour = np.where(alpha > 0, colour.clip(0, 255), 255)
        return np.dstack([colour.round().astype(np.uint8), self.alpha])


@torch.no_grad()
def prepare(
    model: Model, request: Request, inputs: Inputs | None = None, check: Check = unchecked
) -> Job:
    """Encodes the prompts and the pictures. Raises RequestError if they do not fit together, and
    what `check` raises, which is asked before each tile from now on.
    """
    inputs = inputs or Inputs()
    model = _as_then(model, request)
    _check(model, request, inputs)
    width, height = drawn_size(model, request)
    factor = model.factor
    shape = (model.latent_channels, height // factor, width // factor)
    unit = _first_noise(request, shape)[None].to(model.device)
    original = None
    if inputs.image is not None:
        original = original_of(model, request, inputs.image, inputs.mask, check)
    asked = replace(request, changes=())
    given = _given(model, asked, inputs, original, unit, check)
    leg = first_leg(model, asked, original, given, unit, check)
    if original is None:
        x = unit * noise.initial_scale(request.noise, leg.sigmas[0])
    else:
        x = content_of(model, request, original, check) + unit * leg.sigmas[0]
    job = Job(
        model=model,
        request=asked,
        inputs=inputs,
        noise=noise.profile_step_noise(request.noise, request.seed, shape, model.device),
        unit=unit,
        start=State(0, x),
        legs=(leg,),
        check=check,
    )
    for change in request.changes:
        job = steered(job, change)
    return job


@torch.no_grad()
def steered(job: Job, change: Change) -> Job:
    """The job from the state after `change.step` steps on, the change recorded in its request.

    Raises RequestError if the change does not fit, or comes too late.
    """
    last = job.legs[-1]
    if change.step < last.begin:
        raise RequestError("changes", f"Step {change.step} is before the last change.")
    model = _going_on(job, last, change)
    if change.model is not None:
        change = replace(change, model_digest=model.digest)
    request = replace(job.request, changes=(*job.request.changes, change))
    original = changed_original(
        model,
        job.inputs,
        job.request,
        job.legs[0].original,
        (last.request, last.original),
        change,
        job.check,
    )
    given, asked = last.given, last.request.changed(change)
    before = last.model, last.original, last.request.control
    if any(a is not b for a, b in zip(before, (model, original, asked.control), strict=True)):
        given = _given(model, asked, job.inputs, original, job.unit, job.check)
    leg = next_leg(model, last, change, original, given, job.unit, job.check)
    return replace(job, request=request, legs=(*job.legs, leg))


def resumed(model: Model, saved: Saved, check: Check = unchecked) -> tuple[Job, State]:
    """The job of a file, and the state it stopped at; go on with `steps(job, state)`.

    Raises RequestError if it was made for another model, StateError if it does not fit this one.
    """
    job = prepare(model, saved.request, saved.inputs, check)
    x = saved.state.x
    if x.shape != job.start.x.shape or saved.state.index > job.total:
        raise StateError("The saved state is not one of its own request: the file is damaged.")
    state = State(
        saved.state.index,
        x.to(model.device),
        tuple(old.to(model.device) for old in saved.state.memory),
    )
    return job, state


def steps(job: Job, state: State | None = None) -> Iterator[Step]:
    """The steps after `state`, or all of them."""
    state = state or job.start
    while state.index < job.total:
        with torch.no_grad():  # not around the yield: the caller's own torch code is not ours
            step = _step(job, state)
        yield step
        state = step.state


def _step(job: Job, state: State) -> Step:
    leg = job.leg(state.index)
    if leg.forgets and state.index == leg.begin:
        state = replace(state, memory=())
    return leg.sampler(leg.denoisers[state.index], state, leg.sigmas, job.noise)


@torch.no_grad()
def preview(job: Job, step: Step) -> Preview:
    """What the picture looks like so far, where it is drawn; coarsely where decoding takes long,
    and without matching colours where that does.
    """
    leg = job.leg(step.state.index - 1)
    model = leg.model
    drawn = model.glimpse(step.x0) if model.glimpses else _decode(model, step.x0, job.check)
    rgb, original = np.ascontiguousarray(_pixels(drawn)[..., :3]), leg.original
    if original is None or original.alpha is None:
        return Preview(rgb)
    part, region = original.seen, original.region
    quick = region.size[0] * region.size[1] <= MATCHED_AT_ONCE
    patch = inpainting.patched(*_pasting(leg, original, original.alpha, rgb, match=quick))
    x, y, (width, height) = part.left - region.left, part.top - region.top, part.size
    seen = np.ascontiguousarray(patch[y : y + height, x : x + width])
    return Preview(seen, original.image, part.left, part.top)


@torch.no_grad()
def preview_of(job: Job, done: int, x0: Tensor) -> np.ndarray:
    """What the picture looked like after `done` steps, whose estimate was `x0`."""
    leg = job.leg(done - 1)
    return _compose(leg, _decode(leg.model, x0, job.check))[0]


@torch.no_grad()
def finish(job: Job, state: State, *, tiled: bool = False) -> Picture:
    """Decodes the end of a trajectory. Where the mask is 0, every byte is the input's.

    `tiled` decodes in small tiles, which need little memory. Raises DecodeError for numbers that
    are not finite.
    """
    leg = job.legs[-1]
    decoded = _decode(leg.model, state.x, job.check, tiled=tiled)
    if not decoded.isfinite().all():
        raise DecodeError("The autoencoder made numbers of this picture that are not finite.")
    rgb, alpha = _compose(leg, decoded)
    return Picture(rgb, alpha, job.sealed, _changed(leg.original, rgb))


def _first_noise(request: Request, shape: tuple[int, int, int]) -> Tensor:
    unit = noise.profile_initial_noise(request.noise, request.seed, shape)
    variation = request.variation
    if not variation.strength:
        return unit
    other = noise.profile_initial_noise(request.noise, variation.seed, shape)
    by_column = request.noise in (A1111_CPU, A1111_NV)
    turn = noise.slerp_by_column if by_column else noise.slerp
    return turn(unit, other, variation.strength)


def _given(
    model: Model,
    request: Request,
    inputs: Inputs,
    original: Original | None,
    unit: Tensor,
    check: Check,
) -> Given | None:
    control = None
    if request.control and is_led(model):
        control = later(inputs, "control", request.control, control_shape(model, request))
    return given_to(
        model, request, control, original, unit, lambda picture: encode(model, picture, check)
    )


def _going_on(job: Job, last: Leg, change: Change) -> Model:
    """The model that goes on after a change."""
    model, models = last.model, job.inputs.models
    anew = {"model", "prompt", "negative"} & change.fields.keys()
    if models is not None and anew:
        request = last.request.changed(change)
        model = models(request, change.addons is not None)
        if request.model == job.request.model:
            model = _as_then(model, job.request)
    elif change.model is not None:
        raise RequestError(
            "changes", f"The model {change.model!r:.200} is not at hand to go on with."
        )
    if change.control:
        check_led(model)
    if change.model is None:
        return model
    if change.model_digest and change.model_digest != model.digest:
        raise RequestError(
            "changes",
            f"The request goes on with a model with hash {change.model_digest[:10]}; "
            f"{model.name} has {model.digest[:10]}.",
            "Take that model, or clear the hash to go on with this one.",
        )
    before, after = (
        (one.factor, one.config.latent_mean, one.config.latent_std) for one in (last.model, model)
    )
    if before != after:
        raise RequestError(
            "changes",
            f"{model.name} cannot go on with what {last.model.name} began: its latents are others.",
            "Choose a model of the same family, or its refiner.",
        )
    _check_size(model, *drawn_size(job.model, job.request), job.request.tile)
    return model


def _as_then(model: Model, request: Request) -> Model:
    """The model that predicts what it was taken to predict when the request was recorded."""
    if request.prediction or request.model_digest:
        return model.predicting(request.prediction)
    return model


def _check(model: Model, request: Request, inputs: Inputs) -> None:
    if request.count != 1:
        raise RequestError("count", "A job makes one picture.", "Use request.each().")
    _check_size(model, *drawn_size(model, request), request.tile)
    if request.control:
        check_led(model)
    if request.model_digest and request.model_digest != model.digest:
        raise RequestError(
            "model_digest",
            f"The request was made for a model with hash {request.model_digest[:10]}; "
            f"{model.name} has {model.digest[:10]}.",
            "Load that model, or clear the hash to draw with this one.",
        )
    size = (request.height, request.width)
    for name, pixels, shape in (
        ("init", inputs.image, (*size, 3)),
        ("mask", inputs.mask, size),
    ):
        named = getattr(request, name)
        if pixels is not None or named:
            check_pixels(name, pixels, named, shape)


def _check_size(model: Model, width: int, height: int, tile: int) -> None:
    limit = MAX_SIDE if tile else model.max_side
    for name, side in (("width", width), ("height", height)):
        if side % model.size_multiple or side > limit:
            raise RequestError(
                name,
                f"{model.name} cannot draw a {name} of {side} pixels.",
                f"Use a multiple of {model.size_multiple} up to {limit}.",
            )
    if tile % model.size_multiple or tile > model.max_side:
        raise RequestError(
            "tile",
            f"{model.name} cannot draw tiles of {tile} pixels.",
            f"Use a multiple of {model.size_multiple} up to {model.max_side}.",
        )


def _decode(model: Model, latent: Tensor, check: Check, *, tiled: bool = False) -> Tensor:
    if latent.shape[-2] * latent.shape[-1] <= WHOLE_CELLS and not tiled:
        return model.decode(latent)
    return model.decode_tiled(latent, SMALL_TILE if tiled else TILE, check)


def _compose(leg: Leg, decoded: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
    """[1, 3 or 4, h, w] -> uint8 RGB [H, W, 3] and alpha [H, W] if there is one, the original put
    back unpainted."""
    pixels = _pixels(decoded)
    rgb = np.ascontiguousarray(pixels[..., :3])
    alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
    original = leg.original
    if original is None or original.alpha is None:
        return rgb, alpha
    return inpainting.pasted(*_pasting(leg, original, original.alpha, rgb)), None


def _pixels(decoded: Tensor) -> np.ndarray:
    """[1, C, h, w] in [-1, 1] -> uint8 [h, w, C]"""
    levels = (decoded[0].clamp(-1, 1).float().cpu() + 1) * 127.5
    return levels.round().byte().permute(1, 2, 0).numpy()


def _pasting(
    leg: Leg, original: Original, alpha: np.ndarray, rgb: np.ndarray, *, match: bool = True
) -> tuple[np.ndarray, np.ndarray, Region, np.ndarray, np.ndarray | None]:
    """What `inpainting.pasted` is given."""
    kept = None
    if match and leg.request.inpaint.match and original.cells is not None:
        kept = (original.cells[0, 0] == 0).cpu().numpy()
    return original.image, alpha, original.region, rgb, kept


def _changed(original: Original | None, rgb: np.ndarray) -> int | None:
    """Counts the pixels that are not the original's. Raises AssertionError if one is outside."""
    if original is None or original.alpha is None:
        return None
    changed = (rgb != original.image).any(axis=2)
    if (changed & (original.alpha == 0)).any():
        raise AssertionError("A pixel outside the mask was changed.")
    return int(changed.sum())
