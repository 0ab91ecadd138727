"""Functions that several samplers share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


def current_sigmas(state: State, sigmas: Sequence[float]) -> tuple[float, float]:
    """The noise level of the state, and the next one."""
    sigma, sigma_next = sigmas[state.index : state.index + 2]
    return sigma, sigma_next


def step_towards_x0(x: Tensor, x0: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """x moved along the line to x0 from noise level sigma to `sigma_next`; x0 itself at 0."""
    return x0 + (sigma_next / sigma) * (x - x0)


MAX_SIGMA_RATIO = 20.0
"""Above this ratio of two noise levels, slopes cannot be extrapolated: the ratio multiplies their
error. The first step from the nearly pure noise of a rectified flow exceeds it; solvers of higher
order then work with estimates of x0, or take an Euler step.
"""


def ancestral(sigma: float, sigma_next: float, eta: float) -> tuple[float, float]:
    """(down, up): the level to step down to, and the fresh noise that brings it up to `sigma_next`.

    down^2 + up^2 = sigma_next^2. With eta 1 and x0 exact, this draws from the DDPM posterior
    q(x_after | x, x0); eta 0 adds nothing. Source: Song et al. 2020, equation 16.
    """
    fresh = min(1.0, eta * math.sqrt(1 - (sigma_next / sigma) ** 2))
    return sigma_next * math.sqrt(1 - fresh**2), sigma_next * fresh


def preserving_variance(sampler: Sampler) -> Sampler:
    """The sampler, ending as one in variance-preserving form: the result of a run that stops at a
    level above 0 is divided by sqrt(1 + sigma^2)."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        done = sampler(denoise, state, sigmas, noise)
        if done.state.index < len(sigmas) - 1:
            return done
        x = done.state.x / math.sqrt(1 + sigmas[-1] ** 2)
        return replace(done, state=replace(done.state, x=x))

    return step
