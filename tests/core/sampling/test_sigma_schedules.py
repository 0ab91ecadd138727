"""Noise schedules, and the part of them that image-to-image runs."""

from __future__ import annotations

import math
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.sampling.beta_distribution import beta_quantile
from core.sampling.model_schedule import EdmSchedule, FlowSchedule, Schedule, cosine, scaled_linear
from core.sampling.sigma_schedules import (
    AYS_32_SD1,
    AYS_32_SDXL,
    AYS_SD1,
    AYS_SDXL,
    GITS_SD1,
    GITS_SDXL,
    SCHEDULES,
    align_your_steps,
    beta,
    ddim_uniform,
    exponential,
    karras,
    kl_optimal,
    linear_quadratic,
    normal,
    polyexponential,
    sgm_uniform,
    simple,
    truncate,
    turbo,
)

MODELS: dict[str, Schedule] = {
    "discrete": scaled_linear(),
    "cosine": cosine(),
    "flow": FlowSchedule(),
    "few timesteps": scaled_linear(steps=40),
    "continuum": EdmSchedule(),
}


LOWEST = {"Linear Quadratic": 0.0} | {
    f"Align Your Steps {which}": 0.5 if "32" in which else 0.99
    for which in ("11", "11 SDXL", "32", "32 SDXL", "GITS", "GITS SDXL")
}
"""Of the model's lowest level: tables are rounded, and the one of 32 ends at half of it."""


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", SCHEDULES)
@settings(max_examples=30)
@given(n=st.integers(1, 1000))
def test_sigmas_decrease_from_the_noisiest_to_zero(name: str, model: str, n: int) -> None:
    sigmas = SCHEDULES[name].sigmas(n, MODELS[model])
    assert len(sigmas) == n + 1
    if name == "DDIM Uniform":
        assert 0 < sigmas[0] <= MODELS[model].sigma_max * (1 + 1e-9)
    else:
        assert sigmas[0] == pytest.approx(MODELS[model].sigma_max, rel=1e-4)
    assert sigmas[-1] == 0.0
    assert all(a > b for a, b in pairwise(sigmas))
    assert n == 1 or sigmas[-2] >= LOWEST.get(name, 1.0) * MODELS[model].sigma_min * (1 - 1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_zero_steps_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        SCHEDULES[name].sigmas(0, scaled_linear())


def test_all_known_schedules_exist() -> None:
    assert list(SCHEDULES) == [
        "Automatic", "Normal", "Karras", "Exponential", "Polyexponential", "SGM Uniform", "Simple",
        "DDIM Uniform", "Beta", "KL Optimal", "Align Your Steps", "Align Your Steps SDXL",
        "Align Your Steps 11", "Align Your Steps 11 SDXL", "Align Your Steps 32",
        "Align Your Steps 32 SDXL", "Align Your Steps GITS", "Align Your Steps GITS SDXL", "Turbo",
        "Linear Quadratic",
    ]  # fmt: skip
    assert all(row.summary.endswith(".") for row in SCHEDULES.values())


def test_karras_agrees_with_k_diffusion(k_diffusion: ModuleType) -> None:
    expected = k_diffusion.get_sigmas_karras(17, 0.0292, 14.6146)
    actual = torch.tensor(karras(17, 0.0292, 14.6146))
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("rho", [0.5, 1.0, 2.0])
def test_polyexponential_agrees_with_k_diffusion(rho: float, k_diffusion: ModuleType) -> None:
    expected = k_diffusion.get_sigmas_polyexponential(17, 0.0292, 14.6146, rho)
    actual = torch.tensor(polyexponential(17, 0.0292, 14.6146, rho))
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=0)
    with pytest.raises(ValueError, match="rho"):
        polyexponential(17, 0.0292, 14.6146, 0.0)


def test_exponential_agrees_with_k_diffusion(k_diffusion: ModuleType) -> None:
    expected = k_diffusion.get_sigmas_exponential(17, 0.0292, 14.6146)
    actual = torch.tensor(exponential(17, 0.0292, 14.6146))
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=0)
    assert exponential(5, 0.01, 100.0) == pytest.approx([100.0, 10.0, 1.0, 0.1, 0.01, 0.0])


def times_of(sigmas: tuple[float, ...]) -> list[float]:
    return list(map(scaled_linear().t, sigmas[:-1]))


@pytest.mark.parametrize("n", [1, 4, 7, 20, 30, 999, 1000])
def test_simple_takes_timesteps_from_the_noisy_end(n: int) -> None:
    table = range(1000)
    expected = [table[-(1 + int(i * 1000 / n))] for i in range(n)]
    assert times_of(simple(n, scaled_linear())) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n", [1, 7, 20, 30])
