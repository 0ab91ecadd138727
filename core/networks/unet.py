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

from ..errors import InvalidError
from .cond import Cond
from .cost import COUNTED, BackboneCost, CostModel
from .layers import (
    Context,
    CrossAttention,
    FeedForward,
    guidance_embedding,
    timestep_embedding,
    zero_embedding,
)
from .protocols import Backbone
from .unet_names import diffusers_name

MAPS_OF_TRANSFORMER = 25
"""Feature maps of a level's width that exist at once within a transformer: 16 of its feed-forward
(gate and value, the gate's GELU, their product), and those around it."""
MAPS_OF_RESIDUAL = 12
"""Likewise within a residual block that reads a skip connection."""

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
    """Residual blocks per level on the way down (one more on the way up)."""
    depths: tuple[int, ...] = (1, 1, 1, 0)
    """Transformer blocks after each residual block of a level."""
    up_depths: tuple[tuple[int, ...], ...] = ()
    """The same on the way up, if they differ; empty: the same."""
    middle_depth: int = 1
    """Transformer blocks after the first residual block of the middle."""
    middle_blocks: int = 2
    """Residual blocks in the middle."""
    context_dim: int = 768
    heads: int | None = 8
    """Attention heads; None: as many as make `head_channels` channels each."""
    head_channels: int = 64
    vector_dim: int | None = None
    """Width of the pooled condition that is added to the time embedding."""
    classes: int | None = None
    """The number of classes; the embedding of one is added instead of the vector."""
    guidance_dim: int | None = None
    """Width of the sinusoids of the guidance scale, for a distilled network that takes it (LCM)."""
    linear_projection: bool = False
    """Whether transformers begin and end with a linear layer instead of a 1 x 1 convolution."""
    cross_levels: tuple[int, ...] = ()
    """Levels without self-attention: they attend to the context twice."""
    upsample: Literal["conv", "pixel_shuffle"] = "conv"
    groups: int = 32
    dropout: float = 0.0

    @property
    def factor(self) -> int:
        """The downscaling factor of the deepest level."""
        return 2 ** (len(self.multipliers) - 1)

    def upward(self, level: int) -> tuple[int, ...]:
        """Transformer blocks after each residual block of a level on the way up."""
        if self.up_depths:
            return self.up_depths[level]
        return (self.depths[level],) * (self.blocks + 1)


class TimeEmbedding(nn.Sequential):
    """The embedding of the time's sinusoids [B, dim_in], plus that of the guidance scale if
    there is one."""

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

    def forward(self, x: Tensor, context: Context) -> Tensor:
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

    def forward(self, x: Tensor, context: Context) -> Tensor:
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
        """To twice the size, or to `size`, which may be smaller by 1 in each direction."""
        if self.shuffle:
            return F.pixel_shuffle(self.conv(x), 2)
        if size is None or size == (2 * x.shape[2], 2 * x.shape[3]):
            return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


