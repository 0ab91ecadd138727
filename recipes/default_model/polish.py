"""Trains the decoder on latents of the denoiser, not only on those of the encoder.

A sampled latent is never quite one of the encoder's: even areas are blotchy, and edges are frayed.
So drawings are noised part of the way and denoised by the trained denoiser, and the decoder learns
to reconstruct the drawings from the result. The encoder stays unchanged, and so do all latents;
half of the decoder's inputs are the encoder's own, so that users' images still round-trip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.model.model import Model
from core.networks.compact_autoencoder import CompactAutoencoder
from core.training.autoencoder_training import DecoderTask, psnr
from core.training.training_loop import Plan, Progress, load_ema, train

from .augment import SHARES, Example, Kind, examples, importance
from .autoencoder import CONFIG, on_white, swapped
from .data import Dataset
from .drawing import BATCH, draw, settings_of
from .export import save
from .sheets import save_sheet, to_pixels
from .workspace import POLISH_SAMPLES, checkpoint

SEED = 6
PLAN = Plan(samples=POLISH_SAMPLES, batch=32, lr=5e-4, decay=0.7, weight_decay=0.0, seed=SEED)
REDRAWN = 8000
"""The number of redrawn images."""
STEPS_LEFT = (1, 6)
"""The minimum and maximum number of default steps that are run again: with more, an image is no
longer the same."""
COMPOSED = 1500


@dataclass(frozen=True)
class Redrawn:
    """Images, and latents near theirs."""

    targets: Tensor
    """RGB on white and alpha, uint8 [N, 4, S, S]."""
    latents: Tensor
    """Scaled as the decoder's input, [N, C, h, w]."""


def polish(
    model: Model, dataset: Dataset, run: Path, *, samples: int, seconds: float, bf16: bool
) -> None:
    """Trains (or continues training) the decoder of `model` in the folder `run`."""
    model.bring(*model.networks)
    network = model.autoencoder
    assert isinstance(network, CompactAutoencoder)
    for one in (network.decoder, network.picture_conv, network.decoder_shortcut):
        one.requires_grad_()  # a model used for generation has no gradients
    rng = np.random.default_rng(SEED)
    made = redrawn(model, chosen(dataset, REDRAWN, rng), rng)
    held_out = [
        Example("plain", image, drawing.captions, 1.0)
        for drawing, image in zip(dataset.drawings, dataset.images, strict=True)
        if drawing.held_out == "pair"
    ]
    unseen = redrawn(model, held_out, np.random.default_rng(SEED))
    device = model.device

    def report(progress: Progress) -> None:
        network.eval()
        truth = (unseen.targets[:, :3].float() / 127.5 - 1).to(device)
        with swapped(progress), torch.no_grad():
            own = network.decode(network.encode(truth)).clamp(-1, 1)[:, :3]
            near = network.decode(unseen.latents.to(device)).clamp(-1, 1)[:, :3]
        own_psnr, near_psnr = (float(psnr(out, truth)) for out in (own, near))
        rows = [to_pixels(x) for pair in zip(truth[:16], near, strict=False) for x in pair]
        save_sheet(run / f"sheet-{progress.step:06d}.png", rows, columns=8)
        line = (
            f"step {progress.step}: held-out PSNR {own_psnr:.2f} dB, redrawn {near_psnr:.2f} dB\n"
        )
        with (run / "quality.txt").open("a", encoding="utf-8") as file:
            file.write(line)

    plan = replace(PLAN, samples=samples, seconds=seconds)
    task = DecoderTask(network, made.targets, made.latents, plan.batch, device)
    train(task, run, plan, on_checkpoint=report, bf16=bf16)


def put_in(run: Path, model: Path) -> None:
    """Puts the decoder trained in `run` into a model folder."""
    network = CompactAutoencoder(CONFIG)
    load_ema(network, checkpoint(run))
    save(network, model / "autoencoder.safetensors")


def chosen(dataset: Dataset, count: int, rng: np.random.Generator) -> list[Example]:
    """Chosen from all training images with the denoiser's frequencies."""
    plain = (
        Example("plain", image, drawing.captions, importance(drawing))
        for drawing, image in zip(dataset.drawings, dataset.images, strict=True)
        if drawing.held_out == "train"
    )
    kinds: dict[Kind, list[Example]] = {}
    for one in (*plain, *examples(dataset, COMPOSED)):
        kinds.setdefault(one.kind, []).append(one)
    found: list[Example] = []
    for kind, those in kinds.items():
        weights = np.array([one.weight for one in those])
        picks = rng.choice(len(those), round(SHARES[kind] * count), p=weights / weights.sum())
        found += [those[int(i)] for i in picks]
    return found


@torch.no_grad()
def redrawn(model: Model, those: Sequence[Example], rng: np.random.Generator) -> Redrawn:
    """Each image noised to where a few of the default steps are left, and denoised under a
    caption."""
    model.bring(*model.networks)
    settings = settings_of(model)
    most = min(STEPS_LEFT[1], settings.steps - 1)
    targets = [_target(one.image) for one in those]
    parts: dict[int, Tensor] = {}
    left = rng.integers(min(STEPS_LEFT[0], most), most + 1, len(those))
    for picks in tqdm(list(_batches(left)), desc="Drawing again", unit="batch"):
        batch = torch.stack([targets[i] for i in picks])
        x0 = model.encode((batch[:, :3].float() / 127.5 - 1).to(model.device)).cpu()
        texts = [_caption(those[i], rng) for i in picks]
        begin = x0, settings.steps - int(left[picks[0]])
        drawn = draw(
            model.backbone, model.prediction, model.schedule, model.text.encode(texts), picks,
            settings, device=model.device, channels=x0.shape[1], side=x0.shape[-1], begin=begin,
        )  # fmt: skip
        parts |= dict(zip(picks, model.unscaled(drawn.to(model.device)).cpu(), strict=True))
    latents = torch.stack([parts[i] for i in range(len(those))])
    return Redrawn(torch.stack(targets), latents)


def _batches(left: np.ndarray) -> Iterator[list[int]]:
    """Images with equally many steps left, together."""
    for count in np.unique(left):
        same = [int(i) for i in np.flatnonzero(left == count)]
        yield from (same[i : i + BATCH] for i in range(0, len(same), BATCH))


def _caption(one: Example, rng: np.random.Generator) -> str:
    texts, weights = zip(*one.captions, strict=True)
    return texts[int(rng.choice(len(texts), p=np.array(weights) / sum(weights)))]


def _target(image: np.ndarray) -> Tensor:
    rgba = torch.from_numpy(np.array(image))
    white = (on_white(rgba[None])[0] + 1) * 127.5
    return torch.cat([white.round().byte(), rgba[..., 3:].permute(2, 0, 1)])
