"""What a network predicts (eps, v, x0, flow, EDM), shared by sampling and training.

x is in variance-exploding scaling, x = x0 + sigma * eps, and the standard deviation of x0 is
assumed to be 1, except for EDM's. Sigma is a float, or a tensor that broadcasts over the batch, [B,
1, 1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from .model_schedule import Schedule
    from .trajectory import Denoiser

    Sigma = float | Tensor


@dataclass(frozen=True)
class Prediction:
    """A parameterisation of the denoiser: three formulas, all on [B, C, h, w]."""

    name: str
    network_input: Callable[[Tensor, Sigma], Tensor]
    """(x, sigma) -> the network's input, in the scaling it was trained on."""
    to_x0: Callable[[Tensor, Tensor, Sigma], Tensor]
    """(network output, x, sigma) -> the denoised estimate."""
    target: Callable[[Tensor, Tensor, Sigma], Tensor]
    """(x0, eps, sigma) -> what the network should output at x0 + sigma * eps."""


def denoiser(
    network: Callable[[Tensor, float], Tensor], prediction: Prediction, schedule: Schedule
) -> Denoiser:
    """(x, sigma) -> x0 from a network that takes (scaled input, c_noise)."""

    def denoise(x: Tensor, sigma: float) -> Tensor:
        output = network(prediction.network_input(x, sigma), schedule.c_noise(sigma))
        return prediction.to_x0(output, x, sigma)

    return denoise


# Variance preserving: z = a x0 + s eps with a = 1 / sqrt(1 + sigma^2) and s = sigma a,
# so z = a x. Flow: x_t = (1 - t) x0 + t eps with t = sigma / (1 + sigma), so x_t = x / (1 + sigma).


def _a(sigma: Sigma) -> Sigma:
    return (1 + sigma**2) ** -0.5


def _preserve_variance(x: Tensor, sigma: Sigma) -> Tensor:
    return x * _a(sigma)


def _eps_to_x0(eps: Tensor, x: Tensor, sigma: Sigma) -> Tensor:
    return x - sigma * eps


def _eps_target(x0: Tensor, eps: Tensor, sigma: Sigma) -> Tensor:
    return eps


def _v_to_x0(v: Tensor, x: Tensor, sigma: Sigma) -> Tensor:
    a = _a(sigma)
    return a * (a * x - sigma * v)


def _v_target(x0: Tensor, eps: Tensor, sigma: Sigma) -> Tensor:
    return (eps - sigma * x0) * _a(sigma)


def _x0_to_x0(x0: Tensor, x: Tensor, sigma: Sigma) -> Tensor:
    return x0


def _x0_target(x0: Tensor, eps: Tensor, sigma: Sigma) -> Tensor:
    return x0


def _interpolate(x: Tensor, sigma: Sigma) -> Tensor:
    return x / (1 + sigma)


def _flow_to_x0(velocity: Tensor, x: Tensor, sigma: Sigma) -> Tensor:
    return (x - sigma * velocity) / (1 + sigma)


def _flow_target(x0: Tensor, eps: Tensor, sigma: Sigma) -> Tensor:
    return eps - x0


SIGMA_DATA = 0.5
"""The standard deviation of the data that EDM networks are trained for."""


def _edm_input(x: Tensor, sigma: Sigma) -> Tensor:
    return x * (sigma**2 + SIGMA_DATA**2) ** -0.5


def _edm_to_x0(output: Tensor, x: Tensor, sigma: Sigma) -> Tensor:
    inverse = (sigma**2 + SIGMA_DATA**2) ** -0.5
    return SIGMA_DATA * inverse * (SIGMA_DATA * inverse * x + sigma * output)


def _edm_target(x0: Tensor, eps: Tensor, sigma: Sigma) -> Tensor:
    return (sigma / SIGMA_DATA * x0 - SIGMA_DATA * eps) * (sigma**2 + SIGMA_DATA**2) ** -0.5


EPS = Prediction("eps", _preserve_variance, _eps_to_x0, _eps_target)
"""The noise (Ho et al. 2020)."""

V = Prediction("v", _preserve_variance, _v_to_x0, _v_target)
"""The velocity a eps - s x0 (Salimans & Ho 2022)."""

X0 = Prediction("x0", _preserve_variance, _x0_to_x0, _x0_target)
"""The clean latent itself."""

FLOW = Prediction("flow", _interpolate, _flow_to_x0, _flow_target)
"""The velocity eps - x0 of a rectified flow (Liu et al. 2022)."""

EDM = Prediction("edm", _edm_input, _edm_to_x0, _edm_target)
"""The mixture of clean latent and noise of Karras et al. 2022, table 1, with sigma_data 0.5."""

PREDICTIONS: Mapping[str, Prediction] = {p.name: p for p in (EPS, V, X0, FLOW, EDM)}
