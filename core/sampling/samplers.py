"""The table of samplers: pure steps from one noise level to the next, variance exploding.

Noise levels are floats and latents meet only operators, so the table can be listed without torch. A
row makes its sampler with default or other options. All samplers end exactly on their last estimate
of x0, so the last preview is the image; LMS and PLMS can also end as in other programs.

Noise is `noise(step, draw)`, independent for every step and draw and of unit variance. For an SDE
these are the increments of its Brownian motion between the visited levels, each divided by its
standard deviation, so nothing needs to be stored between steps. A run with other steps therefore
has another motion, unlike with a Brownian tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from inspect import signature

from .cfg_plus_plus import (
    ddim_cfg_pp,
    dpmpp_2m_cfg_pp,
    dpmpp_2s_ancestral_cfg_pp,
    euler_ancestral_cfg_pp,
    euler_cfg_pp,
    gradient_estimation_cfg_pp,
    res_multistep_ancestral_cfg_pp,
    res_multistep_cfg_pp,
)
from .dpm_solver import dpm_adaptive, dpm_fast
from .dpmpp import dpmpp_2m, dpmpp_2m_sde, dpmpp_2s_ancestral, dpmpp_3m_sde, dpmpp_sde
from .er_sde import er_sde
from .exponential import res_multistep, res_multistep_ancestral, seeds_2, seeds_3
from .model_schedule import Schedule
from .multistep import deis, deis_tab, gradient_estimation, ipndm, ipndm_v, lms, plms
from .sa_solver import sa_solver, sa_solver_pece
from .sigma_schedules import AUTOMATIC, SCHEDULES, Levels
from .single_step import (
    Churn,
    ddim,
    ddpm,
    dpm2,
    dpm2_ancestral,
    euler,
    euler_ancestral,
    heun,
    heunpp2,
    lcm,
    restart,
)
from .trajectory import Sampler
from .unipc import unipc

OPTIONS = ("eta", "s_noise", "churn", "churn_lowest", "churn_highest", "order")
"""Keywords of the functions that make samplers, which the user may set."""


@dataclass(frozen=True)
class SamplerRow:
    """A sampler as the user picks it."""

    make: Callable[..., Sampler]
    """Takes its options as keywords."""
    summary: str
    """One sentence for the user."""
    schedule: str
    """Its default schedule, a key of `sigma_schedules.SCHEDULES`."""
    discards_penultimate_sigma: bool = False
    """Whether the last noise level before 0 is skipped, as in other programs."""
    draws: int = 1
    """How often it draws in a step, where that is always the same."""
    takes_both: bool = False
    """Whether its denoiser gives the guided and the unconditional estimate in one batch."""

    @property
    def options(self) -> tuple[str, ...]:
        """Those of OPTIONS that it takes."""
        return tuple(self.defaults)

    @cached_property
    def defaults(self) -> Mapping[str, float | int]:
        """Its options and their default values."""
        keywords = signature(self.make).parameters
        return {name: keywords[name].default for name in keywords if name in OPTIONS}

    @property
    def step(self) -> Sampler:
        """The sampler with its default options."""
        return self.make()

    def with_options(self, options: Mapping[str, float | int]) -> Sampler:
        """Raises TypeError for an option it does not take."""
        return self.make(**options)


def resolve(schedule: str, sampler: str) -> str:
    """The schedule to run: "Automatic" is the sampler's default.

    Raises KeyError for a sampler that is not in `SAMPLERS`.
    """
    return SAMPLERS[sampler].schedule if schedule == AUTOMATIC else schedule


def sigmas_for(
    sampler: str,
    schedule: str,
    steps: int,
    model: Schedule,
    rho: float | None = None,
    other: Mapping[str, Levels] | None = None,
    discards: bool | None = None,
) -> tuple[float, ...]:
    """The noise levels of a run: steps + 1 sigmas, the last 0.

    A sampler that discards the penultimate level gets a schedule of one more step without that
    level. `other` schedules and `discards` replace those of the tables, see `conventions`. Raises
    KeyError for unknown names, ValueError for fewer than one step.
    """
    name = resolve(schedule, sampler)
    row = SCHEDULES[name]
    sigmas = row.sigmas if rho is None or row.with_rho is None else row.with_rho(rho)
    sigmas = (other or {}).get(name, sigmas)
    discards = SAMPLERS[sampler].discards_penultimate_sigma if discards is None else discards
    if not discards or steps < 1:
        return sigmas(steps, model)
    *noisy, _, last = sigmas(steps + 1, model)
    return (*noisy, last)


def _with_churn_options(make: Callable[[Churn], Sampler]) -> Callable[..., Sampler]:
    def made(
        churn: float = 0.0,
        churn_lowest: float = 0.0,
        churn_highest: float = math.inf,
        s_noise: float = 1.0,
    ) -> Sampler:
        return make(Churn(churn, churn_lowest, churn_highest, s_noise))

    return made


SAMPLERS: Mapping[str, SamplerRow] = {
    "Euler": SamplerRow(
        _with_churn_options(euler),
        "The simplest: straight steps; converges to one image as steps grow.",
        "Normal",
    ),
    "Euler a": SamplerRow(
        euler_ancestral,
        "Adds fresh noise at every step: varied and forgiving; never converges as steps grow.",
        "Normal",
    ),
    "LMS": SamplerRow(
        lms,
        "Extrapolates from the last four steps: accurate, best above 20 steps.",
        "Normal",
    ),
    "Heun": SamplerRow(
        _with_churn_options(heun),
        "Two model evaluations per step: more accurate than Euler, and twice as slow.",
        "Normal",
    ),
    "DPM2": SamplerRow(
        _with_churn_options(dpm2),
        "A second evaluation in the middle of each step: accurate, and twice as slow as Euler.",
        "Karras",
        discards_penultimate_sigma=True,
    ),
    "DPM2 a": SamplerRow(
        dpm2_ancestral,
        "DPM2 with fresh noise at every step: varied, and twice as slow as Euler a.",
        "Karras",
        discards_penultimate_sigma=True,
    ),
    "DPM++ 2S a": SamplerRow(
        dpmpp_2s_ancestral,
        "Two evaluations and fresh noise per step: detailed and varied, twice as slow.",
        "Karras",
    ),
    "DPM++ 2M": SamplerRow(
        dpmpp_2m, "Remembers the previous step: sharp images in fewer steps.", "Karras"
    ),
    "DPM++ SDE": SamplerRow(
        dpmpp_sde,
        "Two evaluations and two noise draws per step: rich detail in few steps, twice as slow.",
        "Karras",
    ),
    "DPM++ 2M SDE": SamplerRow(
        dpmpp_2m_sde,
        "DPM++ 2M with fresh noise at every step: detailed and varied.",
        "Exponential",
    ),
    "DPM++ 2M SDE Heun": SamplerRow(
        partial(dpmpp_2m_sde, solver="heun"),
        "DPM++ 2M SDE with more weight on the previous step: smoother in few steps.",
        "Exponential",
    ),
    "DPM++ 3M SDE": SamplerRow(
        dpmpp_3m_sde,
        "Remembers two steps and adds fresh noise: finest detail from 30 steps.",
        "Exponential",
        discards_penultimate_sigma=True,
    ),
    "DPM fast": SamplerRow(
        dpm_fast, "Groups three steps into one of third order: for very few steps.", "Exponential"
    ),
    "DPM adaptive": SamplerRow(
        dpm_adaptive,
        "As many evaluations per step as the error requires: accurate; its time varies.",
        "Karras",
    ),
    "DDIM": SamplerRow(
        ddim, "The classic deterministic sampler; follows the same path as Euler.", "SGM Uniform"
    ),
    "DDPM": SamplerRow(
        ddpm, "The original sampler: the same steps as Euler a, meant for very many.", "Normal"
    ),
    "PLMS": SamplerRow(
        plms, "The first sampler of Stable Diffusion: remembers four steps.", "SGM Uniform"
    ),
    "UniPC": SamplerRow(
        unipc, "Corrects each step with the next evaluation: accurate from 10 steps.", "Normal"
    ),
    "LCM": SamplerRow(
        lcm,
        "For models distilled to 2 to 8 steps, with a CFG scale of 1 to 2; blurry with others.",
        "SGM Uniform",
    ),
    "Restart": SamplerRow(
        restart,
        "Adds noise again and removes it to correct errors; from 20 steps, twice as slow.",
        "Karras",
    ),
    "DEIS": SamplerRow(
        deis, "Extrapolates from the last three steps: steadier than LMS in few steps.", "Karras"
    ),
    "ER SDE": SamplerRow(
        er_sde,
        "Much noise early and little late: the variety of Euler a and sharper detail.",
        "Karras",
    ),
    "Gradient Estimation": SamplerRow(
        gradient_estimation,
        "Euler that corrects its last error: better in few steps at the same speed.",
        "Normal",
    ),
    "HeunPP2": SamplerRow(
        _with_churn_options(heunpp2),
        "Heun that looks two steps ahead: smooth, and three times as slow as Euler.",
        "Normal",
    ),
    "IPNDM": SamplerRow(
        ipndm, "PLMS with a plain first step: fast and sharp, for even schedules.", "Normal"
    ),
    "IPNDM_V": SamplerRow(
        ipndm_v, "IPNDM that weighs earlier steps by their size, for uneven schedules.", "Normal"
    ),
    "DEIS tAB": SamplerRow(
        deis_tab, "DEIS as other programs have it: extrapolates in time, not in noise.", "Normal"
    ),
    "UniPC bh1": SamplerRow(
        partial(unipc, variant="bh1"),
        "UniPC in its first variant, the default of other programs.",
        "Normal",
    ),
    "RES Multistep": SamplerRow(
        res_multistep, "Follows the change since the previous step exactly: few steps.", "Karras"
    ),
    "RES Multistep a": SamplerRow(
        res_multistep_ancestral,
        "RES Multistep with fresh noise at every step: detailed and varied.",
        "Karras",
    ),
    "SEEDS-2": SamplerRow(
        seeds_2,
        "Two evaluations and two noise draws per step, for the exact SDE.",
        "Exponential",
        draws=2,
    ),
    "SEEDS-3": SamplerRow(
        seeds_3,
        "Three evaluations and three noise draws per step: most accurate.",
        "Exponential",
        draws=3,
    ),
    "SA-Solver": SamplerRow(
        sa_solver,
        "Predicts and corrects from four estimates, with fresh noise in the middle of the run.",
        "Karras",
    ),
    "SA-Solver PECE": SamplerRow(
        sa_solver_pece,
        "SA-Solver that evaluates each correction: steadier, and twice as slow.",
        "Karras",
    ),
    "Euler CFG++": SamplerRow(
        euler_cfg_pp,
        "Euler with CFG++: guidance that stays close to real images, with a CFG scale of 0.5 to 2.",
        "Normal",
        takes_both=True,
    ),
    "Euler a CFG++": SamplerRow(
        euler_ancestral_cfg_pp,
        "Euler a with CFG++: varied and forgiving, with a CFG scale of 0.5 to 2.",
        "Normal",
        takes_both=True,
    ),
    "DPM++ 2S a CFG++": SamplerRow(
        dpmpp_2s_ancestral_cfg_pp,
        "DPM++ 2S a with CFG++: two evaluations per step, with a CFG scale of 0.5 to 2.",
        "Karras",
        takes_both=True,
    ),
    "DPM++ 2M CFG++": SamplerRow(
        dpmpp_2m_cfg_pp,
        "DPM++ 2M with CFG++: sharp in few steps, with a CFG scale of 0.5 to 2.",
        "Karras",
        takes_both=True,
    ),
    "RES Multistep CFG++": SamplerRow(
        res_multistep_cfg_pp,
        "RES Multistep with CFG++ and a CFG scale of 0.5 to 2.",
        "Karras",
        takes_both=True,
    ),
    "RES Multistep a CFG++": SamplerRow(
        res_multistep_ancestral_cfg_pp,
        "RES Multistep a with CFG++ and a CFG scale of 0.5 to 2.",
        "Karras",
        takes_both=True,
    ),
    "Gradient Estimation CFG++": SamplerRow(
        gradient_estimation_cfg_pp,
        "Gradient Estimation with CFG++ and a CFG scale of 0.5 to 2.",
        "Normal",
        takes_both=True,
    ),
    "DDIM CFG++": SamplerRow(
        ddim_cfg_pp,
        "DDIM with CFG++ as in AUTOMATIC1111, which divides the CFG scale by 12.5: usual scales.",
        "SGM Uniform",
        takes_both=True,
    ),
}
