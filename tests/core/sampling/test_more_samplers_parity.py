"""Samplers of ComfyUI and Forge, against k-diffusion, quadrature and the formulas of papers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from scipy import integrate, optimize
from scipy.interpolate import lagrange
from torch import Tensor

from core.request.parameters import Options
from core.sampling.model_schedule import scaled_linear
from core.sampling.sa_solver import NOISY_FROM, NOISY_TO
from core.sampling.samplers import SAMPLERS
from core.sampling.trajectory import Denoiser, Sampler, State, run
from tests.core.sampling.sampler_runs import SIGMAS, draws, last, silent, start
from tests.core.sampling.test_sampler_parity import (
    CONFIG,
    as_model,
    close,
    denoise,
    diffusers_run,
    prepared,
)

# diffusers' own, for numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

__all__ = ["denoise"]  # the fixture

EVEN = tuple(12.0 - i for i in range(12))
"""Levels at which variable and fixed step sizes are the same."""


def sampler(name: str, **options: Any) -> Sampler:
    return SAMPLERS[name].with_options(Options(**options).given)


# -- multistep --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "order"), [("IPNDM", 2), ("IPNDM", 3), ("IPNDM", 4), ("IPNDM_V", 2), ("IPNDM_V", 3)]
)
def test_between_even_levels_ipndm_is_the_lms_of_k_diffusion(
    name: str, order: int, denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    given = torch.tensor(EVEN, dtype=torch.float64)
    x = start(EVEN[0])
    expected = k_diffusion.sample_lms(as_model(denoise), x, given, disable=True, order=order)
    close(last(sampler(name, order=order), denoise, x, EVEN), expected)


def test_second_order_ipndm_v_is_the_lms_of_k_diffusion(
    denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    given = torch.tensor(SIGMAS[:-1], dtype=torch.float64)
    x = start(SIGMAS[0])
    expected = k_diffusion.sample_lms(as_model(denoise), x, given, disable=True, order=2)
    close(last(sampler("IPNDM_V", order=2), denoise, x, SIGMAS[:-1]), expected)


def test_uneven_ipndm_v_has_the_published_coefficients(denoise: Denoiser) -> None:
    """Of the program of Zhou et al. 2024, for levels that fall by half."""
    sigmas = (16.0, 8.0, 4.0, 2.0, 1.0)
    # With h the size of a step, the last ones are 2h, 4h and 8h.
    third = (1 - 1 / (3 * 2 * 6)) / 2
    fourth = ((1 - 1 / 9) / 2 + (1 - 1 / 6) / 42) * (3 * 7) / (2 * 6 * 14)
    ratio = 2 * 6 / (4 * 12)
    weights = {
        2: [1.25, -0.25],
        3: [1.25 + third, -0.25 - 1.5 * third, third / 2],
        4: [
            1.25 + third + fourth,
            -0.25 - 1.5 * third - (1.5 + ratio) * fourth,
            third / 2 + (0.5 + ratio * 1.5) * fourth,
            -ratio * fourth / 2,
        ],
    }
    x = expected = start(sigmas[0])
    slopes: list[Tensor] = []
    for sigma, after in pairwise(sigmas):
        slopes = [(expected - denoise(expected, sigma)) / sigma, *slopes]
        total = slopes[0]
        if len(slopes) > 1:
            total = sum(
                (w * s for w, s in zip(weights[len(slopes)], slopes, strict=True)), 0 * expected
            )
        expected = expected + (after - sigma) * total
    close(last("IPNDM_V", denoise, x, sigmas), expected)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_deis_in_time_is_its_integral(order: int, mixture: Any) -> None:
    """The slopes' polynomial in the time of a VP process, integrated over sigma by quadrature."""
    heights = [math.log1p(0.002**2), math.log1p(80.0**2)]
    quadratic, linear = np.linalg.solve([[1e-6 / 2, 1e-3], [1 / 2, 1]], heights)

    def time(sigma: float) -> float:
        height = math.log1p(sigma**2)
        found: Any = optimize.brentq(lambda t: quadratic / 2 * t * t + linear * t - height, 0, 2)
        return found

    x, sigmas = start(SIGMAS[0]), SIGMAS[:-1]
    expected, slopes, times = x, list[Tensor](), list[float]()
    for sigma, after in pairwise(sigmas):
        slopes = [(expected - mixture.denoise(expected, sigma)) / sigma, *slopes][:order]
        times = [time(sigma), *times][:order]
        for j, slope in enumerate(slopes):
            basis = lagrange(times, [float(k == j) for k in range(len(times))])
            weight, _ = integrate.quad(lambda s, p: p(time(s)), sigma, after, (basis,))
            expected = expected + weight * slope
    close(last(sampler("DEIS tAB", order=order), mixture.denoise, x, sigmas), expected, 1e-6)


