"""SA-Solver: a stochastic Adams method with a predictor and a corrector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .multistep import lagrange
from .step_functions import current_sigmas
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor

NOISY_FROM, NOISY_TO = 0.571188866648998, 5.092407590665676
"""The sigmas between which noise is added: those of the timesteps 199.8 and 799.2 of Stable
Diffusion, from 80 % to 20 % of the way, as in ComfyUI."""
_PREDICTOR, _CORRECTOR = 3, 4


def sa_solver(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """SA-Solver: predictor of third and corrector of fourth order, one evaluation a step.

    `eta` is the paper's tau. Both orders fall towards the end. The memory is the latent before the
    last prediction, then the estimates of x0, newest first. Source: Xue et al. 2023, "SA-Solver:
    Stochastic Adams Solver for Fast Sampling of Diffusion Models", equations 15 and 18.
    """
    return _sa_solver(eta, s_noise, again=False)


def sa_solver_pece(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """SA-Solver that evaluates the corrected latent once more: two evaluations a step."""
    return _sa_solver(eta, s_noise, again=True)


def _sa_solver(eta: float, s_noise: float, *, again: bool) -> Sampler:
    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        index, left = state.index, len(sigmas) - 1 - state.index
        ends = sigmas[-1] == 0
        x, x0 = state.x, denoise(state.x, sigma)
        older = state.memory[1:]
        if older and (again or sigma_next > 0):
            estimates = (x0, *older)
            order = min(_CORRECTOR, len(estimates), left if ends else _CORRECTOR)
            levels = sigmas[index - order + 1 : index + 1]
            x = moved(state.memory[0], estimates[:order], levels, index - 1, sigmas, noise)
            if again:
                x0 = denoise(x, sigma)
        estimates = (x0, *older)[:_CORRECTOR]
        if sigma_next == 0:
            return Step(State(index + 1, x0), sigma, x0)
        order = min(_PREDICTOR, len(estimates), left - 1 if ends else _PREDICTOR)
        levels = sigmas[index - order + 1 : index + 1]
        ahead = moved(x, estimates[:order], levels, index, sigmas, noise)
        return Step(State(index + 1, ahead, (x, *estimates)), sigma, x0)

    def moved(
        x: Tensor,
        estimates: Sequence[Tensor],
        levels: Sequence[float],
        index: int,
        sigmas: Sequence[float],
        noise: Noise,
    ) -> Tensor:
        """x after step `index`, by the polynomial through the estimates, newest first, at `levels`,
        oldest first."""
        sigma, sigma_next = sigmas[index : index + 2]
        tau = eta if NOISY_FROM <= sigma_next <= NOISY_TO else 0.0
        h = math.log(sigma / sigma_next)
        result = math.exp(-(1 + tau**2) * h) * x
        for weight, estimate in zip(
            _weights(levels, sigma, sigma_next, tau), estimates, strict=True
        ):
            result = result + weight * estimate
        if tau > 0 and s_noise > 0:
            fresh = s_noise * sigma_next * math.sqrt(-math.expm1(-2 * tau**2 * h))
            result = result + fresh * noise(index, 0)
        return result

    return step


def _weights(levels: Sequence[float], sigma: float, sigma_next: float, tau: float) -> list[float]:
    """The weights of the estimates at `levels`, newest first: they sum to 1 less the decay of x.

    They integrate (1 + tau^2) exp((1 + tau^2) v) times a polynomial in v = lambda - lambda_next.
    """
    rate, h = 1 + tau**2, math.log(sigma / sigma_next)
    nodes = [math.log(sigma_next / level) for level in reversed(levels)]
    moments = [-math.expm1(-rate * h)]
    for k in range(1, len(nodes)):
        moments.append(-((-h) ** k) * math.exp(-rate * h) - k / rate * moments[-1])
    return [sum(c * moments[k] for k, c in enumerate(basis)) for basis in lagrange(nodes)]
