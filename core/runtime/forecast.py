"""How long a picture will take and how much memory it will need, foretold from one that was made.

Of what a network computes, only the part that grows with the picture's size matters: a run that
was measured gives the rate. Needs no torch, so that a window can ask at every change of a setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..request.parameters import Options
from ..sampling.samplers import SAMPLERS
from ..sampling.trajectory import State

if TYPE_CHECKING:
    from ..networks.unet import UNetConfig

WORTH_TELLING = 200_000_000
"""Bytes. Less is not foretold, nor anything from less: how the heap happens to lie is too large a
share of it."""
WHOLE_CELLS = 128 * 128
"""Latents up to this are encoded and decoded at once, larger ones in tiles."""
ADAPTIVE = ("DPM adaptive",)
"""Samplers that evaluate as often as the picture turns out to need."""


@dataclass(frozen=True)
class CostModel:
    """How long other things take than a multiply-add by a weight does, which is 1."""

    attending: float
    """A multiply-add of one position's query, key or value with those of another."""
    pair: float
    """What is done beside for each two positions of each head: the exponential above all."""
    reading: float
    """To have a weight from memory, once for all cells: small pictures wait for that."""


COUNTED = CostModel(1.0, 0.0, 0.0)
"""Multiply-adds and nothing else."""
SINGLE = CostModel(1.15, 40.0, 60.0)
"""In float32, fitted on a CPU to U-Nets of Stable Diffusion 1, narrow and of the true width."""
HALF = CostModel(3.2, 110.0, 105.0)
"""In bfloat16 on a CPU that multiplies it itself: attention is as slow there, all else faster.
Taken for 16 bits everywhere; GPUs were not measured."""


@dataclass(frozen=True)
class BackboneCost:
    """How long one evaluation of a U-Net takes for one latent of n cells, a n + b n^2, in
    multiply-adds by weights."""

    linear: float
    square: float
    weights: float = 0.0
    """As long as reading them takes, however many prompts and cells there are."""

    def of(self, cells: int) -> float:
        return self.linear * cells + self.square * cells**2


UNKNOWN = BackboneCost(1.0, 0.0)
"""As if all grew with the picture's area."""


@dataclass(frozen=True)
class Task:
    """What of a request decides how long it takes."""

    evaluations: int
    """Of the denoiser."""
    cells: int
    """Of the latent, or of a tile of it."""
    conditions: int = 2
    """Prompts that the U-Net is told at each: 2 with guidance."""
    tiles: int = 1

    def work(self, load: BackboneCost) -> float:
        """Of an evaluation, in multiply-adds by weights."""
        return (load.of(self.cells) * self.conditions + load.weights) * self.tiles

    @property
    def decoded(self) -> int:
        """Cells that are decoded at once, which takes more memory than all that is before."""
        return min(self.cells * self.tiles, WHOLE_CELLS)


@dataclass(frozen=True)
class Measured:
    """A run that was made."""

    task: Task
    evaluation_seconds: float
    """Of each, with everything that was done between two."""
    rest_seconds: float
    """Before the first and behind the last: reading the prompts, decoding the picture."""
    memory: int | None = None
    """Bytes that were needed beside the weights; None: not known."""


@dataclass(frozen=True)
class Forecast:
    seconds: float
    memory: int | None
    """Bytes beside the weights."""


def estimate(task: Task, load: BackboneCost, measured: Measured) -> Forecast:
    """From `measured`, a run of the same model on the same device."""
    before = measured.task
    grown = task.cells * task.tiles / (before.cells * before.tiles)
    evaluation = measured.evaluation_seconds * task.work(load) / before.work(load)
    memory = None
    if measured.memory is not None and measured.memory >= WORTH_TELLING:
        memory = round(measured.memory * task.decoded / before.decoded)
    return Forecast(evaluation * task.evaluations + measured.rest_seconds * grown, memory)


def evaluations(sampler: str, steps: int, options: Options | None = None) -> int | None:
    """How often the denoiser is asked in so many steps; None if that shows only on the way.

    Found by running the sampler on a single number. Raises KeyError for an unknown sampler.
    """
    if sampler in ADAPTIVE:
        return None
    count = 0

    def denoise(x: float, sigma: float) -> float:
        nonlocal count
        count += 1
        return 0.5 * x / (1 + sigma)

    step = SAMPLERS[sampler].with_options((options or Options()).given)
    sigmas = tuple(10.0 * (1 - i / steps) for i in range(steps + 1))
    state = State(0, 1.0)  # pyright: ignore[reportArgumentType]  # samplers only use operators
    while state.index < steps:
        state = step(denoise, state, sigmas, lambda step, draw: 0.5).state  # pyright: ignore[reportArgumentType]
    return count


def unet_load(config: UNetConfig, tokens: int = 77, pace: CostModel = COUNTED) -> BackboneCost:
    """Of a U-Net that attends to so many tokens, whose keys and values are computed once."""
    linear = square = weights = 0.0
    width = config.channels
    skips = [width]
    last = len(config.multipliers) - 1

    def multiplied(count: float, share: float) -> None:
        """By so many weights, at that share of the cells."""
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
        pair = 2 * channels * pace.attending + heads * pace.pair
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
    return BackboneCost(linear, square, weights * pace.reading)
