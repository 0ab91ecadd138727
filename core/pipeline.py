"""A request and a model make a trajectory of steps, and the trajectory a picture.

    job = prepare(model, request)
    for step in steps(job):
        ...  # look at preview(job, step)
    picture = finish(job, step.state)

To cancel, stop iterating; between two tiles of a step, raise `Stopped` from `check`. To steer, go
on with `steps(steered(job, change), step.state)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from . import inpainting
from .checking import Check, unchecked
from .diffusion import noise
from .diffusion.noise_profiles import A1111_CPU, A1111_NV
from .diffusion.trajectory import Noise, State, Step
from .errors import DecodeError, RequestError, StateError
from .inpainting import Region
from .legs import Leg, Original, first_leg, next_leg
from .model import Model
from .pixels import digest
from .previews import Preview
from .request import MAX_SIDE, Change, Request
from .saved import Saved, description

WHOLE_CELLS = 128 * 128
"""Pictures of more cells are encoded and decoded in tiles, to bound memory."""

TILE = 64
"""Latent cells."""

SMALL_TILE = 32
"""For a decoder that ran out of memory."""


@dataclass(frozen=True)
class Inputs:
    """The pictures a request starts from; it names them by digest."""

    image: np.ndarray | None = None
    """uint8 [H, W, 3]."""
    mask: np.ndarray | None = None
    """uint8 [H, W]: 0 keeps the pixel, 255 redraws it, values between blend."""
    later: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    """Those that only the request's changes name, by digest."""


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


@dataclass(frozen=True)
class Job:
    """A request made ready: everything the loop needs, computed once."""

    model: Model
    request: Request
    inputs: Inputs
    noise: Noise
    unit: Tensor
    """The noise it starts from, [1, C, h, w]."""
    start: State
    legs: tuple[Leg, ...]
    check: Check = unchecked
    """Asked before each tile of whatever is computed; the state before stays good."""

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The noise levels that are visited, the last 0."""
        return self.legs[-1].sigmas

    @cached_property
    def sealed(self) -> Request:
        """Its request with the model's digest: what the picture is made again from."""
        return replace(self.request, model_digest=self.model.digest)

    @cached_property
    def description(self) -> Mapping[str, str]:
        """What a file of one of its states says of it; kept, as that is written at every step."""
        return description(self.sealed, self.model.device.type, self.model.precision)

    @property
    def total(self) -> int:
        """Steps from the start to the picture."""
        return len(self.sigmas) - 1

    def leg(self, index: int) -> Leg:
        """The one that step `index` belongs to."""
        return next(leg for leg in reversed(self.legs) if leg.begin <= max(0, index))


