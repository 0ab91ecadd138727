"""Samplers against other implementations, closed forms and measured orders of convergence."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core.pipeline.state_file import load, save
from core.sampling.dpm_solver import dpm_adaptive
from core.sampling.dpmpp import dpmpp_2m_sde, dpmpp_2s_ancestral, dpmpp_3m_sde, dpmpp_sde
from core.sampling.er_sde import er_sde
from core.sampling.exponential import seeds_2, seeds_3
from core.sampling.model_schedule import FlowSchedule, scaled_linear
from core.sampling.noise import batch_step_noise, initial_noise
from core.sampling.sa_solver import sa_solver, sa_solver_pece
from core.sampling.samplers import SAMPLERS, resolve, sigmas_for
from core.sampling.sigma_schedules import SCHEDULES, karras
from core.sampling.single_step import dpm2_ancestral, restart_path
from core.sampling.trajectory import Sampler, State, Step, digest, run
from core.sampling.unipc import unipc
from tests.core.sampling.sampler_runs import PAIRS, SIGMAS, STOCHASTIC, draws, last, silent, start

# -- against closed forms ---------------------------------------------------------------------


X = torch.linspace(-25, 25, 201, dtype=torch.float64).reshape(1, 1, 1, -1)


def errors(sampler: Sampler, mixture: Any, counts: tuple[int, ...]) -> list[float]:
    """Root mean square distances to the probability flow."""
    exact = mixture.flow(X, 15.0)
    ends = [last(sampler, mixture.denoise, X, karras(n, 0.002, 15.0)) for n in counts]
    return [float((end - exact).square().mean().sqrt()) for end in ends]


@pytest.mark.parametrize(
    ("sampler", "order"),
    [
        ("Euler", 1),
        ("DDIM", 1),
        ("Gradient Estimation", 1),
        ("Heun", 2),
        ("DPM2", 2),
        ("DPM++ 2M", 2),
        ("PLMS", 2),  # its weights are those of even steps
        ("DPM fast", 3),
        ("DEIS", 3),
        ("LMS", 3.6),  # on the way to 4
        (dpm2_ancestral(eta=0), 2),
        (dpmpp_2s_ancestral(eta=0), 2),
        (dpmpp_sde(eta=0), 2),
        (dpmpp_2m_sde(eta=0), 2),
        (dpmpp_2m_sde(eta=0, solver="heun"), 2),
        (dpmpp_3m_sde(eta=0), 2),  # of third order but for its first two steps
        (er_sde(lambda sigma: sigma), 2),
        ("HeunPP2", 1),
        ("IPNDM", 2),
        ("DEIS tAB", 2.8),  # on the way to 3
        ("RES Multistep", 2),
        (seeds_2(eta=0), 2),
        ("Euler CFG++", 1),
        ("DPM++ 2M CFG++", 2),
        ("RES Multistep CFG++", 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_samplers_converge_with_their_order(
    sampler: str | Sampler, order: float, mixture: Any
) -> None:
    step = SAMPLERS[sampler].step if isinstance(sampler, str) else sampler
    for coarse, fine in pairwise(errors(step, mixture, (40, 80, 160))):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize(
    "sampler",
    [unipc(), unipc(variant="bh1"), sa_solver(eta=0), sa_solver_pece(eta=0), seeds_3(eta=0)],
)
def test_solvers_of_third_order_gain_three_bits_for_each_doubling(
    sampler: Sampler, mixture: Any
) -> None:
    coarse, middle, fine = errors(sampler, mixture, (20, 40, 80))
    assert coarse / middle > 6.5
    assert middle / fine > 7


def test_a_stricter_adaptive_solver_is_more_accurate(mixture: Any) -> None:
    tolerances = [(0.5, 0.5), (0.05, 0.0078), (0.002, 0.0002)]
    found = [errors(dpm_adaptive(*pair), mixture, (6,))[0] for pair in tolerances]
    assert found[0] > found[1] > found[2]
    assert found[1] < 0.03
    assert found[2] < 0.002


def test_an_adaptive_solver_ends_in_bounded_time() -> None:
    calls: list[float] = []

    def rough(x: Tensor, sigma: float) -> Tensor:
        calls.append(sigma)
        return torch.sin(1e6 * x) * 100

    end = last(dpm_adaptive(most=5), rough, start(5.0)[:1], (5.0, 1.0, 0.0))
    assert end.isfinite().all()
    assert len(calls) <= 1 + 3 * 5 + 1


def test_an_adaptive_solver_ends_with_non_finite_values() -> None:
    x = start(5.0)
    end = last("DPM adaptive", lambda x, sigma: x * math.nan, x, (5.0, 1.0, 0.0))
    assert end.isnan().all()


def test_restart_takes_the_requested_number_of_steps() -> None:
    for steps in (1, 19, 20, 35, 36, 50, 200):
        path = restart_path(karras(steps, 0.03, 14.6))
        assert len(path) == steps
        assert path[0][0] == pytest.approx(14.6)
        assert path[-1][1] == 0
        assert all(sigma > after for sigma, after in path)
    low = karras(30, 0.5, 1.5)  # it reaches neither of its ends
    assert len(restart_path(low)) == 30
    assert restart_path(low[:-1]) == list(pairwise(low[:-1]))


def test_ddim_is_euler(mixture: Any) -> None:
    x = start(SIGMAS[0])
    torch.testing.assert_close(
        last("DDIM", mixture.denoise, x, SIGMAS), last("Euler", mixture.denoise, x, SIGMAS)
    )


@pytest.mark.parametrize("name", sorted(STOCHASTIC))
def test_fresh_noise_keeps_the_marginals_of_a_point(name: str) -> None:
    """With x0 known, the state at each level is exactly x0 + sigma * eps."""
    generator = torch.Generator().manual_seed(0)

    def noise(step: int, draw: int) -> Tensor:
        return torch.randn(1, 1, 500, 400, generator=generator)

    state = State(0, 3.0 + SIGMAS[0] * noise(0, 0))
    walked = list(
        run(SAMPLERS[name].step, lambda x, sigma: torch.full_like(x, 3.0), state, SIGMAS, noise)
    )
    assert [step.state.index for step in walked] == [*range(1, len(SIGMAS))]
    for step in walked:
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


@pytest.mark.parametrize(("name", "schedule"), PAIRS)
def test_samplers_continue_from_a_file_with_identical_bits(
    name: str, schedule: str, mixture: Any, tmp_path: Path
) -> None:
    sampler = SAMPLERS[name].step
    sigmas = SCHEDULES[schedule].sigmas(5, scaled_linear())
    noise = batch_step_noise([7, 8], (4, 3, 5), "cpu")
    x = sigmas[0] * torch.stack([initial_noise(7, (4, 3, 5)), initial_noise(8, (4, 3, 5))])

    def whole(state: State) -> list[Step]:
        return list(run(sampler, mixture.denoise, state, sigmas, noise))

    steps = whole(State(0, x))
    assert len(steps) == len(sigmas) - 1
    for done, step in enumerate(steps, start=1):
        save(tmp_path / "state.safetensors", step.state)
        rest = whole(load(tmp_path / "state.safetensors").state)
        assert [digest(s.state) for s in rest] == [digest(s.state) for s in steps[done:]]


def test_a_restart_sampler_continues_within_its_restarts(mixture: Any, tmp_path: Path) -> None:
    sampler, sigmas = SAMPLERS["Restart"].step, karras(40, 0.03, 14.6)
    x = sigmas[0] * initial_noise(7, (1, 4, 3, 5))
    noise = batch_step_noise([7], (4, 3, 5), "cpu")
    steps = list(run(sampler, mixture.denoise, State(0, x), sigmas, noise))
    for done in range(1, 40, 5):
        save(tmp_path / "state.safetensors", steps[done - 1].state)
        state = load(tmp_path / "state.safetensors").state
        *_, end = run(sampler, mixture.denoise, state, sigmas, noise)
        assert digest(end.state) == digest(steps[-1].state)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_step_changes_neither_its_state_nor_the_batch(name: str, mixture: Any) -> None:
    """Image i of a batch equals the image that its seed makes alone."""
    shape = (2, 4, 4)

    def outcome(seeds: list[int]) -> Tensor:
        x = SIGMAS[0] * torch.stack([initial_noise(seed, shape) for seed in seeds])
        before = x.clone()
        result = last(name, mixture.denoise, x, SIGMAS, batch_step_noise(seeds, shape, "cpu"))
        assert torch.equal(x, before)
        return result

    assert torch.equal(outcome([3, 4, 5])[1:2], outcome([4]))


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_continues_without_memory(name: str, mixture: Any) -> None:
    """As after a change of the sampler during a run."""
    sampler, x = SAMPLERS[name].step, start(SIGMAS[0])
    whole = list(run(sampler, mixture.denoise, State(0, x), SIGMAS, draws))
    for done in range(1, len(SIGMAS) - 1):
        state = State(done, whole[done - 1].state.x)
        *_, end = run(sampler, mixture.denoise, state, SIGMAS, draws)
        assert float(end.state.x.abs().max()) < 2.5, "beyond what the mixture has"


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [3, 24])
def test_the_last_preview_is_the_image(name: str, steps: int, mixture: Any) -> None:
    sigmas = karras(steps, 0.4, 14.6)
    *_, end = run(SAMPLERS[name].step, mixture.denoise, State(0, start(14.6)), sigmas, draws)
    assert torch.equal(end.x0, end.state.x)


@pytest.mark.parametrize("name", SAMPLERS)
def test_only_stochastic_samplers_draw(name: str, mixture: Any) -> None:
    drawn: list[tuple[int, int]] = []

    def noise(step: int, draw: int) -> Tensor:
        drawn.append((step, draw))
        return draws(step, draw)

    last(name, mixture.denoise, start(14.6), karras(24, 0.03, 14.6), noise)
    assert bool(drawn) == (name in STOCHASTIC)
    corrects = name.startswith("SA-Solver")  # each prediction again, with its noise
    assert len(set(drawn)) == len(drawn) or corrects, "a draw was used twice"


def test_stopping_early_stops_evaluating(mixture: Any) -> None:
    calls: list[float] = []

    def counted(x: Tensor, sigma: float) -> Tensor:
        calls.append(sigma)
        return mixture.denoise(x, sigma)

    steps = run(SAMPLERS["DPM++ 2M"].step, counted, State(0, start(SIGMAS[0])), SIGMAS, silent)
    seen = [next(steps), next(steps)]
    assert calls == list(SIGMAS[:2]) == [step.sigma for step in seen]


def test_rows_describe_samplers_to_the_user() -> None:
    for row in SAMPLERS.values():
        assert row.schedule in SCHEDULES
        assert row.summary.endswith(".")


# -- which levels a sampler visits -------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLERS)
def test_automatic_is_the_samplers_default_schedule(name: str) -> None:
    default = SAMPLERS[name].schedule
    assert resolve("Automatic", name) == default != "Automatic"
    assert resolve("Simple", name) == "Simple"
    model = scaled_linear()
    assert sigmas_for(name, "Automatic", 7, model) == sigmas_for(name, default, 7, model)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 6])
def test_some_samplers_discard_the_penultimate_sigma(name: str, steps: int) -> None:
    model = scaled_linear()
    sigmas = sigmas_for(name, "Karras", steps, model)
    if SAMPLERS[name].discards_penultimate_sigma:
        longer = karras(steps + 1, model.sigma_min, model.sigma_max)
        assert sigmas == (*longer[:-2], 0.0)
    else:
        assert sigmas == karras(steps, model.sigma_min, model.sigma_max)
    with pytest.raises(ValueError, match="at least one step"):
        sigmas_for(name, "Karras", 0, model)


def test_dpm2_ancestral_is_second_order_between_levels_a_factor_of_ten_apart(
    mixture: Any, k_diffusion: Any
) -> None:
    """Its level to go down to is then a factor of a hundred below."""
    sigmas, x = (14.6, 1.4, 0.14), start(14.6)
    model = lambda x, sigma: mixture.denoise(x, float(sigma[0]))  # noqa: E731
    options = {"disable": True, "noise_sampler": lambda sigma, to: draws(sigmas.index(sigma), 0)}
    given = torch.tensor(sigmas, dtype=torch.float64)
    expected = k_diffusion.sample_dpm_2_ancestral(model, x, given, **options)
    actual = last("DPM2 a", mixture.denoise, x, sigmas, draws)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sampler", ["Heun", "DPM2", "PLMS", "Restart", dpm2_ancestral(eta=0)])
def test_the_first_step_of_a_rectified_flow_may_span_a_large_ratio(
    sampler: str | Sampler, mixture: Any
) -> None:
    """From sigma 999 to 17: extrapolating from the slopes at both ends would be off by 27."""
    step = SAMPLERS[sampler].step if isinstance(sampler, str) else sampler
    sigmas = sigmas_for("Heun", "Normal", 12, FlowSchedule())
    assert sigmas[0] > 50 * sigmas[1]
    x = 999 * torch.linspace(-2, 2, 101, dtype=torch.float64).reshape(1, 1, 1, -1)
    exact = mixture.flow(x, sigmas[0])
    off = float((last(step, mixture.denoise, x, sigmas) - exact).square().mean().sqrt())
    euler = last(SAMPLERS["Euler"].step, mixture.denoise, x, sigmas)
    assert off < float((euler - exact).square().mean().sqrt())
