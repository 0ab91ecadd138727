"""Train the autoencoder on the drawings; sample sheets show held-out ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.networks.compact_autoencoder import CompactAutoencoder, CompactAutoencoderConfig
from core.training.autoencoder_training import AutoencoderTask, augment, psnr
from core.training.training_loop import Plan, Progress, train

from .data import Dataset, load
from .sheets import save_sheet, to_pixels
from .workspace import AUTOENCODER_SAMPLES

CONFIG = CompactAutoencoderConfig()
SEED = 1
PLAN = Plan(samples=AUTOENCODER_SAMPLES, batch=32, lr=1e-3, weight_decay=0.0, seed=SEED)


def train_autoencoder(
    data: Path, run: Path, *, samples: int, seconds: float, device: torch.device, bf16: bool
) -> None:
    """Trains (or continues training) in the folder `run`."""
    dataset = load(data)
    seen = part(dataset, "train")
    torch.manual_seed(SEED)  # the networks' initial weights
    network = CompactAutoencoder(CONFIG)
    whole, _ = augment(_rgba(seen[:: max(1, len(seen) // 512)]), 128, torch.Generator())
    network.start_linear(whole)
    network.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    held_out = on_white(part(dataset, "pair")).to(device)

    def report(progress: Progress) -> None:
        network.eval()
        with swapped(progress), torch.no_grad():
            out = network.decode(network.encode(held_out)).clamp(-1, 1)
        quality = float(psnr(out[:, :3], held_out))
        rows = [to_pixels(x) for i in range(8) for x in (held_out[i], out[i, :3])]
        save_sheet(run / f"sheet-{progress.step:06d}.png", rows, columns=8)
        line = f"step {progress.step}: held-out PSNR {quality:.2f} dB\n"
        with (run / "quality.txt").open("a", encoding="utf-8") as file:
            file.write(line)

    plan = replace(PLAN, samples=samples, seconds=seconds)
    task = AutoencoderTask(network, seen, plan.batch, device)
    train(task, run, plan, on_checkpoint=report, bf16=bf16)


class swapped:  # noqa: N801  # reads as a verb in a with statement
    """For the length of a with statement, the network has its moving-average weights."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def __enter__(self) -> None:
        self._swap()

    def __exit__(self, *_: object) -> None:
        self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, value in self.progress.module.named_parameters():
            average = self.progress.ema[name]
            kept = value.clone()
            value.copy_(average)
            average.copy_(kept)


def part(dataset: Dataset, held_out: str) -> Tensor:
    """The drawings of one part of the split, uint8 [M, 128, 128, 4], straight alpha."""
    picks = [i for i, drawing in enumerate(dataset.drawings) if drawing.held_out == held_out]
    return torch.from_numpy(np.ascontiguousarray(dataset.images[picks]))


def on_white(drawings: Tensor) -> Tensor:
    """Straight-alpha uint8 [N, S, S, 4] -> RGB on white [N, 3, S, S] in [-1, 1]."""
    rgba = _rgba(drawings)
    return (rgba[:, :3] * rgba[:, 3:] + 1 - rgba[:, 3:]) * 2 - 1


def _rgba(drawings: Tensor) -> Tensor:
    return drawings.permute(0, 3, 1, 2).float() / 255
