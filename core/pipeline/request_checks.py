"""Checks that a request fits the model and the inputs, before anything is computed."""

from __future__ import annotations

from ..conditioning.text.prompt_parser import loras
from ..errors import RequestError, quoted
from ..model.model import Model
from ..request.inputs import Inputs, check_pixels
from ..request.parameters import MAX_SIDE
from ..request.request import Request
from .extra_conditioning import check_takes_control_image
from .init_image import drawn_size


def with_recorded_prediction(model: Model, request: Request) -> Model:
    """The model with the prediction type that is recorded in the request."""
    if request.prediction or request.model_digest:
        return model.with_prediction(request.prediction)
    return model


def check_request(model: Model, request: Request, inputs: Inputs) -> None:
    """Raises RequestError if anything does not fit."""
    if request.count != 1:
        raise RequestError("count", "A run makes a single image.", "Use request.each().")
    check_size(model, *drawn_size(model, request), request.tile)
    check_takes_text(model, request)
    if request.control:
        check_takes_control_image(model)
    if request.model_digest and request.model_digest != model.digest:
        raise RequestError(
            "model_digest",
            "The request was made for a model with the hash {expected}; {model} has {actual}.",
            "Choose that model, or clear the hash to generate with this one.",
            expected=request.model_digest[:10],
            model=model.name,
            actual=model.digest[:10],
        )
    size = (request.height, request.width)
    for name, pixels, shape in (
        ("init", inputs.image, (*size, 3)),
        ("mask", inputs.mask, size),
    ):
        named = getattr(request, name)
        if pixels is not None:  # without a name it is named by these pixels
            check_pixels(inputs, name, pixels, named or inputs.digest(pixels), shape)
        elif named:
            check_pixels(inputs, name, pixels, named, shape)
    if inputs.models is None:
        check_loras(request.prompt, request.syntax)


def check_takes_text(model: Model, request: Request) -> None:
    """Raises RequestError for prompts of a model that takes no text."""
    for name in ("prompt", "negative"):
        if getattr(request, name) and not model.text.takes_text:
            raise RequestError(name, "{model} takes no prompt.", "Clear it.", model=model.name)


def check_loras(prompt: str, syntax: str) -> None:
    """Raises RequestError if `prompt` names a LoRA, for runs that cannot apply LoRAs."""
    if named := loras(prompt, syntax):
        raise RequestError(
            "prompt",
            "The prompt names the LoRA {lora}, which is not applied here.",
            "Remove the tag and apply the file with core.checkpoints.lora.with_loras.",
            lora=quoted(named[0].name),
        )


def check_size(model: Model, width: int, height: int, tile: int) -> None:
    """Raises RequestError for sides in pixels, or the side of a tile, that the model does not
    support."""
    limit = MAX_SIDE if tile else model.max_side
    for name, side in (("width", width), ("height", height)):
        if side % model.size_multiple or side > limit:
            raise RequestError(
                name,
                "{model} does not support a {name} of {side} pixels.",
                "Use a multiple of {multiple} up to {most}.",
                model=model.name,
                name=name,
                side=side,
                multiple=model.size_multiple,
                most=limit,
            )
    if tile % model.size_multiple or tile > model.max_side:
        raise RequestError(
            "tile",
            "{model} does not support tiles of {side} pixels.",
            "Use a multiple of {multiple} up to {most}.",
            model=model.name,
            side=tile,
            multiple=model.size_multiple,
            most=model.max_side,
        )
