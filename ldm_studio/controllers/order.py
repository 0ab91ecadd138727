"""What is handed to the engine for one press of Generate, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.request.request import Request
from ldm_studio import paths
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.events import Finished
from ldm_studio.images import recipe_inputs
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.run_record import Parent


@dataclass(frozen=True, eq=False)
class Order:
    """A request, and the pictures that it starts from."""

    request: Request
    image: np.ndarray | None = None
    """uint8 [H, W, 3]."""
    mask: np.ndarray | None = None
    """uint8 [H, W]."""
    later: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    """Those that only the request's changes name, by digest."""
    parent: Parent | None = None
    """The picture it branches off."""


def entry_of(event: Finished, order: Order | None) -> StripEntry:
    """The finished picture with what it was made from.

    `order` is None for a work of the last session, whose pictures are looked for on disk.
    """
    if order is None:
        found = recipe_inputs.find_kept(event.picture.request, InputStore(paths.inputs_dir()))
        order = Order(event.picture.request, found.image, found.mask, found.later)
    return StripEntry(
        event.picture, event.path, order.image, order.mask, order.later, event.record,
        event.trajectory, event.live,
    )  # fmt: skip
