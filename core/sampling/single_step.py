"""Single-step samplers: a step depends on the latent alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .sigma_schedules import karras
from .step_functions import MAX_SIGMA_RATIO, ancestral, current_sigmas, step_towards_x0
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Churn:
    """Adds noise before a step, if sigma is in [s_tmin, s_tmax].

    Sigma grows by s_churn/steps, at most by sqrt(2) - 1. Source: Karras et al. 2022, algorithm 2.
    """

    s_churn: float = 0.0
    s_tmin: float = 0.0
    s_tmax: float = math.inf
    s_noise: float = 1.0

    def apply(self, state: State, sigmas: Sequence[float], noise: Noise) -> tuple[Tensor, float]:
        """The latent and its noise level with the noise added; draws nothing if there is none to
        add.
        """
        sigma = sigmas[state.index]
        share = min(self.s_churn / (len(sigmas) - 1), math.sqrt(2) - 1)
        if share <= 0 or not self.s_tmin <= sigma <= self.s_tmax:
            return state.x, sigma
        raised = sigma * (1 + share)
        added = self.s_noise * math.sqrt(raised**2 - sigma**2)
        return state.x + added * noise(state.index, 0), raised


def euler(churn: Churn | None = None) -> Sampler:
    """Euler's method on the probability-flow ODE dx/dsigma = (x - x0) / sigma.

    Source: Karras et al. 2022, algorithm 1 without its correction.
    """
    churned = (churn or Churn()).apply

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x, raised = churned(state, sigmas, noise)
        x0 = denoise(x, raised)
        return Step(State(state.index + 1, step_towards_x0(x, x0, raised, sigma_next)), sigma, x0)

    return step


def euler_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """Euler step to below the next noise level, then fresh noise up to it."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        x0 = denoise(state.x, sigma)
        x = step_towards_x0(state.x, x0, sigma, down)
        if up > 0:
            x = x + s_noise * up * noise(state.index, 0)
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def ddim(eta: float = 0.0) -> Sampler:
    """DDIM: adds back the noise that x0 implies at the next level, a part of it fresh.

    In these coordinates it is Euler, or Euler ancestral with the same eta if that is above 0.
    Source: Song et al. 2020, equation 12.
    """
    return euler_ancestral(eta)


def ddpm() -> Sampler:
    """Ancestral sampling from the posterior q(x_after | x, x0) with the smaller variance.

    In these coordinates it is Euler ancestral. Source: Ho et al. 2020, equation 7.
    """
    return euler_ancestral()


def heun(churn: Churn | None = None) -> Sampler:
    """Heun's method: the average of the slopes at both ends; second order, two evaluations.

    The step to 0 is Euler's. Source: Karras et al. 2022, algorithm 2.
    """
    churned = (churn or Churn()).apply

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x, raised = churned(state, sigmas, noise)
        x, x0 = _heun(denoise, x, raised, sigma_next)
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def heunpp2(churn: Churn | None = None) -> Sampler:
    """Heun++ 2: the weighted slopes at up to three levels; up to three evaluations.

    A slope at another level weighs as much as its sigma, of two or three times the first sigma of
    the run. The step before the last has two, the last is Euler's. Source: Carzit's samplers for
    AUTOMATIC1111, as in ComfyUI.
    """
    churned = (churn or Churn()).apply

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x, raised = churned(state, sigmas, noise)
        x0 = denoise(x, raised)
        slope = (x - x0) / raised
        end = step_towards_x0(x, x0, raised, sigma_next)
        ahead, level, there = x, raised, slope
        following = sigmas[state.index + 1 : -1][:2]
        for after in following:
            ahead = ahead + (after - level) * there
            there = (ahead - denoise(ahead, after)) / after
            share = after / ((len(following) + 1) * sigmas[0])
            end = end + (sigma_next - raised) * share * (there - slope)
            level = after
        return Step(State(state.index + 1, end), sigma, x0)

    return step


