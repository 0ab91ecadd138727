"""Exponential integrators of x0 in lambda = -ln(sigma), for the ODE and the SDE: RES and SEEDS.

For the SDE they take the noise exactly, as the integral of its Brownian motion over each part of a
step, and only x0 is interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .step_functions import ancestral, current_sigmas, step_towards_x0
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


def res_multistep() -> Sampler:
    """RES, second order: the change of x0 since the last step, integrated exactly.

    The memory is the last x0; the first step and the step to 0 are of first order. Source: Zhang et
    al. 2023, "Improved Order Analysis and Design of Exponential Integrator for Diffusion Models
    Sampling", the multistep variant.
    """
    return res_multistep_ancestral(eta=0.0)


def res_multistep_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """RES to below the next noise level, then fresh noise up to it.

    As in ComfyUI, the last step counts from the level it went down to.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        x0 = denoise(state.x, sigma)
        x = step_towards_x0(state.x, x0, sigma, down)
        if state.memory and down > 0:
            x = x + res_weight(state.index, sigmas, eta) * (x0 - state.memory[0])
        if up > 0:
            x = x + s_noise * up * noise(state.index, 0)
        return Step(State(state.index + 1, x, (x0,)), sigma, x0)

    return step


def res_weight(index: int, sigmas: Sequence[float], eta: float) -> float:
    """How much of the change of x0 since the last step belongs to this one.

    With eta 0 it is the integral of the line through both estimates.
    """
    before, sigma, sigma_next = sigmas[index - 1 : index + 2]
    h = math.log(sigma / ancestral(sigma, sigma_next, eta)[0])
    gone = math.log(before / ancestral(before, sigma, eta)[0])
    return h * h * phi2(h) / gone


def seeds_2(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """SEEDS-2: the x0 at the middle in lambda stands for the whole step; two evaluations.

    Draw 0 is the noise up to the middle, draw 1 that from there on. Source: Gonzalez et al. 2023,
    "SEEDS: Exponential SDE Solvers for Fast High-Quality Sampling from Diffusion Models".
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        if sigma_next == 0:
            return Step(State(state.index + 1, x0), sigma, x0)
        middle = math.sqrt(sigma * sigma_next)
        part = _Part(sigma, eta, s_noise)
        draws = [part.scaled(noise(state.index, 0), sigma, middle)] if part.draws else []
        x = part.to(middle, state.x, x0, draws)
        there = denoise(x, middle)
        if part.draws:
            draws.append(part.scaled(noise(state.index, 1), middle, sigma_next))
        x = part.to(sigma_next, state.x, there, draws)
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def seeds_3(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """SEEDS-3: third order for the ODE, with evaluations at one and two thirds of the step.

    Draws 0, 1 and 2 are the noises of the three parts. Source: as `seeds_2`.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        if sigma_next == 0:
            return Step(State(state.index + 1, x0), sigma, x0)
        h = math.log(sigma / sigma_next)
        one, two = sigma * math.exp(-h / 3), sigma * math.exp(-h * 2 / 3)
        part = _Part(sigma, eta, s_noise)
        draws: list[Tensor] = []

        def draw(start: float, end: float) -> None:
            if part.draws:
                draws.append(part.scaled(noise(state.index, len(draws)), start, end))

        draw(sigma, one)
        change = denoise(part.to(one, state.x, x0, draws), one) - x0
        draw(one, two)
        x = part.to(two, state.x, x0, draws) + 2 * part.slope(two) * change
        change = denoise(x, two) - x0
        draw(two, sigma_next)
        x = part.to(sigma_next, state.x, x0, draws) + 1.5 * part.slope(sigma_next) * change
        return Step(State(state.index + 1, x), sigma, x0)

    return step


class _Part:
    """The exact solution of the SDE from sigma to lower levels for an x0 that is known."""

    def __init__(self, sigma: float, eta: float, s_noise: float) -> None:
        self._sigma, self._eta, self._s_noise = sigma, eta, s_noise
        self.draws = eta > 0 and s_noise > 0

    def to(self, level: float, x: Tensor, x0: Tensor, draws: Sequence[Tensor]) -> Tensor:
        """x at `level`, if x0 stays as it is, with the scaled draws of all parts up to there."""
        decay = (1 + self._eta) * math.log(self._sigma / level)
        moved = x0 + math.exp(-decay) * (x - x0)
        for draw in draws:
            moved = moved + level ** (1 + self._eta) * draw
        return moved

    def slope(self, level: float) -> float:
        """The effect at `level` of an x0 that grows by 1, linearly in lambda, on the way."""
        decay = (1 + self._eta) * math.log(self._sigma / level)
        return decay * phi2(decay)

    def scaled(self, draw: Tensor, start: float, end: float) -> Tensor:
        """The noise of the part between two levels, divided by the power of sigma it falls with."""
        spread = -math.expm1(-2 * self._eta * math.log(start / end))
        return self._s_noise * math.sqrt(spread) * end**-self._eta * draw


def phi2(h: float) -> float:
    """(exp(-h) - 1 + h) / h^2."""
    return (math.expm1(-h) + h) / (h * h)
