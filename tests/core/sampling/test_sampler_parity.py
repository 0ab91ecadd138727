"""Every sampler against another implementation, with the same levels and noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_deis_multistep import DEISMultistepScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from diffusers.schedulers.scheduling_pndm import PNDMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from scipy import integrate
from torch import Tensor

from core.request.parameters import Options
from core.sampling.dpm_solver import dpm_adaptive
from core.sampling.er_sde import default_noise_scaler
from core.sampling.model_schedule import scaled_linear
from core.sampling.multistep import lms, plms
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import karras
from core.sampling.trajectory import Denoiser
from tests.core.sampling.sampler_runs import SIGMAS, draws, last, start

# diffusers' own, for numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

K_DIFFUSION = {
    "Euler": "sample_euler",
    "Euler a": "sample_euler_ancestral",
    "LMS": "sample_lms",
    "Heun": "sample_heun",
    "DPM2": "sample_dpm_2",
    "DPM2 a": "sample_dpm_2_ancestral",
    "DPM++ 2S a": "sample_dpmpp_2s_ancestral",
    "DPM++ 2M": "sample_dpmpp_2m",
    "DPM++ SDE": "sample_dpmpp_sde",
    "DPM++ 2M SDE": "sample_dpmpp_2m_sde",
    "DPM++ 2M SDE Heun": "sample_dpmpp_2m_sde",
    "DPM++ 3M SDE": "sample_dpmpp_3m_sde",
    "DDIM": "sample_euler",  # the same path; against a DDIM of VP form further below
    "DDPM": "sample_euler_ancestral",  # likewise
}
BELOW = {"DPM fast", "DPM adaptive", "PLMS", "UniPC", "LCM", "Restart", "DEIS", "ER SDE",
         "Gradient Estimation", "HeunPP2", "IPNDM", "IPNDM_V", "DEIS tAB", "UniPC bh1",
         "RES Multistep", "RES Multistep a", "SEEDS-2", "SEEDS-3", "SA-Solver", "SA-Solver PECE",
         "Euler CFG++", "Euler a CFG++", "DPM++ 2S a CFG++", "DPM++ 2M CFG++",
         "RES Multistep CFG++", "RES Multistep a CFG++", "Gradient Estimation CFG++",
         "DDIM CFG++"}  # fmt: skip
"""Those with their own reference below."""


def test_every_sampler_has_a_reference() -> None:
    assert {*K_DIFFUSION, *BELOW} == set(SAMPLERS)


@pytest.fixture(params=["mixture", "network"])
def denoise(request: pytest.FixtureRequest, mixture: Any) -> Denoiser:
    """The closed form, and a small random network that mixes channels and pixels."""
    if request.param == "mixture":
        return mixture.denoise
    generator = torch.Generator().manual_seed(3)
    weights = [torch.randn(3, 3, 3, 3, generator=generator, dtype=torch.float64) for _ in "ab"]

    def network(x: Tensor, sigma: float) -> Tensor:
        scaled = x / math.sqrt(1 + sigma**2)
        for weight in weights:
            scaled = torch.tanh(torch.nn.functional.conv2d(scaled, weight, padding=1) / 3 + sigma)
        return scaled

    return network


def close(actual: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(actual, expected.to(actual), rtol=0, atol=tolerance)


# -- against k-diffusion ---------------------------------------------------------------------


@pytest.fixture
def double() -> Iterator[None]:
    """k-diffusion makes tensors of the default type inside."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def as_model(denoise: Denoiser) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, sigma: denoise(x, float(sigma[0]))


def motion(sigma: Tensor, to: Tensor) -> Tensor:
    """The unit increment of one Brownian motion that is given by our draws."""
    index = min(range(len(SIGMAS)), key=lambda i: abs(SIGMAS[i] - float(sigma)))
    whole = float(sigma) - SIGMAS[index + 1]
    part = float(sigma) - float(to)
    if math.isclose(part, whole):
        half = float(sigma) - math.sqrt(float(sigma) * SIGMAS[index + 1])
        total = math.sqrt(half) * draws(index, 0) + math.sqrt(whole - half) * draws(index, 1)
        return total / math.sqrt(whole)
    return draws(index, 0)