def test_heunpp2_equals_the_published_update(denoise: Denoiser) -> None:
    x = expected = start(SIGMAS[0])
    for i, (sigma, after) in enumerate(pairwise(SIGMAS)):
        slope = (expected - denoise(expected, sigma)) / sigma
        moved, slopes, levels = expected, [slope], SIGMAS[i : i + 3]
        if i + 2 < len(SIGMAS):
            for before, level in pairwise(levels if i + 3 < len(SIGMAS) else levels[:2]):
                moved = moved + (level - before) * slopes[-1]
                slopes.append((moved - denoise(moved, level)) / level)
        shares = [level / (len(slopes) * SIGMAS[0]) for level in levels[1 : len(slopes)]]
        mean = (1 - sum(shares)) * slope
        for share, other in zip(shares, slopes[1:], strict=True):
            mean = mean + share * other
        expected = expected + (after - sigma) * mean
    close(last("HeunPP2", denoise, x, SIGMAS), expected)


def test_the_churn_of_heunpp2_is_that_of_k_diffusion(
    mixture: Any, k_diffusion: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step is Euler's in both."""
    steps = iter([0])
    monkeypatch.setattr(torch, "randn_like", lambda x: draws(next(steps), 0))
    theirs = {"s_churn": 0.3, "s_tmin": 0.1, "s_tmax": 9.0, "s_noise": 1.05}
    given = torch.tensor([5.0, 0.0], dtype=torch.float64)
    x = start(5.0)
    expected = k_diffusion.sample_euler(as_model(mixture.denoise), x, given, disable=True, **theirs)
    ours = sampler("HeunPP2", churn=0.3, churn_lowest=0.1, churn_highest=9.0, s_noise=1.05)
    close(last(ours, mixture.denoise, x, (5.0, 0.0), draws), expected)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_unipc_bh1_agrees_with_diffusers(order: int, denoise: Denoiser) -> None:
    """Up to the step before the last, because diffusers' first variant cannot step to 0."""
    scheduler = UniPCMultistepScheduler(
        **CONFIG, solver_order=order, solver_type="bh1", final_sigmas_type="zero"
    )
    scheduler, sigmas = prepared(scheduler, 10)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, x, denoise, steps=9) * math.sqrt(1 + sigmas[-2] ** 2)
    walked = list(run(sampler("UniPC bh1", order=order), denoise, State(0, x), sigmas, silent))
    close(walked[-2].state.x, expected)


# -- exponential integrators -------------------------------------------------------------------


