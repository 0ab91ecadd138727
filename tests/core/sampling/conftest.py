"""References: a denoiser known in closed form, and k-diffusion's samplers."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """Every element of x0 is drawn from two Gaussians; not linear, so multistep terms matter."""

    weights: tuple[float, float] = (0.35, 0.65)
    means: tuple[float, float] = (-1.0, 0.8)
    std: float = 0.3

    def denoise(self, x: Tensor, sigma: float) -> Tensor:
        """E[x0 | x] by Bayes' rule."""
        variance = self.std**2 + sigma**2
        logs = [
            math.log(weight) - (x - mean) ** 2 / (2 * variance)
            for weight, mean in zip(self.weights, self.means, strict=True)
        ]
        share = torch.softmax(torch.stack(logs), dim=0)
        each = [(self.std**2 * x + sigma**2 * mean) / variance for mean in self.means]
        return share[0] * each[0] + share[1] * each[1]

    def cdf(self, x: Tensor, sigma: float) -> Tensor:
        scale = math.sqrt(2 * (self.std**2 + sigma**2))
        return sum(
            (
                weight * 0.5 * (1 + torch.erf((x - mean) / scale))
                for weight, mean in zip(self.weights, self.means, strict=True)
            ),
            torch.zeros_like(x),
        )

    def flow(self, x: Tensor, sigma: float) -> Tensor:
        """Where the probability-flow ODE takes x from sigma to 0.

        In one dimension the flow keeps the order of points, and so their quantiles.
        """
        quantile = self.cdf(x, sigma)
        low, high = torch.full_like(x, -10.0), torch.full_like(x, 10.0)
        for _ in range(60):
            middle = (low + high) / 2
            below = self.cdf(middle, 0.0) < quantile
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2


@pytest.fixture(scope="session")
def mixture() -> Mixture:
    return Mixture()


@pytest.fixture(scope="session")
def k_diffusion() -> Iterator[ModuleType]:
    """Only k-diffusion's sampling module; its package imports much that no test needs."""
    spec = importlib.util.find_spec("k_diffusion")
    assert spec is not None, "k-diffusion is missing: install the test extra"
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0])

    def append_dims(x: Tensor, dims: int) -> Tensor:
        return x.reshape(x.shape + (1,) * (dims - x.ndim))

    parent, utils = ModuleType("k_diffusion_alone"), ModuleType("k_diffusion_alone.utils")
    parent.__path__ = [str(folder)]
    utils.__dict__["append_dims"] = append_dims
    parent.__dict__["utils"] = utils
    name = "k_diffusion_alone.sampling"
    loaded = importlib.util.spec_from_file_location(name, folder / "sampling.py")
    assert loaded is not None
    assert loaded.loader is not None
    sampling = importlib.util.module_from_spec(loaded)
    modules = {parent.__name__: parent, utils.__name__: utils, name: sampling}
    sys.modules.update(modules)
    loaded.loader.exec_module(sampling)
    yield sampling
    for module in modules:
        del sys.modules[module]
