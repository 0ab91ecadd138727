"""What the engine needs of a pipeline, and the real one.

Nothing here imports torch until `CorePipeline.load` is called, on the engine's thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.device import physical_cores
from core.errors import MemoryShortage
from core.request import Request

from .events import ModelInfo
from .thread import lower_priority, open_torch_libraries

if TYPE_CHECKING:
    from core.diffusion.trajectory import Step
    from core.model import Model
    from core.pipeline import Job, Picture


class Run(Protocol):
    """One picture on its way."""

    @property
    def total(self) -> int:
        """How many steps there will be."""
        ...

    def steps(self) -> Iterator[Any]:
        """Not asking for the next one is how to cancel."""
        ...

    def preview(self, step: Any) -> np.ndarray:
        """What the picture looks like after `step`: a fresh uint8 [H, W, 3]."""
        ...

    def finish(self, step: Any) -> Picture:
        """The picture after the last step."""
        ...


class Pipeline(Protocol):
    """Loads a model and begins pictures with it. Called on the engine's thread only."""

    def load(self) -> ModelInfo: ...

    def begin(self, request: Request, image: np.ndarray | None, mask: np.ndarray | None) -> Run: ...


class CoreRun:
    """A `core` job behind the engine's face."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @property
    def total(self) -> int:
        return len(self._job.sigmas) - 1 - self._job.start.index

    def steps(self) -> Iterator[Step]:
        from core.pipeline import steps

        return steps(self._job)

    def preview(self, step: Step) -> np.ndarray:
        from core.pipeline import preview

        return preview(self._job, step)

    def finish(self, step: Step) -> Picture:
        from core.pipeline import finish

        return finish(self._job, step.state)


class CorePipeline:
    """The latent diffusion model in `path` (None: the one that ships with the program)."""

    def __init__(
        self, path: Path | None = None, device: str = "", *, background: bool = False
    ) -> None:
        """`background`: the thread that loads gives way to others, as do the threads it starts."""
        self._path = path
        self._device = device
        self._background = background
        self._model: Model | None = None

    def load(self) -> ModelInfo:
        # A waiting OpenMP thread that spins takes the processor from everybody else.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        open_torch_libraries()
        import torch

        from core.model import DEFAULT_MODEL, load_model

        # After the imports, which hold the interpreter's lock that the interface waits for; before
        # the first parallel work, whose threads inherit it.
        if self._background:
            lower_priority()
        if cores := physical_cores():
            torch.set_num_threads(cores)
        if torch.get_num_interop_threads() != 1:
            torch.set_num_interop_threads(1)
        device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
        model = self._model = load_model(self._path or DEFAULT_MODEL, device)
        name = "CPU" if device == "cpu" else torch.cuda.get_device_name()
        defaults = model.defaults
        return ModelInfo(
            name=model.name,
            digest=model.digest,
            device=f"{name}, float32",
            sampler=defaults.sampler,
            schedule=defaults.schedule,
            steps=defaults.steps,
            cfg=defaults.cfg,
            width=defaults.width,
            height=defaults.height,
            size_multiple=model.size_multiple,
            max_side=model.max_side,
            read=model.text.read,
        )

    def begin(self, request: Request, image: np.ndarray | None, mask: np.ndarray | None) -> CoreRun:
        from core.pipeline import Inputs, digest, prepare

        assert self._model is not None, "begin() before load()"
        sealed = replace(
            request,
            model_digest=self._model.digest,
            init="" if image is None else digest(image),
            mask="" if mask is None else digest(mask),
        )
        return CoreRun(prepare(self._model, sealed, Inputs(image=image, mask=mask)))


_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def memory_shortage(error: BaseException) -> MemoryShortage | None:
    """`error` as a message to the user when it means that memory ran out, else None."""
    words = str(error).lower()
    told = isinstance(error, RuntimeError) and any(phrase in words for phrase in _NO_MEMORY)
    if not (told or isinstance(error, MemoryError)):
        return None
    return MemoryShortage(
        "There was not enough memory for this picture.",
        "Choose a smaller size, or close other programs, and generate again.",
    )