def first_draw(sigma: Tensor, to: Tensor) -> Tensor:
    return draws(min(range(len(SIGMAS)), key=lambda i: abs(SIGMAS[i] - float(sigma))), 0)


def k_diffusion_run(k_diffusion: ModuleType, name: str, denoise: Denoiser, **options: Any) -> Any:
    x = start(SIGMAS[0])
    sigmas = torch.tensor(SIGMAS, dtype=torch.float64)
    return getattr(k_diffusion, name)(as_model(denoise), x, sigmas, disable=True, **options)


@pytest.mark.parametrize("name", K_DIFFUSION)
def test_samplers_agree_with_k_diffusion(
    name: str, denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    options: dict[str, Any] = {}
    if name.endswith((" a", "SDE", "SDE Heun", "DDPM")):
        options["noise_sampler"] = motion if name == "DPM++ SDE" else first_draw
    if name == "DPM++ 2M SDE Heun":
        options["solver_type"] = "heun"
    expected = k_diffusion_run(k_diffusion, K_DIFFUSION[name], denoise, **options)
    sampler = lms(ends_on_x0=False) if name == "LMS" else name
    close(last(sampler, denoise, start(SIGMAS[0]), SIGMAS, draws), expected)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("evaluations", [1, 2, 3, 4, 9, 10, 11])
def test_dpm_fast_agrees_with_k_diffusion(
    evaluations: int, denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    """Its levels are even within a group; our last one is not 0, because k-diffusion has no step
    to 0."""
    visited: list[float] = []

    def watched(x: Tensor, sigma: Tensor) -> Tensor:
        visited.append(float(sigma[0]))
        return denoise(x, float(sigma[0]))

    x = start(14.6)
    expected = k_diffusion.sample_dpm_fast(watched, x, 0.03, 14.6, evaluations, disable=True)
    close(last("DPM fast", denoise, x, (*visited, 0.03)), expected)


@pytest.mark.usefixtures("double")
def test_dpm_adaptive_agrees_with_k_diffusion(denoise: Denoiser, k_diffusion: ModuleType) -> None:
    x = start(14.6)[:1]
    mine: list[float] = []

    def counted(x: Tensor, sigma: float) -> Tensor:
        mine.append(sigma)
        return denoise(x, sigma)

    expected, info = k_diffusion.sample_dpm_adaptive(
        as_model(denoise), x, 0.03, 14.6, disable=True, return_info=True
    )
    actual = last(dpm_adaptive(first=0.05, most=1000), counted, x, (14.6, 0.03))
    close(actual, expected)
    # After a rejected part it evaluates its start again; we cache it.
    assert len(mine) == info["nfe"] - info["n_reject"]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(
    ("steps", "again", "times", "s_noise"), [(20, 9, 1, 1.0), (30, 9, 1, 1.1), (40, 10, 2, 1.0)]
)
def test_restart_is_heun_with_detours(
    steps: int, again: int, times: int, s_noise: float, denoise: Denoiser, k_diffusion: ModuleType
) -> None:
    model = as_model(denoise)
    main = k_diffusion.get_sigmas_karras(steps - again * times, 0.03, 14.6)
    bottom, top = ((main - sigma).abs().argmin() for sigma in (0.1, 2.0))
    loop = k_diffusion.get_sigmas_karras(again + 1, float(main[bottom]), float(main[top]))[:-1]
    x = k_diffusion.sample_heun(model, start(14.6), main[: bottom + 1], disable=True)
    for i in range(times):
        gap = (main[top] ** 2 - main[bottom] ** 2) ** 0.5
        x = x + s_noise * gap * draws(int(bottom) + i * again, 0)
        x = k_diffusion.sample_heun(model, x, loop, disable=True)
    x = k_diffusion.sample_heun(model, x, main[bottom:], disable=True)
    sampler = SAMPLERS["Restart"].with_options(Options(s_noise=s_noise).given)
    close(last(sampler, denoise, start(14.6), karras(steps, 0.03, 14.6), draws), x)


def test_a_short_restart_is_heun(mixture: Any) -> None:
    sigmas = karras(19, 0.03, 14.6)
    x = start(14.6)
    actual = last("Restart", mixture.denoise, x, sigmas)
    assert torch.equal(actual, last("Heun", mixture.denoise, x, sigmas))


# -- against diffusers, which samples in variance-preserving form -----------------------------

CONFIG = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
MODEL = scaled_linear()


def prepared(scheduler: Any, steps: int, **options: Any) -> tuple[Any, tuple[float, ...]]:
    """The scheduler with tables in float64, and its noise levels."""
    scheduler.set_timesteps(steps, **options)
    table = torch.tensor(MODEL.log_sigmas, dtype=torch.float64).exp()
    scheduler.alphas_cumprod = 1 / (1 + table**2)
    scheduler.final_alpha_cumprod = torch.tensor(1.0, dtype=torch.float64)
    times = list(dict.fromkeys(int(t) for t in scheduler.timesteps))
    sigmas = (*(MODEL.sigma(t) for t in times), 0.0)
    if hasattr(scheduler, "sigmas"):
        scheduler.sigmas = torch.tensor(sigmas, dtype=torch.float64)
    return scheduler, sigmas


def diffusers_run(
    scheduler: Any, x: Tensor, denoise: Denoiser, steps: int | None = None, **options: Any
) -> Tensor:
    """Drives a scheduler from variance-exploding x to the VP latent it ends on."""
    times = [int(t) for t in scheduler.timesteps][:steps]
    z = x / math.sqrt(1 + MODEL.sigma(times[0]) ** 2)
    for t in times:
        sigma = MODEL.sigma(t)
        x = z * math.sqrt(1 + sigma**2)
        eps = (x - denoise(x, sigma)) / sigma
        z = scheduler.step(eps, t, z, **options).prev_sample
    return z


@pytest.mark.parametrize(
    ("name", "scheduler"),
    [
        ("DDIM", DDIMScheduler(**CONFIG, clip_sample=False)),
        ("PLMS", PNDMScheduler(**CONFIG, skip_prk_steps=True)),
        (
            "DPM++ 2M",
            DPMSolverMultistepScheduler(**CONFIG, final_sigmas_type="zero"),
        ),
        ("UniPC", UniPCMultistepScheduler(**CONFIG, solver_order=3, final_sigmas_type="zero")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_samplers_agree_with_diffusers(name: str, scheduler: Any, denoise: Denoiser) -> None:
    scheduler, sigmas = prepared(scheduler, 10)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, x, denoise)
    sampler = plms(ends_on_x0=False) if name == "PLMS" else name
    # Its DPM++ 2M works in float32 inside.
    close(last(sampler, denoise, x, sigmas), expected, 1e-6 if name == "DPM++ 2M" else 1e-9)


@pytest.mark.parametrize("name", ["LMS", "PLMS"])
def test_ends_on_x0_changes_only_the_last_step(name: str, mixture: Any) -> None:
    make = {"LMS": lms, "PLMS": plms}[name]
    x, sigmas = start(SIGMAS[0]), SIGMAS[:-1]
    as_others = last(make(ends_on_x0=False), mixture.denoise, x, sigmas)
    assert torch.equal(last(name, mixture.denoise, x, sigmas), as_others)


def test_deis_agrees_with_diffusers(denoise: Denoiser) -> None:
    """Up to the step before the last, because diffusers cannot step to 0 at full order."""
    scheduler, sigmas = prepared(DEISMultistepScheduler(**CONFIG, solver_order=3), 16)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, x, denoise, steps=15) * math.sqrt(1 + sigmas[-2] ** 2)
    close(last("DEIS", denoise, x, sigmas[:-1]), expected)


def test_ddim_with_noise_agrees_with_diffusers(mixture: Any) -> None:
    scheduler, sigmas = prepared(DDIMScheduler(**CONFIG, clip_sample=False), 10)
    x = z = start(sigmas[0])
    z = x / math.sqrt(1 + sigmas[0] ** 2)
    for i, t in enumerate(int(t) for t in scheduler.timesteps):
        x_now = z * math.sqrt(1 + sigmas[i] ** 2)
        eps = (x_now - mixture.denoise(x_now, sigmas[i])) / sigmas[i]
        z = scheduler.step(eps, t, z, eta=0.7, variance_noise=draws(i, 0)).prev_sample
    sampler = SAMPLERS["DDIM"].with_options(Options(eta=0.7).given)
    close(last(sampler, mixture.denoise, x, sigmas, draws), z)


@pytest.mark.parametrize(
    ("name", "scheduler", "steps", "options", "tolerance"),
    [
        ("DDPM", DDPMScheduler(**CONFIG, clip_sample=False), 10, {}, 1e-9),
        # It has boundary scalings that differ from 0 and 1 by less than 4e-8 at these times.
        ("LCM", LCMScheduler(**CONFIG), 4, {"original_inference_steps": 50}, 1e-6),
    ],
    ids=["DDPM", "LCM"],
)
def test_fresh_noise_agrees_with_diffusers(
    name: str, scheduler: Any, steps: int, options: Any, tolerance: float, denoise: Denoiser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    taken = iter(range(steps))
    module = __import__(type(scheduler).__module__, fromlist=["randn_tensor"])
    monkeypatch.setattr(module, "randn_tensor", lambda *a, **k: draws(next(taken), 0))
    scheduler, sigmas = prepared(scheduler, steps, **options)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, x, denoise)
    close(last(name, denoise, x, sigmas, draws), expected, tolerance)


# -- against the formulas of papers without a package ------------------------------------------


def test_gradient_estimation_equals_the_published_update(denoise: Denoiser) -> None:
    x = expected = start(SIGMAS[0])
    before = None
    for sigma, after in pairwise(SIGMAS[:-1]):
        eps = (expected - denoise(expected, sigma)) / sigma
        average = eps if before is None else 2 * eps - before
        expected, before = expected - (sigma - after) * average, eps
    close(last("Gradient Estimation", denoise, x, SIGMAS[:-1]), expected)


@pytest.mark.parametrize("s_noise", [1.0, 1.1])
def test_er_sde_equals_the_published_update(s_noise: float, denoise: Denoiser) -> None:
    """Cui et al. 2023, algorithm 3 in variance-exploding form, its integrals by quadrature."""
    x = expected = start(SIGMAS[0])
    estimates: list[Tensor] = []
    changes: list[Tensor] = []
    for i, (sigma, after) in enumerate(pairwise(SIGMAS[:-1])):
        estimates.append(denoise(expected, sigma))
        ratio = default_noise_scaler(after) / default_noise_scaler(sigma)
        value = ratio * expected + (1 - ratio) * estimates[-1]
        if i >= 1:
            area = integrate.quad(lambda s: 1 / default_noise_scaler(s), after, sigma)[0]
            changes.append((estimates[-1] - estimates[-2]) / (sigma - SIGMAS[i - 1]))
            value = value + (after - sigma + default_noise_scaler(after) * area) * changes[-1]
        if i >= 2:
            area = integrate.quad(
                lambda s, top: (s - top) / default_noise_scaler(s), after, sigma, (sigma,)
            )
            bend = (changes[-1] - changes[-2]) / ((sigma - SIGMAS[i - 2]) / 2)
            value = (
                value + ((after - sigma) ** 2 / 2 + default_noise_scaler(after) * area[0]) * bend
            )
        fresh = s_noise * math.sqrt(after**2 - (sigma * ratio) ** 2)
        expected = value + fresh * draws(i, 0)
    sampler = SAMPLERS["ER SDE"].with_options(Options(s_noise=s_noise).given)
    close(last(sampler, denoise, x, SIGMAS[:-1], draws), expected)