def dpm2(churn: Churn | None = None) -> Sampler:
    """DPM-Solver-2: the slope at the geometric midpoint; second order, two evaluations.

    The step to 0 is Euler's. Source: DPM-Solver-2 (Lu et al. 2022) in Karras's coordinates, as in
    k-diffusion.
    """
    churned = (churn or Churn()).apply

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x, raised = churned(state, sigmas, noise)
        x, x0 = _midpoint(denoise, x, raised, sigma_next, raised > MAX_SIGMA_RATIO * sigma_next)
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def dpm2_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """DPM2 to below the next noise level, then fresh noise up to it."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        leaps = sigma > MAX_SIGMA_RATIO * sigma_next
        x, x0 = _midpoint(denoise, state.x, sigma, down, leaps)
        if up > 0:
            x = x + s_noise * up * noise(state.index, 0)
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def lcm(s_noise: float = 1.0) -> Sampler:
    """Multistep consistency sampling: to x0 at once, then fresh noise up to the next level.

    The boundary scalings of the paper differ from this by less than 1e-4 at every timestep it
    visits. Source: Luo et al. 2023, "Latent Consistency Models", algorithm 3.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        x = x0 + s_noise * sigma_next * noise(state.index, 0) if sigma_next > 0 else x0
        return Step(State(state.index + 1, x), sigma, x0)

    return step


RESTART_LOW, RESTART_HIGH = 0.1, 2.0


def restart(s_noise: float = 1.0) -> Sampler:
    """Restart sampling: Heun that returns to more noise and denoises again, to correct errors.

    The levels are `restart_path` of the given sigmas, so a step may start above the level where the
    previous one ended. Source: Xu et al. 2023, with A1111's parameters.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        path = restart_path(sigmas)
        sigma, sigma_next = path[state.index]
        x = state.x
        if state.index > 0 and (before := path[state.index - 1][1]) < sigma:
            x = x + s_noise * math.sqrt(sigma**2 - before**2) * noise(state.index, 0)
        x, x0 = _heun(denoise, x, sigma, sigma_next)
        return Step(State(state.index + 1, x), sigma, x0)

    return step


def restart_path(sigmas: Sequence[float]) -> list[tuple[float, float]]:
    """(from, to) for each step; there are as many as the sigmas have.

    Below 20 steps these are the sigmas. From 20 steps on, 9 of the steps (from 36 on, a quarter
    twice) are taken from the main run, which becomes a Karras schedule over the same range, and run
    again from near sigma 2 to near 0.1.
    """
    steps = len(sigmas) - 1
    straight = list(pairwise(sigmas))
    if steps < 20 or sigmas[-1] > 0:
        return straight
    again, times = (steps // 4, 2) if steps >= 36 else (9, 1)
    main = karras(steps - again * times, sigmas[-2], sigmas[0])
    bottom = min(range(len(main) - 1), key=lambda i: abs(main[i] - RESTART_LOW))
    top = min(range(len(main) - 1), key=lambda i: abs(main[i] - RESTART_HIGH))
    if top >= bottom:
        return straight
    loop = karras(again + 1, main[bottom], main[top])[:-1]
    path = list(pairwise(main))
    return path[:bottom] + times * list(pairwise(loop)) + path[bottom:]


def _heun(denoise: Denoiser, x: Tensor, sigma: float, sigma_next: float) -> tuple[Tensor, Tensor]:
    """(x at `sigma_next`, x0 of the first evaluation)."""
    x0 = denoise(x, sigma)
    ahead = step_towards_x0(x, x0, sigma, sigma_next)
    if sigma_next == 0:
        return ahead, x0
    if sigma > MAX_SIGMA_RATIO * sigma_next:
        return step_towards_x0(x, (x0 + denoise(ahead, sigma_next)) / 2, sigma, sigma_next), x0
    slope = (x - x0) / sigma
    there = (ahead - denoise(ahead, sigma_next)) / sigma_next
    return ahead + (sigma_next - sigma) / 2 * (there - slope), x0


def _midpoint(
    denoise: Denoiser, x: Tensor, sigma: float, sigma_next: float, leaps: bool
) -> tuple[Tensor, Tensor]:
    """(x at `sigma_next`, x0 of the first evaluation).

    `leaps`: the levels are too far apart for a slope, see MAX_SIGMA_RATIO.
    """
    x0 = denoise(x, sigma)
    if sigma_next == 0:
        return x0, x0
    middle = math.sqrt(sigma * sigma_next)
    halfway = step_towards_x0(x, x0, sigma, middle)
    if leaps:
        return step_towards_x0(x, denoise(halfway, middle), sigma, sigma_next), x0
    slope = (halfway - denoise(halfway, middle)) / middle
    return x + (sigma_next - sigma) * slope, x0
