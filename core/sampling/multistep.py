"""Samplers that extrapolate the slope d = (x - x0) / sigma from earlier steps.

One evaluation a step; the memory is the earlier slopes, newest first. Without memory the first
step is Euler's, and the order grows with each step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .step_functions import MAX_SIGMA_RATIO, current_sigmas, step_towards_x0
from .trajectory import Denoiser, Noise, Sampler, State, Step


def lms(order: int = 4, ends_on_x0: bool = True) -> Sampler:
    """Linear multistep: the polynomial through the last slopes, integrated over sigma.

    k-diffusion extrapolates in the step to 0 too, which is `ends_on_x0` False.
    Source: Adams and Bashforth's method for uneven steps, as in k-diffusion.
    """

    def weights(sigmas: Sequence[float]) -> list[float]:
        *seen, sigma_next = (sigma - sigmas[-2] for sigma in sigmas)
        return [
            sum(c * sigma_next ** (k + 1) / (k + 1) for k, c in enumerate(basis))
            for basis in _lagrange(seen[::-1])
        ]

    return _multistep(order, weights, ends_on_x0)


def deis(order: int = 3) -> Sampler:
    """DEIS (diffusion exponential integrator): a polynomial in log sigma through the last slopes.

    More stable than LMS in few steps. Source: Zhang & Chen 2022, the rho-AB scheme in log rho, as
    in diffusers.
    """

    def weights(sigmas: Sequence[float]) -> list[float]:
        sigma = sigmas[-2]
        *seen, sigma_next = (math.log(s / sigma) for s in sigmas)
        # The integrals of v^k e^v from 0 to `sigma_next`, by parts.
        moments = [math.expm1(sigma_next)]
        for k in range(1, order):
            moments.append(sigma_next**k * math.exp(sigma_next) - k * moments[-1])
        return [
            sigma * sum(c * moments[k] for k, c in enumerate(basis))
            for basis in _lagrange(seen[::-1])
        ]

    return _multistep(order, weights)


def gradient_estimation(gamma: float = 2.0) -> Sampler:
    """The slope extrapolated by gamma - 1 of its last change.

    It costs no more than Euler and is better in few steps: seen as gradient descent on the distance
    to the data, it cancels the error of the last estimate. Source: Permenter & Yuan 2024,
    "Interpreting and Improving Diffusion Models from an Optimization Perspective", algorithm 2.
    """

    def weights(sigmas: Sequence[float]) -> list[float]:
        change = sigmas[-1] - sigmas[-2]
        return [gamma * change, (1 - gamma) * change]

    return _multistep(2, weights)


_PLMS = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


def plms(ends_on_x0: bool = True) -> Sampler:
    """Pseudo linear multistep: LMS with the weights of evenly spaced steps.

    The first step is Heun's, with two evaluations. diffusers extrapolates in the step to 0 too,
    which is `ends_on_x0` False. Source: Liu et al. 2022, "Pseudo Numerical Methods for Diffusion
    Models", without its Runge-Kutta start.
    """

    def weights(sigmas: Sequence[float]) -> list[float]:
        return [(sigmas[-1] - sigmas[-2]) * weight for weight in _PLMS[len(sigmas) - 2]]

    multistep = _multistep(4, weights, ends_on_x0)

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        first = multistep(denoise, state, sigmas, noise)
        sigma, sigma_next = current_sigmas(state, sigmas)
        if state.memory or sigma_next == 0:
            return first
        ahead = first.state.x
        if sigma > MAX_SIGMA_RATIO * sigma_next:
            x = step_towards_x0(
                state.x, (first.x0 + denoise(ahead, sigma_next)) / 2, sigma, sigma_next
            )
            return Step(State(state.index + 1, x, first.state.memory), sigma, first.x0)
        there = (ahead - denoise(ahead, sigma_next)) / sigma_next
        x = ahead + (sigma_next - sigma) / 2 * (there - first.state.memory[0])
        return Step(State(state.index + 1, x, first.state.memory), sigma, first.x0)

    return step


def _multistep(
    order: int, weights: Callable[[Sequence[float]], list[float]], ends_on_x0: bool = True
) -> Sampler:
    """x plus the sum of weights x slopes; with `ends_on_x0` the step to 0 is Euler's.

    `weights` takes the noise levels of the slopes, oldest first, then the next level; it returns
    weights, newest first, which sum to the change of sigma.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        slope = (state.x - x0) / sigma
        older = state.memory[: order - 1]
        x = step_towards_x0(state.x, x0, sigma, sigma_next)
        if older and not (ends_on_x0 and sigma_next == 0):
            path = sigmas[state.index - len(older) : state.index + 2]
            for weight, old in zip(weights(path)[1:], older, strict=True):
                x = x + weight * (old - slope)
        return Step(State(state.index + 1, x, (slope, *older)[: order - 1]), sigma, x0)

    return step


def _lagrange(nodes: Sequence[float]) -> list[list[float]]:
    """Coefficients, lowest power first, of the polynomials that are 1 at one node, 0 at others."""
    polynomials: list[list[float]] = []
    for j, node in enumerate(nodes):
        polynomial = [1.0]
        for k, other in enumerate(nodes):
            if k != j:
                raised = [0.0, *polynomial]
                lowered = [*(other * c for c in polynomial), 0.0]
                polynomial = [
                    (a - b) / (node - other) for a, b in zip(raised, lowered, strict=True)
                ]
        polynomials.append(polynomial)
    return polynomials
