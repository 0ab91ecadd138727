"""A pipeline that draws without a model: programmable steps, gates and failures."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from core.request import Request
from ldm_studio.engine.events import ModelInfo

MODEL = ModelInfo(
    name="fake",
    digest="f" * 64,
    device="CPU, float32",
    sampler="DPM++ 2M",
    schedule="Karras",
    steps=12,
    cfg=3.5,
    width=128,
    height=128,
    size_multiple=16,
    max_side=256,
)


@dataclass(frozen=True, eq=False)
class FakePicture:
    """The face of core.pipeline.Picture, without torch."""

    rgb: np.ndarray
    alpha: np.ndarray | None
    request: Request

    def rgba(self) -> np.ndarray:
        alpha = self.alpha
        if alpha is None:
            alpha = np.full(self.rgb.shape[:2], 255, np.uint8)
        return np.dstack([self.rgb, alpha])


class FakeRun:
    """Noise that turns into a disc whose colour the seed decides; outside the mask nothing."""

    def __init__(
        self,
        pipeline: FakePipeline,
        request: Request,
        image: np.ndarray | None,
        mask: np.ndarray | None,
    ) -> None:
        self._pipeline, self._request, self._image, self._mask = pipeline, request, image, mask

    @property
    def total(self) -> int:
        return self._request.steps

    def steps(self) -> Iterator[int]:
        for step in range(1, self.total + 1):
            self._pipeline.before_step(step)
            yield step

    def preview(self, step: int) -> np.ndarray:
        return self._draw(step / self.total)

    def finish(self, step: int) -> FakePicture:
        rgb = self._draw(step / self.total)
        alpha = None
        if self._mask is None:
            alpha = np.where((rgb == 255).all(-1), 0, 255).astype(np.uint8)
        return FakePicture(rgb, alpha, self._request)

    def _draw(self, share: float) -> np.ndarray:
        width, height = self._request.width, self._request.height
        random = np.random.default_rng(self._request.seed)
        y, x = np.mgrid[:height, :width]
        inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) * 0.4) ** 2
        clean = np.where(inside[..., None], random.integers(20, 220, 3), 255)
        noise = random.integers(0, 256, (height, width, 3))
        drawn = (share * clean + (1 - share) * noise).astype(np.uint8)
        if self._mask is not None and self._image is not None:
            drawn[self._mask == 0] = self._image[self._mask == 0]
        return drawn


@dataclass
class FakePipeline:
    """Draws at once, unless told to wait or to fail."""

    before_step: Callable[[int], None] = lambda step: None
    before_load: Callable[[], None] = lambda: None
    begin_error: BaseException | None = None
    """Raised by the next `begin`, once."""
    model: ModelInfo = MODEL
    begun: list[Request] = field(default_factory=list)
    masks: list[np.ndarray | None] = field(default_factory=list)
    images: list[np.ndarray | None] = field(default_factory=list)

    def load(self) -> ModelInfo:
        self.before_load()
        return self.model

    def begin(self, request: Request, image: np.ndarray | None, mask: np.ndarray | None) -> FakeRun:
        error, self.begin_error = self.begin_error, None
        if error is not None:
            raise error
        sealed = replace(
            request,
            model_digest=self.model.digest,
            init="" if image is None else _digest(image),
            mask="" if mask is None else _digest(mask),
        )
        self.begun.append(sealed)
        self.images.append(image)
        self.masks.append(mask)
        return FakeRun(self, sealed, image, mask)


class Gate:
    """Lets a worker through step by step. Always opened at the end of a test."""

    def __init__(self) -> None:
        self._steps = threading.Semaphore(0)
        self._open = threading.Event()
        self.reached = 0
        """The last step that waits, or waited, at the gate."""

    def __call__(self, step: int = 0) -> None:
        self.reached = step
        while not self._open.is_set():
            if self._steps.acquire(timeout=0.01):
                return

    def let(self, steps: int = 1) -> None:
        self._steps.release(steps)

    def open(self) -> None:
        self._open.set()


def _digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()