def test_res_is_the_exact_integral_of_dpmpp_2m_without_noise(
    denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    given = torch.tensor(SIGMAS, dtype=torch.float64)
    options: dict[str, Any] = {"eta": 0.0, "solver_type": "heun", "disable": True}
    x = start(SIGMAS[0])
    expected = k_diffusion.sample_dpmpp_2m_sde(
        as_model(denoise), x, given, noise_sampler=lambda *_: 0, **options
    )
    close(last("RES Multistep", denoise, x, SIGMAS), expected)


@pytest.mark.parametrize(("eta", "s_noise"), [(1.0, 1.0), (0.6, 1.1)])
def test_ancestral_res_equals_the_published_update(
    eta: float, s_noise: float, denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    """With phi functions by quadrature, and k-diffusion's split of a level."""
    x = expected = start(SIGMAS[0])
    before = None
    down_before = 0.0
    for i, (sigma, after) in enumerate(pairwise(SIGMAS)):
        x0 = denoise(expected, sigma)
        down, up = map(float, k_diffusion.get_ancestral_step(sigma, after, eta))
        if before is None or after == 0:
            expected = expected + (down - sigma) * (expected - x0) / sigma
        else:
            h = math.log(sigma / down)
            phi_1 = integrate.quad(lambda t, h: math.exp((t - 1) * h), 0, 1, (h,))[0]
            phi_2 = integrate.quad(lambda t, h: t * math.exp((t - 1) * h), 0, 1, (h,))[0]
            c_2 = math.log(down_before / SIGMAS[i - 1]) / h
            old = phi_2 / c_2
            expected = math.exp(-h) * expected + h * ((phi_1 - old) * x0 + old * before)
        if after > 0:
            expected = expected + s_noise * up * draws(i, 0)
        before, down_before = x0, down
    ours = sampler("RES Multistep a", eta=eta, s_noise=s_noise)
    close(last(ours, denoise, x, SIGMAS, draws), expected)


def fresh(sigma: float, after: float, eta: float, parts: Sequence[tuple[float, Tensor]]) -> Tensor:
    """The unit noise of a step of the SDE whose parts end at the given levels."""
    total, level = torch.zeros_like(parts[0][1]), sigma
    for end, draw in parts:
        kept = (after / end) ** eta
        total = total + kept * math.sqrt(1 - (end / level) ** (2 * eta)) * draw
        level = end
    return total / math.sqrt(1 - (after / sigma) ** (2 * eta))


@pytest.mark.parametrize(("eta", "s_noise"), [(1.0, 1.0), (0.6, 1.1), (0.0, 1.0)])
def test_seeds_2_are_two_first_order_steps_of_k_diffusion(
    eta: float, s_noise: float, denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    """Both from the same point; the second with the x0 that is found at the end of the first."""

    def solved(x: Tensor, x0: Tensor, sigma: float, after: float, noise: Tensor) -> Tensor:
        return k_diffusion.sample_dpmpp_2m_sde(
            lambda *_: x0, x, torch.tensor([sigma, after], dtype=torch.float64), disable=True,
            eta=eta, s_noise=s_noise, noise_sampler=lambda *_: noise,
        )  # fmt: skip

    x = expected = start(SIGMAS[0])
    for i, (sigma, after) in enumerate(pairwise(SIGMAS[:-1])):
        middle = math.sqrt(sigma * after)
        one, two = draws(i, 0), draws(i, 1)
        there = solved(expected, denoise(expected, sigma), sigma, middle, one)
        both = fresh(sigma, after, eta, [(middle, one), (after, two)]) if eta else one
        expected = solved(expected, denoise(there, middle), sigma, after, both)
    noise = draws if eta else silent
    ours = sampler("SEEDS-2", eta=eta, s_noise=s_noise)
    close(last(ours, denoise, x, SIGMAS[:-1], noise), expected)


@pytest.mark.parametrize(("eta", "s_noise"), [(1.0, 1.0), (0.6, 1.1)])
def test_seeds_3_equal_the_published_update(eta: float, s_noise: float, denoise: Denoiser) -> None:
    """Gonzalez et al. 2023, algorithm 3 on x0: integrals of lines through two estimates."""

    def solved(x: Tensor, sigma: float, after: float, first: Tensor, change: Tensor) -> Tensor:
        h = math.log(sigma / after)
        rate = 1 + eta

        def integral(power: int) -> float:
            area = lambda v: rate * math.exp(rate * (v - h)) * v**power  # noqa: E731
            return integrate.quad(area, 0, h)[0]

        return math.exp(-rate * h) * x + integral(0) * first + integral(1) * change

    def noisy(x: Tensor, sigma: float, after: float, parts: list[tuple[float, Tensor]]) -> Tensor:
        scale = s_noise * after * math.sqrt(1 - (after / sigma) ** (2 * eta))
        return x + scale * fresh(sigma, after, eta, parts)

    x = expected = start(SIGMAS[0])
    for i, (sigma, after) in enumerate(pairwise(SIGMAS[:-1])):
        h = math.log(sigma / after)
        levels = [sigma * (after / sigma) ** (k / 3) for k in (1, 2, 3)]
        parts = [(level, draws(i, k)) for k, level in enumerate(levels)]
        first = denoise(expected, sigma)
        x_1 = solved(expected, sigma, levels[0], first, 0 * first)
        change = (denoise(noisy(x_1, sigma, levels[0], parts[:1]), levels[0]) - first) / (h / 3)
        x_2 = solved(expected, sigma, levels[1], first, change)
        change = (denoise(noisy(x_2, sigma, levels[1], parts[:2]), levels[1]) - first) / (h * 2 / 3)
        expected = noisy(solved(expected, sigma, after, first, change), sigma, after, parts)
    ours = sampler("SEEDS-3", eta=eta, s_noise=s_noise)
    close(last(ours, denoise, x, SIGMAS[:-1], draws), expected)


# -- SA-Solver ---------------------------------------------------------------------------------


def test_sa_solver_adds_noise_in_the_middle_of_stable_diffusions_timesteps() -> None:
    schedule = scaled_linear()
    assert pytest.approx(schedule.sigma(0.2 * 999)) == NOISY_FROM
    assert pytest.approx(schedule.sigma(0.8 * 999)) == NOISY_TO


@pytest.mark.parametrize("name", ["SA-Solver", "SA-Solver PECE"])
@pytest.mark.parametrize(("eta", "s_noise"), [(1.0, 1.0), (0.6, 1.1)])
def test_sa_solver_equals_its_equations(
    name: str, eta: float, s_noise: float, denoise: Denoiser
) -> None:
    """Xue et al. 2023, equations 15 and 18, with integrals by quadrature and falling orders."""
    lambdas = [-math.log(sigma) for sigma in SIGMAS[:-1]]
    count = len(SIGMAS) - 1

    def moved(x: Tensor, known: list[tuple[float, Tensor]], i: int) -> Tensor:
        """From level i to the next."""
        tau = eta if NOISY_FROM <= SIGMAS[i + 1] <= NOISY_TO else 0.0
        rate, start, end = 1 + tau**2, lambdas[i], lambdas[i + 1]
        result = math.exp(-rate * (end - start)) * x
        nodes = [level - end for level, _ in known]
        for j, (_, estimate) in enumerate(known):
            basis = lagrange(nodes, [float(k == j) for k in range(len(nodes))])
            area = lambda v, p, r=rate: r * math.exp(r * v) * p(v)  # noqa: E731
            result = result + integrate.quad(area, start - end, 0, (basis,))[0] * estimate
        scale = s_noise * SIGMAS[i + 1] * math.sqrt(-math.expm1(-2 * tau**2 * (end - start)))
        return result + scale * draws(i, 0)

    ahead = x = begun = start(SIGMAS[0])
    known: list[tuple[float, Tensor]] = []
    for i in range(count):
        x = ahead
        known = [(lambdas[i], denoise(x, SIGMAS[i])), *known][:4]
        if i and (name == "SA-Solver PECE" or i < count - 1):
            x = moved(begun, known[: min(4, count - i)], i - 1)
            if name == "SA-Solver PECE":
                known[0] = (lambdas[i], denoise(x, SIGMAS[i]))
        if i < count - 1:
            ahead, begun = moved(x, known[: min(3, count - 1 - i)], i), x
    ours = sampler(name, eta=eta, s_noise=s_noise)
    close(last(ours, denoise, start(SIGMAS[0]), SIGMAS, draws), known[0][1], 1e-8)


# -- CFG++ -------------------------------------------------------------------------------------


def guided(mixture: Any) -> Denoiser:
    """A guided estimate above an unconditional one."""

    def both(x: Tensor, sigma: float) -> Tensor:
        return torch.cat(
            [mixture.denoise(x, sigma) + 0.1 * torch.sin(x), mixture.denoise(x, sigma)]
        )

    return both


def test_euler_with_cfg_plus_plus_is_the_published_ddim(mixture: Any) -> None:
    """Chung et al. 2024, algorithm 2, in variance-preserving form."""
    both = guided(mixture)
    x = start(SIGMAS[0])
    z = x / math.sqrt(1 + SIGMAS[0] ** 2)
    for sigma, after in pairwise(SIGMAS):
        abar, abar_after = 1 / (1 + sigma**2), 1 / (1 + after**2)
        estimate, unconditional = both(z / math.sqrt(abar), sigma).chunk(2)
        eps = (z - math.sqrt(abar) * unconditional) / math.sqrt(1 - abar)
        z = math.sqrt(abar_after) * estimate + math.sqrt(1 - abar_after) * eps
    close(last("Euler CFG++", both, x, SIGMAS), z)


def test_ddim_with_cfg_plus_plus_divides_the_scale(mixture: Any) -> None:
    """The mixture at a scale s is U + s (C - U): 12.5 times as much is Euler's 1."""
    plain = guided(mixture)

    def strong(x: Tensor, sigma: float) -> Tensor:
        estimate, unconditional = plain(x, sigma).chunk(2)
        return torch.cat([unconditional + 12.5 * (estimate - unconditional), unconditional])

    x = start(SIGMAS[0])
    close(last("DDIM CFG++", strong, x, SIGMAS), last("Euler CFG++", plain, x, SIGMAS))
    noisy = last(sampler("DDIM CFG++", eta=0.6), strong, x, SIGMAS, draws)
    close(noisy, last(sampler("Euler a CFG++", eta=0.6), plain, x, SIGMAS, draws))


PLAIN = {
    "Euler CFG++": "Euler",
    "Euler a CFG++": "Euler a",
    "DPM++ 2S a CFG++": "DPM++ 2S a",
    "DPM++ 2M CFG++": "DPM++ 2M",
    "RES Multistep CFG++": "RES Multistep",
    "RES Multistep a CFG++": "RES Multistep a",
    "Gradient Estimation CFG++": "Gradient Estimation",
    "DDIM CFG++": "DDIM",
}


def test_every_sampler_of_both_estimates_is_compared() -> None:
    assert set(PLAIN) == {name for name, row in SAMPLERS.items() if row.takes_both}


@pytest.mark.parametrize("name", PLAIN)
def test_equal_estimates_leave_the_plain_sampler(name: str, mixture: Any) -> None:
    options = {option: 0.6 if option == "eta" else 1.1 for option in SAMPLERS[name].options}
    plain = {k: v for k, v in options.items() if k in SAMPLERS[PLAIN[name]].options}
    x = start(SIGMAS[0])
    expected = last(sampler(PLAIN[name], **plain), mixture.denoise, x, SIGMAS, draws)
    close(last(sampler(name, **options), mixture.denoise, x, SIGMAS, draws), expected)
    twice = lambda x, sigma: torch.cat([mixture.denoise(x, sigma)] * 2)  # noqa: E731
    close(last(sampler(name, **options), twice, x, SIGMAS, draws), expected)


def test_the_second_step_of_higher_orders_equals_the_published_updates(
    mixture: Any, k_diffusion: ModuleType
) -> None:
    """A step goes down to a lower level, then noise brings it up."""
    both = guided(mixture)
    before, sigma, after = 4.0, 2.0, 1.2
    h, gone = math.log(sigma / after), math.log(before / sigma)
    x, earlier = start(sigma), start(0.5)
    guided_x0, uncond = both(x, sigma).chunk(2)

    def moved(name: str, memory: tuple[Tensor, ...]) -> Tensor:
        state = State(1, x, memory)
        return SAMPLERS[name].step(both, state, (before, sigma, after, 0.0), draws).state.x

    expected = (
        guided_x0 - math.exp(-h) * uncond - math.expm1(-h) * (h / gone / 2) * (guided_x0 - earlier)
    )
    close(moved("DPM++ 2M CFG++", (earlier,)), expected + math.exp(-h) * x)

    slope = (x - uncond) / sigma
    expected = guided_x0 + after * slope + (after - sigma) * (slope - earlier)
    close(moved("Gradient Estimation CFG++", (earlier,)), expected)

    down, up = map(float, k_diffusion.get_ancestral_step(sigma, after))
    h = math.log(sigma / down)
    middle = math.exp(-(h / 2)) * (x + guided_x0 - uncond) - math.expm1(-h / 2) * guided_x0
    there = both(middle, math.sqrt(sigma * down)).chunk(2)[0]
    expected = math.exp(-h) * (x + guided_x0 - uncond) - math.expm1(-h) * there + up * draws(1, 0)
    close(moved("DPM++ 2S a CFG++", ()), expected)

    for name, eta in (("RES Multistep CFG++", 0.0), ("RES Multistep a CFG++", 1.0)):
        down, up = map(float, k_diffusion.get_ancestral_step(sigma, after, eta))
        h = math.log(sigma / down)
        c_2 = math.log(float(k_diffusion.get_ancestral_step(before, sigma, eta)[0]) / before) / h
        phi_1 = -math.expm1(-h) / h
        old = (1 - phi_1) / h / c_2
        expected = math.exp(-h) * (x + guided_x0 - uncond) + h * (
            (phi_1 - old) * uncond + old * earlier
        )
        close(moved(name, (earlier,)), expected + up * draws(1, 0))
