"""Conditions that a model can take, as data. Imports no torch.

A request's `prompt` and `negative` stand for `Text`; the others are its `conditions`. A conditioner
turns a condition into tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ..errors import InvalidError
from .text_segment import TextSegment

MAX_BOXES = 1000


@dataclass(frozen=True)
class Text:
    """A prompt, or the weighted text of it that one step reads."""

    prompt: str | TextSegment
    clip_skip: int = 1
    """1: all layers that the model was trained with, 2: all but the last; ignored by families that
    do not support it."""


@dataclass(frozen=True)
class Numbers:
    """Numbers that a model embeds, such as the original size, the crop and the target size."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, self.values)):
            raise InvalidError("Numbers that condition a model must be finite.")


@dataclass(frozen=True)
class ClassLabel:
    """One of the classes that a model was trained on."""

    index: int
    kind: Literal["class_label"] = "class_label"

    def __post_init__(self) -> None:
        if self.index < 0:
            raise InvalidError("The class {index} is below 0.", index=self.index)


@dataclass(frozen=True)
class LabelMap:
    """A map of classes, one for each pixel."""

    digest: str
    """Of the uint8 array [H, W] among the inputs, as `core.images.image_digest` computes it."""
    kind: Literal["label_map"] = "label_map"


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
            raise InvalidError("The box {box} is empty or outside the image.", box=self)


@dataclass(frozen=True)
class Boxes:
    """A layout."""

    boxes: tuple[Box, ...]
    kind: Literal["boxes"] = "boxes"

    def __post_init__(self) -> None:
        if len(self.boxes) > MAX_BOXES:
            raise InvalidError(
                "{count} boxes are more than {most}.", count=len(self.boxes), most=MAX_BOXES
            )


Condition = ClassLabel | LabelMap | Boxes
"""What a request may ask for beside texts and images."""
CONDITIONS: dict[str, type[Condition]] = {
    "class_label": ClassLabel,
    "label_map": LabelMap,
    "boxes": Boxes,
}
"""By their `kind`."""