@torch.no_grad()
def prepare(
    model: Model, request: Request, inputs: Inputs | None = None, check: Check = unchecked
) -> Job:
    """Encodes the prompts and the pictures. Raises RequestError if they do not fit together, and
    what `check` raises, which is asked before each tile from now on.
    """
    inputs = inputs or Inputs()
    _check(model, request, inputs)
    width, height = _drawn_size(model, request)
    factor = model.factor
    shape = (model.latent_channels, height // factor, width // factor)
    unit = _first_noise(request, shape)[None].to(model.device)
    original = None
    if inputs.image is not None:
        original = _original(model, request, inputs.image, inputs.mask, check)
    asked = replace(request, changes=())
    leg = first_leg(model, asked, original, unit, check)
    if original is None:
        x = unit * noise.first_scale(request.noise, leg.sigmas[0])
    else:
        x = _content(model, request, original, check) + unit * leg.sigmas[0]
    job = Job(
        model=model,
        request=asked,
        inputs=inputs,
        noise=noise.draws(request.noise, request.seed, shape, model.device),
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
    request = replace(job.request, changes=(*job.request.changes, change))
    original = _changed_original(job, last, change)
    leg = next_leg(job.model, last, change, original, job.unit, job.check)
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
    return leg.sampler(leg.denoise, state, leg.sigmas, job.noise)


@torch.no_grad()
def preview(job: Job, step: Step) -> Preview:
    """What the picture looks like so far, where it is drawn; coarsely where decoding takes long."""
    leg = job.leg(step.state.index - 1)
    drawn = job.model.glimpse(step.x0) if job.model.glimpses else _decode(job, step.x0)
    rgb, original = np.ascontiguousarray(_pixels(drawn)[..., :3]), leg.original
    if original is None or original.alpha is None:
        return Preview(rgb)
    patch = inpainting.patched(*_pasting(leg, original, original.alpha, rgb))
    part, region = original.seen, original.region
    x, y, (width, height) = part.left - region.left, part.top - region.top, part.size
    seen = np.ascontiguousarray(patch[y : y + height, x : x + width])
    return Preview(seen, original.image, part.left, part.top)


@torch.no_grad()
def preview_of(job: Job, done: int, x0: Tensor) -> np.ndarray:
    """What the picture looked like after `done` steps, whose estimate was `x0`."""
    return _compose(job.leg(done - 1), _decode(job, x0))[0]


@torch.no_grad()
def finish(job: Job, state: State, *, tiled: bool = False) -> Picture:
    """Decodes the end of a trajectory. Where the mask is 0, every byte is the input's.

    `tiled` decodes in small tiles, which need little memory. Raises DecodeError for numbers that
    are not finite.
    """
    leg = job.legs[-1]
    decoded = _decode(job, state.x, tiled=tiled)
    if not decoded.isfinite().all():
        raise DecodeError("The autoencoder made numbers of this picture that are not finite.")
    rgb, alpha = _compose(leg, decoded)
    return Picture(rgb, alpha, job.sealed, _changed(leg.original, rgb))


def _first_noise(request: Request, shape: tuple[int, int, int]) -> Tensor:
    unit = noise.first(request.noise, request.seed, shape)
    variation = request.variation
    if not variation.strength:
        return unit
    other = noise.first(request.noise, variation.seed, shape)
    by_column = request.noise in (A1111_CPU, A1111_NV)
    turn = noise.varied_by_column if by_column else noise.varied
    return turn(unit, other, variation.strength)


def _drawn_size(model: Model, request: Request) -> tuple[int, int]:
    """(width, height) of what the networks draw."""
    inpaint = request.inpaint
    if not request.mask or inpaint.area == "whole":
        return request.width, request.height
    return inpaint.width or model.defaults.width, inpaint.height or model.defaults.height


def _original(
    model: Model,
    request: Request,
    image: np.ndarray,
    mask: np.ndarray | None,
    check: Check,
    region: Region | None = None,
) -> Original:
    """`region`: the one that was settled at the start of the trajectory."""
    drawn = _drawn_size(model, request)
    whole = Region(0, 0, request.width, request.height)
    alpha = cells = small = None
    if mask is not None:
        redrawn = inpainting.redrawn(mask, request.inpaint)
        region = region or inpainting.region(redrawn, request.inpaint, drawn)
        alpha = inpainting.blend_alpha(redrawn, request.inpaint)
        small = inpainting.drawn_picture(redrawn, region, drawn)
        cells = torch.as_tensor(inpainting.cells(small, model.factor))
        cells = cells[None, None].to(model.device)
    region = region or whole
    picture = inpainting.drawn_picture(image, region, drawn)
    pixels = _to_tensor(picture, model.device)
    kept = None
    if model.extra == "inpainting" and small is not None:
        outside = torch.as_tensor(small < 128).to(pixels)
        kept = _encode(model, pixels * outside, check)  # what is redrawn is grey
    return Original(image, alpha, region, _encode(model, pixels, check), cells, kept)


def _content(model: Model, request: Request, original: Original, check: Check) -> Tensor:
    """The latent that noise is added to at the start."""
    content, cells = request.inpaint.content, original.cells
    if cells is None or content == "original":
        return original.latent
    if content == "fill":
        assert original.alpha is not None
        surroundings = inpainting.filled(
            original.region.of(original.image), original.region.of(original.alpha)
        )
        size = _drawn_size(model, request)
        whole = Region(0, 0, *original.region.size)
        picture = inpainting.drawn_picture(surroundings, whole, size)
        other = _encode(model, _to_tensor(picture, model.device), check)
    elif content == "noise":
        other = noise.step_noise(request.seed, -1, 0, original.latent.shape[1:])[None]
    else:
        other = torch.zeros_like(original.latent)
    return original.latent.lerp(other.to(model.device), cells)


def _changed_original(job: Job, leg: Leg, change: Change) -> Original | None:
    """What is kept from a change on; what is drawn keeps its place and size."""
    asked = leg.request.changed(change)
    if (asked.init, asked.mask) == (leg.request.init, leg.request.mask):
        return leg.original
    if not asked.init:
        return None
    size = (asked.height, asked.width)
    image = _later(job.inputs, "init", asked.init, (*size, 3))
    mask = _later(job.inputs, "mask", asked.mask, size) if asked.mask else None
    first = job.legs[0].original
    if first is None or first.alpha is None:
        region = Region(0, 0, asked.width, asked.height)
        asked = replace(asked, inpaint=replace(asked.inpaint, area="whole"))
    else:
        region = first.region
        asked = replace(asked, mask=job.request.mask)  # what is drawn keeps its size
    return _original(job.model, asked, image, mask, job.check, region)


def _later(inputs: Inputs, field: str, named: str, shape: tuple[int, ...]) -> np.ndarray:
    known = (inputs.image, inputs.mask)
    pixels = inputs.later.get(named)
    if pixels is None:
        pixels = next((p for p in known if p is not None and digest(p) == named), None)
    _check_pixels(field, pixels, named, shape)
    assert pixels is not None
    return pixels


def _check(model: Model, request: Request, inputs: Inputs) -> None:
    if request.count != 1:
        raise RequestError("count", "A job makes one picture.", "Use request.each().")
    width, height = _drawn_size(model, request)
    limit = MAX_SIDE if request.tile else model.max_side
    for name, side in (("width", width), ("height", height)):
        if side % model.size_multiple or side > limit:
            raise RequestError(
                name,
                f"{model.name} cannot draw a {name} of {side} pixels.",
                f"Use a multiple of {model.size_multiple} up to {limit}.",
            )
    if request.tile % model.size_multiple or request.tile > model.max_side:
        raise RequestError(
            "tile",
            f"{model.name} cannot draw tiles of {request.tile} pixels.",
            f"Use a multiple of {model.size_multiple} up to {model.max_side}.",
        )
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
            _check_pixels(name, pixels, named, shape)


def _check_pixels(name: str, pixels: np.ndarray | None, named: str, shape: tuple[int, ...]) -> None:
    if (pixels is None) != (not named):
        missing = "is missing" if pixels is None else "was given but not asked for"
        raise RequestError(name, f"The {name} picture {missing}.")
    if pixels is None:
        return
    if pixels.dtype != np.uint8 or pixels.shape != shape:
        raise RequestError(
            name,
            f"The {name} picture is {pixels.dtype} {pixels.shape}, not uint8 {shape}.",
            "Resize it to the size that is asked for.",
        )
    if digest(pixels) != named:
        raise RequestError(name, f"The {name} picture is not the one the request names.")


def _encode(model: Model, picture: Tensor, check: Check) -> Tensor:
    height, width = (side // model.factor for side in picture.shape[-2:])
    if height * width <= WHOLE_CELLS:
        return model.encode(picture)
    return model.encode_tiled(picture, TILE, check)


def _decode(job: Job, latent: Tensor, *, tiled: bool = False) -> Tensor:
    if latent.shape[-2] * latent.shape[-1] <= WHOLE_CELLS and not tiled:
        return job.model.decode(latent)
    tile = SMALL_TILE if tiled else TILE
    return job.model.decode_tiled(latent, tile, job.check)


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
    leg: Leg, original: Original, alpha: np.ndarray, rgb: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Region, np.ndarray, np.ndarray | None]:
    """What `inpainting.pasted` is given."""
    kept = None
    if leg.request.inpaint.match and original.cells is not None:
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


def _to_tensor(image: np.ndarray, device: torch.device) -> Tensor:
    tensor = torch.as_tensor(image.astype(np.float32) / 127.5 - 1)
    return tensor.permute(2, 0, 1)[None].to(device)
