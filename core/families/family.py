"""A family of models: a record of functions and data. Each family has its own file.

Families share code by calling the same functions (see `stable_diffusion`), never by subclassing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..conditioning.numbers import COUNTS, NUMBER_WIDTH, Number
from ..conditioning.text.clip_text import EncoderOptions
from ..errors import Message
from ..sampling.model_schedule import Schedule
from .components import Component, Components
from .edm_metadata import LatentStatistics
from .header import Header
from .key_names import Sources
from .native_config import Defaults

if TYPE_CHECKING:
    from torch import nn

    from ..conditioning.clip_image import ImageConditioner
    from ..conditioning.protocols import Conditioner, TextConditioner
    from ..networks.protocols import Autoencoder, Backbone
    from ..request.conditions import Condition

MAX_SIDE = 2048
"""Pixels. Nothing forbids more, but images fall apart far above the native size."""
SIZE_MULTIPLE = 8

EMBEDDED = "unCLIP"
"""The input kind of models that are conditioned on the vector of an image."""


class Match(Enum):
    """How well a file matches a family."""

    PUBLISHED = 1
    """It has the widths of the published models."""
    SIMILAR = 2
    """It has other widths, but the same structure."""


@dataclass(frozen=True)
class LatentFormat:
    """How latents are scaled. Models with equal formats can continue each other's latents."""

    name: str
    channels: int
    factor: int
    """Pixels per latent cell, each way."""
    scale: float
    """Latents are multiplied by it."""


@dataclass(frozen=True)
class Conditions:
    """What a family can be conditioned on and extended with."""

    text: bool = True
    control_images: tuple[str, ...] = ()
    """Input kinds that take a control image."""
    clip_skip: bool = False
    """Whether clip skip applies: the last layers of the text encoder may be skipped."""
    refiner: bool = True
    """Whether another model can take over for the last steps."""
    loras: bool = True
    embeddings: bool = True
    vae: bool = True
    """Whether there are separate VAE files for its latents."""


@dataclass(frozen=True)
class DetectedPrediction:
    """What a network predicts, and how that was detected."""

    kind: str
    """A key of PREDICTIONS."""
    reason: Message
    zero_snr: bool = False
    """Whether it was trained up to pure noise."""


@dataclass(frozen=True)
class TextEncoderUse:
    """How a family uses one of its text encoders."""

    use: EncoderOptions
    activation: Literal["quick_gelu", "gelu"]
    layers: int
    """The number of layers of the published encoder."""


@dataclass(frozen=True)
class Networks:
    """The networks of a model. Networks that its files lack are None, or missing from the text
    encoders."""

    backbone: Backbone
    autoencoder: Autoencoder | None
    text_encoders: tuple[nn.Module, ...]
    image_encoder: nn.Module | None
    conditioners: Callable[[], Conditioners]
    """The conditioners, once the networks have their weights. Raises UnreadableError."""

    def labelled(self, components: Components) -> Iterator[tuple[str, nn.Module, Component]]:
        """Each network with its name in messages, and its tensors."""
        if components.backbone is not None:
            yield "U-Net", self.backbone, components.backbone
        if self.autoencoder is not None and components.autoencoder is not None:
            yield "autoencoder", self.autoencoder, components.autoencoder
        for encoder, component in zip(self.text_encoders, components.texts, strict=True):
            yield "text encoder", encoder, component
        if self.image_encoder is not None and components.image is not None:
            yield "image encoder", self.image_encoder, components.image


@dataclass(frozen=True)
class Conditioners:
    text: TextConditioner
    """`NoText` for models that take none."""
    image: ImageConditioner | None = None
    others: Mapping[type[Condition], Conditioner[Any]] = field(
        default_factory=dict[type["Condition"], "Conditioner[Any]"]
    )
    """Of further conditions, by their type."""


@dataclass(frozen=True)
class FoundAutoencoder:
    """An autoencoder without weights, and its tensors in a file."""

    network: Autoencoder
    sources: Sources


@dataclass(frozen=True)
class Family:
    """A family of models."""

    name: str
    detect: Callable[[Header], Match | None]
    """Whether a model with this header belongs to the family."""
    configure: Callable[[Family, Header], Identity]
    """The configuration of a model of this family, and how to build it. Raises UnreadableError."""
    find_autoencoder: Callable[[Sources], FoundAutoencoder | None]
    """A replacement autoencoder among a file's tensors. Raises UnreadableError."""
    latents: LatentFormat
    defaults: Defaults
    takes: Conditions = Conditions()
    layouts: tuple[str, ...] = ("original", "diffusers")
    """Key layouts of its files."""
    text_width: int | None = None
    """Width of the token vectors that the published network attends to; the family's LoRAs and
    embeddings have the same. None: it does not identify them."""
    size_numbers: tuple[Number, ...] = ()
    """The numbers of the size conditioning, after the pooled text vector."""
    statistics: LatentStatistics | None = None
    """Of the latents, unless a file has others; None: standard deviation 1 after scaling."""
    scales_edit_latent: bool = False
    """Whether an edit model gets the image's latent in the scaling of its own latents."""
    overflows: bool = False
    """Whether the published autoencoder exceeds the range of float16."""
    float32_only: bool = False
    """Whether its networks always compute in float32."""
    licence: str = ""
    """The licence of the published weights; empty if each model has its own."""

    @property
    def size_numbers_width(self) -> int:
        return NUMBER_WIDTH * sum(COUNTS[number] for number in self.size_numbers)


