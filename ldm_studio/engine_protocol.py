"""The interface of pipelines that generate images, and the information about their model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.cancellation import CancelCheck, never_cancel
from core.errors import NO_MESSAGE, MemoryShortage, Message
from core.images.generated_image import GeneratedImage
from core.images.preview import Preview
from core.networks.cost import UNKNOWN, BackboneCost
from core.request.inputs import Inputs
from core.request.request import Change, Request
from core.runtime.environment import Environment
from ldm_studio.models.found_models import DEFAULT

if TYPE_CHECKING:  # core.pipeline.text_to_image imports torch
    from core.conditioning.text.token_count import PromptTokenCounter


@dataclass(frozen=True)
class ModelInfo:
    """What the interface needs to know about the loaded model."""

    name: str
    digest: str
    """SHA-256 of the weights."""
    device: str
    """Device and precision in words, such as "CPU, float32"."""
    sampler: str
    schedule: str
    steps: int
    cfg: float
    width: int
    height: int
    size_multiple: int
    """Width and height must be multiples of it."""
    max_side: int
    noise_level: int = 20
    """The default noise level of control images."""
    factor: int = 8
    """Pixels per latent cell, each way."""
    load: BackboneCost = UNKNOWN
    """The cost of one evaluation of its U-Net, for estimates."""
    path: Path | None = None
    """The file or folder it was loaded from."""
    torch_device: str = "cpu"
    """The device, in torch's notation."""
    plan: Message = NO_MESSAGE
    """Where a checkpoint's networks are placed."""
    supports_clip_skip: bool = False
    """Whether clip skip applies: the last layers of its text encoder may be skipped."""
    prediction: str = ""
    """What its network predicts, such as "eps" or "flow"; empty: not known."""
    input_kind: str = ""
    """Its input besides noise and prompt, such as "inpainting"; empty: none."""
    has_guidance_embedding: bool = False
    """Whether the CFG is an input of the model, so that negative prompts have no effect."""
    family: str = ""
    """Of a checkpoint, such as "Stable Diffusion XL"; empty for native models."""
    latents: str = ""
    """Name of its latent format: models of the same format can continue each other's images."""
    takes_vae: bool = False
    """Whether another autoencoder may replace its own."""
    takes_refiner: bool = False
    """Whether another model can take over for the last steps."""
    vae: str = ""
    """The VAE next to its file, the default choice; empty: there is none."""
    texts: tuple[str, ...] = ()
    """The files of the text encoders of a model that lacks them."""
    read: PromptTokenCounter | None = None
    """Returns how much of a prompt the model reads. Quick, and callable on any thread."""


class Run(Protocol):
    """A run of one image. A `step` comes from `steps`; None stands for its start."""

    @property
    def request(self) -> Request:
        """The request of this image, with the model's digest and the changes made so far."""
        ...

    @property
    def environment(self) -> Environment: ...

    @property
    def total(self) -> int:
        """The number of steps from pure noise to the image."""
        ...

    @property
    def done(self) -> int:
        """The number of steps that were done before the first one from `steps`."""
        ...

    @property
    def step_digests(self) -> tuple[str, ...]:
        """The digests of those earlier steps, as far as they are known."""
        ...

    @property
    def notes(self) -> tuple[Message, ...]:
        """Settings without effect, or replaced by others, in sentences; may grow during the run."""
        ...

    def steps(self) -> Iterator[Any]:
        """To cancel, do not ask for the next step."""
        ...

    def steer(self, change: Change, images: Mapping[str, np.ndarray]) -> None:
        """Continues from the last step with `change`, whose `step` must be its number.

        Raises RequestError, and then nothing has changed.
        """
        ...

    def preview(self, step: Any) -> Preview:
        """A preview after `step`; only its ground is shared."""
        ...

    def estimate(self, step: Any) -> np.ndarray:
        """The estimate that `look` shows later: x0, float16 [C, h, w]."""
        ...

    def look(self, done: int, estimate: np.ndarray) -> np.ndarray:
        """The image after `done` steps: a new uint8 [H, W, 3]."""
        ...

    def step_digest(self, step: Any) -> str:
        """The first STEP_DIGEST_LENGTH digits of the digest of the state after `step`."""
        ...

    def save(
        self,
        path: Path,
        step: Any | None,
        *,
        with_inputs: bool = True,
        durable: bool = True,
        step_digests: Sequence[str] = (),
    ) -> None:
        """Writes the state after `step`, so that `Pipeline.resume` continues with identical bits.

        `step_digests`: those of the steps so far, which the resumed run returns.

        Raises OSError; StateError if the state cannot be resumed.
        """
        ...

    def finish(self, step: Any | None, *, tiled: bool = False) -> GeneratedImage:
        """The image after the last step; `tiled` needs less memory. Raises DecodeError."""
        ...


class Pipeline(Protocol):
    """Loads a model and starts images with it. Called on the engine's thread only."""

    @property
    def info(self) -> ModelInfo | None:
        """The loaded model."""
        ...

    def holds(self, model: str, vae: str = "") -> bool:
        """Whether `model`, as named in requests, is loaded; with the VAE `vae` if it has none.

        Raises ModelError if there is no such model, RequestError if there is no such VAE.
        """
        ...

    def load(self, model: str = DEFAULT, vae: str = "") -> ModelInfo:
        """Loads `model` if it is not loaded. Raises as `holds` does, and ModelError if it cannot
        be loaded."""
        ...

    def digest(self) -> str:
        """SHA-256 of the loaded model. Waits until it is known. Raises ModelError."""
        ...

    def begin(
        self,
        request: Request,
        inputs: Inputs | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> Run:
        """Raises RequestError, and the exceptions of `check`, which the run calls often from now
        on: before each tile of a large image."""
        ...

    def resume(
        self,
        path: Path,
        images: Callable[[Request], Inputs] | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> Run:
        """Continues what `Run.save` wrote; `images` finds the images that it left out.

        Raises StateError, RequestError, and the exceptions of `images` and `check`.
        """
        ...


_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def memory_shortage(error: BaseException) -> MemoryShortage | None:
    """`error` as a message to the user if it means that memory ran out, otherwise None."""
    words = str(error).lower()
    is_memory_error = isinstance(error, RuntimeError) and any(
        phrase in words for phrase in _NO_MEMORY
    )
    if not (is_memory_error or isinstance(error, MemoryError)):
        return None
    return MemoryShortage(
        "There was not enough memory for this image.",
        "Choose a smaller size, or close other programs, and generate again.",
    )
