"""Noise levels of a trained model: its time t <-> sigma, as plain floats.

Sigma is the noise level of the variance-exploding form x = x0 + sigma * eps. Both directions
clamp to the range the model was trained on, as there is no time outside it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from ..errors import InvalidError

LAST_TIMESTEP = 999.0
"""The noisiest of 1000 timesteps that count from 0."""


class Schedule(Protocol):
    """A continuous, increasing map between time (0 to 1000) and sigma (above 0)."""

    @property
    def sigma_min(self) -> float: ...

    @property
    def sigma_max(self) -> float: ...

    def sigma(self, t: float) -> float: ...

    def t(self, sigma: float) -> float: ...

    def c_noise(self, sigma: float) -> float:
        """The noise conditioning of the network at a noise level (EDM's c_noise)."""
        ...


@dataclass(frozen=True)
class DiscreteSchedule:
    """A table of log sigmas, one for each timestep a DDPM was trained on.

    Between two timesteps log sigma is linear in t, so t may be fractional (Karras et al. 2022,
    appendix C.3; the convention of k-diffusion).
    """

    log_sigmas: tuple[float, ...]

    def __post_init__(self) -> None:
        table = self.log_sigmas
        if len(table) < 2 or any(b <= a for a, b in pairwise(table)):
            raise InvalidError(
                "A discrete schedule needs at least two sigmas, strictly increasing."
            )

    @property
    def sigma_min(self) -> float:
        return math.exp(self.log_sigmas[0])

    @property
    def sigma_max(self) -> float:
        return math.exp(self.log_sigmas[-1])

    def sigma(self, t: float) -> float:
        t = _clamp(t, 0.0, len(self.log_sigmas) - 1.0)
        low = min(int(t), len(self.log_sigmas) - 2)
        weight = t - low
        a, b = self.log_sigmas[low : low + 2]
        return math.exp((1 - weight) * a + weight * b)

    def t(self, sigma: float) -> float:
        log_sigma = _clamp(math.log(sigma), self.log_sigmas[0], self.log_sigmas[-1])
        low = min(bisect_right(self.log_sigmas, log_sigma) - 1, len(self.log_sigmas) - 2)
        a, b = self.log_sigmas[low : low + 2]
        return low + (log_sigma - a) / (b - a)

    def c_noise(self, sigma: float) -> float:
        return self.t(sigma)


@dataclass(frozen=True)
class EdmSchedule:
    """A continuous range of levels; c_noise is ln(sigma) / 4 (Karras et al. 2022).

    There are no timesteps. For code that needs them, time counts 1000 levels, evenly spaced in log
    sigma, as in ComfyUI.
    """

    sigma_min: float = 0.002
    sigma_max: float = 80.0

    def __post_init__(self) -> None:
        if not 0.0 < self.sigma_min < self.sigma_max < math.inf:
            raise InvalidError(
                "Sigmas need 0 < {low} < {high} < infinity.",
                low=self.sigma_min,
                high=self.sigma_max,
            )

    def sigma(self, t: float) -> float:
        share = _clamp(t / LAST_TIMESTEP, 0.0, 1.0)
        return self.sigma_min ** (1 - share) * self.sigma_max**share

    def t(self, sigma: float) -> float:
        share = math.log(sigma / self.sigma_min) / math.log(self.sigma_max / self.sigma_min)
        return LAST_TIMESTEP * _clamp(share, 0.0, 1.0)

    def c_noise(self, sigma: float) -> float:
        return math.log(sigma) / 4


@dataclass(frozen=True)
class FlowSchedule:
    """Rectified flow, x_t = (1 - t) x0 + t eps, in variance-exploding coordinates.

    x_t / (1 - t) = x0 + sigma * eps with sigma = t / (1 - t). The network time is 1000 t.
    Sources: Liu et al. 2022; Esser et al. 2024.
    """

    t_min: float = 0.002
    """The cleanest flow time that is sampled, above 0."""
    t_max: float = 0.999
    """The noisiest flow time that is sampled, below 1, where sigma would be infinite."""

    def __post_init__(self) -> None:
        if not 0.0 < self.t_min < self.t_max < 1.0:
            raise InvalidError(
                "Flow times need 0 < {low} < {high} < 1.", low=self.t_min, high=self.t_max
            )

    @property
    def sigma_min(self) -> float:
        return self.t_min / (1 - self.t_min)

    @property
    def sigma_max(self) -> float:
        return self.t_max / (1 - self.t_max)

    def sigma(self, t: float) -> float:
        flow_time = _clamp(t / 1000, self.t_min, self.t_max)
        return flow_time / (1 - flow_time)

    def t(self, sigma: float) -> float:
        return 1000 * _clamp(sigma / (1 + sigma), self.t_min, self.t_max)

    def c_noise(self, sigma: float) -> float:
        return self.t(sigma)


@dataclass(frozen=True)
class NarrowedSchedule:
    """Another schedule, limited to a range of noise levels."""

    whole: Schedule
    sigma_min: float
    sigma_max: float

    def sigma(self, t: float) -> float:
        return self.whole.sigma(t)

    def t(self, sigma: float) -> float:
        return self.whole.t(sigma)

    def c_noise(self, sigma: float) -> float:
        return self.whole.c_noise(sigma)


@dataclass(frozen=True)
class WholeTimesteps:
    """A schedule whose network gets the nearest whole timestep, as in ComfyUI."""

    whole: DiscreteSchedule

    @property
    def sigma_min(self) -> float:
        return self.whole.sigma_min

    @property
    def sigma_max(self) -> float:
        return self.whole.sigma_max

    def sigma(self, t: float) -> float:
        return self.whole.sigma(t)

    def t(self, sigma: float) -> float:
        return self.whole.t(sigma)

    def c_noise(self, sigma: float) -> float:
        return float(round(self.whole.c_noise(sigma)))


def linear(first: float = 1e-4, last: float = 2e-2, steps: int = 1000) -> DiscreteSchedule:
    """Betas evenly spaced (Ho et al. 2020)."""
    return from_betas(_linspace(first, last, steps))


def scaled_linear(
    first: float = 0.00085, last: float = 0.012, steps: int = 1000
) -> DiscreteSchedule:
    """Square roots of betas evenly spaced (Rombach et al. 2022); the defaults are SD's."""
    return from_betas(root**2 for root in _linspace(math.sqrt(first), math.sqrt(last), steps))


def cosine(steps: int = 1000, offset: float = 0.008) -> DiscreteSchedule:
    """Signal level follows a squared cosine, betas capped at 0.999 (Nichol & Dhariwal 2021)."""

    def signal(i: int) -> float:
        return math.cos((i / steps + offset) / (1 + offset) * math.pi / 2) ** 2

    return from_betas(min(1 - signal(i + 1) / signal(i), 0.999) for i in range(steps))


def from_betas(betas: Iterable[float]) -> DiscreteSchedule:
    """Schedule of the forward process q(z_t | z_{t-1}) = N(sqrt(1 - beta) z_{t-1}, beta).

    With abar = prod(1 - beta), sigma = sqrt((1 - abar) / abar). Raises ValueError unless every
    beta is in (0, 1).
    """
    log_sigmas: list[float] = []
    log_abar = 0.0
    for beta in betas:
        if not 0.0 < beta < 1.0:
            raise InvalidError("beta is {beta}, outside (0, 1).", beta=beta)
        log_abar += math.log1p(-beta)
        log_sigmas.append(0.5 * math.log(math.expm1(-log_abar)))
    return DiscreteSchedule(tuple(log_sigmas))


def zero_terminal(schedule: DiscreteSchedule, last: float = 4518.0) -> DiscreteSchedule:
    """The schedule of models that were trained up to pure noise (zero terminal SNR).

    The signal levels sqrt(abar) are shifted so that the last is 0, and scaled so that the first is
    unchanged (Lin et al. 2024, algorithm 1). The last sigma would be infinite and is replaced by
    `last`, about the value that other programs use.
    """
    signals = [(1 + math.exp(2 * log_sigma)) ** -0.5 for log_sigma in schedule.log_sigmas]
    stretch = signals[0] / (signals[0] - signals[-1])
    moved = [(signal - signals[-1]) * stretch for signal in signals[:-1]]
    log_sigmas = [0.5 * math.log((1 - signal**2) / signal**2) for signal in moved]
    return DiscreteSchedule((*log_sigmas, math.log(last)))


def _linspace(first: float, last: float, n: int) -> list[float]:
    return [first + (last - first) * i / max(n - 1, 1) for i in range(n)]


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
