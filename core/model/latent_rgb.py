"""Previews latents without decoding: one matrix from latent channels to RGB.

An autoencoder such as Stable Diffusion's takes longer to decode than a step takes to draw. Its
latents are nearly linear in the colours of the cells, so that a matrix, fitted by least squares to
images of known colours, shows coarsely but at once what is being drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..runtime.stored_weight import numbers_of

IMAGES = 2
SIDE = 64
"""Pixels per side of the images that are fitted to."""
FIELDS = 5
"""Random colours along each side of these images, smoothly interpolated."""
DIGESTED = 2**16
"""Elements. Tensors below this, such as norms and biases, identify an encoder."""

Rows = Sequence[Sequence[float]]


@dataclass(frozen=True)
class LatentForm:
    """The size and the normalisation of an autoencoder's latents."""

    channels: int
    factor: int
    """Pixels per latent cell, each way."""
    mean: tuple[float, ...]
    std: tuple[float, ...]


class LatentRgbCache(Protocol):
    """Stores fitted matrices, row by row."""

    def find(self, digest: str) -> Rows | None: ...

    def keep(self, digest: str, rows: Rows) -> None: ...


class LatentRgb:
    """The matrix of one autoencoder, fitted when it is first needed unless `cache` has it."""

    def __init__(self, cache: LatentRgbCache | None = None) -> None:
        self._cache = cache
        self._matrix: Tensor | None = None

    def for_another_autoencoder(self) -> LatentRgb:
        """For another autoencoder."""
        return LatentRgb(self._cache)

    def matrix(
        self,
        autoencoder: nn.Module,
        encode: Callable[[Tensor], Tensor],
        form: LatentForm,
        device: torch.device,
    ) -> Tensor:
        """[C + 1, 3]; `encode` returns the latents of images, normalised as `form` says."""
        if self._matrix is not None:
            return self._matrix
        digest = digest_of(autoencoder, form) if self._cache is not None else ""
        rows = self._cache.find(digest) if self._cache is not None else None
        if rows is not None and _is_matrix(rows, form.channels):
            self._matrix = torch.tensor(rows, dtype=torch.float32, device=device)
        else:
            self._matrix = fit_matrix(encode, form.factor, device)
            if self._cache is not None:
                rows = [[float(number) for number in row] for row in self._matrix]
                self._cache.keep(digest, rows)
        return self._matrix


def digest_of(autoencoder: nn.Module, form: LatentForm) -> str:
    """The digest of its small tensors: any training changes them, and they are quick to read."""
    whole = hashlib.sha256(repr(form).encode())
    for name, parameter in autoencoder.state_dict(keep_vars=True).items():
        tensor = parameter if parameter.numel() >= DIGESTED else numbers_of(parameter)
        whole.update(f"{name} {tuple(tensor.shape)}".encode())
        if tensor.numel() < DIGESTED:
            whole.update(tensor.float().cpu().contiguous().numpy().tobytes())
    return whole.hexdigest()


def _is_matrix(rows: Rows, channels: int) -> bool:
    return len(rows) == channels + 1 and all(len(row) == 3 for row in rows)


@torch.no_grad()
def fit_matrix(encode: Callable[[Tensor], Tensor], factor: int, device: torch.device) -> Tensor:
    """The matrix [C + 1, 3] of an encoder from images [B, 3, H, W] to latents, `factor` pixels
    per cell; the last row is the bias."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(IMAGES, 3, FIELDS, FIELDS, generator=generator) * 2 - 1
    images = F.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic").clamp(-1, 1)
    latents = encode(images.to(device)).float().cpu()
    colours = F.avg_pool2d(images, factor)
    linalg: Any = torch.linalg  # without stubs
    solution: Tensor = linalg.lstsq(_cells(latents), _flat(colours), driver="gelsd").solution
    return solution.to(device)


def latent_to_rgb(latent: Tensor, matrix: Tensor, factor: int) -> Tensor:
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
