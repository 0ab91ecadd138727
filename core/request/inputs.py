"""What a request names: pictures, by digest, and other models. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..errors import RequestError
from ..images.image_digest import digest

if TYPE_CHECKING:
    from ..model.model import Model
    from .request import Request

Models = Callable[["Request", bool], "Model"]
"""From what is asked for after a change, which may name another model or, in its prompts, other
LoRAs, to the model that goes on. Where the second argument is true, the request's `addons` are all
that its prompts name: it is made again.

Raises ModelError, RequestError."""


@dataclass(frozen=True)
class Inputs:
    """The pictures a request starts from; it names them by digest."""

    image: np.ndarray | None = None
    """uint8 [H, W, 3]."""
    mask: np.ndarray | None = None
    """uint8 [H, W]: 0 keeps the pixel, 255 redraws it, values between blend."""
    later: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    """Its control picture, and those that only the request's changes name, by digest."""
    models: Models | None = None
    """Those that the request's changes go on with; None: there is one model only."""


def later(inputs: Inputs, field: str, named: str, shape: tuple[int, ...]) -> np.ndarray:
    known = (inputs.image, inputs.mask)
    pixels = inputs.later.get(named)
    if pixels is None:
        pixels = next((p for p in known if p is not None and digest(p) == named), None)
    check_pixels(field, pixels, named, shape)
    assert pixels is not None
    return pixels


def check_pixels(name: str, pixels: np.ndarray | None, named: str, shape: tuple[int, ...]) -> None:
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
