"""What other programs mean by the same settings, in published numbers and by their formulas."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from scipy import stats
from torch import Tensor

from core.sampling.conventions import (
    A1111,
    COMFYUI,
    CONVENTIONS,
    STUDIO,
    RunLevels,
    meant,
    run_levels,
    steps_run,
)
from core.sampling.dpm_solver import fast_levels
from core.sampling.model_schedule import FlowSchedule, WholeTimesteps, scaled_linear
from core.sampling.samplers import SAMPLERS, sigmas_for
from core.sampling.sigma_schedules import AYS_SD1, AYS_SDXL
from core.sampling.step_functions import preserving_variance
from core.sampling.trajectory import Denoiser
from tests.core.sampling.sampler_runs import last, start
from tests.core.sampling.test_sampler_parity import (
    CONFIG,
    close,
    denoise,
    diffusers_run,
    double,
    prepared,
)

__all__ = ["denoise", "double"]  # fixtures

# diffusers' own, for numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

MODEL = scaled_linear()
LOW, HIGH = MODEL.sigma_min, MODEL.sigma_max


def levels(conventions: str, sampler: str, schedule: str, steps: int, **others: Any) -> RunLevels:
    return run_levels(conventions, sampler, schedule, steps, MODEL, **others)


def times(found: RunLevels) -> list[float]:
    return [MODEL.t(sigma) for sigma in found.sigmas if sigma > 0]


def test_our_own_conventions_are_the_schedules_as_they_are() -> None:
    found = levels(STUDIO, "DDIM", "Automatic", 20)
    assert found == RunLevels(sigmas_for("DDIM", "Automatic", 20, MODEL), HIGH)


@pytest.mark.parametrize(
    ("conventions", "run", "first"), [(STUDIO, 15, 3.865), (A1111, 16, 4.856), (COMFYUI, 20, 4.265)]
)
def test_twenty_steps_of_strength_0_75_start_where_each_program_starts(
    conventions: str, run: int, first: float
) -> None:
    """As measured in these programs with Euler and the schedule Normal."""
    found = levels(conventions, "Euler", "Normal", 20, strength=0.75)
    assert len(found.sigmas) - 1 == run == steps_run(conventions, 20, 0.75)
    assert found.sigmas[0] == pytest.approx(first, abs=5e-4)
    assert (found.init, found.noise) == (1.0, found.sigmas[0])


@pytest.mark.parametrize("conventions", CONVENTIONS)
@pytest.mark.parametrize("sampler", ["Euler", "DDIM", "UniPC bh1", "DPM fast", "DPM2"])
@pytest.mark.parametrize("schedule", ["Normal", "Beta", "KL Optimal", "DDIM Uniform"])
def test_every_run_has_a_step_and_levels_that_fall(
    conventions: str, sampler: str, schedule: str
) -> None:
    for steps in (1, 2, 3, 7, 30):
        for strength in (None, 0.01, 0.5, 1.0):
            found = levels(conventions, sampler, schedule, steps, strength=strength)
            assert len(found.sigmas) >= 2
            assert list(found.sigmas) == sorted(set(found.sigmas), reverse=True)
            assert found.noise > 0


# -- AUTOMATIC1111 ------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 20])
def test_its_beta_schedule_spreads_sigmas(n: int) -> None:
    quantiles = stats.beta.ppf(1 - np.linspace(0, 1, n), 0.6, 0.6)
    found = levels(A1111, "Euler", "Beta", n)
    assert found.sigmas == pytest.approx([*(LOW + quantiles * (HIGH - LOW)), 0.0])


def test_its_kl_optimal_schedule_stops_at_the_lowest_sigma() -> None:
    shares = np.arange(21) / 20
    expected = np.tan(shares * math.atan(LOW) + (1 - shares) * math.atan(HIGH))
    found = levels(A1111, "Euler", "KL Optimal", 20)
    assert found.sigmas == pytest.approx(list(expected))
    assert not found.preserves_variance


@pytest.mark.parametrize(("sdxl", "table"), [(False, AYS_SD1), (True, AYS_SDXL)])
def test_its_align_your_steps_visits_the_table_in_eleven_steps(
    sdxl: bool, table: tuple[float, ...]
) -> None:
    found = levels(A1111, "Euler", "Align Your Steps", 11, sdxl=sdxl)
    assert found.sigmas == pytest.approx((*table, 0.0))


def test_its_automatic_schedule_is_that_of_the_sampler() -> None:
    for sampler, schedule in (("DPM++ 2M", "Karras"), ("DPM++ 3M SDE", "Exponential"),
                              ("DEIS", "Normal"), ("LMS", "Normal")):  # fmt: skip
        expected = sigmas_for(sampler, schedule, 9, MODEL)
        assert levels(A1111, sampler, "Automatic", 9).sigmas == expected


@pytest.mark.parametrize("schedule", ["Automatic", "Karras"])
@pytest.mark.parametrize("sampler", ["DDIM", "PLMS", "DDIM CFG++"])
def test_its_timestep_samplers_ignore_the_schedule(sampler: str, schedule: str) -> None:
    found = levels(A1111, sampler, schedule, 20)
    assert times(found) == pytest.approx(list(range(951, 0, -50)), abs=1e-6)
    assert found.noise == pytest.approx(math.sqrt(1 + MODEL.sigma(951) ** 2))
    assert found.preserves_variance


def test_its_ddim_ends_as_that_of_latent_diffusion(denoise: Denoiser) -> None:
    """diffusers' scheduler, stopped before its last step: 19 evaluations, from unit noise in VP
    form to the latent of timestep 1."""
    scheduler, _ = prepared(DDIMScheduler(**CONFIG, clip_sample=False, steps_offset=1), 20)
    assert [int(t) for t in scheduler.timesteps] == list(range(951, 0, -50))
    found, unit = levels(A1111, "DDIM", "Automatic", 20), start(1.0)
    expected = diffusers_run(scheduler, unit * found.noise, denoise, steps=19)
    sampler = preserving_variance(SAMPLERS["DDIM"].step)
    close(last(sampler, denoise, unit * found.noise, found.sigmas), expected)


def test_its_ddim_starts_from_an_image_one_timestep_above_the_first(mixture: Any) -> None:
    """20 steps at 0.75: noise of timestep 751, denoised from 701 on."""
    found = levels(A1111, "DDIM", "Automatic", 20, strength=0.75)
    assert times(found) == pytest.approx(list(range(701, 0, -50)), abs=1e-6)
    image, unit = start(0.5), start(1.0)
    abar = 1 / (1 + MODEL.sigma(751) ** 2)
    z = math.sqrt(abar) * image + math.sqrt(1 - abar) * unit
    expected = z * math.sqrt(1 + MODEL.sigma(701) ** 2)
    close(image * found.init + unit * found.noise, expected)


def test_its_unipc_divides_the_whole_time_and_ends_at_the_cleanest(denoise: Denoiser) -> None:
    """The levels of linspace(999, 0, 11), interpolated in the logarithm of the signal, as by
    diffusers' first variant, which steps to its last sigma without estimating there."""
    found = levels(A1111, "UniPC bh1", "Automatic", 10)
    visited = np.linspace(999, 0, 11)
    logs = [-math.log1p(MODEL.sigma(t) ** 2) / 2 for t in range(1000)]
    signals = np.exp(np.interp(visited, range(1000), logs))
    assert found.sigmas == pytest.approx(list(np.sqrt(1 / signals**2 - 1)), rel=1e-6)

    scheduler = UniPCMultistepScheduler(**CONFIG, solver_order=3, solver_type="bh1")
    scheduler, _ = prepared(scheduler, 10)
    scheduler.sigmas = torch.tensor(found.sigmas, dtype=torch.float64)
    unit = start(1.0)
    z = unit
    for i, t in enumerate(scheduler.timesteps):
        sigma = found.sigmas[i]
        x = z * math.sqrt(1 + sigma**2)
        z = scheduler.step((x - denoise(x, sigma)) / sigma, t, z).prev_sample
    sampler = preserving_variance(SAMPLERS["UniPC bh1"].step)
    close(last(sampler, denoise, unit * found.noise, found.sigmas), z)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("evaluations", [1, 2, 3, 7, 9, 20])
