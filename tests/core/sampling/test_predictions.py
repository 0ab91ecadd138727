"""Predictions: a perfect network returns x0, in the coordinates that others use."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler, DDIMSchedulerOutput
from diffusers.schedulers.scheduling_edm_euler import EDMEulerScheduler
from torch import Tensor

from core.sampling.model_schedule import EdmSchedule, FlowSchedule, scaled_linear
from core.sampling.predictions import EDM, EPS, FLOW, PREDICTIONS, Prediction, V, denoiser

X0, NOISE = torch.randn(
    2, 3, 4, 5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64
)
PER_IMAGE = torch.tensor([0.05, 1.0, 14.0], dtype=torch.float64).reshape(3, 1, 1, 1)


@pytest.mark.parametrize("sigma", [0.03, 1.0, 80.0, PER_IMAGE], ids=str)
@pytest.mark.parametrize("name", PREDICTIONS)
def test_the_target_converts_back_to_x0(name: str, sigma: float | Tensor) -> None:
    prediction = PREDICTIONS[name]
    output = prediction.target(X0, NOISE, sigma)
    torch.testing.assert_close(prediction.to_x0(output, X0 + sigma * NOISE, sigma), X0)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_tensor_of_sigmas_equals_single_sigmas(name: str) -> None:
    prediction = PREDICTIONS[name]
    x = X0 + PER_IMAGE * NOISE
    together = prediction.network_input(x, PER_IMAGE), prediction.to_x0(NOISE, x, PER_IMAGE)
    for i, sigma in enumerate(PER_IMAGE.flatten().tolist()):
        torch.testing.assert_close(together[0][i], prediction.network_input(x[i], sigma))
        torch.testing.assert_close(together[1][i], prediction.to_x0(NOISE[i], x[i], sigma))


def test_names_are_the_keys() -> None:
    assert list(PREDICTIONS) == ["eps", "v", "x0", "flow", "edm"]
    assert all(row.name == name for name, row in PREDICTIONS.items())


@pytest.mark.parametrize("name", ["eps", "v", "x0"])
def test_variance_is_preserved(name: str) -> None:
    """The input of a network trained on z = a x0 + s eps with a^2 + s^2 = 1."""
    sigma = 2.5
    a = 1 / math.sqrt(1 + sigma**2)
    z = PREDICTIONS[name].network_input(X0 + sigma * NOISE, sigma)
    torch.testing.assert_close(z, a * X0 + math.sqrt(1 - a**2) * NOISE)


def test_flow_input_lies_on_the_straight_path() -> None:
    t = 0.7
    sigma = t / (1 - t)
    torch.testing.assert_close(
        FLOW.network_input(X0 + sigma * NOISE, sigma), (1 - t) * X0 + t * NOISE
    )
    torch.testing.assert_close(FLOW.target(X0, NOISE, sigma), NOISE - X0)


@pytest.mark.parametrize(
    ("prediction", "name"), [(EPS, "epsilon"), (V, "v_prediction")], ids=["eps", "v"]
)
def test_predictions_agree_with_diffusers(
    prediction: Prediction, name: Literal["epsilon", "v_prediction"]
) -> None:
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, prediction_type=name,
    )  # fmt: skip
    scheduler.set_timesteps(10)
    t = 700
    sigma = scaled_linear().sigma(t)
    x = X0 + sigma * NOISE
    output = torch.tanh(x)
    step = scheduler.step(output, t, prediction.network_input(x, sigma))
    assert isinstance(step, DDIMSchedulerOutput)
    expected = step.pred_original_sample
    torch.testing.assert_close(prediction.to_x0(output, x, sigma), expected, rtol=0, atol=1e-4)


def test_edm_agrees_with_diffusers() -> None:
    scheduler = EDMEulerScheduler()
    x, output = X0 + PER_IMAGE * NOISE, torch.tanh(NOISE)
    expected = scheduler.precondition_outputs(x, output, PER_IMAGE)
    torch.testing.assert_close(EDM.to_x0(output, x, PER_IMAGE), expected)
    torch.testing.assert_close(
        EDM.network_input(x, PER_IMAGE), scheduler.precondition_inputs(x, PER_IMAGE)
    )
    sigma = float(PER_IMAGE[0])
    times: list[float] = []
    denoiser(lambda scaled, t: (times.append(t), scaled)[1], EDM, EdmSchedule())(X0, sigma)
    assert times == [pytest.approx(float(scheduler.precondition_noise(sigma)))]


def test_the_denoiser_passes_scaled_input_and_c_noise() -> None:
    schedule = FlowSchedule()
    seen: list[tuple[Tensor, float]] = []

    def network(scaled: Tensor, t: float) -> Tensor:
        seen.append((scaled, t))
        return NOISE - X0

    denoise = denoiser(network, FLOW, schedule)
    torch.testing.assert_close(denoise(X0 + 3.0 * NOISE, 3.0), X0)
    ((scaled, t),) = seen
    torch.testing.assert_close(scaled, 0.25 * X0 + 0.75 * NOISE)
    assert t == pytest.approx(750.0)
