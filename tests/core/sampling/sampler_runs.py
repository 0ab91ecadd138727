"""Runs a sampler of the table from start to end."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES, karras
from core.sampling.trajectory import Denoiser, Noise, Sampler, State, run

SIGMAS = karras(12, 0.03, 14.6)
SHAPE = (2, 3, 4, 4)
STOCHASTIC = {
    "Euler a", "DPM2 a", "DPM++ 2S a", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun",
    "DPM++ 3M SDE", "DDPM", "LCM", "Restart", "ER SDE", "RES Multistep a", "SEEDS-2", "SEEDS-3",
    "SA-Solver", "SA-Solver PECE", "Euler a CFG++", "DPM++ 2S a CFG++", "RES Multistep a CFG++",
}  # fmt: skip

PAIRS = [(name, list(SCHEDULES)[i % len(SCHEDULES)]) for i, name in enumerate(SAMPLERS)]
"""Every sampler with a schedule, and every schedule with a sampler: samplers see only numbers, so
all combinations would tell nothing more."""


def draws(step: int, draw: int) -> Tensor:
    generator = torch.Generator().manual_seed(100 * step + draw)
    return torch.randn(SHAPE, generator=generator, dtype=torch.float64)


def start(sigma: float) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return sigma * torch.randn(SHAPE, generator=generator, dtype=torch.float64)


def silent(step: int, draw: int) -> Tensor:
    raise AssertionError("a deterministic sampler drew noise")


def last(
    sampler: str | Sampler,
    denoise: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise = silent,
) -> Tensor:
    step = SAMPLERS[sampler].step if isinstance(sampler, str) else sampler
    *_, step = run(step, denoise, State(0, x), sigmas, noise)
    assert step.state.index == len(sigmas) - 1
    return step.state.x