def test_its_dpm_fast_visits_the_levels_of_k_diffusion(
    evaluations: int, mixture: Any, k_diffusion: ModuleType
) -> None:
    visited: list[float] = []

    def watched(x: Tensor, sigma: Tensor) -> Tensor:
        visited.append(float(sigma[0]))
        return mixture.denoise(x, float(sigma[0]))

    x = start(HIGH)
    expected = k_diffusion.sample_dpm_fast(watched, x, LOW, HIGH, evaluations, disable=True)
    found = levels(A1111, "DPM fast", "Automatic", evaluations)
    assert found.sigmas == pytest.approx((*visited, LOW))
    assert found.sigmas == fast_levels(evaluations, LOW, HIGH)
    close(last("DPM fast", mixture.denoise, x, found.sigmas), expected)


# -- ComfyUI ------------------------------------------------------------------------------------


def test_it_drops_repeated_timesteps_of_beta_and_lengthens_ddim_uniform() -> None:
    quantiles = np.rint(stats.beta.ppf(1 - np.arange(200) / 200, 0.6, 0.6) * 999)
    expected = list(dict.fromkeys(quantiles))
    assert len(expected) < 200
    assert times(levels(COMFYUI, "Euler", "Beta", 200)) == pytest.approx(expected, abs=1e-6)
    assert times(levels(COMFYUI, "Euler", "DDIM Uniform", 30)) == pytest.approx(
        list(range(1, 1000, 33))[::-1], abs=1e-6
    )


