"""Model schedules against published values and diffusers' tables; both directions are inverse."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st

from core.sampling.model_schedule import (
    DiscreteSchedule,
    EdmSchedule,
    FlowSchedule,
    NarrowedSchedule,
    Schedule,
    cosine,
    from_betas,
    linear,
    scaled_linear,
    zero_terminal,
)

SCHEDULES: dict[str, Schedule] = {
    "linear": linear(),
    "scaled_linear": scaled_linear(),
    "cosine": cosine(),
    "flow": FlowSchedule(),
    "continuum": EdmSchedule(0.002, 120.0),
}
schedules = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


def test_stable_diffusion_has_its_published_range() -> None:
    assert scaled_linear().sigma_max == pytest.approx(14.6146, abs=5e-5)
    assert scaled_linear().sigma_min == pytest.approx(0.0292, abs=5e-5)


@pytest.mark.parametrize(
    ("schedule", "name", "first", "last"),
    [
        (linear(), "linear", 1e-4, 2e-2),
        (scaled_linear(), "scaled_linear", 0.00085, 0.012),
        (cosine(), "squaredcos_cap_v2", 1e-4, 2e-2),
    ],
    ids=["linear", "scaled_linear", "cosine"],
)
def test_tables_agree_with_diffusers(
    schedule: DiscreteSchedule,
    name: Literal["linear", "scaled_linear", "squaredcos_cap_v2"],
    first: float,
    last: float,
) -> None:
    peer = DDPMScheduler(beta_schedule=name, beta_start=first, beta_end=last)
    abar = np.cumprod(1 - peer.betas.double().numpy())
    expected = 0.5 * np.log((1 - abar) / abar)
    np.testing.assert_allclose(schedule.log_sigmas, expected, atol=2e-3)


@schedules
@given(share=st.floats(0, 1))
def test_t_and_sigma_are_inverse(schedule: Schedule, share: float) -> None:
    low, high = schedule.t(schedule.sigma_min), schedule.t(schedule.sigma_max)
    t = low + share * (high - low)
    assert schedule.t(schedule.sigma(t)) == pytest.approx(t, abs=1e-6)


@schedules
@given(share=st.floats(0, 1))
def test_sigma_of_t_of_sigma_is_sigma(schedule: Schedule, share: float) -> None:
    sigma = schedule.sigma_min ** (1 - share) * schedule.sigma_max**share
    assert schedule.sigma(schedule.t(sigma)) == pytest.approx(sigma, rel=1e-9)


@schedules
def test_sigma_grows_with_t(schedule: Schedule) -> None:
    low, high = schedule.t(schedule.sigma_min), schedule.t(schedule.sigma_max)
    sigmas = [schedule.sigma(low + (high - low) * i / 5000) for i in range(5001)]
    assert all(a < b for a, b in pairwise(sigmas))


@schedules
def test_times_outside_the_range_are_clamped(schedule: Schedule) -> None:
    assert schedule.sigma(-5) == pytest.approx(schedule.sigma_min)
    assert schedule.sigma(2000) == pytest.approx(schedule.sigma_max)
    assert schedule.t(1e-9) == pytest.approx(schedule.t(schedule.sigma_min))
    assert schedule.t(1e9) == pytest.approx(schedule.t(schedule.sigma_max))


@schedules
def test_c_noise_is_the_timestep_or_edms_log_sigma(schedule: Schedule) -> None:
    for sigma in (0.05, 1.0, 14.0):
        expected = math.log(sigma) / 4 if isinstance(schedule, EdmSchedule) else schedule.t(sigma)
        assert schedule.c_noise(sigma) == pytest.approx(expected)
        assert NarrowedSchedule(schedule, 0.1, 10.0).c_noise(sigma) == pytest.approx(expected)


@pytest.mark.parametrize("sigmas", [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)])
def test_an_impossible_edm_range_is_refused(sigmas: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="Sigmas need"):
        EdmSchedule(*sigmas)


def test_between_timesteps_sigma_is_geometric() -> None:
    schedule = scaled_linear()
    middle = math.sqrt(schedule.sigma(400) * schedule.sigma(401))
    assert schedule.sigma(400.5) == pytest.approx(middle)
    assert schedule.t(schedule.sigma_max) == pytest.approx(999)


def test_a_zero_terminal_schedule_agrees_with_diffusers() -> None:
    reference = DDPMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        rescale_betas_zero_snr=True,
    )
    abar = reference.alphas_cumprod.double().numpy()[:-1]
    ours = np.exp(zero_terminal(scaled_linear()).log_sigmas)
    np.testing.assert_allclose(ours[:-1], np.sqrt((1 - abar) / abar), rtol=2e-3)
    assert ours[-1] > 4000
    assert ours[0] == pytest.approx(scaled_linear().sigma_min)


def test_flow_time_is_network_time_by_1000() -> None:
    assert FlowSchedule().sigma(500) == pytest.approx(1.0)
    assert FlowSchedule().t(3.0) == pytest.approx(750.0)


@pytest.mark.parametrize("betas", [[0.1], [0.1, 0.0], [0.1, 1.0], [0.1, -0.1], []])
def test_impossible_betas_are_refused(betas: list[float]) -> None:
    with pytest.raises(ValueError, match=r"beta|two sigmas"):
        from_betas(betas)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.9), (0.1, 1.0), (0.5, 0.4)])
def test_impossible_flow_times_are_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="Flow times"):
        FlowSchedule(low, high)
