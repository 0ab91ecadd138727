"""Families that are recognised but not supported, so that messages can name them."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Message
from .components import Component

UNSUPPORTED: Mapping[tuple[int, int | None], Message] = {
    (320, 1280): Message("latent diffusion, text to image (1.45 billion parameters)"),
    (192, 640): Message("latent diffusion, text to image of 256 pixels"),
    (192, 512): Message("latent diffusion of ImageNet's classes"),
    (256, 512): Message("latent diffusion of ImageNet's classes"),
    (256, None): Message("latent diffusion, inpainting"),
    (160, None): Message("latent diffusion, super-resolution"),
    (128, None): Message("latent diffusion, semantic synthesis"),
    (224, None): Message("latent diffusion without conditions"),
    (192, None): Message("latent diffusion without conditions"),
}
"""By the width of the U-Net's first level and that of its context."""


def unsupported_kind(unet: Component, context_dim: int | None) -> Message:
    """What an unsupported U-Net is, as a sentence about "it"."""
    first = unet.sources.get("input_blocks.0.0.weight")
    width = first.shape[0] if first is not None and first.shape else 0
    kind = UNSUPPORTED.get((width, context_dim), Message("a model of an unknown family"))
    return Message("it is {kind}, which is not supported yet", kind=kind)