@dataclass(frozen=True)
class ModelConfig:
    """The configuration of a model: everything except its networks."""

    name: str
    family: Family
    display_name: str
    """Such as "Stable Diffusion 1, inpainting"."""
    prediction: str
    detected_prediction: str
    """What was detected; differs from `prediction` if the user overrides it."""
    schedule: Schedule
    latent_mean: tuple[float, ...]
    latent_std: tuple[float, ...]
    defaults: Defaults
    input_kind: str = ""
    """What the backbone takes besides the noisy latent: a value of INPUT_KINDS, or EMBEDDED."""
    max_side: int = MAX_SIDE
    """Pixels."""
    size_multiple: int = SIZE_MULTIPLE
    """Image sides are multiples of this many pixels."""

    @property
    def prediction_override(self) -> str:
        """The prediction type that the user set; empty: as detected."""
        return "" if self.prediction == self.detected_prediction else self.prediction


@dataclass(frozen=True)
class Identity:
    """What a file or folder is, and what it contains."""

    path: Path
    name: str
    family: Family
    display_name: str
    """Such as "Stable Diffusion 1, inpainting"."""
    input_kind: str
    """What the backbone takes besides the noisy latent: a value of INPUT_KINDS, or EMBEDDED."""
    backbone: Any
    """The configuration of its network, of that network's own class, as the next ones are."""
    autoencoder: Any | None
    text_encoders: tuple[Any, ...]
    prediction: DetectedPrediction
    detected_prediction: str
    """What it predicts unless the user overrides it."""
    schedule: Schedule
    latent_mean: tuple[float, ...]
    latent_std: tuple[float, ...]
    defaults: Defaults
    side: int
    """The side of its training images, in pixels."""
    components: Components
    build: Callable[[], Networks]
    """Its networks on the current device, without weights. Raises ValueError or RuntimeError for
    impossible sizes."""
    files: tuple[Path, ...]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    image_encoder: Any | None = None
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
    """Facts about the backbone's architecture that its kind was detected by."""
    lacks_statistics: bool = False
    """As `ImageConditioner.lacks_statistics`."""
    sigmas: tuple[float, float] | None = None
    """The lowest and the highest noise level, if it was trained on a continuum of them."""
    statistics: LatentStatistics | None = None
    """Of its latents; None: as usual in its family."""
    missing: tuple[Message, ...] = ()
    """What it lacks for generation, in words."""
    max_side: int = MAX_SIDE
    size_multiple: int = SIZE_MULTIPLE

    @property
    def lacks_vae(self) -> bool:
        return self.autoencoder is None

    @property
    def lacks_text(self) -> bool:
        return TEXT_ENCODER in self.missing

    @property
    def parameters(self) -> int:
        """The number of parameters of its networks."""
        return sum(
            math.prod(source.shape)
            for component in _present(self.components)
            for source in component.sources.values()
        )

    @property
    def dtypes(self) -> Mapping[str, int]:
        """The number of tensors of each type in its networks: {"float16": 1131}."""
        sources = chain.from_iterable(c.sources.values() for c in _present(self.components))
        return Counter(source.entry.stored for source in sources)

    @property
    def config(self) -> ModelConfig:
        """The configuration of a complete model."""
        return ModelConfig(
            name=self.name,
            family=self.family,
            display_name=self.display_name,
            prediction=self.prediction.kind,
            detected_prediction=self.detected_prediction,
            schedule=self.schedule,
            latent_mean=self.latent_mean,
            latent_std=self.latent_std,
            defaults=self.defaults,
            input_kind=self.input_kind,
            max_side=self.max_side,
            size_multiple=self.size_multiple,
        )


VAE, TEXT_ENCODER, IMAGE_ENCODER = (
    Message("an autoencoder (VAE)"),
    Message("a text encoder"),
    Message("an image encoder"),
)
"""What a model may lack, in words."""


def _present(components: Components) -> Iterable[Component]:
    found = (components.backbone, components.autoencoder, *components.texts, components.image)
    return (component for component in found if component is not None)
