"""What a latent looks like without decoding it: one matrix from latent channels to RGB.

An autoencoder such as Stable Diffusion's takes longer to decode than a step takes to draw. Its
latents are nearly linear in the colours of the cells, so that a matrix, fitted by least squares to
pictures of known colours, shows coarsely but at once what is being drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

PICTURES = 2
SIDE = 64
"""Pixels, of the pictures that are fitted to."""
FIELDS = 5
"""They are smooth fields between so many random colours each way."""


@torch.no_grad()
def fitted(encode: Callable[[Tensor], Tensor], factor: int, device: torch.device) -> Tensor:
    """The matrix [C + 1, 3] of an encoder from pictures [B, 3, H, W] to latents, `factor` pixels a
    cell; the last row is what is added."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(PICTURES, 3, FIELDS, FIELDS, generator=generator) * 2 - 1
    pictures = F.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic").clamp(-1, 1)
    latents = encode(pictures.to(device)).float().cpu()
    colours = F.avg_pool2d(pictures, factor)
    linalg: Any = torch.linalg  # without stubs
    solution: Tensor = linalg.lstsq(_cells(latents), _flat(colours), driver="gelsd").solution
    return solution.to(device)


def glimpse(latent: Tensor, matrix: Tensor, factor: int) -> Tensor:
    """[B, C, h, w] -> RGB [B, 3, H, W] in [-1, 1]."""
    batch, _, height, width = latent.shape
    colours = (_cells(latent.float()) @ matrix).reshape(batch, height, width, 3)
    small = colours.movedim(-1, 1).clamp(-1, 1)
    return F.interpolate(small, scale_factor=float(factor), mode="bilinear")


def _flat(x: Tensor) -> Tensor:
    """[B, C, h, w] -> [B h w, C]"""
    return x.movedim(1, -1).reshape(-1, x.shape[1])


def _cells(latent: Tensor) -> Tensor:
    cells = _flat(latent)
    return torch.cat([cells, torch.ones_like(cells[:, :1])], dim=1)
