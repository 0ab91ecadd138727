"""Samplers: pure steps from one noise level to the next, in variance-exploding scaling.

Noise levels are floats and latents meet only operators here, so that the table can be listed
without torch. Each step ends exactly on x0 when the next noise level is 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .schedule import Schedule
from .sigmas import AUTOMATIC, SCHEDULES
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SamplerRow:
    """A sampler as the user picks it."""

    step: Sampler
    summary: str
    """One sentence for the user."""
    schedule: str
    """The schedule it is customarily used with, a key of `sigmas.SCHEDULES`."""
    drops_penultimate: bool = False
    """Whether it jumps from the level before the cleanest to 0, as it does in other programs."""


def resolve(schedule: str, sampler: str) -> str:
    """The schedule that is run: "Automatic" is the sampler's customary one.

    Raises KeyError for a sampler that is not in `SAMPLERS`.
    """
    return SAMPLERS[sampler].schedule if schedule == AUTOMATIC else schedule


def levels(sampler: str, schedule: str, steps: int, model: Schedule) -> tuple[float, ...]:
    """The noise levels a run visits: steps + 1 sigmas, the last 0.

    A sampler that drops the penultimate level takes a schedule of one more step without it.
    Raises KeyError for unknown names, ValueError for fewer than one step.
    """
    sigmas = SCHEDULES[resolve(schedule, sampler)].sigmas
    if not SAMPLERS[sampler].drops_penultimate or steps < 1:
        return sigmas(steps, model)
    *noisy, _, last = sigmas(steps + 1, model)
    return (*noisy, last)


def euler(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
    """Euler's method on the probability-flow ODE dx/dsigma = (x - x0) / sigma.

    Source: Karras et al. 2022, algorithm 1 without its correction.
    """
    sigma, after = sigmas[state.index : state.index + 2]
    x0 = denoise(state.x, sigma)
    return Step(State(state.index + 1, _slide(state.x, x0, sigma, after)), sigma, x0)


def euler_ancestral(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
    """Euler to below the next noise level, then fresh noise up to it (eta = 1).

    With x0 exact, this draws from the DDPM posterior q(x_after | x, x0): the variance up^2 =
    after^2 (sigma^2 - after^2) / sigma^2 is new, the rest down^2 = after^2 - up^2 is kept.
    """
    sigma, after = sigmas[state.index : state.index + 2]
    x0 = denoise(state.x, sigma)
    down = after**2 / sigma
    x = _slide(state.x, x0, sigma, down)
    if after > 0:
        up = after * math.sqrt(1 - (after / sigma) ** 2)
        x = x + up * noise(state.index, 0)
    return Step(State(state.index + 1, x), sigma, x0)


def dpmpp_2m(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
    """DPM-Solver++(2M): second order from the previous estimate, one evaluation a step.

    An exponential integrator in lambda = -ln(sigma) that extrapolates x0 linearly; the memory
    is the previous x0. The first step and the step to 0 are of first order.
    Source: Lu et al. 2022, algorithm 2.
    """
    sigma, after = sigmas[state.index : state.index + 2]
    x0 = denoise(state.x, sigma)
    ahead = x0
    if state.memory and after > 0:
        before = sigmas[state.index - 1]
        ratio = math.log(sigma / after) / math.log(before / sigma)
        ahead = x0 + (ratio / 2) * (x0 - state.memory[0])
    x = _slide(state.x, ahead, sigma, after)
    return Step(State(state.index + 1, x, (x0,)), sigma, x0)


def ddim(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
    """DDIM with eta = 0: the noise that x0 implies, put back at the next level.

    In these coordinates it is Euler's method. Source: Song et al. 2020, equation 12.
    """
    sigma, after = sigmas[state.index : state.index + 2]
    x0 = denoise(state.x, sigma)
    eps = (state.x - x0) / sigma
    return Step(State(state.index + 1, x0 + after * eps), sigma, x0)


def _slide(x: Tensor, x0: Tensor, sigma: float, after: float) -> Tensor:
    """x moved along its line to x0 from noise level sigma to `after`; x0 itself at 0."""
    return x0 + (after / sigma) * (x - x0)


SAMPLERS: Mapping[str, SamplerRow] = {
    "Euler": SamplerRow(
        euler, "The simplest: straight steps, settling on one picture as steps grow.", "Normal"
    ),
    "Euler a": SamplerRow(
        euler_ancestral,
        "Adds fresh noise at every step: varied and forgiving, never settles as steps grow.",
        "Normal",
    ),
    "DPM++ 2M": SamplerRow(
        dpmpp_2m, "Remembers the previous step: sharp pictures in fewer steps.", "Karras"
    ),
    "DDIM": SamplerRow(
        ddim, "The classic deterministic sampler; follows the same path as Euler.", "SGM Uniform"
    ),
}
