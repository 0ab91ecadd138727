"""The inputs of a recipe: its model, and its images by digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import numpy as np
from PIL import Image

from core.errors import ImageError, Message, ModelError, StudioError, quoted
from core.request.conditions import LabelMap
from core.request.inputs import Inputs
from core.request.request import Change, Request
from ldm_studio.engine_protocol import ModelInfo, Pipeline
from ldm_studio.models.found_models import resolve_name

from .image_files import Pixels, read_request
from .input_store import InputStore

WHAT = {
    "init": Message("init image"),
    "mask": Message("mask"),
    "control": Message("control image"),
    "label_map": Message("label map"),
}
"""The images of a request or a change, by names that users know."""


class MissingInput(StudioError):
    """An image of a recipe is missing; `field` refers to it."""

    def __init__(
        self,
        field: str,
        template: LiteralString | Message,
        hint: LiteralString | Message = "",
        /,
        **values: object,
    ) -> None:
        super().__init__(template, hint, **values)
        self.field = field


class NoRecipe(ImageError):
    """An image has no recipe of this program."""


def scaled(images: Inputs, width: int, height: int) -> Inputs:
    """Image and mask resized, as a request of that size needs them."""
    if images.image is None or images.image.shape[:2] == (height, width):
        return images
    size = (width, height)
    image = Image.fromarray(images.image).resize(size, Image.Resampling.LANCZOS)
    if images.mask is None:
        return Inputs(np.array(image))
    mask = Image.fromarray(images.mask).resize(size, Image.Resampling.BILINEAR)
    return Inputs(np.array(image), np.array(mask))


def recipe(path: Path) -> Request:
    """The request inside an image. Raises ImageError, NoRecipe if there is none."""
    request = read_request(path)
    if request is None:
        raise NoRecipe(
            "{path} contains no recipe of LDM Studio, so it cannot be reproduced.", path=path
        )
    return request


def load_model(pipeline: Pipeline, request: Request, instead: str | None = None) -> ModelInfo:
    """Loads the model of a recipe; `instead` says where it is, if elsewhere.

    Raises ModelError, with the model's name and hash, if it is missing.
    """
    wanted: str | Message = quoted(request.model)
    if request.model_digest:
        wanted = Message(
            "{model} with the hash {hash}", model=wanted, hash=request.model_digest[:10]
        )
    where = Message("If you have it elsewhere, name it with --model.")
    try:
        model = pipeline.load(resolve_name(instead) if instead else request.model, request.vae)
    except ModelError as error:
        raise ModelError(
            "This needs the model {model}. {error}", where, model=wanted, error=error.message
        ) from error
    if request.model_digest and (digest := pipeline.digest()) != request.model_digest:
        raise ModelError(
            "This needs the model {model}; {found} here has the hash {actual}.",
            where,
            model=wanted,
            found=model.name,
            actual=digest[:10],
        )
    return model


def keep(images: Inputs, store: InputStore) -> None:
    """Stores the images, so that `find` returns them in later runs. Raises OSError."""
    for name, pixels in images.by_digest():
        store.keep(name, pixels)


def find(request: Request, store: InputStore, given: Inputs | None = None) -> Inputs:
    """The images that `request` refers to, from the given ones or from the store.

    Raises MissingInput, with the digest, if one is missing, and ImageError if one is damaged.
    """

    given = given or Inputs()
    known = dict(given.by_digest())

    def pixels(field: str, named: str) -> Pixels | None:
        if not named:
            return None
        what = WHAT[field]
        try:
            found = known[named] if named in known else store.find(named)
        except ValueError as error:
            message = Message("The recipe names its {input} in an invalid way.", input=what)
            raise MissingInput(field, message) from error
        if found is None:
            raise MissingInput(
                field,
                "The {input} that the recipe names by the digest {digest} is no longer stored.",
                "It would be {path}.",
                input=what,
                digest=named[:16],
                path=store.path(named),
            )
        return found

    image, mask = pixels("init", request.init), pixels("mask", request.mask)
    images = dict(given.images)
    for wanted in (request, *request.changes):
        for field, named in _named_images(wanted):
            if named not in (request.init, request.mask, *images):
                found = pixels(field, named)
                assert found is not None  # the request refers to it
                images[named] = found
    return replace(given, image=image, mask=mask, images=images)


def _named_images(wanted: Request | Change) -> Iterator[tuple[str, str]]:
    """What names an image, and its digest."""
    for field in ("init", "mask", "control"):
        if named := getattr(wanted, field):
            yield field, named
    if isinstance(wanted, Request):
        for condition in wanted.conditions:
            if isinstance(condition, LabelMap):
                yield condition.kind, condition.digest


def find_kept(request: Request, store: InputStore) -> Inputs:
    """Like `find`, but none if one of them is missing: the image can still be viewed; only
    restarting needs them."""
    try:
        return find(request, store)
    except StudioError:
        return Inputs()
