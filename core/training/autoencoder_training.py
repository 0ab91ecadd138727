"""Trains the autoencoder (reconstruction, edges, alpha, KL, latent noise), and the decoder alone on
sampled latents.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..networks.compact_autoencoder import CompactAutoencoder

CROP = 64
"""Pixels; most of the training uses crops, which cost a quarter."""

WHOLE_FROM = 0.9
"""The share of the run after which whole drawings are used."""


@dataclass
class AutoencoderTask:
    """Trains on drawings, straight-alpha RGBA uint8 [N, S, S, 4], all equally likely."""

    module: CompactAutoencoder
    drawings: Tensor
    batch: int
    device: torch.device
    kl_weight: float = 1e-4
    latent_noise: float = 0.2
    """Half the decoder's inputs get noise up to this share of a unit-variance latent, because
    sampled latents are never quite clean.
    """

    def loss(self, step: int, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        picks = torch.randint(len(self.drawings), (self.batch,), generator=generator)
        rgba = self.drawings[picks].permute(0, 3, 1, 2).float() / 255  # [B, 4, S, S]
        image, alpha = augment(rgba, CROP if progress < WHOLE_FROM else rgba.shape[-1], generator)
        image = image.to(self.device, memory_format=torch.channels_last)
        target = torch.cat([image, alpha.to(self.device)], dim=1)

        mean, logvar = self.module.moments(image)
        unit = torch.randn(mean.shape, generator=generator).to(self.device)
        share = torch.rand(len(mean), 1, 1, 1, generator=generator)
        level = ((2 * share - 1).clamp_min(0) * self.latent_noise).to(self.device)
        deviation = torch.sqrt(logvar.exp() + level**2)
        out = self.module.decode(mean + deviation * unit)

        losses = reconstruction_losses(out, target)
        losses["kl"] = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
        losses["loss"] = reconstruction_loss(losses) + self.kl_weight * losses["kl"]
        return losses


@dataclass
class DecoderTask:
    """Trains the decoder to reconstruct an image from a latent near the image's own.

    Half of each batch are such latents, the others are from the encoder, which is frozen.
    """

    module: CompactAutoencoder
    targets: Tensor
    """RGB on white and alpha, uint8 [N, 4, S, S]."""
    latents: Tensor
    """Near those of the targets, scaled as the decoder's input, [N, C, h, w]."""
    batch: int
    device: torch.device

    def loss(self, step: int, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        picks = torch.randint(len(self.targets), (self.batch,), generator=generator)
        target = self.targets[picks].float() / 127.5 - 1
        target = target.to(self.device, memory_format=torch.channels_last)
        half = self.batch // 2
        with torch.no_grad():
            own = self.module.encode(target[half:, :3])
        near = self.latents[picks[:half]].to(own)
        losses = reconstruction_losses(self.module.decode(torch.cat([near, own])), target)
        losses["loss"] = reconstruction_loss(losses)
        return losses


def augment(rgba: Tensor, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Straight-alpha drawings [B, 4, S, S] in [0, 1] -> RGB [B, 3, size, size] and alpha [B, 1,
    size, size], both in [-1, 1]: random crop and flip; for 15 % each, permuted colour channels, and
    a solid coloured background (alpha is then 1 everywhere).
    """
    count, _, height, width = rgba.shape
    colour, alpha = rgba[:, :3], rgba[:, 3:]
    draws = torch.rand(count, 3, generator=generator)
    permuted = colour[:, torch.randperm(3, generator=generator)]
    colour = torch.where(_column(draws[:, 0] < 0.15), permuted, colour)
    solid = _column(draws[:, 1] < 0.15)
    background = torch.where(solid, torch.rand(count, 3, 1, 1, generator=generator), 1.0)
    image = colour * alpha + background * (1 - alpha)
    alpha = torch.where(solid, 1.0, alpha)
    both = torch.cat([image, alpha], dim=1)
    both = torch.where(_column(draws[:, 2] < 0.5), both.flip(-1), both)
    top = int(torch.randint(height - size + 1, (1,), generator=generator))
    left = int(torch.randint(width - size + 1, (1,), generator=generator))
    both = both[:, :, top : top + size, left : left + size] * 2 - 1
    return both[:, :3], both[:, 3:]


def reconstruction_losses(out: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Three losses of RGB and two of alpha, [B, 4, H, W] each."""
    rgb, alpha = out[:, :3] - target[:, :3], out[:, 3:] - target[:, 3:]
    edges = gradient_l1(rgb) + gradient_l1(F.avg_pool2d(rgb, 2)) + gradient_l1(F.avg_pool2d(rgb, 4))
    return {
        "l1": rgb.abs().mean(),
        "mse": rgb.square().mean(),
        "edges": edges / 3,
        "alpha": alpha.abs().mean() + 0.5 * gradient_l1(alpha),
    }


def reconstruction_loss(losses: dict[str, Tensor]) -> Tensor:
    """The part of the loss that measures reconstruction."""
    return losses["l1"] + 2 * losses["mse"] + 0.7 * losses["edges"] + 0.3 * losses["alpha"]


def gradient_l1(difference: Tensor) -> Tensor:
    """Mean absolute horizontal and vertical gradient of a difference of images."""
    across = difference[..., :, 1:] - difference[..., :, :-1]
    down = difference[..., 1:, :] - difference[..., :-1, :]
    return across.abs().mean() + down.abs().mean()


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of images in [-1, 1], averaged over the batch."""
    error = (a - b).square().flatten(1).mean(dim=1).clamp_min(1e-10)
    return (10 * torch.log10(4.0 / error)).mean()


def _column(flags: Tensor) -> Tensor:
    return flags[:, None, None, None]
