"""Conventions of programs: what the same settings mean in them, to repeat their images.

Noise is a setting of its own (`noise_profiles`). Everything else that programs do otherwise with a
sampler, a schedule, a number of steps and a strength is here: which levels a run visits, how it
begins, and how it ends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from .beta_distribution import beta_quantile
from .dpm_solver import fast_levels
from .model_schedule import FlowSchedule, NarrowedSchedule, Schedule
from .samplers import sigmas_for
from .sigma_schedules import (
    AUTOMATIC,
    AYS_SD1,
    AYS_SDXL,
    SCHEDULES,
    Levels,
    aligned_points,
    beta_times,
    every_timestep,
    truncate,
)

STUDIO = "Studio"
A1111 = "A1111"
COMFYUI = "ComfyUI"

CONVENTIONS: Mapping[str, str] = {
    STUDIO: "Every number of steps is exact, and every run ends without noise.",
    A1111: "Schedules, steps of image-to-image and endings as in AUTOMATIC1111 and Forge.",
    COMFYUI: "Schedules, steps of image-to-image and timesteps as in ComfyUI.",
}
"""One sentence each."""


@dataclass(frozen=True)
class RunLevels:
    """The noise levels of a run, its beginning and its end."""

    sigmas: tuple[float, ...]
    """One more than steps, falling; the last is 0, or where the program stops."""
    noise: float
    """The factor of the unit noise at the start."""
    init: float = 1.0
    """The factor of the init image at the start."""
    preserves_variance: bool = False
    """Whether the result is divided by sqrt(1 + sigma^2) of a last level above 0, which is how
    samplers in variance-preserving form end."""


def run_levels(
    conventions: str,
    sampler: str,
    schedule: str,
    steps: int,
    model: Schedule,
    *,
    rho: float | None = None,
    strength: float | None = None,
    sdxl: bool = False,
) -> RunLevels:
    """The levels of a run, from an init image if a strength is given.

    `conventions` is a key of CONVENTIONS; `sdxl`: the model is of the family of Stable Diffusion
    XL, for which AUTOMATIC1111 has tables of its own. Raises KeyError for unknown names, ValueError
    for fewer than one step.
    """
    if conventions == A1111:
        return _a1111(sampler, schedule, steps, model, rho, strength, sdxl)
    if conventions == COMFYUI:
        return _comfyui(sampler, schedule, steps, model, rho, strength)
    sigmas = sigmas_for(sampler, schedule, steps, model, rho)
    sigmas = sigmas if strength is None else truncate(sigmas, strength)
    return RunLevels(sigmas, sigmas[0])


def steps_run(conventions: str, steps: int, strength: float) -> int:
    """How many steps a run from an init image takes, with most samplers."""
    if conventions == A1111:
        return _encoded(steps, strength) + 1
    return steps if conventions == COMFYUI else len(truncate(range(steps + 1), strength)) - 1


# -- AUTOMATIC1111 and Forge ------------------------------------------------------------------


def beta_in_sigma(n: int, model: Schedule) -> tuple[float, ...]:
    """Sigmas, not timesteps, at even quantiles of a beta distribution, both ends included."""
    low, high = model.sigma_min, model.sigma_max
    shares = [1 - i / max(n - 1, 1) for i in range(n)]
    return (*(low + (high - low) * beta_quantile(share, 0.6, 0.6) for share in shares), 0.0)


def kl_to_lowest(n: int, model: Schedule) -> tuple[float, ...]:
    """KL Optimal that stops at the lowest sigma, not at 0: its image keeps a little noise."""
    low, high = math.atan(model.sigma_min), math.atan(model.sigma_max)
    return tuple(math.tan(high + (low - high) * i / n) for i in range(n + 1))


_A1111_SCHEDULES: Mapping[str, Levels] = {
    "Beta": beta_in_sigma,
    "KL Optimal": kl_to_lowest,
    "Align Your Steps": partial(aligned_points, table=AYS_SD1),
    "Align Your Steps SDXL": partial(aligned_points, table=AYS_SDXL),
    "DDIM Uniform": every_timestep,
}
_A1111_AUTOMATIC: Mapping[str, str] = {
    **dict.fromkeys(("DPM2", "DPM2 a", "DPM++ 2S a", "DPM++ 2M", "DPM++ SDE", "Restart"), "Karras"),
    **dict.fromkeys(("DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"), "Exponential"),
}
UNIPC = ("UniPC", "UniPC bh1")
IN_TIMESTEPS = ("DDIM", "DDIM CFG++", "PLMS", *UNIPC)
"""Samplers for which AUTOMATIC1111 ignores the schedule."""


def _a1111(
    sampler: str,
    schedule: str,
    steps: int,
    model: Schedule,
    rho: float | None,
    strength: float | None,
    sdxl: bool,
) -> RunLevels:
    fewest = 2 if strength is None else 3  # with fewer it stops before the first step
    if sampler in IN_TIMESTEPS and fewest <= steps <= _count(model) and not _is_flow(model):
        return _in_timesteps(sampler, steps, model, strength)
    if schedule == AUTOMATIC:
        schedule = _A1111_AUTOMATIC.get(sampler, "Normal")
    if sdxl and f"{schedule} SDXL" in SCHEDULES:
        schedule = f"{schedule} SDXL"
    sigmas = sigmas_for(sampler, schedule, steps, model, rho, _A1111_SCHEDULES)
    if strength is not None:
        sigmas = sigmas[max(0, steps - _encoded(steps, strength) - 1) :]
    if sampler == "DPM fast":
        lowest = model.sigma_min if strength is None else (sigmas[-1] or sigmas[-2])
        highest = model.sigma_max if strength is None else sigmas[0]
        if lowest < highest:
            sigmas = fast_levels(len(sigmas) - 1, lowest, highest)
    return RunLevels(sigmas, sigmas[0])


def _in_timesteps(sampler: str, steps: int, model: Schedule, strength: float | None) -> RunLevels:
    """Every floor(count/n)-th timestep from the second upwards, down to that one: the last of them
    is where DDIM and PLMS stop, so n steps are often n - 1. UniPC only starts there, or at the
    noisiest, and divides the way to the cleanest evenly.

    From an init image the noise is that of one timestep more than the first to be visited.
    """
    first, count = model.t(model.sigma_min), _count(model)
    times = [first + min(t + 1, count - 1) for t in range(0, count, count // steps)]
    noisy = None
    if strength is not None:
        encoded = max(2, min(_encoded(steps, strength), len(times) - 1))
        noisy, times = times[encoded], times[:encoded]
    if sampler in UNIPC:
        top = times[-1] if strength is not None else first + count - 1
        parts = len(times)
        visited = [top + (first - top) * i / parts for i in range(parts + 1)]
        sigmas = tuple(_between_signals(model, t) for t in visited)
    else:
        sigmas = tuple(model.sigma(t) for t in reversed(times))
    factor = math.sqrt(1 + sigmas[0] ** 2)
    if noisy is None:
        return RunLevels(sigmas, factor, preserves_variance=True)
    sigma = model.sigma(noisy)
    factor /= math.sqrt(1 + sigma**2)
    return RunLevels(sigmas, factor * sigma, factor, preserves_variance=True)


def _between_signals(model: Schedule, t: float) -> float:
    """Sigma at a time between two timesteps, where the logarithm of the signal is linear."""
    low = math.floor(t + 1e-9)
    part = max(0.0, t - low)
    logs = [math.log1p(model.sigma(time) ** 2) for time in (low, low + 1)]
    return math.sqrt(math.expm1(logs[0] + part * (logs[1] - logs[0])))


def _encoded(steps: int, strength: float) -> int:
    return int(min(strength, 0.999) * steps)


# -- ComfyUI ----------------------------------------------------------------------------------


def beta_without_repeats(n: int, model: Schedule) -> tuple[float, ...]:
    """Beta on whole timesteps; those that are visited twice are left out, with their steps."""
    cleanest = model.t(model.sigma_min)
    whole = dict.fromkeys(math.floor(t + 0.5 + 1e-9) for t in beta_times(n, model))
    return (*(model.sigma(cleanest + t) for t in whole), 0.0)


_COMFYUI_SCHEDULES: Mapping[str, Levels] = {
    "Beta": beta_without_repeats,
    "DDIM Uniform": every_timestep,
}
_COMFYUI_DISCARDS = ("DPM2", "DPM2 a", *UNIPC)
_UNIPC_END = 0.001


def _comfyui(
    sampler: str,
    schedule: str,
    steps: int,
    model: Schedule,
    rho: float | None,
    strength: float | None,
) -> RunLevels:
    count = steps if strength is None or strength > 0.9999 else int(steps / strength)
    discards = sampler in _COMFYUI_DISCARDS
    sigmas = sigmas_for(sampler, schedule, count, model, rho, _COMFYUI_SCHEDULES, discards)
    if count > steps:
        sigmas = sigmas[-(steps + 1) :]
    if sampler in UNIPC and sigmas[-2] > _UNIPC_END:
        sigmas = (*sigmas[:-1], _UNIPC_END)
    noisiest = sigmas[0] >= model.sigma_max * (1 - 1e-5) and not _is_flow(model)
    return RunLevels(sigmas, math.sqrt(1 + sigmas[0] ** 2) if noisiest else sigmas[0])


def _is_flow(model: Schedule) -> bool:
    whole = model.whole if isinstance(model, NarrowedSchedule) else model
    return isinstance(whole, FlowSchedule)


def _count(model: Schedule) -> int:
    return round(model.t(model.sigma_max) - model.t(model.sigma_min)) + 1


# -- names ------------------------------------------------------------------------------------

_MEANT: Mapping[str, Mapping[str, str]] = {
    A1111: {"UniPC": "UniPC bh1", "DEIS": "DEIS tAB"},
    COMFYUI: {"UniPC": "UniPC bh1", "DEIS": "DEIS tAB"},
}


def meant(conventions: str, sampler: str) -> str:
    """The sampler that a program means by the name of another one here."""
    return _MEANT.get(conventions, {}).get(sampler, sampler)
