"""Guidance and masks: which evaluations are made, and what stays unchanged."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor

from core.sampling.guidance import (
    cfg,
    cfg_plus_plus,
    combine_pair,
    dynamic_thresholding,
    guided,
    limited_interval,
    masked,
    rescale_cfg,
)
from core.sampling.noise import batch_step_noise, initial_noise
from core.sampling.predictions import EPS, V
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import karras
from core.sampling.trajectory import State, run

SHAPE = (1, 4, 6, 6)
X = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
COND, UNCOND = torch.sin(X), torch.cos(X)
ORIGINAL = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
SIGMAS = karras(6, 0.03, 14.6)


def cond(x: Tensor, sigma: float) -> Tensor:
    return COND


def pair(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    return COND, UNCOND


def test_scale_1_never_evaluates_the_unconditional() -> None:
    def forbidden(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        raise AssertionError("evaluated")

    assert torch.equal(guided(cond, forbidden, 1.0)(X, 2.0), COND)


def test_other_scales_evaluate_the_pair_once() -> None:
    calls: list[float] = []

    def counted(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        calls.append(sigma)
        return COND, UNCOND

    guided(cond, counted, 3.0)(X, 2.0)
    assert calls == [2.0]


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 7.5])
def test_guidance_extrapolates_from_unconditional_to_conditional(scale: float) -> None:
    expected = (1 - scale) * UNCOND + scale * COND
    torch.testing.assert_close(guided(cond, pair, scale)(X, 2.0), expected)


@pytest.mark.parametrize("prediction", [EPS, V], ids=["eps", "v"])
def test_guiding_x0_equals_guiding_the_networks_output(prediction: Any) -> None:
    sigma, scale = 1.7, 4.0
    output = UNCOND + scale * (COND - UNCOND)

    def decoded(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return prediction.to_x0(COND, x, sigma), prediction.to_x0(UNCOND, x, sigma)

    torch.testing.assert_close(
        guided(cond, decoded, scale)(X, sigma), prediction.to_x0(output, X, sigma)
    )


def test_outside_its_interval_guidance_costs_one_evaluation() -> None:
    def forbidden(x: Tensor, sigma: float) -> Tensor:
        raise AssertionError("evaluated")

    for sigma in (0.5, 1.0, 3.0):
        assert torch.equal(limited_interval(0.5, 3.0, cond, forbidden)(X, sigma), COND)
    for sigma in (0.4, 3.1):
        assert torch.equal(limited_interval(0.5, 3.0, forbidden, cond)(X, sigma), COND)


@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_rescaling_restores_the_standard_deviation_of_v(share: float) -> None:
    """The published code, on the output of a network that predicts v."""
    sigma, scale = 2.0, 9.0
    v_cond, v_uncond = COND.double(), UNCOND.double()
    v = v_uncond + scale * (v_cond - v_uncond)
    ratio = v_cond.std(dim=(1, 2, 3), keepdim=True) / v.std(dim=(1, 2, 3), keepdim=True)
    expected = V.to_x0(share * v * ratio + (1 - share) * v, X.double(), sigma)
    both = [V.to_x0(output, X.double(), sigma) for output in (v_cond, v_uncond)]
    actual = rescale_cfg(cfg(scale), share)(both[0], both[1], X.double(), sigma)
    torch.testing.assert_close(actual, expected)


def test_rescaling_is_per_image() -> None:
    both = torch.cat([COND, 3 * COND]), torch.cat([UNCOND, UNCOND])
    x = torch.cat([X, X])
    together = rescale_cfg(cfg(5.0))(*both, x, 2.0)
    for i in range(2):
        alone = rescale_cfg(cfg(5.0))(both[0][i : i + 1], both[1][i : i + 1], x[:1], 2.0)
        torch.testing.assert_close(together[i : i + 1], alone)


def test_thresholding_agrees_with_diffusers() -> None:
    scheduler = DDPMScheduler(
        thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=1e9
    )
    both = torch.cat([COND, 0.1 * COND]), torch.cat([UNCOND, 0.1 * UNCOND])
    x0 = cfg(4.0)(*both, X, 2.0)
    expected = scheduler._threshold_sample(x0)
    torch.testing.assert_close(dynamic_thresholding(cfg(4.0), 0.9)(*both, X, 2.0), expected)
    torch.testing.assert_close(expected[1:], x0[1:].clamp(-1, 1))


def test_mimicked_thresholding_has_the_range_of_the_lower_scale() -> None:
    strong = dynamic_thresholding(cfg(12.0), 0.9, mimic=cfg(3.0))(COND, UNCOND, X, 2.0)
    weak = cfg(3.0)(COND, UNCOND, X, 2.0)
    assert float(strong.abs().max()) == pytest.approx(float(weak.abs().quantile(0.9)))
    same = dynamic_thresholding(cfg(3.0), 1.0, mimic=cfg(12.0))(COND, UNCOND, X, 2.0)
    torch.testing.assert_close(same, weak)


def test_cfg_plus_plus_renoises_with_the_unconditional(mixture: Any) -> None:
    """Chung et al. 2024: x' = x0(lambda) + next * eps(unconditional)."""

    def both(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return mixture.denoise(x + 1, sigma), mixture.denoise(x, sigma)

    denoise = combine_pair(both, cfg_plus_plus(0.6, SIGMAS))
    x = expected = (SIGMAS[0] * X).double()
    for step, (sigma, after) in zip(
        run(
            SAMPLERS["Euler"].step,
            denoise,
            State(0, x),
            SIGMAS,
            batch_step_noise([0], SHAPE[1:], "cpu"),
        ),
        pairwise(SIGMAS),
        strict=True,
    ):
        conditional, unconditional = both(expected, sigma)
        x0 = unconditional + 0.6 * (conditional - unconditional)
        expected = x0 + after * (expected - unconditional) / sigma
        torch.testing.assert_close(step.state.x, expected)


def test_refinements_compose() -> None:
    refined = rescale_cfg(dynamic_thresholding(cfg(8.0), mimic=cfg(2.0)), 0.5)
    denoise = limited_interval(0.5, 3.0, combine_pair(pair, refined), cond)
    assert denoise(X, 2.0).isfinite().all()
    assert torch.equal(denoise(X, 5.0), COND)


def half_mask() -> Tensor:
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., 3:] = 1.0
    return mask


