"""ER-SDE-Solver: a reverse-time SDE with a choice of noise scale, from the last three estimates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .step_functions import current_sigmas
from .trajectory import Denoiser, Noise, Sampler, State, Step

_INTERVALS = 64
"""Of Simpson's rule in log sigma over one step; even."""


def default_noise_scaler(sigma: float) -> float:
    """The paper's ER-SDE 5: near the plain reverse SDE early, near the ODE at the end."""
    return sigma * (math.exp(sigma**0.3) + 10)


def er_sde(
    noise_scaler: Callable[[float], float] = default_noise_scaler,
    max_stage: int = 3,
    s_noise: float = 1.0,
) -> Sampler:
    """Extended reverse-time SDE, solved with the changes of x0 from the last estimates.

    Its noise fades towards the end: images vary as with a stochastic sampler, and little noise is
    left where detail is made. The memory is the earlier estimates of x0, newest first.
    `noise_scaler` is the paper's phi, an increasing function of sigma. Without noise the order is
    2: the third stage lowers the error, not the order. Source: Cui et al. 2023, "Elucidating the
    Solution Space of Extended Reverse-Time SDE for Diffusion Models", algorithm 3.
    """

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        x0 = denoise(state.x, sigma)
        if sigma_next == 0:
            return Step(State(state.index + 1, x0), sigma, x0)
        index, older = state.index, state.memory[: max_stage - 1]
        kept = noise_scaler(sigma_next) / noise_scaler(sigma)
        x = x0 + kept * (state.x - x0)
        if older:
            first, second = _integrals(noise_scaler, sigma, sigma_next)
            change = (x0 - older[0]) / (sigma - sigmas[index - 1])
            x = x + (sigma_next - sigma + noise_scaler(sigma_next) * first) * change
            if len(older) == 2:
                before = (older[0] - older[1]) / (sigmas[index - 1] - sigmas[index - 2])
                bend = 2 * (change - before) / (sigma - sigmas[index - 2])
                x = x + ((sigma_next - sigma) ** 2 / 2 + noise_scaler(sigma_next) * second) * bend
        variance = sigma_next**2 - (kept * sigma) ** 2
        if variance > sigma_next**2 * 1e-12:
            x = x + s_noise * math.sqrt(variance) * noise(index, 0)
        return Step(State(index + 1, x, (x0, *older)[: max_stage - 1]), sigma, x0)

    return step


def _integrals(
    noise_scaler: Callable[[float], float], sigma: float, sigma_next: float
) -> tuple[float, float]:
    """The integrals of 1 / scale and of (s - sigma) / scale, for s from `sigma_next` to sigma."""
    width = math.log(sigma / sigma_next) / _INTERVALS
    first = second = 0.0
    for i in range(_INTERVALS + 1):
        level = sigma_next * math.exp(i * width)
        ends = 1 if i in (0, _INTERVALS) else 4 if i % 2 else 2
        value = ends * width / 3 * level / noise_scaler(level)
        first += value
        second += value * (level - sigma)
    return first, second
