"""What is handed to the engine for one press of Generate, and what comes back."""

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
    """The image it branches off."""


def entry_of(event: Finished, order: Order | None) -> StripEntry:
    """The finished image with what it was made from.

    `order` is None for a work of the last session, whose images are looked for on disk.
    """
    if order is None:
        request = event.image.request
        order = Order(request, recipe_inputs.find_kept(request, InputStore(paths.inputs_dir())))
    return StripEntry(
        event.image, event.path, order.inputs, event.record, event.trajectory, event.live
    )
