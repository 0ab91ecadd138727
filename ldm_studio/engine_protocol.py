"""What draws images, as everything that has one drawn knows it; and what it says of its model."""

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
    """Of what leads it, where it is led by an image."""
    factor: int = 8
    """Pixels per cell of the latent, each way."""
    load: BackboneCost = UNKNOWN
    """What an evaluation of its U-Net takes, to foretell how long an image will take."""
    path: Path | None = None
    """The file or folder it was read from."""
    torch_device: str = "cpu"
    """As torch names it."""
    plan: Message = NO_MESSAGE
    """Where a checkpoint's networks are while it is used."""
    supports_clip_skip: bool = False
    """Whether it is customary to leave out further layers of its text encoder."""
    prediction: str = ""
    """What its network predicts, such as "eps" or "flow"; empty: not known."""
    input_kind: str = ""
    """Its input besides noise and prompt, such as "inpainting"; empty: none."""
    has_guidance_embedding: bool = False
    """Whether the CFG is an input of the model, so that negative prompts have no effect."""
    family: str = ""
    """Of a checkpoint, such as "Stable Diffusion XL"; empty for our own kind."""
    latents: str = ""
    """Name of its latent format: models of the same format can continue each other's images."""
    size: int = 0
    """Bytes of its weights, as they are held."""
    takes_vae: bool = False
    """Whether another autoencoder may replace its own."""
    takes_refiner: bool = False
    """Whether another model can take over for the last steps."""
    vae: str = ""
    """The autoencoder beside its file, which is used where none is chosen; empty: there is none."""
    texts: tuple[str, ...] = ()
    """The files of the text encoders of a model that lacks them."""
    read: PromptTokenCounter | None = None
    """Says how much of a prompt the model reads. Quick, and good on every thread."""


class Run(Protocol):
    """One image on its way. A `step` is what `steps` gave; None stands for where it began."""

    @property
    def request(self) -> Request:
        """The one of this image, with the model's digest and the changes made so far."""
        ...

    @property
    def environment(self) -> Environment: ...

    @property
    def total(self) -> int:
        """How many steps there will be, from pure noise to the image."""
        ...

    @property
    def done(self) -> int:
        """How many of them were done before the first that `steps` gives."""
        ...

    @property
    def step_digests(self) -> tuple[str, ...]:
        """The step_digests of those that were done before, as far as they are known."""
        ...

    @property
    def notes(self) -> tuple[Message, ...]:
        """What of what was asked for has no effect or was done otherwise, in sentences; more of
        them as it is drawn."""
        ...

    def steps(self) -> Iterator[Any]:
        """Not asking for the next one is how to cancel."""
        ...

    def steer(self, change: Change, images: Mapping[str, np.ndarray]) -> None:
        """Go on from the last step with `change`, whose step must be its number.

        Raises RequestError, and then nothing has changed.
        """
        ...

    def preview(self, step: Any) -> Preview:
        """What the image looks like after `step`: fresh, but for its ground."""
        ...

    def estimate(self, step: Any) -> np.ndarray:
        """What `look` shows the same from later on: x0, float16 [C, h, w]."""
        ...

    def look(self, done: int, estimate: np.ndarray) -> np.ndarray:
        """What the image looked like after `done` steps: a fresh uint8 [H, W, 3]."""
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
        """Write the state after `step`, so that `Pipeline.resume` goes on to the same bits.

        `step_digests`: those of the steps up to it, which the resumed run has `step_digests`.

        Raises OSError; StateError if the state is none to go on from.
        """
        ...

    def finish(self, step: Any | None, *, tiled: bool = False) -> GeneratedImage:
        """The image after the last step; `tiled` needs less memory. Raises DecodeError."""
        ...


class Pipeline(Protocol):
    """Loads a model and begins images with it. Called on the engine's thread only."""

    @property
    def info(self) -> ModelInfo | None:
        """The model that is loaded."""
        ...

    def holds(self, model: str, vae: str = "") -> bool:
        """Whether `model`, as a request names it, is the one that is loaded; one that has no
        autoencoder with the one that `vae` names.

        Raises ModelError if there is no such model, RequestError if there is no such autoencoder.
        """
        ...

    def load(self, model: str = DEFAULT, vae: str = "") -> ModelInfo:
        """Make `model` the one that is loaded, if it is not yet. Raises as `holds` does, and
        ModelError for one that cannot be loaded."""
        ...

    def digest(self) -> str:
        """SHA-256 of the model that is loaded. Waits until it is known. Raises ModelError."""
        ...

    def begin(
        self,
        request: Request,
        inputs: Inputs | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> Run:
        """Raises RequestError, and what `check` raises, which is asked often from now on, also by
        the run: before each tile of a large image.
        """
        ...

    def resume(
        self,
        path: Path,
        images: Callable[[Request], Inputs] | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> Run:
        """Go on from what `Run.save` wrote; `images` finds those it left out.

        Raises StateError, RequestError, and what `images` and `check` raise.
        """
        ...


_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def memory_shortage(error: BaseException) -> MemoryShortage | None:
    """`error` as a message to the user when it means that memory ran out, else None."""
    words = str(error).lower()
    told = isinstance(error, RuntimeError) and any(phrase in words for phrase in _NO_MEMORY)
    if not (told or isinstance(error, MemoryError)):
        return None
    return MemoryShortage(
        "There was not enough memory for this image.",
        "Choose a smaller size, or close other programs, and generate again.",
    )
