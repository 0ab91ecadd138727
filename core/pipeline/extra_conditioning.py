"""Conditions beyond the prompt: masks, control images and their embeddings.

    inpainting          the mask, and the latent of the kept part
    depth               a depth map
    instruct-pix2pix    the latent of the image to edit
    upscaling           the small image to enlarge, with some noise
    unCLIP              CLIP's embedding of the image to vary, with some noise; or zeros

The image to edit or enlarge is the request's `control`, or else its init image; the others are its
`control` only. Source: the published pipelines of these models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..cancellation import CancelCheck
from ..errors import Message, RequestError
from ..families.family import EMBEDDED
from ..images.clip_crop import SIDE
from ..model.model import Model
from ..networks.cond import Cond
from ..request.conditions import LabelMap
from ..request.inputs import Inputs, find_image
from ..request.parameters import MAX_UPSCALING_NOISE_LEVEL
from ..request.request import Request
from ..sampling import noise
from .init_image import InitImage, encode
from .inpainting import Region, drawn_image

REQUIRED_IMAGES: Mapping[str, Message] = {
    "depth": Message("a depth map, brighter where it is nearer"),
    "upscaling": Message("the small image to enlarge"),
}
"""Input kinds that require an image, and what it must be."""
CONTROL_STEP = -2
"""The step of the noise that is added to control images; no sampling step has this number."""
CONTROL_INPUT_KINDS = (*REQUIRED_IMAGES, "instruct-pix2pix", EMBEDDED)
"""Input kinds that take a control image."""


@dataclass(frozen=True)
class ExtraConditioning:
    """The conditions that do not come from a text."""

    prompt: Cond
    """Added to the condition of the prompt."""
    negative: Cond
    """Added to the condition of the negative prompt."""
    without_image: Cond | None = None
    """Added to the condition of the negative prompt without the image, if the image has its own
    guidance scale (`Guidance.image`)."""


def control_shape(model: Model, request: Request) -> tuple[int, ...]:
    """The shape of the uint8 array that `request.control` refers to."""
    height, width = request.height, request.width
    if model.input_kind == "depth":
        return height, width
    if model.input_kind == "upscaling":
        return height // model.factor, width // model.factor, 3
    if model.input_kind == EMBEDDED:
        return SIDE, SIDE, 3
    return height, width, 3


def check_takes_control_image(model: Model) -> None:
    """Raises RequestError if the model takes no control image."""
    if takes_control_image(model):
        return
    raise RequestError(
        "control",
        "{model} has no control image.",
        "Remove it, or choose a depth, InstructPix2Pix, upscaler or unCLIP model.",
        model=model.name,
    )


def takes_control_image(model: Model) -> bool:
    """Whether the model takes a control image."""
    return model.input_kind in CONTROL_INPUT_KINDS


def extra_conditioning(
    model: Model,
    request: Request,
    inputs: Inputs,
    init_image: InitImage | None,
    unit: Tensor,
    check: CancelCheck,
) -> ExtraConditioning | None:
    """None for models that are conditioned on text only. `unit` has the shape of the latent.

    Raises RequestError if a required image is missing, and for conditions that the model does not
    take.
    """
    extra = _image_conditioning(model, request, inputs, init_image, unit, check)
    for prompt, negative in model.other_conditions(request, _named_images(request, inputs)):
        extra = extra or ExtraConditioning(Cond(), Cond())
        without = extra.without_image and extra.without_image.updated(negative)
        extra = ExtraConditioning(
            extra.prompt.updated(prompt), extra.negative.updated(negative), without
        )
    return extra


def _named_images(request: Request, inputs: Inputs) -> Mapping[str, np.ndarray]:
    """The images that conditions name, by digest. Raises RequestError for one that is missing."""
    size = request.height, request.width
    return {
        condition.digest: find_image(inputs, condition.kind, condition.digest, size)
        for condition in request.conditions
        if isinstance(condition, LabelMap)
    }


def _image_conditioning(
    model: Model,
    request: Request,
    inputs: Inputs,
    init_image: InitImage | None,
    unit: Tensor,
    check: CancelCheck,
) -> ExtraConditioning | None:
    """The conditions from init image, mask and control image."""
    if model.input_kind == "inpainting":
        return _channels(_masked(model, init_image, unit))
    if model.input_kind not in CONTROL_INPUT_KINDS:
        return None
    control = None
    if request.control:
        control = find_image(inputs, "control", request.control, control_shape(model, request))
    if model.input_kind == EMBEDDED:
        return _embedded(model, request, control)
    height, width = (side * model.factor for side in unit.shape[-2:])
    image = _control_pixels(model, control, init_image, (width, height))
    if image is None:
        if model.input_kind in REQUIRED_IMAGES:
            wanted = REQUIRED_IMAGES[model.input_kind]
            raise RequestError(
                "control", "{model} needs {input}.", "Add one.", model=model.name, input=wanted
            )
        return _channels(torch.zeros_like(unit))
    if model.input_kind == "depth":
        return _channels(_depths(image, unit))
    pixels = torch.as_tensor(image.astype(np.float32) / 127.5 - 1)
    pixels = pixels.permute(2, 0, 1)[None].to(unit.device)
    if model.input_kind == "instruct-pix2pix":
        latent = encode(model, pixels, check)
        latent = latent if model.scales_edit_latent else model.unscaled(latent)
        with_image, without = Cond(channels=latent), Cond(channels=torch.zeros_like(latent))
        return ExtraConditioning(with_image, with_image, without)
    small = F.avg_pool2d(pixels, model.factor)
    level = torch.tensor([request.noise_level], device=unit.device)
    added = Cond(vector=level, channels=_noised(model, request, small))
    return ExtraConditioning(added, added)


def _channels(channels: Tensor) -> ExtraConditioning:
    added = Cond(channels=channels)
    return ExtraConditioning(added, added)


def _embedded(model: Model, request: Request, image: np.ndarray | None) -> ExtraConditioning:
    """The image embedding; zeros for the negative prompt and without an image, as in training."""
    assert model.image is not None
    nothing = Cond(vector=torch.zeros(1, model.image.width, device=model.device))
    if image is None:
        return ExtraConditioning(nothing, nothing)
    vector = model.embed_image(image)
    unit = noise.step_noise(request.seed, CONTROL_STEP, 0, tuple(vector.shape[1:]))[None]
    noised = model.image.noised(vector, request.noise_level, unit)
    return ExtraConditioning(Cond(vector=noised), nothing)


def _control_pixels(
    model: Model, control: np.ndarray | None, init_image: InitImage | None, size: tuple[int, int]
) -> np.ndarray | None:
    """The control image, or else the init image: the sampled region, resized to `size` (width,
    height)."""
    if control is None:
        if init_image is None or model.input_kind == "depth":
            return None
        return drawn_image(init_image.image, init_image.region, size)
    if model.input_kind == "upscaling":
        control = control.repeat(model.factor, axis=0).repeat(model.factor, axis=1)
    height, width = control.shape[:2]
    region = init_image.region if init_image is not None else Region(0, 0, width, height)
    return drawn_image(control, region, size)


def _masked(model: Model, init_image: InitImage | None, unit: Tensor) -> Tensor:
    """The mask and the latent of the kept part, [1, 1 + C, h, w]; without a mask everything is
    redrawn, and nothing is kept."""
    if init_image is None or init_image.cells is None or init_image.kept is None:
        nothing = model.encode_gray(unit.shape[-2] * model.factor, unit.shape[-1] * model.factor)
        return torch.cat([torch.ones_like(nothing[:, :1]), nothing], dim=1)
    return torch.cat([(init_image.cells > 0.5).to(init_image.kept), init_image.kept], dim=1)


def _depths(image: np.ndarray, unit: Tensor) -> Tensor:
    """A depth map [H, W] -> [1, 1, h, w], stretched to [-1, 1]."""
    depths = torch.as_tensor(image.astype(np.float32))[None, None].to(unit.device)
    depths = F.interpolate(depths, size=unit.shape[-2:], mode="bicubic", align_corners=False)
    low, high = depths.amin(), depths.amax()
    return 2 * (depths - low) / (high - low).clamp_min(1e-6) - 1


def _noised(model: Model, request: Request, small: Tensor) -> Tensor:
    """Adds noise of the request's level, in the scaling that preserves the variance."""
    if request.noise_level > MAX_UPSCALING_NOISE_LEVEL:
        raise RequestError(
            "noise_level",
            "{model} does not know the noise level {noise_level}.",
            "Choose one up to {most}.",
            model=model.name,
            noise_level=request.noise_level,
            most=MAX_UPSCALING_NOISE_LEVEL,
        )
    sigma = model.schedule.sigma(float(request.noise_level))
    unit = noise.step_noise(request.seed, CONTROL_STEP, 0, tuple(small.shape[1:]))[None].to(small)
    return (small + sigma * unit) * (1 + sigma**2) ** -0.5
