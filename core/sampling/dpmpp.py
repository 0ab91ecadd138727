"""The DPM-Solver++ family: exponential integrators of x0 in lambda = -ln(sigma).

Source: Lu et al. 2022, "DPM-Solver++", and k-diffusion for the stochastic ones. A multistep
sampler's memory is the earlier estimates of x0, newest first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from .step_functions import ancestral, current_sigmas, step_towards_x0
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


def dpmpp_2s_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """DPM-Solver++(2S) to below the next noise level, then fresh noise up to it.

    The x0 at the middle in lambda stands for the whole step; two evaluations.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        x0 = denoise(state.x, sigma)
        ahead = x0
        if down > 0:
            middle = math.sqrt(sigma * down)
            ahead = denoise(step_towards_x0(state.x, x0, sigma, middle), middle)
        x = step_towards_x0(state.x, ahead, sigma, down)
        if up > 0:
            x = x + s_noise * up * noise(state.index, 0)
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def dpmpp_sde(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """DPM-Solver++(SDE) with its midpoint at r = 1/2: noise at the midpoint and at the end.

    Both noises are increments of one Brownian motion in sigma: draw 0 from sigma to the midpoint,
    draw 1 from there to the end, each scaled to unit variance. The noise of the whole step is their
    sum, weighted by the square roots of the distances.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        if sigma_next == 0:
            return Step(State(state.index + 1, x0), sigma, x0)
        middle = math.sqrt(sigma * sigma_next)
        down, up = ancestral(sigma, middle, eta)
        halfway = step_towards_x0(state.x, x0, sigma, down)
        to_middle = noise(state.index, 0) if up > 0 else None
        if to_middle is not None:
            halfway = halfway + s_noise * up * to_middle
        down, up = ancestral(sigma, sigma_next, eta)
        x = step_towards_x0(state.x, denoise(halfway, middle), sigma, down)
        if to_middle is not None:
            whole = (
                math.sqrt(sigma - middle) * to_middle
                + math.sqrt(middle - sigma_next) * noise(state.index, 1)
            ) / math.sqrt(sigma - sigma_next)
            x = x + s_noise * up * whole
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def dpmpp_2m() -> Sampler:
    """DPM-Solver++(2M): second order from the previous estimate, one evaluation a step.

    It extrapolates x0 linearly in lambda. The first step and the step to 0 are of first order.
    Source: Lu et al. 2022, algorithm 2.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        ahead = x0
        if state.memory and sigma_next > 0:
            before = sigmas[state.index - 1]
            ratio = math.log(sigma / sigma_next) / math.log(before / sigma)
            ahead = x0 + (ratio / 2) * (x0 - state.memory[0])
        x = step_towards_x0(state.x, ahead, sigma, sigma_next)
        return Step(State(state.index + 1, x, (x0,)), sigma, x0)

    return step


def dpmpp_2m_sde(
    eta: float = 1.0, s_noise: float = 1.0, solver: Literal["midpoint", "heun"] = "midpoint"
) -> Sampler:
    """DPM-Solver++(2M) for the SDE: second order, one evaluation and one draw a step.

    `solver` chooses how the change of x0 is weighted over the step; eta 0 with the midpoint is 2M.
    """

    def weight(decay: float) -> float:
        return -math.expm1(-decay) / 2 if solver == "midpoint" else _phi2(decay)

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        if sigma_next == 0:
            return Step(State(state.index + 1, x0), sigma, x0)
        h = math.log(sigma / sigma_next)
        decay = (1 + eta) * h
        x = x0 + math.exp(-decay) * (state.x - x0)
        if state.memory:
            ratio = h / math.log(sigmas[state.index - 1] / sigma)
            x = x + weight(decay) * ratio * (x0 - state.memory[0])
        x = _with_noise(x, state, sigma_next, eta * h, s_noise, noise)
        return Step(State(state.index + 1, x, (x0,)), sigma, x0)

    return step


def dpmpp_3m_sde(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """DPM-Solver++(3M) for the SDE: third order, one evaluation and one draw a step.

    Newton's interpolation of x0 through the last three estimates, in lambda.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        if sigma_next == 0:
            return Step(State(state.index + 1, x0), sigma, x0)
        h = math.log(sigma / sigma_next)
        decay = (1 + eta) * h
        x = x0 + math.exp(-decay) * (state.x - x0)
        if state.memory:
            r0 = math.log(sigmas[state.index - 1] / sigma) / h
            change = (x0 - state.memory[0]) / r0
            if len(state.memory) == 2:
                r1 = math.log(sigmas[state.index - 2] / sigmas[state.index - 1]) / h
                bend = (change - (state.memory[0] - state.memory[1]) / r1) / (r0 + r1)
                x = x + _phi2(decay) * (change + r0 * bend) - _phi3(decay) * bend
            else:
                x = x + _phi2(decay) * change
        x = _with_noise(x, state, sigma_next, eta * h, s_noise, noise)
        return Step(State(state.index + 1, x, (x0, *state.memory)[:2]), sigma, x0)

    return step


def _phi2(decay: float) -> float:
    return 1 + math.expm1(-decay) / decay


def _phi3(decay: float) -> float:
    return _phi2(decay) / decay - 0.5


def _with_noise(
    x: Tensor, state: State, sigma_next: float, spread: float, s_noise: float, noise: Noise
) -> Tensor:
    """x plus the noise that the SDE adds over eta x h = `spread`; nothing is drawn if it is 0."""
    if spread <= 0:
        return x
    amount = s_noise * sigma_next * math.sqrt(-math.expm1(-2 * spread))
    return x + amount * noise(state.index, 0)