class Stage(nn.ModuleList):
    """Layers in sequence; each gets the inputs that its kind needs."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__(layers)

    def forward(
        self,
        x: Tensor,
        emb: Tensor,
        context: Context,
        size: torch.Size | None = None,
    ) -> Tensor:
        """`size`: the height and width of the output of an upsampling layer."""
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


class UNet(Backbone):
    """Predicts what the prediction type says (noise, velocity ...) from a noisy latent."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.has_guidance_embedding = config.guidance_dim is not None
        self.token_width = config.context_dim
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

    def forward(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """x [B, C, h, w] and `cond.channels` have `in_channels` together; t [B] in 0..1000;
        `cond.tokens` [B, M, context_dim] -> [B, out_channels, h, w].

        `cond.vector` is [B, vector_dim], or the numbers of classes [B], and is present exactly when
        `config.vector_dim` or `config.classes` is. With `config.guidance_dim`, `cond.guidance` is
        the guidance scale; absent, it is 1. If `config.upsample` is "pixel_shuffle", h and w are
        multiples of `config.factor`. Raises ValueError for parts that it cannot use.
        """
        if cond.tokens is None or cond.mask is not None:
            raise ValueError("A U-Net needs tokens, and attends to all of them.")
        if (cond.vector is None) != (self.label_emb is None):
            raise InvalidError("A pooled condition is needed exactly when the network takes one.")
        context = Context(cond.tokens, cond.cache)
        emb = self._embedding(x, t, cond)
        if cond.channels is not None:
            x = torch.cat([x, cond.channels], dim=1)
        skips: list[Tensor] = []
        for stage in self.input_blocks:
            x = stage(x, emb, context)
            skips.append(x)
        x = self.middle_block(x, emb, context)
        if cond.residuals is not None:
            pairs = zip(skips, cond.residuals.skips, strict=True)
            skips = [skip + residual for skip, residual in pairs]
            x = x if cond.residuals.middle is None else x + cond.residuals.middle
        for stage in self.output_blocks:
            x = torch.cat([x, skips.pop()], dim=1)
            x = stage(x, emb, context, skips[-1].shape[-2:] if skips else None)
        return self.out(x)

    def _embedding(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """Of the time, the guidance scale and the vector: [B, 4 channels]."""
        guidance = None
        if self.config.guidance_dim is not None:
            scales = torch.ones_like(t, dtype=torch.float32)
            scales = scales if cond.guidance is None else cond.guidance
            guidance = guidance_embedding(scales, self.config.guidance_dim).to(x.dtype)
        emb = self.time_embed(timestep_embedding(t, self.config.channels).to(x.dtype), guidance)
        return emb if self.label_emb is None else emb + self.label_emb(cond.vector)

    def operations(self, tokens: int = 77, costs: CostModel = COUNTED) -> BackboneCost:
        """Keys and values of the tokens, computed once, are not counted."""
        config = self.config
        linear = square = weights = 0.0
        width = config.channels
        skips = [width]
        last = len(config.multipliers) - 1

        def multiplied(count: float, share: float) -> None:
            """Multiply-adds by this many weights, at this share of the cells."""
            nonlocal linear, weights
            linear += share * count
            weights += count

        def residual(before: int, after: int, share: float) -> None:
            skip = before * after if before != after else 0
            multiplied(9 * before * after + 9 * after**2 + skip, share)

        def transformer(channels: int, depth: int, share: float, *, cross: bool = False) -> None:
            nonlocal linear, square
            multiplied(2 * channels**2 + depth * (16 if cross else 18) * channels**2, share)
            heads = config.heads or channels // config.head_channels
            pair = 2 * channels * costs.attention + heads * costs.softmax
            linear += share * depth * tokens * pair * (2 if cross else 1)
            if not cross:
                square += share**2 * depth * pair

        multiplied(9 * config.in_channels * width, 1)

        for level, multiplier in enumerate(config.multipliers):
            share = 1 / 4**level
            for _ in range(config.blocks):
                channels = multiplier * config.channels
                residual(width, channels, share)
                width = channels
                if depth := config.depths[level]:
                    transformer(width, depth, share, cross=level in config.cross_levels)
                skips.append(width)
            if level < last:
                multiplied(9 * width**2, share / 4)
                skips.append(width)
        share = 1 / 4**last
        for _ in range(config.middle_blocks):
            residual(width, width, share)
        if config.middle_depth:
            transformer(width, config.middle_depth, share)
        for level, multiplier in reversed(list(enumerate(config.multipliers))):
            share = 1 / 4**level
            for i, depth in enumerate(config.upward(level)):
                channels = multiplier * config.channels
                residual(width + skips.pop(), channels, share)
                width = channels
                if depth:
                    transformer(width, depth, share, cross=level in config.cross_levels)
                if level and i == config.blocks:
                    shuffled = config.upsample == "pixel_shuffle"
                    multiplied(width**2 * (4 if shuffled else 9), share * (1 if shuffled else 4))
        multiplied(9 * width * config.out_channels, 1)
        return BackboneCost(linear, square, weights * costs.weight)

    def working_bytes(self, cells: int, dtype: torch.dtype) -> int:
        """The peak is on the way up, in the feed-forward of a transformer or in a residual
        block, together with the skip connections of the levels above."""
        config = self.config
        kept = most = 0.0  # in feature maps of the first width
        for level, multiplier in enumerate(config.multipliers):
            attends = config.depths[level] or any(config.upward(level))
            around = MAPS_OF_TRANSFORMER if attends else MAPS_OF_RESIDUAL
            most = max(most, kept + around * multiplier / 4**level)
            kept += multiplier * (config.blocks + 1) / 4**level
        return round(2 * cells * config.channels * most * dtype.itemsize)

    def diffusers_name(self, layer: str) -> str | None:
        return diffusers_name(layer, self.config.blocks)


def zeroed(module: M) -> M:
    """The module with all parameters zero, so that a fresh block is the identity."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def _mlp(dim_in: int, dim_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(dim_in, dim_out), nn.SiLU(), nn.Linear(dim_out, dim_out))
