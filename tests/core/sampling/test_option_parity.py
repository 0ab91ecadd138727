"""Options of samplers against other implementations."""

from __future__ import annotations

import math
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_deis_multistep import DEISMultistepScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from scipy import integrate
from scipy.interpolate import lagrange
from torch import Tensor

from core.request.parameters import Options
from core.sampling.samplers import SAMPLERS
from core.sampling.trajectory import Sampler
from tests.core.sampling.sampler_runs import SIGMAS, draws, last, silent, start
from tests.core.sampling.test_sampler_parity import (
    CONFIG,
    K_DIFFUSION,
    as_model,
    close,
    diffusers_run,
    first_draw,
    k_diffusion_run,
    motion,
    prepared,
)

# diffusers' own, for numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

ETA = ("Euler a", "DPM2 a", "DPM++ 2S a", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun",
       "DPM++ 3M SDE")  # fmt: skip
CHURN = ("Euler", "Heun", "DPM2")
ORDER = ("LMS", "UniPC", "DEIS")
CHURN_OPTIONS = ("churn", "churn_lowest", "churn_highest", "s_noise")
ELSEWHERE = {
    ("DDIM", "eta"), ("Restart", "s_noise"), ("ER SDE", "s_noise"), ("DDIM CFG++", "eta"),
    *(("HeunPP2", option) for option in CHURN_OPTIONS),
    *((name, "order") for name in ("IPNDM", "IPNDM_V", "DEIS tAB", "UniPC bh1")),
    *((name, option) for option in ("eta", "s_noise") for name in (
        "RES Multistep a", "SEEDS-2", "SEEDS-3", "SA-Solver", "SA-Solver PECE", "Euler a CFG++",
        "DPM++ 2S a CFG++", "RES Multistep a CFG++",
    )),
}  # fmt: skip
"""Those with a reference in `test_sampler_parity` and `test_more_samplers_parity`."""


def test_every_option_of_every_sampler_has_a_reference() -> None:
    here = {
        *((name, option) for name in ETA for option in ("eta", "s_noise")),
        *((name, option) for name in CHURN for option in CHURN_OPTIONS),
        *((name, "order") for name in ORDER),
        ("LCM", "s_noise"),
    }
    taken = {(name, option) for name, row in SAMPLERS.items() for option in row.options}
    assert here | ELSEWHERE == taken


def sampler(name: str, **options: Any) -> Sampler:
    return SAMPLERS[name].with_options(Options(**options).given)


@pytest.mark.parametrize("name", ETA)
@pytest.mark.parametrize(("eta", "s_noise"), [(0.6, 1.1), (0.0, 1.0)])
def test_fresh_noise_agrees_with_k_diffusion(
    name: str, eta: float, s_noise: float, mixture: Any, k_diffusion: ModuleType
) -> None:
    options = {"eta": eta, "s_noise": s_noise}
    others: dict[str, Any] = {"solver_type": "heun"} if name == "DPM++ 2M SDE Heun" else {}
    others["noise_sampler"] = motion if name == "DPM++ SDE" else first_draw
    expected = k_diffusion_run(k_diffusion, K_DIFFUSION[name], mixture.denoise, **options, **others)
    x, noise = start(SIGMAS[0]), draws if eta else silent
    close(last(sampler(name, **options), mixture.denoise, x, SIGMAS, noise), expected)


@pytest.mark.parametrize("name", CHURN)
def test_churn_agrees_with_k_diffusion(
    name: str, mixture: Any, k_diffusion: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter(range(len(SIGMAS)))
    monkeypatch.setattr(torch, "randn_like", lambda x: draws(next(steps), 0))
    theirs = {"s_churn": 3.0, "s_tmin": 0.1, "s_tmax": 9.0, "s_noise": 1.05}
    expected = k_diffusion_run(k_diffusion, K_DIFFUSION[name], mixture.denoise, **theirs)
    ours = sampler(name, churn=3.0, churn_lowest=0.1, churn_highest=9.0, s_noise=1.05)
    close(last(ours, mixture.denoise, start(SIGMAS[0]), SIGMAS, draws), expected)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_order_of_lms_agrees_with_k_diffusion(
    order: int, mixture: Any, k_diffusion: ModuleType
) -> None:
    """Up to the step before the last, because k-diffusion extrapolates to 0 too."""
    x, sigmas = start(SIGMAS[0]), SIGMAS[:-1]
    given = torch.tensor(sigmas, dtype=torch.float64)
    model = as_model(mixture.denoise)
    expected = k_diffusion.sample_lms(model, x, given, disable=True, order=order)
    close(last(sampler("LMS", order=order), mixture.denoise, x, sigmas), expected)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_order_of_unipc_agrees_with_diffusers(order: int, mixture: Any) -> None:
    scheduler = UniPCMultistepScheduler(**CONFIG, solver_order=order, final_sigmas_type="zero")
    scheduler, sigmas = prepared(scheduler, 10)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, x, mixture.denoise)
    close(last(sampler("UniPC", order=order), mixture.denoise, x, sigmas), expected)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_order_of_deis_agrees_with_diffusers(order: int, mixture: Any) -> None:
    """Up to the step before the last, because diffusers cannot step to 0 at full order."""
    scheduler = DEISMultistepScheduler(**CONFIG, solver_order=order)
    scheduler, sigmas = prepared(scheduler, 16)
    x = start(sigmas[0])
    expected = diffusers_run(scheduler, x, mixture.denoise, steps=15)
    expected = expected * math.sqrt(1 + sigmas[-2] ** 2)
    close(last(sampler("DEIS", order=order), mixture.denoise, x, sigmas[:-1]), expected)


def test_deis_of_fourth_order_is_its_integral(mixture: Any) -> None:
    """The slopes' polynomial in log sigma, integrated over sigma by quadrature."""
    x, sigmas = start(SIGMAS[0]), SIGMAS[:-1]
    expected, slopes, logs = x, list[Tensor](), list[float]()
    for i, sigma in enumerate(sigmas[:-1]):
        slopes = [(expected - mixture.denoise(expected, sigma)) / sigma, *slopes][:4]
        logs = [math.log(sigma), *logs][:4]
        for j, slope in enumerate(slopes):
            basis = lagrange(logs, [float(k == j) for k in range(len(logs))])
            weight, _ = integrate.quad(lambda s, p: p(math.log(s)), sigma, sigmas[i + 1], (basis,))
            expected = expected + weight * slope
    close(last(sampler("DEIS", order=4), mixture.denoise, x, sigmas), expected, 1e-7)


def test_the_noise_of_lcm_is_scaled(mixture: Any) -> None:
    x = expected = start(SIGMAS[0])
    for i, (sigma, after) in enumerate(pairwise(SIGMAS)):
        expected = mixture.denoise(expected, sigma) + 1.1 * after * draws(i, 0)
    close(last(sampler("LCM", s_noise=1.1), mixture.denoise, x, SIGMAS, draws), expected)


@pytest.mark.parametrize("name", SAMPLERS)
def test_unset_options_equal_the_defaults(name: str, mixture: Any) -> None:
    x = start(SIGMAS[0])
    plain = last(name, mixture.denoise, x, SIGMAS, draws)
    assert torch.equal(last(sampler(name), mixture.denoise, x, SIGMAS, draws), plain)
