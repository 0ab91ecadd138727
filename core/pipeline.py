"""A request and a model make a trajectory of steps, and the trajectory a picture.

    job = prepare(model, request)
    for step in steps(job):
        ...  # look at preview(job, step)
    picture = finish(job, step.state)

To cancel, stop iterating.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .diffusion import noise
from .diffusion.guidance import guided, masked
from .diffusion.prediction import denoiser
from .diffusion.samplers import SAMPLERS, levels
from .diffusion.sigmas import tail
from .diffusion.trajectory import Denoiser, Noise, State, Step, run
from .errors import RequestError
from .model import Model
from .networks.compact_autoencoder import DECODER_REACH, FACTOR
from .request import Request
from .text.conditioning import Cond, concatenate
from .tiling import decode_tiled

WHOLE_CELLS = 128 * 128
"""Latents of more cells are decoded in tiles, to bound memory."""

TILE = 64
"""Latent cells."""


@dataclass(frozen=True)
class Inputs:
    """The pictures a request starts from; it names them by digest."""

    image: np.ndarray | None = None
    """uint8 [H, W, 3]."""
    mask: np.ndarray | None = None
    """uint8 [H, W]: 0 keeps the pixel, 255 redraws it, values between blend."""


@dataclass(frozen=True)
class Picture:
    """What a request made."""

    rgb: np.ndarray
    """uint8 [H, W, 3], on white where it is transparent."""
    alpha: np.ndarray | None
    """uint8 [H, W]; None for a picture that was only partly redrawn."""
    request: Request
    """The request of this one picture, count 1, with the model's digest."""

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
    denoise: Denoiser
    noise: Noise
    sigmas: tuple[float, ...]
    start: State


def digest(pixels: np.ndarray) -> str:
    """SHA-256 in hex of a picture's or a mask's shape and pixels, by which a request names it."""
    named = f"{pixels.dtype}{pixels.shape}".encode()
    return hashlib.sha256(named + np.ascontiguousarray(pixels).tobytes()).hexdigest()


@torch.no_grad()
def prepare(model: Model, request: Request, inputs: Inputs | None = None) -> Job:
    """Encodes the prompts and the pictures. Raises RequestError if they do not fit together."""
    inputs = inputs or Inputs()
    _check(model, request, inputs)
    shape = (
        model.config.autoencoder.latent_channels,
        request.height // FACTOR,
        request.width // FACTOR,
    )
    sigmas = levels(request.sampler, request.schedule, request.steps, model.schedule)
    unit = noise.initial(request.seed, shape)[None].to(model.device)
    denoise = _guided(model, request)
    if inputs.image is None:
        start = State(0, unit * sigmas[0])
    else:
        original = model.encode(_to_tensor(inputs.image, model.device))
        sigmas = tail(sigmas, request.strength)
        start = State(0, original + unit * sigmas[0])
        if inputs.mask is not None:
            cells = latent_mask(inputs.mask).to(model.device)
            denoise = masked(denoise, original, cells, unit)
    return Job(
        model=model,
        request=request,
        inputs=inputs,
        denoise=denoise,
        noise=noise.seeded([request.seed], shape, model.device),
        sigmas=sigmas,
        start=start,
    )


def steps(job: Job, state: State | None = None) -> Iterator[Step]:
    """The steps after `state`, or all of them."""
    sampler = SAMPLERS[job.request.sampler].step
    remaining = run(sampler, job.denoise, state or job.start, job.sigmas, job.noise)
    while True:
        with torch.no_grad():  # not around the yield: the caller's own torch code is not ours
            step = next(remaining, None)
        if step is None:
            return
        yield step


@torch.no_grad()
def preview(job: Job, step: Step) -> np.ndarray:
    """What the picture looks like so far, uint8 [H, W, 3]."""
    return _compose(job, _decode(job.model, step.x0))[0]


@torch.no_grad()
def finish(job: Job, state: State) -> Picture:
    """Decodes the end of a trajectory. Where the mask is 0, every byte is the input's."""
    rgb, alpha = _compose(job, _decode(job.model, state.x))
    return Picture(rgb, alpha, replace(job.request, model_digest=job.model.digest))


def latent_mask(mask: np.ndarray) -> Tensor:
    """uint8 [H, W] -> float32 [1, 1, H/8, W/8] in [0, 1].

    A cell is redrawn as much as the most painted of its pixels, so that every painted pixel can
    change fully; the pixels that were not painted are put back after decoding.
    """
    painted = torch.as_tensor(mask.astype(np.float32) / 255)[None, None]
    return F.max_pool2d(painted, FACTOR)


def _guided(model: Model, request: Request) -> Denoiser:
    cond = model.text([request.prompt])
    both = concatenate([cond, model.text([request.negative])])

    def network(cond: Cond):
        def predict(x: Tensor, t: float) -> Tensor:
            times = torch.full((len(x),), t, device=x.device)
            return model.unet(x, times, cond.context, cond.vector)

        return denoiser(predict, model.prediction, model.schedule)

    single, double = network(cond), network(both)

    def pair(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        conditional, unconditional = double(torch.cat([x, x]), sigma).chunk(2)
        return conditional, unconditional

    return guided(single, pair, request.cfg)


def _check(model: Model, request: Request, inputs: Inputs) -> None:
    if request.count != 1:
        raise RequestError("count", "A job makes one picture.", "Use request.each().")
    for field, side in (("width", request.width), ("height", request.height)):
        if side % model.size_multiple or side > model.max_side:
            raise RequestError(
                field,
                f"{model.name} cannot draw a {field} of {side} pixels.",
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
    for field, pixels, shape in (
        ("init", inputs.image, (*size, 3)),
        ("mask", inputs.mask, size),
    ):
        named = getattr(request, field)
        if (pixels is None) != (not named):
            missing = "is missing" if pixels is None else "was given but not asked for"
            raise RequestError(field, f"The {field} picture {missing}.")
        if pixels is None:
            continue
        if pixels.dtype != np.uint8 or pixels.shape != shape:
            raise RequestError(
                field,
                f"The {field} picture is {pixels.dtype} {pixels.shape}, not uint8 {shape}.",
                "Resize it to the size that is asked for.",
            )
        if digest(pixels) != named:
            raise RequestError(field, f"The {field} picture is not the one the request names.")


def _decode(model: Model, latent: Tensor) -> Tensor:
    if latent.shape[-2] * latent.shape[-1] <= WHOLE_CELLS:
        return model.decode(latent)
    return decode_tiled(model.decode, latent, tile=TILE, reach=DECODER_REACH, factor=FACTOR)


def _compose(job: Job, decoded: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
    """[1, 4, H, W] -> uint8 RGB [H, W, 3] and alpha [H, W], the original put back unpainted."""
    levels = (decoded[0].clamp(-1, 1).float().cpu() + 1) * 127.5
    pixels = levels.round().byte().permute(1, 2, 0).numpy()
    rgb, alpha = np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])
    image, mask = job.inputs.image, job.inputs.mask
    if image is None or mask is None:
        return rgb, alpha
    weight = mask.astype(np.float32)[..., None] / 255
    blended = (image + (rgb.astype(np.float32) - image) * weight).round().astype(np.uint8)
    return np.where(mask[..., None] == 0, image, blended), None


def _to_tensor(image: np.ndarray, device: torch.device) -> Tensor:
    tensor = torch.as_tensor(image.astype(np.float32) / 127.5 - 1)
    return tensor.permute(2, 0, 1)[None].to(device)
