"""Conditions that a model can take, as data. Imports no torch.

A request's `prompt` and `negative` stand for `Text`; a conditioner turns a condition into tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .text_segment import TextSegment

ImageRole = Literal["mask", "depth", "instruct-pix2pix", "upscaling", "unCLIP"]


@dataclass(frozen=True)
class Text:
    """A prompt, or the weighted text of it that one step reads."""

    prompt: str | TextSegment
    clip_skip: int = 1
    """1: all layers that the model was trained with, 2: all but the last; ignored by families for
    which skipping is not customary."""


@dataclass(frozen=True)
class ClassLabel:
    """One of the classes that a model was trained on."""

    index: int

    def __post_init__(self) -> None:
        if self.index < 0:
            raise ValueError(f"The class {self.index} is below 0.")


@dataclass(frozen=True)
class Numbers:
    """Numbers that a model embeds, such as the original size, the crop and the target size."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, self.values)):
            raise ValueError("Numbers that condition a model must be finite.")


@dataclass(frozen=True)
class ImageCondition:
    """An image among the inputs, and what it is used for."""

    role: ImageRole
    digest: str
    """SHA-256, as `core.images.image_digest` computes it."""
    noise_level: int = 0
    """How much noise is added to it, in steps of the schedule it was trained with."""


@dataclass(frozen=True)
class LabelMap:
    """A map of classes, one for each pixel."""

    digest: str
    """SHA-256 of the uint8 array [H, W]."""


@dataclass(frozen=True)
class Box:
    """A class within a rectangle; sides are shares of the image, in [0, 1]."""

    label: int
    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise ValueError(f"The box {self} is empty or outside the image.")


@dataclass(frozen=True)
class Boxes:
    """A layout."""

    boxes: tuple[Box, ...]


Condition = Text | ClassLabel | LabelMap | Boxes | ImageCondition | Numbers
