"""Train the denoiser on encoded drawings; sample sheets show common prompts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from core.networks.compact_autoencoder import CompactAutoencoder
from core.networks.cond import Cond
from core.networks.protocols import Backbone
from core.networks.unet import UNet, UNetConfig
from core.sampling.model_schedule import FlowSchedule
from core.sampling.predictions import FLOW
from core.training.denoiser_training import (
    DiffusionTask,
    LatentSet,
    denoising_error,
    logit_normal_times,
)
from core.training.training_loop import Plan, Progress, load_ema, train

from .autoencoder import CONFIG as AUTOENCODER
from .autoencoder import swapped
from .data import load
from .drawing import Settings, draw
from .encode import latent_set, load_sentence_encoder, training_set
from .prompts import COMMON_PROMPTS
from .sheets import save_sheet, to_pixels
from .workspace import DENOISER_SAMPLES

CONFIG = UNetConfig(
    in_channels=8,
    out_channels=8,
    channels=64,
    multipliers=(1, 2, 4),
    blocks=1,
    depths=(0, 1, 1),
    context_dim=384,
    heads=None,
    head_channels=64,
    vector_dim=384,
    upsample="pixel_shuffle",
)
PREDICTION = FLOW
SCHEDULE = FlowSchedule()
SEED = 2
PLAN = Plan(
    samples=DENOISER_SAMPLES,
    batch=32,
    lr=7e-4,
    decay=0.3,
    ema=0.999,
    seed=SEED,
    checkpoint_every=480.0,
)
SHEET_PROMPTS = 24
SHEET = Settings(steps=12)


def train_denoiser(
    data: Path,
    encoded: Path,
    autoencoder: Path,
    sentence_encoder: Path,
    folder: Path,
    *,
    samples: int,
    seconds: float,
    device: torch.device,
    bf16: bool,
    batch: int = PLAN.batch,
    decay: float = PLAN.decay,
) -> None:
    """Trains (or continues training) in `folder`.

    The learning rate falls to zero over the last `decay` (a share) of the `samples`.
    """
    dataset = load(data)
    tensors = load_file(encoded)
    torch.manual_seed(SEED)  # the network's initial weights
    network = UNet(CONFIG).to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    seen, held_out = (latent_set(dataset, tensors, part, device) for part in ("train", "pair"))
    conditioner = load_sentence_encoder(sentence_encoder)
    prompts = [prompt.text for prompt in COMMON_PROMPTS[:SHEET_PROMPTS]]
    cond = conditioner.encode(prompts)
    decoder = CompactAutoencoder(AUTOENCODER)
    load_ema(decoder, autoencoder)
    decoder.eval()

    def report(progress: Progress) -> None:
        network.eval()
        with swapped(progress):
            losses = [evaluation_loss(network, data, device) for data in (seen, held_out)]
            latents = draw(
                network,
                PREDICTION,
                SCHEDULE,
                cond,
                range(len(prompts)),
                SHEET,
                device=device,
                channels=CONFIG.in_channels,
            )
        line = f"step {progress.step}: train {losses[0]:.4f}, held-out {losses[1]:.4f}\n"
        with (folder / "quality.txt").open("a", encoding="utf-8") as file:
            file.write(line)
        images = decode(decoder, latents, tensors)
        sheet = folder / f"sheet-{progress.step:06d}.png"
        save_sheet(sheet, [to_pixels(image[:3]) for image in images], columns=8)

    plan = replace(PLAN, samples=samples, batch=batch, decay=decay, seconds=seconds)
    task = DiffusionTask(
        network, training_set(tensors, device), PREDICTION, SCHEDULE, batch, device
    )
    train(task, folder, plan, on_checkpoint=report, bf16=bf16)


@torch.no_grad()
def evaluation_loss(
    network: Backbone, data: LatentSet, device: torch.device, count: int = 256
) -> float:
    """Denoising loss over fixed images, captions, times and noise."""
    generator = torch.Generator().manual_seed(0)
    picks = torch.arange(count) % len(data.latents)
    columns = data.caption_weights[picks].argmax(dim=1, keepdim=True)
    captions = data.captions[picks].gather(1, columns)[:, 0]
    eps = torch.randn(data.latents[picks].shape, generator=generator)
    times = logit_normal_times(count, SCHEDULE, 0.2, 1.0, generator)
    order = torch.randperm(count, generator=generator).tolist()
    times = [times[i] for i in order]
    total = 0.0
    for i in range(0, count, 64):
        part = slice(i, i + 64)
        cond = Cond(data.contexts[captions[part]].float(), data.vectors[captions[part]].float())
        x0 = data.latents[picks[part]].float()
        error = denoising_error(
            network,
            PREDICTION,
            SCHEDULE,
            x0,
            eps[part],
            times[part],
            cond.to(device, torch.float32),
            device,
        )
        total += float(error.sum())
    return total / count


@torch.no_grad()
def decode(network: CompactAutoencoder, latents: Tensor, tensors: dict[str, Tensor]) -> Tensor:
    """Normalised latents -> RGB on white and alpha, [B, 4, H, W] in about [-1, 1]."""
    mean, std = (tensors[key][:, None, None] for key in ("latent_mean", "latent_std"))
    return network.decode(latents * std + mean)
