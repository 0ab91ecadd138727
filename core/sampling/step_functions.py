"""What steps of several samplers have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .trajectory import State

if TYPE_CHECKING:
    from torch import Tensor


def current_sigmas(state: State, sigmas: Sequence[float]) -> tuple[float, float]:
    """The noise level the state is at, and the next."""
    sigma, sigma_next = sigmas[state.index : state.index + 2]
    return sigma, sigma_next


def step_towards_x0(x: Tensor, x0: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """x moved along its line to x0 from noise level sigma to `sigma_next`; x0 itself at 0."""
    return x0 + (sigma_next / sigma) * (x - x0)


MAX_SIGMA_RATIO = 20.0
"""Beyond this ratio of two noise levels, slopes say nothing of what is between them: what they
differ by is multiplied by the ratio. The first step from the nearly pure noise of a rectified flow
goes further; there solvers of higher order work with estimates of x0, or take Euler's step."""


def ancestral(sigma: float, sigma_next: float, eta: float) -> tuple[float, float]:
    """(down, up): the level to step down to, and the fresh noise that leads up to `sigma_next`.

    down^2 + up^2 = after^2. With eta 1 and x0 exact, this draws from the DDPM posterior
    q(x_after | x, x0); eta 0 adds nothing. Source: Song et al. 2020, equation 16.
    """
    fresh = min(1.0, eta * math.sqrt(1 - (sigma_next / sigma) ** 2))
    return sigma_next * math.sqrt(1 - fresh**2), sigma_next * fresh