def test_it_starts_with_the_variance_of_noise_and_image_at_the_highest_sigma_alone() -> None:
    assert levels(COMFYUI, "Euler", "Karras", 9).noise == pytest.approx(math.sqrt(1 + HIGH**2))
    assert levels(COMFYUI, "Euler", "DDIM Uniform", 9).noise < HIGH
    flow = FlowSchedule()
    found = run_levels(COMFYUI, "Euler", "Karras", 9, flow)
    assert found.noise == found.sigmas[0] == pytest.approx(flow.sigma_max)


def test_it_discards_the_penultimate_sigma_of_other_samplers() -> None:
    assert len(levels(COMFYUI, "DPM++ 3M SDE", "Karras", 9).sigmas) == 10
    assert levels(COMFYUI, "DPM++ 3M SDE", "Karras", 9).sigmas[-2] == pytest.approx(LOW)
    unipc = levels(COMFYUI, "UniPC bh1", "Karras", 9).sigmas
    assert unipc[:-1] == sigmas_for("DPM2", "Karras", 9, MODEL)[:-1]
    assert unipc[-1] == 0.001


def test_its_networks_get_the_nearest_timestep() -> None:
    table = np.exp(MODEL.log_sigmas)
    for sigma in (0.03, 0.5, 3.3, 14.0):
        nearest = int(np.abs(np.log(table) - math.log(sigma)).argmin())
        assert WholeTimesteps(MODEL).c_noise(sigma) == nearest


def test_samplers_of_other_programs_have_their_variants() -> None:
    assert meant(A1111, "UniPC") == meant(COMFYUI, "UniPC") == "UniPC bh1"
    assert meant(COMFYUI, "DEIS") == "DEIS tAB"
    assert meant(STUDIO, "UniPC") == "UniPC"
    assert meant(A1111, "Euler") == "Euler"
