"""The images and other models that a request refers to.

A request refers to images by digest. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import RequestError
from ..images.image_digest import digest

if TYPE_CHECKING:
    from ..model.model import Model
    from .request import Request

Models = Callable[["Request", bool], "Model"]
"""(request, complete) -> the model after a change. The request is the one in force; it may name
another model or, in its prompts, other LoRAs. If `complete` is true, the request's `addons` are all
that its prompts name, as they were recorded.

Raises ModelError, RequestError.
"""


class DigestCache:
    """Caches the digest of each array. It keeps the arrays, which must not change."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[np.ndarray, str]] = {}

    def of(self, pixels: np.ndarray) -> str:
        """See `image_digest.digest`."""
        if id(pixels) not in self._known:
            self._known[id(pixels)] = pixels, digest(pixels)
        return self._known[id(pixels)][1]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Pixels, which must not be written to again, and models. Copies by `replace` share digests."""

    image: np.ndarray | None = None
    """The init image, uint8 [H, W, 3]."""
    mask: np.ndarray | None = None
    """uint8 [H, W]: 0 keeps the pixel, 255 redraws it, values between blend."""
    images: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    """The control image, and images that only the request's changes refer to, by digest."""
    models: Models | None = None
    """Provides the models of changes, and LoRAs that prompts name; None: there is one model, and
    LoRAs are not applied."""
    digests: DigestCache = field(default_factory=DigestCache, repr=False)

    def digest(self, pixels: np.ndarray) -> str:
        """SHA-256 of the pixels, computed once."""
        return self.digests.of(pixels)

    def request(self, request: Request) -> Request:
        """`request` with the digests of `image` and `mask` in place of its own."""
        named: dict[str, str] = {}
        if self.image is not None:
            named["init"] = self.digest(self.image)
        if self.mask is not None:
            named["mask"] = self.digest(self.mask)
        if all(getattr(request, name) == value for name, value in named.items()):
            return request
        return replace(request, **named)

    def by_digest(self) -> Iterator[tuple[str, np.ndarray]]:
        """All images, each with its digest."""
        for pixels in (self.image, self.mask):
            if pixels is not None:
                yield self.digest(pixels), pixels
        yield from self.images.items()

    def with_images(self, images: Mapping[str, np.ndarray]) -> Inputs:
        """With more images that changes refer to, by digest."""
        return replace(self, images={**self.images, **images})


def find_image(inputs: Inputs, field: str, named: str, shape: tuple[int, ...]) -> np.ndarray:
    """The image that `field` of a request refers to. Raises RequestError."""
    pixels = inputs.images.get(named)
    if pixels is None:
        own = (pixels for pixels in (inputs.image, inputs.mask) if pixels is not None)
        pixels = next((pixels for pixels in own if inputs.digest(pixels) == named), None)
    check_pixels(inputs, field, pixels, named, shape)
    assert pixels is not None
    return pixels


def check_pixels(
    inputs: Inputs, name: str, pixels: np.ndarray | None, named: str, shape: tuple[int, ...]
) -> None:
    """Raises RequestError unless `pixels` have the digest and the shape that a request needs."""
    if (pixels is None) != (not named):
        if pixels is None:
            raise RequestError(name, "The {name} image is missing.", name=name)
        raise RequestError(name, "The {name} image was given but is not used.", name=name)
    if pixels is None:
        return
    if pixels.dtype != np.uint8 or pixels.shape != shape:
        raise RequestError(
            name,
            "The {name} image is {dtype} {shape}, not uint8 {expected}.",
            "Resize it to the requested size.",
            name=name,
            dtype=pixels.dtype,
            shape=pixels.shape,
            expected=shape,
        )
    if inputs.digest(pixels) != named:
        raise RequestError(
            name, "The {name} image is not the one that the request names.", name=name
        )
