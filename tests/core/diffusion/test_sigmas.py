"""Which noise levels are visited, and which are left to a start from a picture."""

from __future__ import annotations

from itertools import pairwise
from types import ModuleType

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.diffusion.schedule import FlowSchedule, Schedule, cosine, scaled_linear
from core.diffusion.sigmas import SCHEDULES, karras, normal, sgm_uniform, tail

MODELS: dict[str, Schedule] = {
    "discrete": scaled_linear(),
    "cosine": cosine(),
    "flow": FlowSchedule(),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", SCHEDULES)
@given(n=st.integers(1, 1000))
def test_n_steps_go_down_from_the_noisiest_to_zero(name: str, model: str, n: int) -> None:
    sigmas = SCHEDULES[name].sigmas(n, MODELS[model])
    assert len(sigmas) == n + 1
    assert sigmas[0] == pytest.approx(MODELS[model].sigma_max)
    assert sigmas[-1] == 0.0
    assert all(a > b for a, b in pairwise(sigmas))
    assert n == 1 or sigmas[-2] >= MODELS[model].sigma_min * (1 - 1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_no_steps_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        SCHEDULES[name].sigmas(0, scaled_linear())


def test_the_schedules_are_the_ones_a_user_knows() -> None:
    assert list(SCHEDULES) == ["Normal", "Karras", "SGM Uniform"]
    assert all(row.summary.endswith(".") for row in SCHEDULES.values())


def test_karras_agrees_with_k_diffusion(k_diffusion: ModuleType) -> None:
    expected = k_diffusion.get_sigmas_karras(17, 0.0292, 14.6146)
    actual = torch.tensor(karras(17, 0.0292, 14.6146))
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=0)


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
    assert tail(sigmas, strength) == sigmas[n - run :]


@given(n=st.integers(1, 300), strength=st.floats(0, 1, exclude_min=True))
def test_a_tail_always_has_a_step(n: int, strength: float) -> None:
    sigmas = karras(n, 0.1, 10.0)
    assert 2 <= len(tail(sigmas, strength)) <= n + 1


@pytest.mark.parametrize("strength", [0.0, -0.1, 1.01, float("nan")])
def test_impossible_strengths_are_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        tail((1.0, 0.0), strength)
