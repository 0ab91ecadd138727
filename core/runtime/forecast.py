"""Estimates the time and memory of an image from a run that was measured.

Only the part of the computation that grows with the image's size matters; the measured run gives
the rate. Needs no torch, so a window can ask at every change of a setting.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..networks.cost import BackboneCost
from ..request.parameters import Options
from ..sampling.samplers import SAMPLERS
from ..sampling.trajectory import State

MIN_MEMORY = 200_000_000
"""Bytes. Smaller amounts are neither estimated nor used for estimates: fragmentation of the heap is
too large a share of them."""
WHOLE_CELLS = 128 * 128
"""Latents up to this are encoded and decoded at once, larger ones in tiles."""
ADAPTIVE = ("DPM adaptive",)
"""Samplers whose number of evaluations depends on the image."""


@dataclass(frozen=True)
class Task:
    """The part of a request that decides how long it takes."""

    evaluations: int
    """How often the denoiser is called."""
    cells: int
    """Cells of the latent, or of a tile of it."""
    conditions: int = 2
    """Evaluations of the U-Net at each step: 2 with guidance."""
    tiles: int = 1

    def work(self, cost: BackboneCost) -> float:
        """The cost of one evaluation, in multiply-adds by weights."""
        return (cost.of(self.cells) * self.conditions + cost.weights) * self.tiles

    @property
    def decoded(self) -> int:
        """Cells that are decoded at once, where memory peaks."""
        return min(self.cells * self.tiles, WHOLE_CELLS)


@dataclass(frozen=True)
class Measured:
    """A run that was measured."""

    task: Task
    evaluation_seconds: float
    """Seconds per evaluation, including everything between two of them."""
    rest_seconds: float
    """Seconds before the first and after the last: encoding the prompts, decoding the image."""
    memory: int | None = None
    """Bytes that were needed beside the weights; None: unknown."""


@dataclass(frozen=True)
class Forecast:
    seconds: float
    memory: int | None
    """Bytes beside the weights."""


def estimate(task: Task, cost: BackboneCost, measured: Measured) -> Forecast:
    """The forecast for `task`, from a run of the same model on the same device."""
    before = measured.task
    grown = task.cells * task.tiles / (before.cells * before.tiles)
    evaluation = measured.evaluation_seconds * task.work(cost) / before.work(cost)
    memory = None
    if measured.memory is not None and measured.memory >= MIN_MEMORY:
        memory = round(measured.memory * task.decoded / before.decoded)
    return Forecast(evaluation * task.evaluations + measured.rest_seconds * grown, memory)


def evaluations(sampler: str, steps: int, options: Options | None = None) -> tuple[int, ...] | None:
    """How often the denoiser is called in each of `steps`; None if it depends on the image.

    Found by running the sampler on a single number. Raises KeyError for an unknown sampler.
    """
    if sampler in ADAPTIVE:
        return None
    count = 0
    counts: list[int] = []

    def denoise(x: float, sigma: float) -> float:
        nonlocal count
        count += 1
        return 0.5 * x / (1 + sigma)

    step = SAMPLERS[sampler].with_options((options or Options()).given)
    sigmas = tuple(10.0 * (1 - i / steps) for i in range(steps + 1))
    state = State(0, 1.0)  # pyright: ignore[reportArgumentType]  # samplers only use operators
    while state.index < steps:
        count = 0
        state = step(denoise, state, sigmas, lambda step, draw: 0.5).state  # pyright: ignore[reportArgumentType]
        counts.append(count)
    return tuple(counts)
