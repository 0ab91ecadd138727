"""What finished pictures looked like at each step, decoded anew from what is kept of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import ModelError
from ldm_studio.engine_protocol import Pipeline, Run
from ldm_studio.images.trajectory_store import Trajectory, read

from .engine_storage import Storage
from .events import Work


class StepViewer:
    """Remembers the last trajectory, so that one step after the other is quick to see."""

    def __init__(self, pipeline: Pipeline, storage: Storage) -> None:
        self._pipeline = pipeline
        self._storage = storage
        self._last: tuple[Path, Trajectory, Run] | None = None

    def forget(self) -> None:
        """Let go of the model."""
        self._last = None

    def view(self, path: Path, step: int) -> np.ndarray:
        """uint8 [H, W, 3] after `step` steps, from 1 on.

        Raises StateError if that is not kept; ModelError, RequestError or PictureError if the
        model that is loaded or what it started from is not the one it was made with.
        """
        if self._last is None or self._last[0] != path:
            self._last = None
            trajectory = read(path)
            self._last = (path, trajectory, self._begin(trajectory))
        _, trajectory, run = self._last
        return run.look(step, trajectory.estimate(step))

    def _begin(self, trajectory: Trajectory) -> Run:
        request = trajectory.request
        info = self._pipeline.info
        if info is None or self._pipeline.digest() != request.model_digest:
            raise ModelError(
                "The steps of this picture can be seen when its model is loaded, "
                f"{request.model!r} with hash {request.model_digest[:10]}.",
                "Choose that model first.",
            )
        pictures = self._storage.pictures_of(Work(0, request), request)
        return self._pipeline.begin(request, pictures.image, pictures.mask, pictures.later)
