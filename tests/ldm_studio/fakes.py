"""A fake pipeline without a model: programmable steps, gates and failures."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from core.atomic_write import replacing
from core.cancellation import CancelCheck, never_cancel
from core.errors import Message, RequestError, StateError
from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from core.images.preview import Preview
from core.pipeline.inpainting import bounds
from core.request.inputs import Inputs
from core.request.request import Change, Request
from core.runtime.environment import Environment
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.run_record import STEP_DIGEST_LENGTH, Record
from ldm_studio.models.found_models import DEFAULT, find_model
from tests.waiting import HANG_SECONDS

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


class FakeRun:
    """Noise that turns into a disc in the seed's colour; outside the mask nothing."""

    def __init__(
        self,
        pipeline: FakePipeline,
        request: Request,
        image: np.ndarray | None,
        mask: np.ndarray | None,
        done: int = 0,
        step_digests: tuple[str, ...] = (),
        check: CancelCheck = never_cancel,
    ) -> None:
        self._pipeline, self.request, self._image, self._mask = pipeline, request, image, mask
        self.done, self.step_digests = done, step_digests
        self._check = check
        self.environment = Environment(device="fake")

    @property
    def notes(self) -> tuple[Message, ...]:
        return self._pipeline.notes

    @property
    def total(self) -> int:
        return self.request.steps

    def steps(self) -> Iterator[int]:
        for step in range(self.done + 1, self.total + 1):
            self._pipeline.before_step(step)
            for tile in range(self._pipeline.tiles):
                self._check()
                self._pipeline.before_tile(tile)
            yield step

    def steer(self, change: Change, images: Mapping[str, np.ndarray]) -> None:
        if change.step >= self.total:
            raise RequestError("changes", "It comes after the last step.")
        self.request = replace(self.request, changes=(*self.request.changes, change))

    def preview(self, step: int) -> Preview:
        rgb = self._draw(step / self.total)
        painted = None if self._mask is None else bounds(self._mask)
        if painted is None or self._image is None:
            return Preview(rgb)
        return Preview(painted.of(rgb).copy(), self._image, painted.left, painted.top)

    def estimate(self, step: int) -> np.ndarray:
        return np.full((1, 2, 2), step, np.float16)

    def look(self, done: int, estimate: np.ndarray) -> np.ndarray:
        assert (estimate == done).all()
        return self._draw(done / self.total)

    def step_digest(self, step: int) -> str:
        return f"{step:0{STEP_DIGEST_LENGTH}x}"

    def save(
        self,
        path: Path,
        step: int | None,
        *,
        with_inputs: bool = True,
        durable: bool = True,
        step_digests: Sequence[str] = (),
    ) -> None:
        self._pipeline.before_save(step or self.done)
        index = np.array(step or self.done, np.int64)
        metadata = {"request": self.request.to_json(), "marks": " ".join(step_digests)}
        with replacing(path, durable=durable) as file:
            file.write(safetensors.numpy.save({"index": index}, metadata))

    def finish(self, step: int | None, *, tiled: bool = False) -> GeneratedImage:
        for tile in range(self._pipeline.tiles):
            self._check()
            self._pipeline.before_decoding(tile)
        self._pipeline.before_finish(tiled)
        rgb = self._draw((step or self.done) / self.total)
        alpha = changed = None
        if self._mask is None:
            alpha = np.where((rgb == 255).all(-1), 0, 255).astype(np.uint8)
        else:
            changed = int((rgb != self._image).any(axis=2).sum())
        return GeneratedImage(rgb, alpha, self.request, changed)

    def _draw(self, share: float) -> np.ndarray:
        width, height = self.request.width, self.request.height
        random = np.random.default_rng(self.request.seed)
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
    """Generates at once, unless configured to wait or to fail."""

    before_step: Callable[[int], None] = lambda step: None
    before_load: Callable[[], None] = lambda: None
    before_save: Callable[[int], None] = lambda step: None
    before_finish: Callable[[bool], None] = lambda tiled: None
    tiles: int = 0
    """The number of tiles of each step and of decoding; 0: `check` is not called in between."""
    before_tile: Callable[[int], None] = lambda tile: None
    before_decoding: Callable[[int], None] = lambda tile: None
    """Called before each tile of decoding."""
    begin_error: BaseException | None = None
    """Raised by the next `begin`, once."""
    model: ModelInfo = MODEL
    begun: list[Request] = field(default_factory=list)
    masks: list[np.ndarray | None] = field(default_factory=list)
    images: list[np.ndarray | None] = field(default_factory=list)

    notes: tuple[Message, ...] = ()
    """The notes of every run."""

    info: ModelInfo | None = None
    named: str = ""
    """The loaded model, as requested."""

    def holds(self, model: str, vae: str = "") -> bool:
        if model != DEFAULT:
            find_model(model)
        return self.info is not None and self.named == model

    def load(self, model: str = DEFAULT, vae: str = "") -> ModelInfo:
        self.info = None
        self.before_load()
        self.named = model
        self.info = self.model if model == DEFAULT else replace(self.model, name=model)
        return self.info

    def digest(self) -> str:
        return self.model.digest

    def begin(
        self,
        request: Request,
        inputs: Inputs | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> FakeRun:
        error, self.begin_error = self.begin_error, None
        if error is not None:
            raise error
        inputs = inputs or Inputs()
        image, mask = inputs.image, inputs.mask
        sealed = replace(
            request,
            model_digest=self.model.digest,
            init="" if image is None else digest(image),
            mask="" if mask is None else digest(mask),
        )
        self.begun.append(sealed)
        self.images.append(image)
        self.masks.append(mask)
        return FakeRun(self, sealed, image, mask, check=check)

    def resume(
        self,
        path: Path,
        images: Callable[[Request], Inputs] | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> FakeRun:
        data = path.read_bytes()
        try:
            index = int(safetensors.numpy.load(data)["index"])
        except SafetensorError as error:
            raise StateError("It is damaged.") from error
        metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        request = Request.from_json(metadata["request"])
        found = images(request) if images else Inputs()
        step_digests = tuple(metadata["marks"].split())
        return FakeRun(self, request, found.image, found.mask, index, step_digests, check)


class Saver:
    """Records its arguments, and fails on request."""

    def __init__(self) -> None:
        self.saved: list[int] = []
        self.error: Exception | None = None

    def __call__(self, image: GeneratedImage, model: ModelInfo, record: Record) -> Path:
        if self.error is not None:
            raise self.error
        self.saved.append(image.request.seed)
        return Path(f"/pictures/{image.request.seed}.png")


class Gate:
    """Lets a worker pass step by step. Always opened at the end of a test."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._passes = self._arrivals = 0
        self._is_open = self._is_waited_at = False
        self.reached = 0
        """The last step that waits or waited at the gate."""

    def __call__(self, step: int = 0) -> None:
        with self._changed:
            self.reached = step
            self._arrivals += 1
            self._is_waited_at = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_open or self._passes > 0)
            self._is_waited_at = False
            if not self._is_open:
                self._passes -= 1

    def wait(self, count: int = 1) -> None:
        """Waits until this many more have reached the gate."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: self._arrivals >= count, HANG_SECONDS)
            assert arrived, "nobody came"
            self._arrivals -= count

    def wait_at(self, step: int) -> None:
        """Waits until the worker is before `step`.

        Progress is posted before the worker checks for a pause or a cancellation: a request made
        after the progress of a step may be handled before or after the next step.
        """
        with self._changed:
            arrived = self._changed.wait_for(
                lambda: self._is_waited_at and self.reached == step, HANG_SECONDS
            )
            assert arrived, f"it came to {self.reached}"

    def let(self, steps: int = 1) -> None:
        with self._changed:
            self._passes += steps
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_open = False
