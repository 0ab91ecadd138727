"""Our U-Net beside diffusers' of the same shape and the same weights, in one process."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import StudioError
from core.networks.cond import Cond
from core.networks.unet import UNet, UNetConfig

from .record import Options, use_cores

CONFIG = UNetConfig(
    in_channels=8,
    out_channels=8,
    channels=64,
    multipliers=(1, 2, 4),
    blocks=1,
    depths=(0, 1, 1),
    context_dim=384,
    heads=None,
    head_channels=64,
)
"""The default model's, without what diffusers lacks: its upsampling and pooled text."""

BATCH = 2  # with and without the prompt
SIDE = 16
TOKENS = 24


@dataclass(frozen=True)
class PeerResult:
    """Medians over `rounds`, each network in turn, both in channels_last."""

    ours_ms: float
    diffusers_ms: float
    ratio: float
    """Ours / theirs: below 1 we are faster."""
    largest_difference: float
    """Of the two outputs, relative to the largest value."""
    diffusers: str
    rounds: int

    def line(self) -> str:
        return (
            f"{self.ratio:.2f} of the time of diffusers {self.diffusers} "
            f"({self.ours_ms:.1f} and {self.diffusers_ms:.1f} ms a forward pass)"
        )


def measure(options: Options) -> PeerResult:
    """Raises StudioError if diffusers is missing or the outputs differ."""
    use_cores()
    try:
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    except ImportError as error:
        raise StudioError("diffusers is not installed.", "Install it with pip.") from error
    generator = torch.Generator().manual_seed(0)
    ours = UNet(CONFIG)
    for parameter in ours.parameters():
        nn.init.normal_(parameter, std=0.04, generator=generator)
    heads: Any = (1, 2, 4)  # of each level, whatever the parameter's name and annotation say
    theirs = UNet2DConditionModel(
        in_channels=CONFIG.in_channels,
        out_channels=CONFIG.out_channels,
        block_out_channels=(64, 128, 256),
        layers_per_block=CONFIG.blocks,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=CONFIG.context_dim,
        attention_head_dim=heads,
    )
    theirs.load_state_dict({their_name(k): v for k, v in ours.state_dict().items()})
    for network in (ours, theirs):
        network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    x = torch.randn(BATCH, CONFIG.in_channels, SIDE, SIDE, generator=generator)
    x = x.to(memory_format=torch.channels_last)
    t = torch.full((BATCH,), 500.0)
    context = torch.randn(BATCH, TOKENS, CONFIG.context_dim, generator=generator)

    def draw_ours() -> Tensor:
        return ours(x, t, Cond(context))

    def draw_theirs() -> Tensor:
        return theirs(x, t, context, return_dict=False)[0]

    with torch.no_grad():
        out, expected = draw_ours(), draw_theirs()
        difference = float((out - expected).abs().max() / expected.abs().max())
        if not difference <= 1e-3:  # not a number is no match either
            raise StudioError(
                "The two networks differ by {difference}: no comparison.", difference=difference
            )
        times: tuple[list[float], list[float]] = ([], [])
        rounds = options.times(30)
        for _ in range(rounds):
            for draw, seconds in zip((draw_ours, draw_theirs), times, strict=True):
                seconds.append(timed(draw))
    ours_ms, theirs_ms = (1000 * statistics.median(seconds) for seconds in times)
    return PeerResult(
        ours_ms, theirs_ms, ours_ms / theirs_ms, difference, version("diffusers"), rounds
    )


def timed(work: Callable[[], Tensor]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


LEVELS = len(CONFIG.multipliers)
DOWN_STAGES = CONFIG.blocks + 1
"""A down level: its blocks, and the stage that halves the resolution."""
UP_STAGES = CONFIG.blocks + 1
"""An up level: one block more, the last doubling the resolution."""

WITHIN_BLOCK = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
OUTSIDE = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "middle_block.0": "mid_block.resnets.0",
    "middle_block.1": "mid_block.attentions.0",
    "middle_block.2": "mid_block.resnets.1",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}


def their_name(name: str) -> str:
    """A parameter's name in the original layout -> in diffusers'."""
    for ours, theirs in OUTSIDE.items():
        if name.startswith(f"{ours}."):
            name = theirs + name.removeprefix(ours)
    name = re.sub(r"^(input|output)_blocks\.(\d+)\.(\d+)(?=\.)", _stage, name)
    for ours, theirs in WITHIN_BLOCK.items():
        name = name.replace(f".{ours}.", f".{theirs}.")
    return name.replace("samplers.0.op.", "samplers.0.conv.")


def _stage(match: re.Match[str]) -> str:
    way, stage, layer = match[1], int(match[2]), int(match[3])
    if way == "input":
        level, place = divmod(stage - 1, DOWN_STAGES)
        if place == CONFIG.blocks:
            return f"down_blocks.{level}.downsamplers.0"
        return f"down_blocks.{level}.{_kind(layer)}.{place}"
    level, place = divmod(stage, UP_STAGES)
    has_attention = CONFIG.depths[LEVELS - 1 - level] > 0
    if layer > has_attention:
        return f"up_blocks.{level}.upsamplers.0"
    return f"up_blocks.{level}.{_kind(layer)}.{place}"


def _kind(layer: int) -> str:
    return "attentions" if layer else "resnets"
