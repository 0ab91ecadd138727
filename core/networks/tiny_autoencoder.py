"""The decoder of a tiny autoencoder (TAESD, madebyollin 2023), which shows latents at once.

Attribute names are those of the published `taesd_decoder` files: numbers in a sequence.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

REACH = 3.0
"""Latents are softly kept within this."""


@dataclass(frozen=True)
class TinyDecoderConfig:
    latent_channels: int = 4
    channels: int = 64
    blocks: tuple[int, ...] = (3, 3, 3, 1)
    """Residual blocks at each resolution, the coarsest first."""

    @property
    def factor(self) -> int:
        """Pixels per latent cell, each way."""
        return 2 ** (len(self.blocks) - 1)


class Bounded(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x / REACH).tanh() * REACH


class Block(nn.Module):
    """Three convolutions beside a skip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x) + x)


class TinyDecoder(nn.Sequential):
    """Latents of about unit variance [B, C, h, w] -> RGB [B, 3, H, W], about [0, 1], unclamped."""

    def __init__(self, config: TinyDecoderConfig) -> None:
        width = config.channels
        layers = [Bounded(), nn.Conv2d(config.latent_channels, width, 3, padding=1), nn.ReLU()]
        *coarse, finest = config.blocks
        for count in coarse:
            layers += [Block(width) for _ in range(count)]
            layers += [
                nn.Upsample(scale_factor=2.0),
                nn.Conv2d(width, width, 3, padding=1, bias=False),
            ]
        layers += [Block(width) for _ in range(finest)]
        super().__init__(*layers, nn.Conv2d(width, 3, 3, padding=1))
        self.config = config