def test_timesteps_of_a_continuous_schedule_are_even_in_log_sigma(n: int) -> None:
    """ComfyUI has a table of 1000 timesteps for these models."""
    table = np.exp(np.linspace(math.log(0.002), math.log(120.0), 1000))
    model = EdmSchedule(0.002, 120.0)
    expected = [table[-(1 + int(i * 1000 / n))] for i in range(n)]
    assert simple(n, model)[:-1] == pytest.approx(expected, rel=1e-9)
    quantiles = stats.beta.ppf(1 - np.arange(n) / n, 0.6, 0.6)
    expected = table[np.floor(999 * quantiles + 0.5 + 1e-9).astype(int)]
    assert beta(n, model)[:-1] == pytest.approx(expected, rel=1e-9)
    assert ddim_uniform(n, model)[:-1] == pytest.approx(table[1 :: 1000 // n][:n][::-1], rel=1e-9)
    assert normal(n, model) == pytest.approx(exponential(n, 0.002, 120.0), rel=1e-9)


def test_ddim_uniform_starts_at_the_second_timestep() -> None:
    """Stable Diffusion's DDIM: multiples of 1000 // n, one later."""
    sigmas = ddim_uniform(20, scaled_linear())
    assert times_of(sigmas) == pytest.approx(list(range(1, 1000, 50))[::-1], abs=1e-6)
    assert len(ddim_uniform(30, scaled_linear())) == 31
    every = times_of(ddim_uniform(1000, scaled_linear()))
    assert every == pytest.approx(list(range(1000))[::-1], abs=1e-6)


@given(
    share=st.just(0.0) | st.floats(1e-30, 1),  # scipy does not converge for smaller ones
    a=st.floats(0.3, 4),
    b=st.floats(0.3, 4),
)
def test_beta_quantiles_agree_with_scipy(share: float, a: float, b: float) -> None:
    x = beta_quantile(share, a, b)
    assert x == pytest.approx(stats.beta.ppf(share, a, b), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("share", "a", "b"), [(-0.1, 1, 1), (1.1, 1, 1), (0.5, 0, 1), (0.5, 1, 0)])
def test_impossible_quantiles_are_refused(share: float, a: float, b: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        beta_quantile(share, a, b)


@pytest.mark.parametrize("n", [1, 2, 10, 20, 50])
def test_beta_visits_whole_timesteps(n: int) -> None:
    expected = np.rint(stats.beta.ppf(1 - np.linspace(0, 1, n, endpoint=False), 0.6, 0.6) * 999)
    assert times_of(beta(n, scaled_linear())) == pytest.approx(list(expected), abs=1e-6)


@pytest.mark.parametrize("n", [200, 1000])
def test_beta_with_many_steps_has_fractional_times(n: int) -> None:
    expected = stats.beta.ppf(1 - np.linspace(0, 1, n, endpoint=False), 0.6, 0.6) * 999
    assert times_of(beta(n, scaled_linear())) == pytest.approx(list(expected), abs=1e-5)


def test_kl_optimal_equals_its_formula_and_visits_both_ends() -> None:
    low, high, n = 0.03, 14.6, 9
    expected = [
        math.tan(i / (n - 1) * math.atan(low) + (1 - i / (n - 1)) * math.atan(high))
        for i in range(n)
    ]
    assert kl_optimal(n, low, high) == pytest.approx([*expected, 0.0])


@pytest.mark.parametrize("table", [AYS_SD1, AYS_SDXL], ids=["sd1", "sdxl"])
def test_ten_aligned_steps_equal_the_published_table(table: tuple[float, ...]) -> None:
    sigmas = align_your_steps(10, scaled_linear(), table)
    assert sigmas[1:-1] == pytest.approx(table[1:-1])
    assert sigmas[0] == scaled_linear().sigma_max


@pytest.mark.parametrize(
    ("table", "published"),
    [
        (AYS_SD1, [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]),
        (AYS_SDXL, [999, 845, 730, 587, 443, 310, 193, 116, 53, 13]),
    ],
    ids=["sd1", "sdxl"],
)
def test_aligned_steps_are_at_the_published_timesteps(
    table: tuple[float, ...], published: list[int]
) -> None:
    times = times_of(align_your_steps(10, scaled_linear(), table))
    assert times == pytest.approx(published, abs=1.0)


def test_aligned_steps_are_interpolated_as_numpy_does() -> None:
    logs = np.log(AYS_SD1)
    points = np.linspace(0, 1, 26)
    expected = np.exp(np.interp(points, np.linspace(0, 1, len(logs)), logs))
    sigmas = align_your_steps(25, scaled_linear())
    assert sigmas[:-1] == pytest.approx(list(expected[:-1]), rel=1e-4)


def test_aligned_steps_are_stretched_to_another_range() -> None:
    schedule = FlowSchedule()
    sigmas = align_your_steps(10, schedule, AYS_SDXL)
    assert sigmas[0] == pytest.approx(schedule.sigma_max)
    low, high = math.log(schedule.sigma_min), math.log(schedule.sigma_max)
    lowest, highest = math.log(AYS_SDXL[-1]), math.log(AYS_SDXL[0])
    for sigma, published in zip(sigmas[1:-1], AYS_SDXL[1:-1], strict=True):
        share = (math.log(published) - lowest) / (highest - lowest)
        assert math.log(sigma) == pytest.approx(low + share * (high - low))


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("Align Your Steps 11", AYS_SD1),
        ("Align Your Steps 11 SDXL", AYS_SDXL),
        ("Align Your Steps 32", AYS_32_SD1),
        ("Align Your Steps 32 SDXL", AYS_32_SDXL),
        ("Align Your Steps GITS", GITS_SD1),
        ("Align Your Steps GITS SDXL", GITS_SDXL),
    ],
)
def test_as_many_steps_as_a_table_has_levels_visit_all_of_them(
    name: str, table: tuple[float, ...]
) -> None:
    sigmas = SCHEDULES[name].sigmas
    assert sigmas(len(table), scaled_linear()) == pytest.approx((*table, 0.0))
    points = np.interp(np.linspace(0, 1, 20), np.linspace(0, 1, len(table)), np.log(table))
    assert sigmas(20, scaled_linear())[:-1] == pytest.approx(list(np.exp(points)))


@pytest.mark.parametrize("n", [1, 4, 7, 20, 1000])
def test_turbo_is_the_trailing_spacing_of_diffusers(n: int) -> None:
    scheduler = DDIMScheduler(timestep_spacing="trailing")
    scheduler.set_timesteps(n)
    expected = [int(t) for t in scheduler.timesteps]
    assert times_of(turbo(n, scaled_linear())) == pytest.approx(expected, abs=1e-6)


def test_linear_quadratic_has_the_levels_of_mochi() -> None:
    """Those of diffusers' pipeline, in the time of a rectified flow."""
    published = [1.0, 0.9875, 0.975, 0.8583333333333332, 0.5333333333333332]
    flow = FlowSchedule()
    times = [flow.t(sigma) / 999 for sigma in linear_quadratic(5, flow)[:-1]]
    assert times == pytest.approx(published, abs=1e-9)
    top = scaled_linear().sigma_max
    assert linear_quadratic(5, scaled_linear()) == pytest.approx([top * p for p in published] + [0])


def test_normal_visits_even_times_to_the_cleanest() -> None:
    schedule = scaled_linear()
    times = [schedule.t(sigma) for sigma in normal(4, schedule)[:-1]]
    assert times == pytest.approx([999, 666, 333, 0], abs=1e-6)


def test_sgm_uniform_leaves_the_cleanest_time_out() -> None:
    schedule = scaled_linear()
    times = [schedule.t(sigma) for sigma in sgm_uniform(4, schedule)[:-1]]
    assert times == pytest.approx([999, 749.25, 499.5, 249.75], abs=1e-6)


@pytest.mark.parametrize(
    ("n", "strength", "run"),
    [(20, 1.0, 20), (20, 0.5, 10), (20, 0.75, 15), (20, 0.01, 1), (3, 0.5, 2), (1, 0.3, 1)],
)
def test_strength_times_steps_are_run(n: int, strength: float, run: int) -> None:
    sigmas = karras(n, 0.1, 10.0)
    assert truncate(sigmas, strength) == sigmas[n - run :]


@given(n=st.integers(1, 300), strength=st.floats(0, 1, exclude_min=True))
def test_a_truncated_schedule_has_at_least_one_step(n: int, strength: float) -> None:
    sigmas = karras(n, 0.1, 10.0)
    assert 2 <= len(truncate(sigmas, strength)) <= n + 1


@pytest.mark.parametrize("strength", [0.0, -0.1, 1.01, float("nan")])
def test_impossible_strengths_are_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        truncate((1.0, 0.0), strength)
