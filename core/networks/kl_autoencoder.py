"""The KL autoencoder of latent diffusion (Rombach et al. 2022), as Stable Diffusion uses it.

Attribute names are those of the original checkpoints' `first_stage_model`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import attend
from .protocols import Autoencoder


@dataclass(frozen=True)
class AutoencoderKLConfig:
    channels: int = 128
    """Width at the image's resolution."""
    multipliers: tuple[int, ...] = (1, 2, 4, 4)
    """Width of each level as a multiple of `channels`; each level but the last halves the side."""
    blocks: int = 2
    """Residual blocks per level of the encoder (one more in the decoder)."""
    latent_channels: int = 4
    picture_channels: int = 3
    groups: int = 32

    @property
    def factor(self) -> int:
        """Pixels per latent cell, each way."""
        return 2 ** (len(self.multipliers) - 1)


class ResnetBlock(nn.Module):
    def __init__(self, config: AutoencoderKLConfig, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.norm1 = _norm(config, channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm2 = _norm(config, channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.nin_shortcut = (
            nn.Identity()
            if channels_in == channels_out
            else nn.Conv2d(channels_in, channels_out, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        return self.nin_shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class AttnBlock(nn.Module):
    """Attention with a single head over the positions of a feature map [B, C, h, w]."""

    def __init__(self, config: AutoencoderKLConfig, channels: int) -> None:
        super().__init__()
        self.norm = _norm(config, channels)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (y.flatten(2).transpose(1, 2)[:, None] for y in (self.q(h), self.k(h), self.v(h)))
        out = attend(q, k, v).transpose(2, 3)  # [B, 1, C, h*w]
        return x + self.proj_out(out.reshape(x.shape))


class Middle(nn.Module):
    def __init__(self, config: AutoencoderKLConfig, channels: int) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(config, channels, channels)
        self.attn_1 = AttnBlock(config, channels)
        self.block_2 = ResnetBlock(config, channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class Downsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))  # right and below only, unlike in the U-Net


class Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class DownLevel(nn.Module):
    """Residual blocks of one resolution, and the downsampling to the next."""

    def __init__(self, config: AutoencoderKLConfig, before: int, width: int, *, last: bool) -> None:
        super().__init__()
        self.block = _blocks(config, before, width, config.blocks)
        self.downsample = nn.Identity() if last else Downsample(width)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        return self.downsample(x)


class UpLevel(nn.Module):
    """Likewise."""

    def __init__(self, config: AutoencoderKLConfig, before: int, width: int, *, last: bool) -> None:
        super().__init__()
        self.block = _blocks(config, before, width, config.blocks + 1)
        self.upsample = nn.Identity() if last else Upsample(width)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        return self.upsample(x)


def _blocks(config: AutoencoderKLConfig, before: int, width: int, count: int) -> nn.ModuleList:
    return nn.ModuleList(ResnetBlock(config, width if i else before, width) for i in range(count))


class Encoder(nn.Module):
    def __init__(self, config: AutoencoderKLConfig) -> None:
        super().__init__()
        widths = [config.channels * multiplier for multiplier in config.multipliers]
        befores = [config.channels, *widths[:-1]]
        self.conv_in = nn.Conv2d(config.picture_channels, config.channels, 3, padding=1)
        self.down = nn.ModuleList(
            DownLevel(config, before, width, last=level == len(widths) - 1)
            for level, (before, width) in enumerate(zip(befores, widths, strict=True))
        )
        self.mid = Middle(config, widths[-1])
        self.norm_out = _norm(config, widths[-1])
        self.conv_out = nn.Conv2d(widths[-1], 2 * config.latent_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, config: AutoencoderKLConfig) -> None:
        super().__init__()
        widths = [config.channels * multiplier for multiplier in config.multipliers]
        befores = [*widths[1:], widths[-1]]
        self.conv_in = nn.Conv2d(config.latent_channels, widths[-1], 3, padding=1)
        self.mid = Middle(config, widths[-1])
        self.up = nn.ModuleList(  # numbered by resolution, so the last one comes first
            UpLevel(config, before, width, last=level == 0)
            for level, (before, width) in enumerate(zip(befores, widths, strict=True))
        )
        self.norm_out = _norm(config, widths[0])
        self.conv_out = nn.Conv2d(widths[0], config.picture_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mid(self.conv_in(x))
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class AutoencoderKL(Autoencoder):
    """Images are in [-1, 1]; latents are unscaled (a family knows its scale).

    Norms and attention see the whole image or latent, so that tiles only approximate it.
    """

    def __init__(self, config: AutoencoderKLConfig) -> None:
        super().__init__()
        self.config = config
        self.latent_channels, self.factor = config.latent_channels, config.factor
        latent = config.latent_channels
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.quant_conv = nn.Conv2d(2 * latent, 2 * latent, 1)
        self.post_quant_conv = nn.Conv2d(latent, latent, 1)

    def moments(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, H, W], multiples of `factor` -> mean and log-variance, [B, C, h, w] each."""
        mean, logvar = self.quant_conv(self.encoder(image)).chunk(2, dim=1)
        return mean, logvar.clamp(-30.0, 20.0)

    def encode(self, image: Tensor) -> Tensor:
        """The mean latent of an image."""
        return self.moments(image)[0]

    def decode(self, latent: Tensor) -> Tensor:
        """[B, C, h, w] -> RGB [B, 3, H, W], about [-1, 1], not clamped."""
        return self.decoder(self.post_quant_conv(latent))

    def working_bytes(self, pixels: int, dtype: torch.dtype) -> int:
        """Three feature maps of the second width at full size."""
        return 3 * 2 * self.config.channels * pixels * dtype.itemsize


def _norm(config: AutoencoderKLConfig, channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(config.groups, channels, eps=1e-6)
