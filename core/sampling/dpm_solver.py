"""DPM-Solver: exponential integrators of the noise eps in lambda = -ln(sigma), single step.

Source: Lu et al. 2022, "DPM-Solver", algorithms 1 and 2 and appendix C, as in k-diffusion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .step_functions import current_sigmas, step_towards_x0
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


def dpm_fast() -> Sampler:
    """DPM-Solver-fast: one evaluation a step; groups of three steps make a third-order step.

    With `fast_levels` this is the paper's DPM-Solver-fast, whose groups are equally long in log
    sigma; other levels are used as they are. The last groups have fewer steps than three, and a
    step to 0 is Euler's. Within a group, the memory is the latent and eps that it started from;
    without them, the rest of the group uses Euler steps.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        place, order = _place_in_group(state.index, sigmas)
        if place == 0 or not state.memory:
            x = step_towards_x0(state.x, x0, sigma, sigma_next)
            starts = place == 0 and order > 1
            memory = (state.x, (state.x - x0) / sigma) if starts else ()
            return Step(State(state.index + 1, x, memory), sigma, x0)
        base, eps = state.memory
        change = (state.x - x0) / sigma - eps
        first = sigmas[state.index - place]
        integrate = _second_order if order == 2 else _third_order
        x = integrate(base, eps, change, first, sigma, sigma_next)
        memory = state.memory if place + 1 < order else ()
        return Step(State(state.index + 1, x, memory), sigma, x0)

    return step


def dpm_adaptive(
    rtol: float = 0.05,
    atol: float = 0.0078,
    safety: float = 0.81,
    first: float = math.inf,
    most: int = 20,
) -> Sampler:
    """DPM-Solver-23: each step is split into as many parts as the error estimate requires.

    A part is of third order; its error is the difference to the second-order solution. It is
    accepted if the step size would not shrink below `safety`. The first part of a step spans
    `first` in log sigma, or the whole step; k-diffusion, which has no levels between, starts with
    0.05. Nothing is remembered between steps. After `most` tries in a step, the rest of it is taken
    as one part, whatever its error. Each image of a batch has its own step sizes, at the cost of
    evaluating the whole batch for each. The step to 0 is Euler's.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        if sigma_next == 0:
            return Step(State(state.index + 1, x0), sigma, x0)
        result = state.x.clone()
        for image in range(len(result)):
            result[image] = advance(denoise, state.x, x0, sigma, sigma_next, image)[image]
        return Step(State(state.index + 1, result), sigma, x0)

    def advance(
        denoise: Denoiser, x: Tensor, x0: Tensor, sigma: float, sigma_next: float, image: int
    ) -> Tensor:
        h, before, eps, tries = first, x, (x - x0) / sigma, 0
        while sigma > sigma_next:
            tries += 1
            target = max(sigma_next, sigma * math.exp(-h)) if tries < most else sigma_next
            whole = math.log(sigma / target)
            one, two = sigma * math.exp(-whole / 3), sigma * math.exp(-whole * 2 / 3)
            ahead = x - (sigma - one) * eps
            change = (ahead - denoise(ahead, one)) / one - eps
            low = _second_order(x, eps, change, sigma, one, target)
            ahead = _third_order(x, eps, change, sigma, one, two)
            change = (ahead - denoise(ahead, two)) / two - eps
            high = _third_order(x, eps, change, sigma, two, target)
            allowed = (rtol * low.abs().maximum(before.abs())).clamp(min=atol)
            error = float(((low - high) / allowed)[image].square().mean().sqrt())
            if not math.isfinite(error) or tries == most:  # it would never be accepted, or late
                return high
            growth = 1 + math.atan((error + 1e-8) ** (-1 / 3) - 1)
            h = min(h, whole) * growth
            if growth >= safety:
                before, x = low, high
                sigma = target if target > sigma_next * (1 + 1e-5) else sigma_next
                if sigma > sigma_next:
                    eps = (x - denoise(x, sigma)) / sigma
        return x

    return step


def fast_levels(evaluations: int, lowest: float, highest: float) -> tuple[float, ...]:
    """The levels of DPM-Solver-fast: those it evaluates, then the lowest, where it ends.

    Groups are equally long in log sigma, however many evaluations they have. Source: Lu et al.
    2022, appendix D.3.
    """
    sizes = _group_sizes(evaluations)
    width = math.log(highest / lowest) / len(sizes)
    shares = [i + place / size for i, size in enumerate(sizes) for place in range(size)]
    return (*(highest * math.exp(-width * share) for share in shares), lowest)


def _group_sizes(evaluations: int) -> list[int]:
    """Threes; the last groups are 2 and 1, or what is left."""
    whole, rest = divmod(evaluations, 3)
    return [3] * (whole - 1) + [2, 1] if whole and not rest else [3] * whole + [rest]


def _place_in_group(index: int, sigmas: Sequence[float]) -> tuple[int, int]:
    """(place in its group of evaluations, size of the group) of a step."""
    steps = len(sigmas) - 1 - (sigmas[-1] == 0)
    for size in _group_sizes(steps):
        if index < size:
            return index, size
        index -= size
    return 0, 1


def _second_order(
    x: Tensor, eps: Tensor, change: Tensor, sigma: float, middle: float, sigma_next: float
) -> Tensor:
    """The end of a second-order step; eps changes by `change` between sigma and `middle`."""
    share = math.log(sigma / middle) / math.log(sigma / sigma_next)
    return x - (sigma - sigma_next) * (eps + change / (2 * share))


def _third_order(
    x: Tensor, eps: Tensor, change: Tensor, sigma: float, middle: float, sigma_next: float
) -> Tensor:
    """A third-order step to its second point, and from there to its end.

    eps changes by `change` between sigma and `middle`: the first point, then the second.
    """
    h = math.log(sigma / sigma_next)
    share = math.log(sigma / middle) / h
    return x - (sigma - sigma_next) * eps - sigma_next / share * (math.expm1(h) / h - 1) * change
