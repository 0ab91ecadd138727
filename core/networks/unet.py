"""The denoising U-Net with cross-attention (Rombach et al. 2022), by configuration.

Attribute names are those of the original latent-diffusion checkpoints, so the same class holds
Stable Diffusion's weights and the default model's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import (
    Context,
    CrossAttention,
    FeedForward,
    guidance_embedding,
    timestep_embedding,
    zero_embedding,
)

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True)
class UNetConfig:
    in_channels: int = 4
    out_channels: int = 4
    channels: int = 320
    """Width of the first level; the time embedding is four times as wide."""
    multipliers: tuple[int, ...] = (1, 2, 4, 4)
    """Width of each level as a multiple of `channels`; each level halves the resolution."""
    blocks: int = 2
    """Residual blocks a level on the way down (one more on the way up)."""
    depths: tuple[int, ...] = (1, 1, 1, 0)
    """Transformer blocks behind each residual block of a level."""
    up_depths: tuple[tuple[int, ...], ...] = ()
    """Those behind each of them on the way up, where they are others; empty: the same."""
    middle_depth: int = 1
    """Transformer blocks behind the first residual block of the middle."""
    middle_blocks: int = 2
    """Residual blocks of the middle."""
    context_dim: int = 768
    heads: int | None = 8
    """Attention heads; None: as many as give each `head_channels` channels."""
    head_channels: int = 64
    vector_dim: int | None = None
    """Width of the pooled condition that is added to the time embedding."""
    classes: int | None = None
    """Number of the classes one of which, embedded, is added to it instead."""
    guidance_dim: int | None = None
    """Width of the sinusoids by which a distilled network is told the guidance scale (LCM)."""
    linear_projection: bool = False
    """Whether a transformer is entered and left by a linear layer or a 1 x 1 convolution."""
    cross_levels: tuple[int, ...] = ()
    """Levels whose positions do not attend to one another: they attend to the context twice."""
    upsample: Literal["conv", "pixel_shuffle"] = "conv"
    groups: int = 32
    dropout: float = 0.0

    @property
    def factor(self) -> int:
        """How much coarser the deepest level is."""
        return 2 ** (len(self.multipliers) - 1)

    def upward(self, level: int) -> tuple[int, ...]:
        """Transformer blocks behind each residual block of a level on the way up."""
        if self.up_depths:
            return self.up_depths[level]
        return (self.depths[level],) * (self.blocks + 1)


class TimeEmbedding(nn.Sequential):
    """Of a time's sinusoids [B, dim_in], and of those of a guidance scale where it is told one."""

    def __init__(self, dim_in: int, dim_out: int, guidance_dim: int | None) -> None:
        super().__init__(*_mlp(dim_in, dim_out))
        if guidance_dim is not None:
            self.cond_proj = nn.Linear(guidance_dim, dim_in, bias=False)

    def forward(self, input: Tensor, guidance: Tensor | None = None) -> Tensor:
        """[B, dim_out]"""
        if guidance is not None:
            input = input + self.cond_proj(guidance)
        enter, activate, leave = (self[i] for i in range(3))
        return leave(activate(enter(input)))


class ResBlock(nn.Module):
    """Two convolutions around a skip, the time embedding added in between."""

    def __init__(self, config: UNetConfig, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            nn.GroupNorm(config.groups, channels_in),
            nn.SiLU(),
            nn.Conv2d(channels_in, channels_out, 3, padding=1),
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(4 * config.channels, channels_out))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(config.groups, channels_out),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            zeroed(nn.Conv2d(channels_out, channels_out, 3, padding=1)),
        )
        self.skip_connection = (
            nn.Identity()
            if channels_in == channels_out
            else nn.Conv2d(channels_in, channels_out, 1)
        )

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        h = self.in_layers(x) + self.emb_layers(emb)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class TransformerBlock(nn.Module):
    """Self-attention, cross-attention and feed-forward, each normalised first.

    With `cross`, cross-attention twice.
    """

    def __init__(self, dim: int, context_dim: int, heads: int, *, cross: bool = False) -> None:
        super().__init__()
        self.cross = cross
        self.attn1 = CrossAttention(dim, context_dim if cross else dim, heads)
        self.ff = FeedForward(dim)
        self.attn2 = CrossAttention(dim, context_dim, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.norm3 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, context: Tensor | Context) -> Tensor:
        x = x + self.attn1(self.norm1(x), context if self.cross else None)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    """Transformer blocks over the positions of a feature map [B, C, h, w]."""

    def __init__(
        self, config: UNetConfig, channels: int, depth: int, *, cross: bool = False
    ) -> None:
        super().__init__()
        heads = config.heads or channels // config.head_channels
        self.linear = config.linear_projection
        self.norm = nn.GroupNorm(config.groups, channels, eps=1e-6)
        self.proj_in = self._projection(channels)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(channels, config.context_dim, heads, cross=cross) for _ in range(depth)
        )
        self.proj_out = zeroed(self._projection(channels))

    def _projection(self, channels: int) -> nn.Linear | nn.Conv2d:
        return nn.Linear(channels, channels) if self.linear else nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, context: Tensor | Context) -> Tensor:
        h = self.norm(x)
        if not self.linear:
            h = self.proj_in(h)
        h = h.flatten(2).transpose(1, 2)  # [B, h*w, C]
        if self.linear:
            h = self.proj_in(h)
        for block in self.transformer_blocks:
            h = block(h, context)
        if self.linear:
            h = self.proj_out(h)
        h = h.transpose(1, 2).unflatten(2, x.shape[-2:])
        if not self.linear:
            h = self.proj_out(h)
        return x + h


class Downsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels: int, kind: Literal["conv", "pixel_shuffle"]) -> None:
        super().__init__()
        self.shuffle = kind == "pixel_shuffle"
        self.conv = (
            nn.Conv2d(channels, 4 * channels, 1)
            if self.shuffle
            else nn.Conv2d(channels, channels, 3, padding=1)
        )

    def forward(self, x: Tensor, size: torch.Size | None = None) -> Tensor:
        """To twice the sides, or to `size`, which may be smaller by 1 each way."""
        if self.shuffle:
            return F.pixel_shuffle(self.conv(x), 2)
        if size is None or size == (2 * x.shape[2], 2 * x.shape[3]):
            return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


class Stage(nn.ModuleList):
    """Layers in sequence, each given what its kind needs."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__(layers)

    def forward(
        self,
        x: Tensor,
        emb: Tensor,
        context: Tensor | Context,
        size: torch.Size | None = None,
    ) -> Tensor:
        """`size`: the height and width of what an upsampling layer gives."""
        for layer in self:
            if isinstance(layer, ResBlock):
                x = layer(x, emb)
            elif isinstance(layer, SpatialTransformer):
                x = layer(x, context)
            elif isinstance(layer, Upsample):
                x = layer(x, size)
            else:
                x = layer(x)
        return x


class UNet(nn.Module):
    """Predicts what the prediction type says (noise, velocity ...) from a noisy latent."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        width, emb_dim = config.channels, 4 * config.channels
        self.time_embed = TimeEmbedding(width, emb_dim, config.guidance_dim)
        self.label_emb: nn.Module | None = None
        if config.vector_dim:
            self.label_emb = nn.Sequential(_mlp(config.vector_dim, emb_dim))
        elif config.classes:
            self.label_emb = zero_embedding(config.classes, emb_dim)

        skips = [width]
        self.input_blocks = nn.ModuleList(
            [Stage([nn.Conv2d(config.in_channels, width, 3, padding=1)])]
        )
        for level, multiplier in enumerate(config.multipliers):
            for _ in range(config.blocks):
                channels = multiplier * config.channels
                layers: list[nn.Module] = [ResBlock(config, width, channels)]
                width = channels
                if depth := config.depths[level]:
                    cross = level in config.cross_levels
                    layers.append(SpatialTransformer(config, width, depth, cross=cross))
                self.input_blocks.append(Stage(layers))
                skips.append(width)
            if level < len(config.multipliers) - 1:
                self.input_blocks.append(Stage([Downsample(width)]))
                skips.append(width)

        middle: list[nn.Module] = [
            ResBlock(config, width, width) for _ in range(config.middle_blocks)
        ]
        if config.middle_depth:
            middle.insert(1, SpatialTransformer(config, width, config.middle_depth))
        self.middle_block = Stage(middle)

        self.output_blocks = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(config.multipliers))):
            for i, depth in enumerate(config.upward(level)):
                channels = multiplier * config.channels
                layers = [ResBlock(config, width + skips.pop(), channels)]
                width = channels
                if depth:
                    cross = level in config.cross_levels
                    layers.append(SpatialTransformer(config, width, depth, cross=cross))
                if level and i == config.blocks:
                    layers.append(Upsample(width, config.upsample))
                self.output_blocks.append(Stage(layers))

        self.out = nn.Sequential(
            nn.GroupNorm(config.groups, width),
            nn.SiLU(),
            zeroed(nn.Conv2d(width, config.out_channels, 3, padding=1)),
        )

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        context: Tensor | Context,
        vector: Tensor | None = None,
        scale: float = 1.0,
    ) -> Tensor:
        """x [B, C, h, w], t [B] in 0..1000, context [B, M, context_dim], vector [B, vector_dim]
        or the numbers of classes [B] -> [B, out_channels, h, w]. The vector is given exactly when
        `config.vector_dim` or `config.classes` is. `scale`: of the guidance, where the network is
        told it. If `config.upsample` is "pixel_shuffle", h and w
        are multiples of `config.factor`."""
        guidance = None
        if self.config.guidance_dim is not None:
            scales = torch.full_like(t, scale, dtype=torch.float32)
            guidance = guidance_embedding(scales, self.config.guidance_dim).to(x.dtype)
        emb = self.time_embed(timestep_embedding(t, self.config.channels).to(x.dtype), guidance)
        if (vector is None) != (self.label_emb is None):
            raise ValueError("A pooled condition is needed exactly when the network takes one.")
        if self.label_emb is not None:
            emb = emb + self.label_emb(vector)
        skips: list[Tensor] = []
        for stage in self.input_blocks:
            x = stage(x, emb, context)
            skips.append(x)
        x = self.middle_block(x, emb, context)
        for stage in self.output_blocks:
            x = torch.cat([x, skips.pop()], dim=1)
            x = stage(x, emb, context, skips[-1].shape[-2:] if skips else None)
        return self.out(x)


def zeroed(module: M) -> M:
    """The module with all parameters zero, so that a fresh block is the identity."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def _mlp(dim_in: int, dim_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim_in, dim_out), nn.SiLU(), nn.Linear(dim_out, dim_out))
