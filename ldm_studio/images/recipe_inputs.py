"""What a recipe needs to be run again: its model, and the images it starts from, by digest."""

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
"""The images that a request, or a change of one, names; as the user knows them."""


class MissingInput(StudioError):
    """An image that a recipe starts from is missing; `field` is what names it."""

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
    """An image does not say how it was made, in the words of this program."""


def scaled(images: Inputs, width: int, height: int) -> Inputs:
    """Image and mask in another size, as a request of that size starts from them."""
    if images.image is None or images.image.shape[:2] == (height, width):
        return images
    size = (width, height)
    image = Image.fromarray(images.image).resize(size, Image.Resampling.LANCZOS)
    if images.mask is None:
        return Inputs(np.array(image))
    mask = Image.fromarray(images.mask).resize(size, Image.Resampling.BILINEAR)
    return Inputs(np.array(image), np.array(mask))


def recipe(path: Path) -> Request:
    """The request inside an image. Raises ImageError, NoRecipe where there is none."""
    request = read_request(path)
    if request is None:
        raise NoRecipe(
            "{path} contains no recipe of LDM Studio, so it cannot be reproduced.", path=path
        )
    return request


def load_model(pipeline: Pipeline, request: Request, instead: str | None = None) -> ModelInfo:
    """The model that made a recipe; `instead` says where else it is.

    Raises ModelError, which names the model and its hash, where it is not here.
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
    """So that `find` has them in any later run. Raises OSError."""
    for name, pixels in images.by_digest():
        store.keep(name, pixels)


def find(request: Request, store: InputStore, given: Inputs | None = None) -> Inputs:
    """The images that `request` names, among those given, or from the store.

    Raises MissingInput, which says by digest what is not here, and ImageError for one that is
    damaged.
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
                assert found is not None  # it is named
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
    """As `find`, but none where one of them is not here: an image can be looked at all the same;
    only to start again needs them.
    """
    try:
        return find(request, store)
    except StudioError:
        return Inputs()
