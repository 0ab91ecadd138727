"""Noise schedules: n steps have n + 1 sigmas, strictly decreasing, the last 0.

Plain floats, importable without torch. Every function raises ValueError for fewer than one step.
Where programs differ, the docstring names the definition that is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..errors import InvalidError
from .beta_distribution import beta_quantile
from .model_schedule import Schedule

AUTOMATIC = "Automatic"
"""Stands for the sampler's default schedule; see `samplers.resolve`.

If no sampler is known, it is Normal.
"""


Levels = Callable[[int, Schedule], tuple[float, ...]]
"""(steps, the model's schedule) -> steps + 1 sigmas."""


@dataclass(frozen=True)
class ScheduleRow:
    """A noise schedule as the user picks it."""

    sigmas: Levels
    summary: str
    """One sentence for the user."""
    with_rho: Callable[[float], Levels] | None = None
    """The schedule with another rho, for schedules that have one."""
    rho: float | None = None
    """The default rho."""


def normal(n: int, schedule: Schedule) -> tuple[float, ...]:
    """Network times evenly spaced from the noisiest to the cleanest, both included."""
    times = _ramp(schedule.t(schedule.sigma_max), schedule.t(schedule.sigma_min), n)
    return _at_times(times, schedule)


def sgm_uniform(n: int, schedule: Schedule) -> tuple[float, ...]:
    """Network times evenly spaced from the noisiest; the cleanest is left out.

    No step is spent on barely visible noise; also called trailing (Lin et al. 2023).
    """
    first, last = schedule.t(schedule.sigma_max), schedule.t(schedule.sigma_min)
    return _at_times(_ramp(first, last + (first - last) / max(n, 1), n), schedule)


def karras(n: int, lo: float, hi: float, rho: float = 7.0) -> tuple[float, ...]:
    """Evenly spaced in sigma^(1/rho) from hi to lo (Karras et al. 2022, equation 5)."""
    return (*(root**rho for root in _ramp(hi ** (1 / rho), lo ** (1 / rho), n)), 0.0)


def exponential(n: int, lo: float, hi: float) -> tuple[float, ...]:
    """Evenly spaced in log sigma from hi to lo."""
    return polyexponential(n, lo, hi)


def polyexponential(n: int, lo: float, hi: float, rho: float = 1.0) -> tuple[float, ...]:
    """log sigma follows u^rho for u evenly spaced from 1 to 0; rho 1 is `exponential`.

    Raises ValueError unless rho is above 0.
    """
    if not rho > 0.0:
        raise InvalidError("rho is {rho}, not above 0.", rho=rho)
    return (*(lo * (hi / lo) ** (u**rho) for u in _ramp(1.0, 0.0, n)), 0.0)


def simple(n: int, schedule: Schedule) -> tuple[float, ...]:
    """Every (count/n)-th of the model's timesteps, rounded up, from the noisiest (ComfyUI).

    With more steps than timesteps it is `normal`.
    """
    first, count = schedule.t(schedule.sigma_max), _timesteps(schedule)
    if not 1 <= n <= count:
        return normal(n, schedule)
    return _at_times([first - i * count // n for i in range(n)], schedule)


def ddim_uniform(n: int, schedule: Schedule) -> tuple[float, ...]:
    """Every floor(count/n)-th timestep from the second upwards, visited downwards.

    It starts below the model's noisiest timestep: at 951 of 999 for 20 steps. Exactly n of them
    are visited, where LDM's and ComfyUI's lists are longer if n does not divide the count. With
    more steps than timesteps it is `normal`. Source: Song et al. 2020, section D.2.
    """
    cleanest, count = schedule.t(schedule.sigma_min), _timesteps(schedule)
    if not 1 <= n <= count:
        return normal(n, schedule)
    stride = count // n
    second = min(1, count - 1 - stride * (n - 1))
    return _at_times([cleanest + second + stride * i for i in reversed(range(n))], schedule)


def beta(n: int, schedule: Schedule, a: float = 0.6, b: float = 0.6) -> tuple[float, ...]:
    """Network times at even quantiles of a beta distribution: dense at both ends.

    Times are rounded to whole timesteps where they stay apart, as in ComfyUI, which drops those
    that do not; here they then stay fractional, so that n steps are n steps.
    Source: Lee et al. 2024, "Beta Sampling is All You Need".
    """
    cleanest = schedule.t(schedule.sigma_min)
    span = schedule.t(schedule.sigma_max) - cleanest
    shares = _ramp(1.0, 1.0 / max(n, 1), n)
    exact = [span * beta_quantile(share, a, b) for share in shares]
    whole = [math.floor(t + 0.5 + 1e-9) for t in exact]  # the median, 499.5 of 999, goes up
    times = exact if len(set(whole)) < n else whole
    return _at_times([cleanest + t for t in times], schedule)


def kl_optimal(n: int, lo: float, hi: float) -> tuple[float, ...]:
    """Evenly spaced in arctan(sigma) from hi to lo.

    Source: Sabour et al. 2024, "Align Your Steps", theorem 3.1, for data of unit variance.
    """
    return (*(math.tan(angle) for angle in _ramp(math.atan(hi), math.atan(lo), n)), 0.0)


AYS_SD1 = (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029)
AYS_SDXL = (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029)
"""Sabour et al. 2024: the levels of ten steps, optimised for two models."""


def align_your_steps(
    n: int, schedule: Schedule, table: Sequence[float] = AYS_SD1
) -> tuple[float, ...]:
    """The published levels of ten steps, interpolated in log sigma for other numbers of steps.

    n + 1 points, the last replaced by 0, so that ten steps are the table (as in ComfyUI). The
    table was optimised for the noise range of one model. For a model whose range differs by more
    than its rounding, log sigma is stretched to that range, which keeps the relative spacing but
    is no longer optimal for anything.
    """
    logs = [math.log(sigma) for sigma in table]
    top, bottom = math.log(schedule.sigma_max), math.log(schedule.sigma_min)
    if abs(top - logs[0]) > 0.02 or abs(bottom - logs[-1]) > 0.02:
        scale = (top - bottom) / (logs[0] - logs[-1])
        logs = [bottom + scale * (log - logs[-1]) for log in logs]
    logs[0] = top
    points = _ramp(0.0, len(logs) - 1.0, max(n, 0) + 1)
    return (*(math.exp(_between(logs, point)) for point in points[: _at_least_one(n)]), 0.0)


def truncate(sigmas: Sequence[float], strength: float) -> tuple[float, ...]:
    """The last part of a schedule, for image-to-image: strength x steps are run.

    The count is rounded to the nearest integer (halves up) and is at least 1; strength 1 runs every
    step. The start is then x0 + sigmas[0] * noise. Raises ValueError for a strength outside (0, 1].
    """
    if not 0.0 < strength <= 1.0:
        raise InvalidError("strength is {strength}, outside (0, 1].", strength=strength)
    n = len(sigmas) - 1
    run = max(1, min(int(n * strength + 0.5), n))
    return tuple(sigmas[n - run :])


def parse_sigmas(text: str) -> tuple[float, ...]:
    """Noise levels between commas, semicolons or spaces, also in brackets; a 0 at the end, as some
    write it, is implied. Raises ValueError, in words for the user.
    """
    words = text.translate(str.maketrans(",;[]()", "      ")).split()
    numbers = tuple(map(_number, words))
    return numbers[:-1] if len(numbers) > 1 and numbers[-1] == 0 else numbers


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidError("“{text}” is not a number.", text=word[:20])
    return number


def _at_times(times: Sequence[float], schedule: Schedule) -> tuple[float, ...]:
    return (*(schedule.sigma(t) for t in times), 0.0)


def _timesteps(schedule: Schedule) -> int:
    """The number of whole timesteps of the model."""
    return round(schedule.t(schedule.sigma_max) - schedule.t(schedule.sigma_min)) + 1


def _between(values: Sequence[float], point: float) -> float:
    """Piecewise linear through values at 0, 1, 2 ..."""
    low = min(int(point), len(values) - 2)
    return values[low] + (point - low) * (values[low + 1] - values[low])


def _ramp(first: float, last: float, n: int) -> list[float]:
    """n evenly spaced values from first to last; one value is the first."""
    n = _at_least_one(n)
    return [first + (last - first) * i / max(n - 1, 1) for i in range(n)]


def _at_least_one(n: int) -> int:
    if n < 1:
        raise InvalidError("A schedule needs at least one step, not {steps}.", steps=n)
    return n


def _over_range(levels: Callable[[int, float, float], tuple[float, ...]]) -> Levels:
    """A schedule function from a function of (steps, lowest sigma, highest sigma)."""

    def sigmas(n: int, schedule: Schedule) -> tuple[float, ...]:
        return levels(n, schedule.sigma_min, schedule.sigma_max)

    return sigmas


SCHEDULES: Mapping[str, ScheduleRow] = {
    AUTOMATIC: ScheduleRow(normal, "The default schedule of the sampler."),
    "Normal": ScheduleRow(normal, "Timesteps evenly spaced from pure noise to clean."),
    "Karras": ScheduleRow(
        _over_range(karras),
        "More steps where there is little noise, which favours fine detail.",
        lambda rho: _over_range(partial(karras, rho=rho)),
        rho=7.0,
    ),
    "Exponential": ScheduleRow(
        _over_range(exponential),
        "Each step removes the same share of the noise; suits samplers that add noise.",
    ),
    "Polyexponential": ScheduleRow(
        _over_range(polyexponential),
        "Exponential with a curvature, rho; by default the same levels as Exponential.",
        lambda rho: _over_range(partial(polyexponential, rho=rho)),
        rho=1.0,
    ),
    "SGM Uniform": ScheduleRow(
        sgm_uniform, "Evenly spaced timesteps without the nearly clean end; good with few steps."
    ),
    "Simple": ScheduleRow(
        simple, "SGM Uniform on whole timesteps of the model, as in other programs."
    ),
    "DDIM Uniform": ScheduleRow(
        ddim_uniform, "The spacing of the first DDIM; starts a little below pure noise."
    ),
    "Beta": ScheduleRow(
        beta, "More steps at both ends: for the composition and for fine detail, fewer between."
    ),
    "KL Optimal": ScheduleRow(
        _over_range(kl_optimal), "A formula that keeps the error of few steps small."
    ),
    "Align Your Steps": ScheduleRow(
        align_your_steps,
        "Ten levels tuned for Stable Diffusion 1, stretched to other counts and models.",
    ),
    "Align Your Steps SDXL": ScheduleRow(
        partial(align_your_steps, table=AYS_SDXL),
        "Ten levels tuned for Stable Diffusion XL, stretched to other counts and models.",
    ),
}
