"""The input of the engine for one press of Generate, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.events import Finished
from ldm_studio.images import recipe_inputs
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.run_record import Parent


@dataclass(frozen=True, eq=False)
class Order:
    """A request, and the images that it starts from."""

    request: Request
    inputs: Inputs = field(default_factory=Inputs)
    parent: Parent | None = None
    """The image that it branches from."""


def entry_of(event: Finished, order: Order | None) -> StripEntry:
    """The finished image with its inputs.

    Without an `order`, for a job of the last session, its images are read from disk.
    """
    if order is None:
        request = event.image.request
        order = Order(request, recipe_inputs.find_kept(request, InputStore(paths.inputs_dir())))
    return StripEntry(
        event.image, event.path, order.inputs, event.record, event.trajectory, event.live
    )
