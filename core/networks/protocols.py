"""What every backbone and every autoencoder provides; the rest of `core` uses nothing else.

Both are abstract classes rather than typing protocols because placement, LoRA and forward hooks
need a `torch.nn.Module`. A new network subclasses one of them and changes nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .cond import Cond
from .cost import COUNTED, BackboneCost, CostModel


class Backbone(nn.Module, ABC):
    """Predicts noise, velocity, x0 or a flow (the family says which) from a noisy latent."""

    has_guidance_embedding: bool = False
    """Whether it takes `Cond.guidance`, and so needs no second evaluation for guidance."""
    token_width: int | None = None
    """Of `Cond.tokens`; None: it has no cross-attention."""

    @abstractmethod
    def forward(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """x [B, C, h, w], t [B] as the family's schedule gives it -> [B, C, h, w]."""

    if TYPE_CHECKING:

        def __call__(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor: ...

    @abstractmethod
    def operations(self, tokens: int = 77, costs: CostModel = COUNTED) -> BackboneCost:
        """The cost of one evaluation with this number of tokens, as a function of the latent's
        size."""

    @abstractmethod
    def working_bytes(self, cells: int, dtype: torch.dtype) -> int:
        """Memory in addition to the weights for a batch of two latents of this many cells,
        approximately."""

    def diffusers_name(self, layer: str) -> str | None:
        """The name of a layer in diffusers, for LoRA files; None: it does not exist there or has
        the same name."""
        return None


class Autoencoder(nn.Module, ABC):
    """Maps images in [-1, 1] to latents and back; a pixel model has the identity."""

    latent_channels: int
    factor: int
    """Pixels per latent cell, each way."""
    encoder_reach: int | None = None
    """Latent cells of context, each way, that one encoded cell depends on; None: the whole image,
    so that encoding in tiles only approximates encoding at once."""
    decoder_reach: int | None = None
    """Likewise for a decoded pixel; None: tiles are blended where they overlap."""
    decodes_fast: bool = False
    """Whether previews may decode; else they need a tiny decoder or a linear approximation."""

    @abstractmethod
    def encode(self, image: Tensor) -> Tensor:
        """[B, 3, H, W], sides multiples of `factor` -> latent [B, C, H / factor, W / factor]."""

    @abstractmethod
    def decode(self, latent: Tensor) -> Tensor:
        """[B, C, h, w] -> RGB [B, 3, H, W], or RGB on white and alpha [B, 4, H, W]; not clamped."""

    @abstractmethod
    def working_bytes(self, pixels: int, dtype: torch.dtype) -> int:
        """Memory in addition to the weights for decoding one image of this many pixels,
        approximately."""


def dtype_of(network: nn.Module) -> torch.dtype:
    """The type of its weights; float32 for a network without weights."""
    parameter = next(network.parameters(), None)
    return torch.float32 if parameter is None else parameter.dtype
