"""Decodes the saved steps of finished images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import ModelError, quoted
from ldm_studio.engine_protocol import Pipeline, Run
from ldm_studio.images.trajectory_store import Trajectory, read

from .engine_storage import Storage
from .events import Job


class StepViewer:
    """Keeps the last trajectory, so that further steps are quick."""

    def __init__(self, pipeline: Pipeline, storage: Storage) -> None:
        self._pipeline = pipeline
        self._storage = storage
        self._last: tuple[Path, Trajectory, Run] | None = None

    def forget(self) -> None:
        """Releases the model."""
        self._last = None

    def view(self, path: Path, step: int) -> np.ndarray:
        """uint8 [H, W, 3] after `step` steps, counted from 1.

        Raises StateError if that is not saved; ModelError, RequestError or ImageError if the
        loaded model or the init image differs from the original one.
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
                "The steps of this image need its model, {model} with the hash {digest}.",
                "Choose that model first.",
                model=quoted(request.model),
                digest=request.model_digest[:10],
            )
        inputs = self._storage.inputs_of(Job(0, request), request)
        return self._pipeline.begin(request, inputs)
