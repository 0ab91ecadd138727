"""The engine's folders on disk, and the images in them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import RequestError
from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images import recipe_inputs
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.job_files import JobStore
from ldm_studio.images.recipe_inputs import MissingInput
from ldm_studio.images.run_record import Record
from ldm_studio.images.trajectory_store import Trajectories

from .events import Work

Save = Callable[["GeneratedImage", ModelInfo, Record], Path]
"""Writes a finished picture to disk; raises OSError or PictureError."""


@dataclass(frozen=True)
class Storage:
    """Folders; that of finished images is looked up each time, because the day changes."""

    jobs: JobStore
    inputs: InputStore
    trajectories: Trajectories
    next_picture: Callable[[int], AbstractContextManager[Path]]
    """Reserves the file name of an image with this seed."""

    @classmethod
    def in_user_folders(
        cls,
        trajectory_bytes: int,
        next_picture: Callable[[int], AbstractContextManager[Path]] | None = None,
    ) -> Storage:
        """The default folders; `next_picture` if images go elsewhere."""
        return cls(
            JobStore(paths.queue_dir()),
            InputStore(paths.inputs_dir()),
            Trajectories(paths.trajectories_dir(), trajectory_bytes),
            next_picture or (lambda seed: paths.next_picture(paths.output_dir(), seed)),
        )

    def keep_inputs(self, work: Work) -> Request:
        """Writes the images of a job; returns its request with their digests. Raises OSError."""
        named = work.request
        if work.image is not None:
            named = replace(named, init=digest(work.image))
            self.inputs.keep(named.init, work.image)
        if work.mask is not None:
            named = replace(named, mask=digest(work.mask))
            self.inputs.keep(named.mask, work.mask)
        for name, pixels in work.later.items():
            self.inputs.keep(name, pixels)
        return named

    def pictures_of(self, work: Work, request: Request) -> Inputs:
        """The job's own images, and the stored ones that `request` names.

        Raises RequestError if one is missing, PictureError if it is damaged.
        """
        given = dict(work.later)
        for named, pixels in ((request.init, work.image), (request.mask, work.mask)):
            if pixels is not None:
                given[named] = pixels
        try:
            found = recipe_inputs.find(request, self.inputs, given)
        except MissingInput as error:
            raise RequestError(error.field, error.message, error.hint) from error
        image = found.image if work.image is None else work.image
        mask = found.mask if work.mask is None else work.mask
        return Inputs(image, mask, {**work.later, **found.later})
