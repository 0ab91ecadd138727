"""The conditions of a backbone, as tensors: the only input for every kind of condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Residuals:
    """Feature maps that a ControlNet or T2I-Adapter adds inside a U-Net."""

    skips: tuple[Tensor, ...]
    """One for each skip connection, in the order of the way down."""
    middle: Tensor | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> Residuals:
        middle = None if self.middle is None else function(self.middle)
        return Residuals(tuple(map(function, self.skips)), middle)


@dataclass(frozen=True, eq=False)
class Cond:
    """The conditions of a batch of B images. Absent parts are None."""

    tokens: Tensor | None = None
    """[B, M, d]: for cross-attention, or the joint attention of a transformer."""
    vector: Tensor | None = None
    """[B, d], added to the time embedding (pooled text, sizes, an image's embedding), or the
    integers [B] of classes that the network embeds itself."""
    channels: Tensor | None = None
    """[B, c, h, w]: concatenated to the noisy latent (mask, low-resolution image, depth)."""
    residuals: Residuals | None = None
    mask: Tensor | None = None
    """bool [B, M]: which tokens are attended to; None: all."""
    guidance: Tensor | None = None
    """[B] float32: the guidance scale, for a network that was distilled to take it (LCM, Flux)."""
    cache: dict[nn.Module, Any] | None = None
    """Filled by layers with what they compute from `tokens` alone; None: nothing is cached."""

    def repeat(self, count: int) -> Cond:
        """The condition of one image, repeated for `count` images."""
        return self._map(lambda x: x.expand(count, *x.shape[1:]))

    def zeros(self) -> Cond:
        """Zeros of the same shapes: the null condition of conditioners whose empty prompt is all
        zeros."""
        return self._map(torch.zeros_like)

    def to(self, device: torch.device, dtype: torch.dtype) -> Cond:
        """On a device and in a floating-point type. Classes, masks and guidance keep their type."""
        moved = self._map(lambda x: x.to(device, dtype if x.is_floating_point() else x.dtype))
        guidance = None if self.guidance is None else self.guidance.to(device)
        return replace(moved, guidance=guidance)

    def updated(self, other: Cond) -> Cond:
        """A copy in which the parts of `other` replace its own."""
        parts = {name: part for name in _PARTS if (part := getattr(other, name)) is not None}
        return replace(self, **parts, cache=None)

    def cropped(self, rows: slice, columns: slice) -> Cond:
        """For a tile of the latent. Shares the cache. Raises ValueError with residuals."""
        if self.residuals is not None:
            raise ValueError("Residuals belong to one latent and cannot be cropped to a tile.")
        if self.channels is None:
            return self
        return replace(self, channels=self.channels[:, :, rows, columns])

    def cached(self) -> Cond:
        """With an empty cache, for many calls of networks whose weights do not change."""
        return replace(self, cache={})

    def _map(self, function: Callable[[Tensor], Tensor]) -> Cond:
        parts: dict[str, Any] = {}
        for name in _PARTS:
            part: Tensor | Residuals | None = getattr(self, name)
            if isinstance(part, Residuals):
                parts[name] = part.map(function)
            else:
                parts[name] = None if part is None else function(part)
        return Cond(**parts)


_PARTS = tuple(field.name for field in fields(Cond) if field.name != "cache")


def concatenate(conds: Sequence[Cond]) -> Cond:
    """Concatenates conditions with the same parts and shapes along the batch.

    Raises ValueError if some have a part that others lack.
    """
    parts: dict[str, Any] = {}
    for name in _PARTS:
        found = [part for cond in conds if (part := getattr(cond, name)) is not None]
        if found and len(found) != len(conds):
            raise ValueError(f"Some of the conditions to concatenate lack {name}.")
        if name == "residuals":
            parts[name] = _concatenated(found) if found else None
        else:
            parts[name] = torch.cat(found) if found else None
    return Cond(**parts)


def _concatenated(residuals: Sequence[Residuals]) -> Residuals:
    skips = tuple(map(torch.cat, zip(*(one.skips for one in residuals), strict=True)))
    middles = [one.middle for one in residuals if one.middle is not None]
    return Residuals(skips, torch.cat(middles) if middles else None)
