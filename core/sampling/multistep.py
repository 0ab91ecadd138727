"""Samplers that extrapolate the slope d = (x - x0) / sigma from earlier steps.

One evaluation a step; the memory is the earlier slopes, newest first. Without memory the first
step is Euler's, and the order grows with each step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

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
            for basis in lagrange(seen[::-1])
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
            for basis in lagrange(seen[::-1])
        ]

    return _multistep(order, weights)


_GAUSS = tuple(
    zip(
        (0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845,
         0.9739065285171717),
        (0.2955242247147529, 0.2692667193099964, 0.2190863625159820, 0.1494513491505806,
         0.0666713443086881),
        strict=True,
    )
)  # fmt: skip
"""Nodes and weights of Gauss and Legendre's rule of ten points, the positive half."""


def deis_tab(order: int = 3) -> Sampler:
    """DEIS, the tAB scheme: a polynomial in the time of a linear beta schedule, as in ComfyUI.

    Over a step the slopes are integrated by Gauss and Legendre's rule. Source: Zhang & Chen 2022,
    "Fast Sampling of Diffusion Models with Exponential Integrator"; the time is that of EDM's VP
    coordinates for sigmas from 0.002 to 80.
    """

    def weights(sigmas: Sequence[float]) -> list[float]:
        sigma, sigma_next = sigmas[-2:]
        bases = lagrange([_vp_time(s) for s in reversed(sigmas[:-1])])
        half = (sigma_next - sigma) / 2
        result = [0.0] * len(bases)
        for node, weight in _GAUSS:
            for sign in (-1, 1):
                time = _vp_time(sigma + half * (1 + sign * node))
                for j, basis in enumerate(bases):
                    result[j] += half * weight * sum(c * time**k for k, c in enumerate(basis))
        return result

    return _multistep(order, weights)


def _vp_time(sigma: float) -> float:
    """The time from 0 to 1 at which a linear beta schedule reaches sigma.

    log(1 + sigma^2) is quadratic in it, 1e-3 at sigma 0.002 and 1 at sigma 80. Source: Karras et
    al. 2022, table 1.
    """
    low, high, first = math.log1p(0.002**2), math.log1p(80.0**2), 1e-3
    beta = 2 * (low / first - high) / (first - 1)
    start = high - beta / 2
    return (math.sqrt(start**2 + 2 * beta * math.log1p(sigma**2)) - start) / beta


def ipndm(order: int = 4) -> Sampler:
    """Improved PNDM: PLMS that starts with Euler's step, so each step is one evaluation.

    Source: Zhang & Chen 2022, section 4, as in ComfyUI.
    """

    def weights(sigmas: Sequence[float]) -> list[float]:
        return [(sigmas[-1] - sigmas[-2]) * weight for weight in _PLMS[len(sigmas) - 2]]

    return _multistep(order, weights)


def ipndm_v(order: int = 4) -> Sampler:
    """Improved PNDM whose weights follow the sizes of the last steps, as in ComfyUI.

    Its published coefficients of third and fourth order are not those of Adams and Bashforth for
    uneven steps, which LMS has. Source: Zhou et al. 2024, "Fast ODE-based Sampling for
    Diffusion Models in Around 5 Steps", its program.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        slopes = ((state.x - x0) / sigma, *state.memory)[:order]
        x = step_towards_x0(state.x, x0, sigma, sigma_next)
        if len(slopes) > 1 and sigma_next > 0:
            path = sigmas[state.index - len(slopes) + 1 : state.index + 2]
            x = state.x
            for weight, slope in zip(_ipndm_v_weights(path), slopes, strict=True):
                x = x + (sigma_next - sigma) * weight * slope
        return Step(State(state.index + 1, x, slopes[: order - 1]), sigma, x0)

    return step


def _ipndm_v_weights(sigmas: Sequence[float]) -> list[float]:
    """Of the slopes at all levels but the last, newest first: up to four."""
    h, one, two, three = [b - a for a, b in reversed(list(pairwise(sigmas)))] + [0.0] * (
        5 - len(sigmas)
    )
    weights = [1 + h / one / 2, -h / one / 2]
    if two:
        third = (1 - h * h / (3 * one * (one + two))) / 2
        weights[0] += third
        weights[1] -= (1 + one / two) * third
        weights.append(one / two * third)
        if three:
            reach = h + one
            fourth = (1 - h / (3 * reach)) / 2
            fourth += (1 - h / (2 * reach)) * h / (6 * (reach + two))
            fourth *= h * reach * (reach + two) / (one * (one + two) * (one + two + three))
            ratio = one * (one + two) / (two * (two + three))
            weights[0] += fourth
            weights[1] -= (1 + one / two + ratio) * fourth
            weights[2] += (one / two + ratio * (1 + two / three)) * fourth
            weights.append(-ratio * one / two * fourth)
    return weights


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


def lagrange(nodes: Sequence[float]) -> list[list[float]]:
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
