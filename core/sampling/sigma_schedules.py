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
from .model_schedule import FlowSchedule, NarrowedSchedule, Schedule

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


def every_timestep(n: int, schedule: Schedule) -> tuple[float, ...]:
    """The list of `ddim_uniform` as other programs have it: all that are reached, so for 30 steps
    there are 31."""
    cleanest, count = schedule.t(schedule.sigma_min), _timesteps(schedule)
    times = range(1, count, max(count // _at_least_one(n), 1))
    return _at_times([cleanest + t for t in reversed(times)], schedule)


def beta(n: int, schedule: Schedule, a: float = 0.6, b: float = 0.6) -> tuple[float, ...]:
    """Network times at even quantiles of a beta distribution: dense at both ends.

    Times are rounded to whole timesteps where they stay apart, as in ComfyUI, which drops those
    that do not; here they then stay fractional, so that n steps are n steps.
    Source: Lee et al. 2024, "Beta Sampling is All You Need".
    """
    cleanest = schedule.t(schedule.sigma_min)
    exact = beta_times(n, schedule, a, b)
    whole = [math.floor(t + 0.5 + 1e-9) for t in exact]  # the median, 499.5 of 999, goes up
    times = exact if len(set(whole)) < n else whole
    return _at_times([cleanest + t for t in times], schedule)


def beta_times(n: int, schedule: Schedule, a: float = 0.6, b: float = 0.6) -> list[float]:
    """The exact times of `beta`, counted from the cleanest."""
    span = schedule.t(schedule.sigma_max) - schedule.t(schedule.sigma_min)
    shares = _ramp(1.0, 1.0 / max(n, 1), n)
    return [span * beta_quantile(share, a, b) for share in shares]


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


AYS_32_SD1 = (
    14.615, 11.23951352, 8.64363081, 6.64729424, 5.57250862, 4.71648546, 3.99196065, 3.5195609,
    3.13490466, 2.79228788, 2.48773628, 2.21663865, 1.97508351, 1.7793172, 1.61475335, 1.46540953,
    1.314849, 1.16642497, 1.03475547, 0.91573744, 0.80748169, 0.71202361, 0.621739, 0.53065202,
    0.4529096, 0.37491455, 0.27461819, 0.2011529, 0.14105873, 0.06682881, 0.03166121, 0.015,
)  # fmt: skip
AYS_32_SDXL = (
    14.615, 11.1491618, 8.50522127, 6.48827151, 5.43707402, 4.60398619, 3.89854704, 3.27407457,
    2.74396527, 2.29968659, 1.95448514, 1.67108715, 1.42878152, 1.23181009, 1.06789649, 0.92579443,
    0.80290886, 0.69660121, 0.60436903, 0.52852552, 0.46773344, 0.41393379, 0.36258186, 0.31008517,
    0.26518925, 0.22326461, 0.17653877, 0.13959192, 0.10587381, 0.05519369, 0.02877334, 0.015,
)  # fmt: skip
"""The levels of Sabour et al. 2024 at 32 points, as Forge has them."""
GITS_SD1 = (14.615, 4.617, 2.507, 1.236, 0.702, 0.402, 0.240, 0.156, 0.104, 0.094, 0.029)
GITS_SDXL = (14.615, 4.734, 2.567, 1.529, 0.987, 0.652, 0.418, 0.268, 0.179, 0.127, 0.029)
"""Chen et al. 2024, "On the Trajectory Regularity of ODE-based Diffusion Sampling", in Forge."""
_TABLE_RANGE = (14.615, 0.029)
"""The highest and the lowest sigma of the models that the tables were made for."""


def aligned_points(n: int, schedule: Schedule, table: Sequence[float]) -> tuple[float, ...]:
    """n points over a whole table, interpolated in log sigma, then 0 (AUTOMATIC1111 and Forge).

    For a model of another range, log sigma is stretched to that range.
    """
    logs = [math.log(sigma) for sigma in table]
    top, bottom = math.log(schedule.sigma_max), math.log(schedule.sigma_min)
    if any(abs(a - math.log(b)) > 0.02 for a, b in zip((top, bottom), _TABLE_RANGE, strict=True)):
        scale = (top - bottom) / (logs[0] - logs[-1])
        logs = [bottom + scale * (log - logs[-1]) for log in logs]
    return (*(math.exp(_between(logs, point)) for point in _ramp(0.0, len(logs) - 1.0, n)), 0.0)


def turbo(n: int, schedule: Schedule) -> tuple[float, ...]:
    """Every (count/n)-th timestep down to the noisiest, rounded: 999 for one step, as in Forge.

    This is diffusers' "trailing" spacing. With more steps than timesteps it is `normal`.
    """
    cleanest, count = schedule.t(schedule.sigma_min), _timesteps(schedule)
    if not 1 <= n <= count:
        return normal(n, schedule)
    return _at_times([cleanest + round(i * count / n - 1) for i in range(n, 0, -1)], schedule)


def linear_quadratic(n: int, schedule: Schedule, threshold: float = 0.025) -> tuple[float, ...]:
    """Linear through a small first part of the noise for half of the steps, then quadratic.

    Levels are counted in sigma, or in the time of a rectified flow, for which it was made. Source:
    Mochi 1 (Genmo 2024), as in ComfyUI.
    """
    half, n = max(_at_least_one(n) // 2, 1), _at_least_one(n)
    slope = threshold / half
    bend = (1 - slope * n) / max(n - half, 1) ** 2
    gone = [slope * i + bend * max(i - half, 0) ** 2 for i in range(n)]
    flow = schedule.whole if isinstance(schedule, NarrowedSchedule) else schedule
    if isinstance(flow, FlowSchedule):
        top = schedule.t(schedule.sigma_max)
        return _at_times([top * (1 - share) for share in gone], schedule)
    return (*(schedule.sigma_max * (1 - share) for share in gone), 0.0)


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
    "Align Your Steps 11": ScheduleRow(
        partial(aligned_points, table=AYS_SD1),
        "Align Your Steps with one more step at its lowest level; for Stable Diffusion 1.",
    ),
    "Align Your Steps 11 SDXL": ScheduleRow(
        partial(aligned_points, table=AYS_SDXL),
        "Align Your Steps with one more step at its lowest level; for Stable Diffusion XL.",
    ),
    "Align Your Steps 32": ScheduleRow(
        partial(aligned_points, table=AYS_32_SD1),
        "Align Your Steps from a table of 32 levels, for many steps; for Stable Diffusion 1.",
    ),
    "Align Your Steps 32 SDXL": ScheduleRow(
        partial(aligned_points, table=AYS_32_SDXL),
        "Align Your Steps from a table of 32 levels, for many steps; for Stable Diffusion XL.",
    ),
    "Align Your Steps GITS": ScheduleRow(
        partial(aligned_points, table=GITS_SD1),
        "Levels found by the shape of the path: few steps at high noise; for Stable Diffusion 1.",
    ),
    "Align Your Steps GITS SDXL": ScheduleRow(
        partial(aligned_points, table=GITS_SDXL),
        "Levels found by the shape of the path: few steps at high noise; for Stable Diffusion XL.",
    ),
    "Turbo": ScheduleRow(
        turbo, "Evenly spaced whole timesteps that count from pure noise: for distilled models."
    ),
    "Linear Quadratic": ScheduleRow(
        linear_quadratic,
        "Half of the steps near pure noise, then ever larger ones: for rectified flows.",
    ),
}
