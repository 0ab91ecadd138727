"""A small KL autoencoder for drawings, f = 8: RGB in, RGB on white and alpha out.

Space-to-depth everywhere, a linear path around the encoder and around the decoder so that colour
survives from the first step of training, and no normalisation: every output pixel depends on a
bounded neighbourhood of latent cells, so decoding in overlapping tiles gives the same image as
decoding at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .protocols import Autoencoder

FACTOR = 8
"""Pixels per latent cell, each way."""

DECODER_REACH = 8
"""Latent cells of context, each way, beyond which a decoded pixel depends on nothing."""

ENCODER_REACH = 5
"""Latent cells of the image, each way, beyond which an encoded cell depends on nothing."""

MAPS_OF_DECODER = 4
"""Feature maps of the last width that exist at once in the last residual block."""

START_LOGVAR = -5.0
"""The initial log-variance of the latents: a little noise beside their unit variance."""


@dataclass(frozen=True)
class CompactAutoencoderConfig:
    latent_channels: int = 8
    encoder_widths: tuple[int, int, int] = (24, 48, 128)
    """Channels at 1/2, 1/4 and 1/8 of the image's size."""
    decoder_widths: tuple[int, int, int] = (32, 96, 192)
    """Likewise."""

    @property
    def factor(self) -> int:
        """Pixels per latent cell, each way."""
        return FACTOR

    @property
    def channels(self) -> int:
        """Width that a feature map as large as the image's resolution would have."""
        return self.decoder_widths[0] // 4


class Residual(nn.Module):
    """Two 3 x 3 convolutions around a skip; starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


class Upsample(nn.Sequential):
    """1 x 1 convolution and pixel shuffle: cheaper than resizing before a 3 x 3 convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(nn.Conv2d(channels_in, 4 * channels_out, 1), nn.PixelShuffle(2))


class CompactAutoencoder(Autoencoder):
    """Images are in [-1, 1]; latents are unnormalised (the model's config holds their scale)."""

    factor = FACTOR
    encoder_reach = ENCODER_REACH
    decoder_reach = DECODER_REACH
    decodes_fast = True

    def __init__(self, config: CompactAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.latent_channels = config.latent_channels
        latent = config.latent_channels
        e1, e2, e3 = config.encoder_widths
        d1, d2, d3 = config.decoder_widths
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(3 * 4, e1, 3, padding=1),
            Residual(e1),
            nn.Conv2d(e1, e2, 2, stride=2),
            Residual(e2),
            nn.Conv2d(e2, e3, 2, stride=2),
            Residual(e3),
            nn.SiLU(),
        )
        self.moments_conv = nn.Conv2d(e3, 2 * latent, 3, padding=1)
        self.decoder = nn.Sequential(
            nn.Conv2d(latent, d3, 3, padding=1),
            Residual(d3),
            Residual(d3),
            Upsample(d3, d2),
            Residual(d2),
            Upsample(d2, d1),
            Residual(d1),
            nn.SiLU(),
        )
        self.picture_conv = nn.Conv2d(d1, 4 * 4, 3, padding=1)
        self.encoder_shortcut = nn.Conv2d(3 * FACTOR**2, latent, 1)
        self.decoder_shortcut = nn.Conv2d(latent, 4 * FACTOR**2, 1)

    def moments(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, H, W], H and W multiples of 8 -> mean and log-variance, [B, C, H/8, W/8] each."""
        mean, logvar = self.moments_conv(self.encoder(image)).chunk(2, dim=1)
        mean = mean + self.encoder_shortcut(F.pixel_unshuffle(image, FACTOR))
        return mean, logvar.clamp(-20.0, 10.0)

    def encode(self, image: Tensor) -> Tensor:
        """The mean latent of an image."""
        return self.moments(image)[0]

    def decode(self, latent: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, 4, 8h, 8w]: RGB on white and alpha, about [-1, 1], not clamped."""
        fine = F.pixel_shuffle(self.picture_conv(self.decoder(latent)), 2)
        return fine + F.pixel_shuffle(self.decoder_shortcut(latent), FACTOR)

    def working_bytes(self, pixels: int, dtype: torch.dtype) -> int:
        """The peak is in the last residual block, at half the image's size."""
        return round(MAPS_OF_DECODER * self.config.decoder_widths[0] * pixels / 4) * dtype.itemsize

    @torch.no_grad()
    def start_linear(self, images: Tensor) -> None:
        """Start both linear paths as the best linear autoencoder of sample images [N, 3, H, W].

        That is the principal components of 8 x 8 patches, scaled to unit variance; the non-linear
        paths start at zero and refine it.
        """
        latent = self.config.latent_channels
        patches = F.pixel_unshuffle(images, FACTOR).movedim(1, -1).flatten(0, -2)  # [M, 192]
        mean = patches.mean(dim=0)
        linalg: Any = torch.linalg  # without stubs
        spectrum: tuple[Tensor, Tensor] = linalg.eigh(torch.cov((patches - mean).T))
        values, vectors = spectrum  # ascending
        std = values[-latent:].flip(0).clamp_min(1e-8).sqrt()  # [C]
        basis = vectors[:, -latent:].flip(1)  # [192, C]
        encode = (basis / std).T
        self.encoder_shortcut.weight.copy_(encode[:, :, None, None])
        _bias(self.encoder_shortcut).copy_(-(encode @ mean))
        self.decoder_shortcut.weight.zero_()
        _bias(self.decoder_shortcut).zero_()
        rgb = slice(0, 3 * FACTOR**2)  # pixel_shuffle keeps the 64 positions of a channel together
        self.decoder_shortcut.weight[rgb].copy_((basis * std)[:, :, None, None])
        _bias(self.decoder_shortcut)[rgb].copy_(mean)
        for convolution in (self.moments_conv, self.picture_conv):
            for parameter in convolution.parameters():
                parameter.zero_()
        nn.init.constant_(_bias(self.moments_conv)[latent:], START_LOGVAR)


def _bias(convolution: nn.Conv2d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias
