"""The engine's folders on disk, and the images in them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from core.errors import RequestError
from core.images.generated_image import GeneratedImage
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

from .events import Job

Save = Callable[["GeneratedImage", ModelInfo, Record], Path]
"""Writes a finished image to disk; raises OSError or ImageError."""


@dataclass(frozen=True)
class Storage:
    """Folders; that of finished images is looked up each time, because the day changes."""

    jobs: JobStore
    inputs: InputStore
    trajectories: Trajectories
    next_image: Callable[[int], AbstractContextManager[Path]]
    """Reserves the file name of an image with this seed."""

    @classmethod
    def in_user_folders(
        cls,
        trajectory_bytes: int,
        next_image: Callable[[int], AbstractContextManager[Path]] | None = None,
    ) -> Storage:
        """The default folders; `next_image` if images go elsewhere."""
        return cls(
            JobStore(paths.queue_dir()),
            InputStore(paths.inputs_dir()),
            Trajectories(paths.trajectories_dir(), trajectory_bytes),
            next_image or (lambda seed: paths.next_image(paths.output_dir(), seed)),
        )

    def keep_inputs(self, job: Job) -> Request:
        """Writes the images of a job; returns its request with their digests. Raises OSError."""
        for name, pixels in job.inputs.by_digest():
            self.inputs.keep(name, pixels)
        return job.inputs.request(job.request)

    def inputs_of(self, job: Job, request: Request) -> Inputs:
        """The images of the job, and the stored ones that `request` refers to besides.

        Raises RequestError if one is missing, ImageError if it is damaged.
        """
        try:
            return recipe_inputs.find(job.inputs.request(request), self.inputs, job.inputs)
        except MissingInput as error:
            raise RequestError(error.field, error.message, error.hint) from error
