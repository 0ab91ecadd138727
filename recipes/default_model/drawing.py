"""Generates images for many prompts at once, with any sampler, for training's sheets and for
measuring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from core.model.model import Model
from core.networks.cond import Cond, concatenate
from core.networks.protocols import Backbone
from core.sampling import noise
from core.sampling.model_schedule import Schedule
from core.sampling.predictions import Prediction, denoiser
from core.sampling.samplers import SAMPLERS, sigmas_for
from core.sampling.trajectory import State, run

BATCH = 32


@dataclass(frozen=True)
class Settings:
    """How to sample: names from the tables of samplers and schedules, steps, guidance scale."""

    sampler: str = "Euler a"
    schedule: str = "Normal"
    steps: int = 20
    cfg: float = 3.0


def settings_of(model: Model) -> Settings:
    """The model's recommended settings."""
    found = model.defaults
    return Settings(found.sampler, found.schedule, found.steps, found.cfg)


def images(
    model: Model, texts: Sequence[str], seeds: Sequence[int], settings: Settings, what: str
) -> Tensor:
    """RGB on white, [N, 3, H, W] in [-1, 1]: one image for each text and its seed.

    Text i is in a batch with others, so by rounding it may differ from the image generated alone.
    """
    model.bring(*model.networks)
    parts: list[Tensor] = []
    for first in tqdm(range(0, len(texts), BATCH), desc=f"Drawing {what}", unit="batch"):
        latents = draw(
            model.backbone,
            model.prediction,
            model.schedule,
            model.text.encode(list(texts[first : first + BATCH])),
            seeds[first : first + BATCH],
            settings,
            device=model.device,
            channels=model.latent_channels,
            side=model.defaults.width // 8,
        )
        with torch.no_grad():
            parts.append(model.decode(latents.to(model.device))[:, :3].clamp(-1, 1).cpu())
    return torch.cat(parts)


@torch.no_grad()
def draw(
    network: Backbone,
    prediction: Prediction,
    schedule: Schedule,
    cond: Cond,
    seeds: Sequence[int],
    settings: Settings,
    *,
    device: torch.device,
    channels: int,
    side: int = 16,
    begin: tuple[Tensor, int] | None = None,
) -> Tensor:
    """Normalised latents of many prompts, [B, C, side, side], with guidance.

    `begin`: latents to add noise to and denoise from that step on, instead of pure noise.
    """
    cond = cond.to(device, torch.float32)
    count = len(seeds)
    both = concatenate([cond, cond.zeros()])

    def guided(x: Tensor, t: float) -> Tensor:
        times = torch.full((2 * count,), t, device=device)
        out = network(torch.cat([x, x]), times, both)
        conditional, unconditional = out.chunk(2)
        return unconditional + settings.cfg * (conditional - unconditional)

    visited = sigmas_for(settings.sampler, settings.schedule, settings.steps, schedule)
    shape = (channels, side, side)
    x0, first = begin or (torch.zeros(()), 0)
    visited = visited[first:]
    eps = torch.stack([noise.initial_noise(seed, shape) for seed in seeds])
    x = (x0 + visited[0] * eps).to(device)
    *_, last = run(
        SAMPLERS[settings.sampler].step,
        denoiser(guided, prediction, schedule),
        State(0, x),
        visited,
        noise.batch_step_noise(list(seeds), shape, device),
    )
    return last.state.x.cpu()
