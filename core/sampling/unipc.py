"""UniPC: a predictor and a corrector of one family, one evaluation a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from .step_functions import current_sigmas, step_towards_x0
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


def unipc(order: int = 3, variant: Literal["bh1", "bh2"] = "bh2") -> Sampler:
    """UniPC-p with B1(h) or B2(h) on x0: each estimate also corrects the step before.

    The order grows from 1 with the number of estimates, and falls to 1 at the last step. The memory
    is the latent before the last step, then the estimates of x0, newest first. Source: Zhao et al.
    2023, algorithms 5 and 6, as in diffusers.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, _ = current_sigmas(state, sigmas)
        index, left = state.index, len(sigmas) - 1 - state.index
        x0 = denoise(state.x, sigma)
        x, estimates = state.x, state.memory[1:]
        if estimates:
            used = min(order, left + 1, len(estimates))
            path = sigmas[index - used : index + 1]
            x = _bh_step(state.memory[0], estimates[:used], path, variant, x0)
        estimates = (x0, *estimates)[:order]
        used = min(order, left, len(estimates))
        ahead = _bh_step(x, estimates[:used], sigmas[index - used + 1 : index + 2], variant)
        return Step(State(index + 1, ahead, (x, *estimates)), sigma, x0)

    return step


def _bh_step(
    x: Tensor,
    estimates: Sequence[Tensor],
    path: Sequence[float],
    variant: str,
    there: Tensor | None = None,
) -> Tensor:
    """x at the last level of `path`, from x at the level before.

    The estimates of x0 are at the earlier levels, newest first; `there` is the one at the last
    level, if it is known. A single difference has the weight 1/2.
    """
    *levels, sigma, sigma_next = path
    newest = estimates[0]
    ahead = step_towards_x0(x, newest, sigma, sigma_next)
    h = math.log(sigma / sigma_next) if sigma_next > 0 else math.inf
    nodes = [math.log(sigma / level) / h for level in reversed(levels)]
    changes = [(old - newest) / node for old, node in zip(estimates[1:], nodes, strict=True)]
    if there is not None:
        nodes.append(1.0)
        changes.append(there - newest)
    scale = math.expm1(-h) if variant == "bh2" else -h
    weights = [0.5] if len(nodes) == 1 else _bh_weights(nodes, h, scale)
    for weight, change in zip(weights, changes, strict=True):
        ahead = ahead - scale * weight * change
    return ahead


def _bh_weights(nodes: Sequence[float], h: float, scale: float) -> list[float]:
    """The weights, times `scale`, that integrate polynomials up to the number of nodes exactly."""
    right: list[float] = []
    factorial = 1.0
    phi = -math.expm1(-h) / h - 1
    for i in range(1, len(nodes) + 1):
        right.append(phi * factorial / scale)
        factorial *= i + 1
        phi = -phi / h - 1 / factorial
    return _solve([[node**k for node in nodes] for k in range(len(nodes))], right)


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solves a small linear system by Gauss-Jordan elimination with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = max(range(i, len(rows)), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(len(rows)):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]
