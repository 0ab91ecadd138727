"""What several networks share: attention, feed-forward, timestep embedding."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Scaled dot-product attention, [B, heads, N, d] each; the only place that knows backends.

    On a CPU the backward pass of the fused kernel is several times slower than the plain product.
    """
    if q.device.type == "cpu" and q.requires_grad and torch.is_grad_enabled():
        weights = (q * (q.shape[-1] ** -0.5)) @ k.transpose(-1, -2)
        return weights.softmax(dim=-1) @ v
    return F.scaled_dot_product_attention(q, k, v)


def timestep_embedding(t: Tensor, dim: int, max_period: float = 10_000.0) -> Tensor:
    """Sinusoids of t [B], cosines first, as [B, dim] float32 (Ho et al. 2020; LDM order)."""
    half = dim // 2
    steps = torch.arange(half, dtype=torch.float32, device=t.device)
    frequencies = torch.exp(steps * (-math.log(max_period) / half))
    angles = t.float()[:, None] * frequencies[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def guidance_embedding(scale: Tensor, dim: int) -> Tensor:
    """Sinusoids of guidance scales [B], sines first, as [B, dim] float32; `dim` is even, above 2.

    They encode 1000 times the scale minus 1, the scale without guidance. Sources: Meng et al. 2023,
    "On Distillation of Guided Diffusion Models"; Luo et al. 2023, LCM.
    """
    half = dim // 2
    steps = torch.arange(half, dtype=torch.float32, device=scale.device)
    frequencies = torch.exp(steps * (-math.log(10_000.0) / (half - 1)))
    angles = 1000 * (scale.float() - 1)[:, None] * frequencies[None]
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class GEGLU(nn.Module):
    """Linear gated by GELU (Shazeer 2020)."""

    def __init__(self, dim_in: int, dim_out: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim_in, 2 * dim_out)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    """The transformer's feed-forward: GEGLU of four times the width, then back."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GEGLU(dim, 4 * dim), nn.Identity(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Context:
    """Tokens that cross-attention attends to."""

    def __init__(self, tokens: Tensor, cache: dict[nn.Module, Any] | None = None) -> None:
        """tokens [B, M, context_dim]; with a cache, each layer projects them only once."""
        self._tokens = tokens
        self._cache = cache

    def keys_and_values(self, attention: CrossAttention) -> tuple[Tensor, Tensor]:
        """[B, heads, M, d] each."""
        if self._cache is None:
            return attention.keys_and_values(self._tokens)
        if attention not in self._cache:
            self._cache[attention] = attention.keys_and_values(self._tokens)
        return self._cache[attention]


class CrossAttention(nn.Module):
    """Multi-head attention of x [B, N, dim] over a context [B, M, context_dim] (or over itself)."""

    def __init__(self, dim: int, context_dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(context_dim, dim, bias=False)
        self.to_v = nn.Linear(context_dim, dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(dim, dim), nn.Identity())

    def forward(self, x: Tensor, context: Context | None = None) -> Tensor:
        k, v = self.keys_and_values(x) if context is None else context.keys_and_values(self)
        out = attend(self._split(self.to_q(x)), k, v)  # [B, heads, N, d]
        return self.to_out(out.transpose(1, 2).flatten(2))

    def keys_and_values(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """[B, heads, M, d] each."""
        return self._split(self.to_k(tokens)), self._split(self.to_v(tokens))

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)


def zero_embedding(count: int, dim: int) -> nn.Embedding:
    """Zeros, to be replaced by loaded weights: normal noise on the meta device would import
    torch's compiler."""
    return nn.Embedding(count, dim, _weight=torch.zeros(count, dim))
