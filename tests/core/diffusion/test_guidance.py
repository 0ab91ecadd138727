"""Guidance and masks: what is evaluated, and what stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from core.diffusion.guidance import guided, masked
from core.diffusion.noise import initial, seeded
from core.diffusion.prediction import EPS, V
from core.diffusion.samplers import SAMPLERS
from core.diffusion.sigmas import karras
from core.diffusion.trajectory import State, run

SHAPE = (1, 4, 6, 6)
X = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
COND, UNCOND = torch.sin(X), torch.cos(X)
ORIGINAL = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
SIGMAS = karras(6, 0.03, 14.6)


def cond(x: Tensor, sigma: float) -> Tensor:
    return COND


def pair(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    return COND, UNCOND


def test_scale_one_never_evaluates_the_unconditional() -> None:
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
def test_guidance_goes_from_the_unconditional_through_the_conditional(scale: float) -> None:
    expected = (1 - scale) * UNCOND + scale * COND
    torch.testing.assert_close(guided(cond, pair, scale)(X, 2.0), expected)


@pytest.mark.parametrize("prediction", [EPS, V], ids=["eps", "v"])
def test_guiding_x0_is_guiding_the_networks_output(prediction: Any) -> None:
    sigma, scale = 1.7, 4.0
    output = UNCOND + scale * (COND - UNCOND)

    def decoded(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        return prediction.to_x0(COND, x, sigma), prediction.to_x0(UNCOND, x, sigma)

    torch.testing.assert_close(
        guided(cond, decoded, scale)(X, sigma), prediction.to_x0(output, X, sigma)
    )


def half_mask() -> Tensor:
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., 3:] = 1.0
    return mask


@pytest.mark.parametrize("name", SAMPLERS)
def test_what_is_kept_is_exactly_the_original(name: str, mixture: Any) -> None:
    denoise = masked(mixture.denoise, ORIGINAL, half_mask(), initial(5, SHAPE))
    state = State(0, SIGMAS[0] * initial(5, SHAPE))
    steps = list(run(SAMPLERS[name].step, denoise, state, SIGMAS, seeded([5], SHAPE[1:], "cpu")))
    for step in steps:
        assert torch.equal(step.x0[..., :3], ORIGINAL[..., :3])
        assert not torch.isclose(step.x0[..., 3:], ORIGINAL[..., 3:]).all()
    assert torch.equal(steps[-1].state.x[..., :3], ORIGINAL[..., :3])


def test_the_network_sees_the_original_at_the_level_of_x() -> None:
    seen: list[Tensor] = []

    def watched(x: Tensor, sigma: float) -> Tensor:
        seen.append(x)
        return COND

    noise = initial(5, SHAPE)
    masked(watched, ORIGINAL, half_mask(), noise)(X, 3.0)
    torch.testing.assert_close(seen[0][..., :3], (ORIGINAL + 3.0 * noise)[..., :3])
    assert torch.equal(seen[0][..., 3:], X[..., 3:])


def test_a_mask_of_ones_changes_nothing(mixture: Any) -> None:
    denoise = masked(mixture.denoise, ORIGINAL, torch.ones(1, 1, 6, 6), initial(5, SHAPE))
    assert torch.equal(denoise(X, 3.0), mixture.denoise(X, 3.0))


def test_soft_masks_blend() -> None:
    denoise = masked(cond, ORIGINAL, torch.full((1, 1, 6, 6), 0.25), initial(5, SHAPE))
    torch.testing.assert_close(denoise(X, 3.0), 0.25 * COND + 0.75 * ORIGINAL)
