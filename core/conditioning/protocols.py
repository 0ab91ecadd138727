"""Protocols of conditioners, which turn conditions into tensors: one for each kind of condition."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from torch import nn

from ..networks.cond import Cond
from ..request.conditions import Text
from ..request.text_segment import TextSegment
from .text.token_count import PromptTokenCounter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    import numpy as np

    from .text.embeddings import Embedding

C = TypeVar("C", contravariant=True)


class Conditioner(Protocol[C]):
    """Turns one kind of condition of a request into what the backbone takes."""

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Its networks, for placement."""
        ...

    def __call__(self, condition: C, images: Mapping[str, np.ndarray]) -> Cond:
        """The condition of one image. `images` are those that conditions name, by digest. Raises
        RequestError if it does not fit the model."""
        ...

    def null(self) -> Cond:
        """The null condition of the training, which stands for its absence: beside the negative
        prompt, and beside both prompts if a request lacks the condition."""
        ...


class TextConditioner(ABC):
    """A conditioner of texts. LoRAs and embeddings apply if it supports them."""

    takes_text: bool = True
    """False: prompts must be empty."""
    supports_clip_skip: bool = False
    """Whether clip skip applies: skipping the last layers of its encoder."""
    embeddings: tuple[Embedding, ...] = ()
    """The words that it knows beside its vocabulary."""
    lora_slots: tuple[int, ...] = ()
    """For each network, the text encoder of LoRA files that it is: 0 for `te1`, 1 for `te2`;
    empty: LoRAs change none of them."""
    embedding_widths: tuple[int, ...] = ()
    """For each network, the width of a textual inversion's vectors; empty: it takes none."""

    @property
    @abstractmethod
    def networks(self) -> tuple[nn.Module, ...]: ...

    @property
    @abstractmethod
    def count_tokens(self) -> PromptTokenCounter | None:
        """None: there is nothing to count."""

    @abstractmethod
    def encode(self, prompts: Sequence[str | TextSegment], clip_skip: int = 1) -> Cond:
        """B prompts -> their conditions. A prompt as `str` is encoded as its first step reads
        it."""

    def __call__(self, condition: Text) -> Cond:
        return self.encode([condition.prompt], condition.clip_skip)

    def with_networks(self, networks: Sequence[nn.Module]) -> Self:
        """A copy with these networks, of the same kinds, in place of its own (LoRA)."""
        raise NotImplementedError

    def with_embeddings(self, embeddings: Sequence[Embedding]) -> Self:
        """A copy that knows further words (textual inversion)."""
        raise NotImplementedError