@pytest.mark.parametrize("name", SAMPLERS)
def test_kept_cells_equal_the_original(name: str, mixture: Any) -> None:
    denoise = masked(mixture.denoise, ORIGINAL, half_mask(), initial_noise(5, SHAPE))
    state = State(0, SIGMAS[0] * initial_noise(5, SHAPE))
    steps = list(
        run(SAMPLERS[name].step, denoise, state, SIGMAS, batch_step_noise([5], SHAPE[1:], "cpu"))
    )
    for step in steps:
        assert torch.equal(step.x0[..., :3], ORIGINAL[..., :3])
        assert not torch.isclose(step.x0[..., 3:], ORIGINAL[..., 3:]).all()
    assert torch.equal(steps[-1].state.x[..., :3], ORIGINAL[..., :3])


def test_the_network_gets_the_original_noised_to_the_level_of_x() -> None:
    seen: list[Tensor] = []

    def watched(x: Tensor, sigma: float) -> Tensor:
        seen.append(x)
        return COND

    noise = initial_noise(5, SHAPE)
    masked(watched, ORIGINAL, half_mask(), noise)(X, 3.0)
    torch.testing.assert_close(seen[0][..., :3], (ORIGINAL + 3.0 * noise)[..., :3])
    assert torch.equal(seen[0][..., 3:], X[..., 3:])


def test_a_mask_of_ones_changes_nothing(mixture: Any) -> None:
    denoise = masked(mixture.denoise, ORIGINAL, torch.ones(1, 1, 6, 6), initial_noise(5, SHAPE))
    assert torch.equal(denoise(X, 3.0), mixture.denoise(X, 3.0))


def test_soft_masks_blend() -> None:
    denoise = masked(cond, ORIGINAL, torch.full((1, 1, 6, 6), 0.25), initial_noise(5, SHAPE))
    torch.testing.assert_close(denoise(X, 3.0), 0.25 * COND + 0.75 * ORIGINAL)
