"""Noise levels to visit: n steps have n + 1 of them, strictly decreasing, the last 0.

Plain floats, importable without torch. Every function raises ValueError for fewer than one step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .schedule import Schedule


@dataclass(frozen=True)
class ScheduleRow:
    """A way to choose the noise levels, as the user picks it."""

    sigmas: Callable[[int, Schedule], tuple[float, ...]]
    """(steps, the model's schedule) -> steps + 1 sigmas."""
    summary: str
    """One sentence for the user."""


def normal(n: int, schedule: Schedule) -> tuple[float, ...]:
    """Evenly spaced network times from the noisiest to the cleanest, both visited."""
    times = _ramp(schedule.t(schedule.sigma_max), schedule.t(schedule.sigma_min), n)
    return _at_times(times, schedule)


def sgm_uniform(n: int, schedule: Schedule) -> tuple[float, ...]:
    """Evenly spaced network times from the noisiest, the cleanest left out.

    No step is spent on noise that can hardly be seen; also called trailing (Lin et al. 2023).
    """
    first, last = schedule.t(schedule.sigma_max), schedule.t(schedule.sigma_min)
    return _at_times(_ramp(first, last + (first - last) / max(n, 1), n), schedule)


def karras(n: int, lo: float, hi: float, rho: float = 7.0) -> tuple[float, ...]:
    """Evenly spaced in sigma^(1/rho) from hi to lo (Karras et al. 2022, equation 5)."""
    return (*(root**rho for root in _ramp(hi ** (1 / rho), lo ** (1 / rho), n)), 0.0)


def tail(sigmas: Sequence[float], strength: float) -> tuple[float, ...]:
    """The last part of a schedule, for a start from a picture: strength x steps are run.

    The count is rounded to the nearest (halves up) and at least 1; strength 1 runs every step.
    The start is then x0 + tail[0] * noise. Raises ValueError for a strength outside (0, 1].
    """
    if not 0.0 < strength <= 1.0:
        raise ValueError(f"strength is {strength}, outside (0, 1].")
    n = len(sigmas) - 1
    run = max(1, min(int(n * strength + 0.5), n))
    return tuple(sigmas[n - run :])


def _at_times(times: Sequence[float], schedule: Schedule) -> tuple[float, ...]:
    return (*(schedule.sigma(t) for t in times), 0.0)


def _ramp(first: float, last: float, n: int) -> list[float]:
    """n evenly spaced values from first to last; one value is the first."""
    if n < 1:
        raise ValueError(f"A schedule needs at least one step, not {n}.")
    return [first + (last - first) * i / max(n - 1, 1) for i in range(n)]


SCHEDULES: Mapping[str, ScheduleRow] = {
    "Normal": ScheduleRow(normal, "Evenly spaced times of the model, from pure noise to clean."),
    "Karras": ScheduleRow(
        lambda n, schedule: karras(n, schedule.sigma_min, schedule.sigma_max),
        "More steps where there is little noise, which favours fine detail.",
    ),
    "SGM Uniform": ScheduleRow(
        sgm_uniform, "Evenly spaced times that skip the nearly clean end; good with few steps."
    ),
}
