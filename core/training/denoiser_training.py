"""Trains the denoiser in latent space: sigma distribution, target, loss, caption dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..networks.cond import Cond
from ..networks.protocols import Backbone
from ..sampling.model_schedule import Schedule
from ..sampling.predictions import Prediction


@dataclass(frozen=True)
class LatentSet:
    """Images as latents and captions as conditions, encoded once.

    Latents and conditions may be float16 and on the network's device, if they fit; the other tables
    are on the CPU, where batches are drawn.
    """

    latents: Tensor
    """Normalised to about unit variance, [N, C, h, w]."""
    contexts: Tensor
    """[M, length, dim], one for each distinct caption."""
    vectors: Tensor
    """[M, dim]."""
    captions: Tensor
    """The captions of each image: [N, K] indices into M, padded with any index."""
    caption_weights: Tensor
    """The probability of each, [N, K]; 0 for padding."""
    weights: Tensor
    """How often each image is drawn, [N], relative."""


@dataclass
class DiffusionTask:
    """One step: adds noise to latents, predicts the target with their captions, mean squared
    error.
    """

    module: Backbone
    data: LatentSet
    prediction: Prediction
    schedule: Schedule
    batch: int
    device: torch.device
    dropout: float = 0.1
    """Share of captions that are replaced by the null condition, for classifier-free guidance."""
    time_mean: float = 0.2
    time_std: float = 1.0

    def loss(self, step: int, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        data = self.data
        picks = torch.multinomial(data.weights, self.batch, replacement=True, generator=generator)
        columns = torch.multinomial(data.caption_weights[picks], 1, generator=generator)
        captions = data.captions[picks].gather(1, columns)[:, 0].to(data.contexts.device)
        keep = (torch.rand(self.batch, generator=generator) >= self.dropout).to(captions.device)
        cond = Cond(
            data.contexts[captions].float() * keep[:, None, None],
            data.vectors[captions].float() * keep[:, None],
        ).to(self.device, torch.float32)
        times = logit_normal_times(
            self.batch, self.schedule, self.time_mean, self.time_std, generator
        )
        x0 = data.latents[picks.to(data.latents.device)].float()
        eps = torch.randn(x0.shape, generator=generator)
        error = denoising_error(
            self.module, self.prediction, self.schedule, x0, eps, times, cond, self.device
        )
        return {"loss": error.mean()}


def denoising_error(
    network: Backbone,
    prediction: Prediction,
    schedule: Schedule,
    x0: Tensor,
    eps: Tensor,
    times: list[float],
    cond: Cond,
    device: torch.device,
) -> Tensor:
    """Mean squared error of the network's prediction for each image: [B].

    x0 and eps are [B, C, h, w]; `times` are network times, one for each image.
    """
    x0, eps = (x.to(device, memory_format=torch.channels_last) for x in (x0, eps))
    sigma = torch.tensor([schedule.sigma(t) for t in times], device=device)[:, None, None, None]
    noisy = prediction.network_input(x0 + sigma * eps, sigma)
    out = network(noisy, torch.tensor(times, device=device), cond)
    return (out.float() - prediction.target(x0, eps, sigma)).square().mean(dim=(1, 2, 3))


def logit_normal_times(
    count: int, schedule: Schedule, mean: float, std: float, generator: torch.Generator
) -> list[float]:
    """Network times whose position between the cleanest and the noisiest is logit-normal.

    One is drawn from each of `count` equally likely slices, which lowers the variance of the
    gradient. Source: Esser et al. 2024, section 3.1.
    """
    slices = torch.arange(count, dtype=torch.float64)
    quantiles = (slices + torch.rand(count, generator=generator, dtype=torch.float64)) / count
    special: Any = torch.special  # without stubs
    normal: Tensor = special.ndtri(quantiles.clamp(1e-6, 1 - 1e-6))
    places = torch.sigmoid(mean + std * normal)
    low, high = schedule.t(schedule.sigma_min), schedule.t(schedule.sigma_max)
    return [low + (high - low) * float(place) for place in places]
