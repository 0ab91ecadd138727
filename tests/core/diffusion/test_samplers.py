"""Samplers against other implementations, closed forms and measured orders of convergence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from torch import Tensor

from core.diffusion.noise import initial, seeded
from core.diffusion.samplers import SAMPLERS, levels, resolve
from core.diffusion.schedule import FlowSchedule, scaled_linear
from core.diffusion.sigmas import SCHEDULES, karras
from core.diffusion.trajectory import Denoiser, Noise, State, Step, digest, load_state, run, save

SIGMAS = karras(12, 0.03, 14.6)
SHAPE = (2, 3, 4, 4)


def draws(step: int, draw: int) -> Tensor:
    generator = torch.Generator().manual_seed(100 * step + draw)
    return torch.randn(SHAPE, generator=generator, dtype=torch.float64)


def start(sigma: float) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return sigma * torch.randn(SHAPE, generator=generator, dtype=torch.float64)


def silent(step: int, draw: int) -> Tensor:
    raise AssertionError("a deterministic sampler drew noise")


def last(
    sampler: str, denoise: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise = silent
) -> Tensor:
    *_, step = run(SAMPLERS[sampler].step, denoise, State(0, x), sigmas, noise)
    assert step.state.index == len(sigmas) - 1
    return step.state.x


# -- against k-diffusion ---------------------------------------------------------------------

K_DIFFUSION = {
    "Euler": "sample_euler",
    "Euler a": "sample_euler_ancestral",
    "DPM++ 2M": "sample_dpmpp_2m",
    "DDIM": "sample_euler",  # the same path; against a DDIM of VP form further below
}


def test_every_sampler_has_an_oracle() -> None:
    assert set(K_DIFFUSION) == set(SAMPLERS)


@pytest.mark.parametrize("name", K_DIFFUSION)
def test_agrees_with_k_diffusion(name: str, mixture: Any, k_diffusion: ModuleType) -> None:
    def model(x: Tensor, sigma: Tensor) -> Tensor:
        return mixture.denoise(x, float(sigma[0]))

    taken = 0

    def noise_sampler(sigma: Tensor, sigma_next: Tensor) -> Tensor:
        nonlocal taken
        taken += 1
        return draws(taken - 1, 0)

    reference = getattr(k_diffusion, K_DIFFUSION[name])
    extra = {"noise_sampler": noise_sampler} if name == "Euler a" else {}
    x = start(SIGMAS[0])
    sigmas = torch.tensor(SIGMAS, dtype=torch.float64)
    expected = reference(model, x, sigmas, disable=True, **extra)
    actual = last(name, mixture.denoise, x, SIGMAS, draws)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-6)


# -- against diffusers, which samples in variance-preserving form -----------------------------


def diffusers_run(scheduler: Any, timesteps: Sequence[int], x: Tensor, denoise: Denoiser) -> Tensor:
    """Drive a diffusers scheduler with the denoiser, from and to variance-exploding x."""
    schedule = scaled_linear()
    z = x / math.sqrt(1 + schedule.sigma(timesteps[0]) ** 2)
    for t in timesteps:
        sigma = schedule.sigma(t)
        x = z * math.sqrt(1 + sigma**2)
        eps = (x - denoise(x, sigma)) / sigma
        z = scheduler.step(eps, t, z).prev_sample
    return z


def test_ddim_agrees_with_diffusers(mixture: Any) -> None:
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, set_alpha_to_one=True,
    )  # fmt: skip
    scheduler.set_timesteps(10)
    timesteps = [int(t) for t in scheduler.timesteps]
    sigmas = (*map(scaled_linear().sigma, timesteps), 0.0)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, timesteps, x, mixture.denoise)
    actual = last("DDIM", mixture.denoise, x, sigmas)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in diffusers
def test_dpmpp_2m_agrees_with_diffusers(mixture: Any) -> None:
    scheduler = DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        algorithm_type="dpmsolver++", solver_order=2, final_sigmas_type="zero",
    )  # fmt: skip
    scheduler.set_timesteps(10)
    timesteps = [int(t) for t in scheduler.timesteps]
    sigmas = (*map(scaled_linear().sigma, timesteps), 0.0)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, timesteps, x, mixture.denoise)
    actual = last("DPM++ 2M", mixture.denoise, x, sigmas)
    torch.testing.assert_close(actual, expected.to(actual), rtol=0, atol=1e-4)


# -- against closed forms ---------------------------------------------------------------------


@pytest.mark.parametrize(("name", "order"), [("Euler", 1), ("DDIM", 1), ("DPM++ 2M", 2)])
def test_converges_to_the_probability_flow_with_its_order(
    name: str, order: int, mixture: Any
) -> None:
    x = torch.linspace(-25, 25, 201, dtype=torch.float64).reshape(1, 1, 1, -1)
    exact = mixture.flow(x, 15.0)
    errors = [
        float((last(name, mixture.denoise, x, karras(n, 0.002, 15.0)) - exact).square().mean())
        for n in (40, 80, 160)
    ]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) / 2 == pytest.approx(order, abs=0.25)


def test_ddim_is_euler(mixture: Any) -> None:
    x = start(SIGMAS[0])
    torch.testing.assert_close(
        last("DDIM", mixture.denoise, x, SIGMAS), last("Euler", mixture.denoise, x, SIGMAS)
    )


def test_ancestral_noise_keeps_the_marginals_of_a_point() -> None:
    """With x0 known, the state at each level is x0 + sigma * eps exactly."""
    generator = torch.Generator().manual_seed(0)

    def noise(step: int, draw: int) -> Tensor:
        return torch.randn(1, 1, 500, 400, generator=generator)

    state = State(0, 3.0 + SIGMAS[0] * noise(0, 0))
    for step in run(
        SAMPLERS["Euler a"].step, lambda x, sigma: torch.full_like(x, 3.0), state, SIGMAS, noise
    ):
        sigma = SIGMAS[step.state.index]
        assert float(step.state.x.mean()) == pytest.approx(3.0, abs=0.02 * sigma)
        assert float(step.state.x.std()) == pytest.approx(sigma, rel=0.01, abs=1e-6)


def test_ancestral_reaches_the_variance_of_a_gaussian() -> None:
    generator = torch.Generator().manual_seed(0)
    sigmas = karras(200, 0.01, 20.0)

    def noise(step: int, draw: int) -> Tensor:
        return torch.randn(1, 1, 200, 200, generator=generator)

    def gaussian(x: Tensor, sigma: float) -> Tensor:
        return x * 0.25 / (0.25 + sigma**2)

    x = math.sqrt(0.25 + 20.0**2) * noise(0, 0)
    assert float(last("Euler a", gaussian, x, sigmas, noise).std()) == pytest.approx(0.5, rel=0.03)


@pytest.mark.parametrize("name", SAMPLERS)
def test_one_step_is_the_denoised_estimate(name: str, mixture: Any) -> None:
    x = start(5.0)
    assert torch.equal(last(name, mixture.denoise, x, (5.0, 0.0)), mixture.denoise(x, 5.0))


def test_euler_in_flow_coordinates_is_euler_here(mixture: Any) -> None:
    schedule = FlowSchedule()
    times = [0.999, 0.9, 0.7, 0.45, 0.2, 0.05, 0.0]
    sigmas = (*(schedule.sigma(1000 * t) for t in times[:-1]), 0.0)
    x = start(sigmas[0])
    flow = x * (1 - times[0])
    for t, after in pairwise(times):
        x0 = mixture.denoise(flow / (1 - t), t / (1 - t))
        flow = flow + (after - t) * (flow - x0) / t
    torch.testing.assert_close(last("Euler", mixture.denoise, x, sigmas), flow)


# -- a trajectory is data ---------------------------------------------------------------------


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", SAMPLERS)
def test_continues_from_a_file_with_the_same_bits(
    name: str, schedule: str, mixture: Any, tmp_path: Path
) -> None:
    sampler = SAMPLERS[name].step
    sigmas = SCHEDULES[schedule].sigmas(5, scaled_linear())
    noise = seeded([7, 8], (4, 3, 5), "cpu")
    x = sigmas[0] * torch.stack([initial(7, (4, 3, 5)), initial(8, (4, 3, 5))])

    def whole(state: State) -> list[Step]:
        return list(run(sampler, mixture.denoise, state, sigmas, noise))

    steps = whole(State(0, x))
    for done, step in enumerate(steps, start=1):
        save(step.state, tmp_path / "state.safetensors")
        rest = whole(load_state(tmp_path / "state.safetensors"))
        assert [digest(s.state) for s in rest] == [digest(s.state) for s in steps[done:]]


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_step_changes_neither_its_state_nor_the_batch(name: str, mixture: Any) -> None:
    """Image i of a batch is the picture its seed makes alone."""
    shape = (2, 4, 4)

    def outcome(seeds: list[int]) -> Tensor:
        x = SIGMAS[0] * torch.stack([initial(seed, shape) for seed in seeds])
        before = x.clone()
        result = last(name, mixture.denoise, x, SIGMAS, seeded(seeds, shape, "cpu"))
        assert torch.equal(x, before)
        return result

    assert torch.equal(outcome([3, 4, 5])[1:2], outcome([4]))


def test_stopping_early_evaluates_no_more(mixture: Any) -> None:
    calls: list[float] = []

    def counted(x: Tensor, sigma: float) -> Tensor:
        calls.append(sigma)
        return mixture.denoise(x, sigma)

    steps = run(SAMPLERS["DPM++ 2M"].step, counted, State(0, start(SIGMAS[0])), SIGMAS, silent)
    seen = [next(steps), next(steps)]
    assert calls == list(SIGMAS[:2]) == [step.sigma for step in seen]


def test_rows_are_told_to_the_user() -> None:
    for row in SAMPLERS.values():
        assert row.schedule in SCHEDULES
        assert row.summary.endswith(".")


# -- which levels a sampler visits -------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLERS)
def test_automatic_is_the_customary_schedule(name: str) -> None:
    customary = SAMPLERS[name].schedule
    assert resolve("Automatic", name) == customary != "Automatic"
    assert resolve("Simple", name) == "Simple"
    model = scaled_linear()
    assert levels(name, "Automatic", 7, model) == levels(name, customary, 7, model)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 6])
def test_the_penultimate_level_is_dropped_where_it_is_customary(name: str, steps: int) -> None:
    model = scaled_linear()
    sigmas = levels(name, "Karras", steps, model)
    if SAMPLERS[name].drops_penultimate:
        longer = karras(steps + 1, model.sigma_min, model.sigma_max)
        assert sigmas == (*longer[:-2], 0.0)
    else:
        assert sigmas == karras(steps, model.sigma_min, model.sigma_max)
    with pytest.raises(ValueError, match="at least one step"):
        levels(name, "Karras", 0, model)
