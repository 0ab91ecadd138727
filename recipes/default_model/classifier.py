"""Which concept does an image show? A small classifier, trained on real drawings only.

It is the judge of generated images, so it never sees one in training, nor a held-out drawing.
With two or three drawings a concept, its knowledge comes from augmentation: shift, scale, a little
rotation, colour, blur and noise, the last two at the grain that decoded latents have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.training.training_loop import Plan, load_ema, train

from .autoencoder import on_white
from .data import Dataset
from .workspace import checkpoint

SIDE = 64
BATCH = 64
SAMPLES = 32_000
"""Images seen, about 30 times each drawing: two or three minutes on two cores."""
SEED = 3
WIDTHS = (24, 48, 96, 192)
LABEL_SMOOTHING = 0.1


class Block(nn.Module):
    """Half the resolution, another width, and a residual convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1)
        self.norm1 = nn.GroupNorm(8, channels_out)
        self.conv = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.norm2 = nn.GroupNorm(8, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.norm1(self.down(x)))
        return x + F.silu(self.norm2(self.conv(x)))


class ConceptClassifier(nn.Module):
    """Images [B, 3, 64, 64] in [-1, 1] -> logits [B, classes]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        widths = (3, *WIDTHS)
        self.blocks = nn.Sequential(*(Block(a, b) for a, b in pairwise(widths)))
        cells = (SIDE >> len(WIDTHS)) ** 2
        # Where things are matters: a mouth above the eyes is another concept.
        self.places = nn.Conv2d(WIDTHS[-1], 32, 1)
        self.head = nn.Linear(WIDTHS[-1] + 32 * cells, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = self.blocks(image)
        return self.head(torch.cat([x.mean(dim=(2, 3)), self.places(x).flatten(1)], dim=1))


@dataclass
class ClassifierTask:
    """One step: augment some drawings and name their concepts, by cross-entropy."""

    module: nn.Module
    images: Tensor
    """Real training drawings, [N, 3, 64, 64] in [-1, 1]."""
    labels: Tensor
    """[N], class numbers."""
    batch: int
    device: torch.device

    def loss(self, step: int, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        picks = torch.randint(len(self.images), (self.batch,), generator=generator)
        images = augment(self.images[picks], generator)
        logits = self.module(images.to(self.device, memory_format=torch.channels_last))
        target = self.labels[picks].to(self.device)
        loss = F.cross_entropy(logits.float(), target, label_smoothing=LABEL_SMOOTHING)
        return {"loss": loss, "accuracy": (logits.argmax(dim=1) == target).float().mean()}


@dataclass(frozen=True)
class Judge:
    """A trained classifier and its classes."""

    network: ConceptClassifier
    concepts: tuple[str, ...]
    """Hexcode of each class."""

    def number(self, hexcode: str) -> int:
        """The class of a concept that some training drawing shows."""
        return self.concepts.index(hexcode)

    def ranks(self, images: Tensor, hexcodes: Sequence[str]) -> Tensor:
        """Images [B, 3, H, W] in [-1, 1] -> how many concepts seem likelier than the right one,
        [B]; 0 is a hit."""
        return self.best_ranks(images, [[code] for code in hexcodes])

    def best_ranks(self, images: Tensor, hexcodes: Sequence[Sequence[str]]) -> Tensor:
        """Likewise if any of several concepts is right: the rank of the likeliest of them."""
        logits = self.logits(images)
        best = logits.masked_fill(~self._right(hexcodes), -torch.inf).amax(dim=1, keepdim=True)
        return (logits > best).sum(dim=1)

    def probabilities(self, images: Tensor, hexcodes: Sequence[Sequence[str]]) -> Tensor:
        """Summed over all right concepts, [B]."""
        return (self.logits(images).softmax(dim=1) * self._right(hexcodes)).sum(dim=1)

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W] in [-1, 1] -> [B, concepts]."""
        return torch.cat([self.network(part) for part in shrink(images).split(64)])

    def _right(self, hexcodes: Sequence[Sequence[str]]) -> Tensor:
        right = torch.zeros(len(hexcodes), len(self.concepts), dtype=torch.bool)
        for row, codes in zip(right, hexcodes, strict=True):
            row[[self.number(code) for code in codes]] = True
        return right


def train_judge(dataset: Dataset, work: Path, *, samples: int = SAMPLES) -> Judge:
    """The judge of a data set: trained (a few minutes on a CPU), resumed or read from `work`.

    Its folder is named after the digest of the drawings and settings, so that it is never used
    for others.
    """
    seen = [i for i, drawing in enumerate(dataset.drawings) if drawing.held_out == "train"]
    codes = [dataset.drawings[i].hexcode for i in seen]
    concepts = tuple(sorted(set(codes)))
    drawings = np.ascontiguousarray(dataset.images[seen])
    run = work / f"classifier-{_digest(drawings, codes, samples)[:12]}"
    torch.manual_seed(SEED)  # the network's initial weights
    network = ConceptClassifier(len(concepts)).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    if not (run / "done").exists():
        parts = torch.from_numpy(drawings).split(64)
        task = ClassifierTask(
            module=network,
            images=torch.cat([shrink(on_white(part)) for part in parts]),
            labels=torch.tensor([concepts.index(code) for code in codes]),
            batch=BATCH,
            device=torch.device("cpu"),
        )
        plan = Plan(
            samples=samples,
            batch=BATCH,
            lr=2e-3,
            warmup=50,
            decay=0.6,
            weight_decay=0.05,
            ema=0.99,
            seed=SEED,
        )
        train(task, run, plan)
        (run / "done").touch()
    load_ema(network, checkpoint(run))
    return Judge(network.eval(), concepts)


def shrink(images: Tensor) -> Tensor:
    """[B, C, H, W], H and W multiples of 64 -> [B, C, 64, 64] by averaging."""
    return F.avg_pool2d(images, images.shape[-1] // SIDE)


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """The same things drawn a little differently: [B, 3, 64, 64] in [-1, 1], white around."""
    count = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    # Rotation up to 0.15 radians, 0.85 to 1.2 times the size, shifts up to 6 of 128 pixels.
    angle, scale = uniform(-0.15, 0.15), 1 / uniform(0.85, 1.2)
    shift = uniform(-0.1, 0.1, 2)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    rows = (torch.stack([cos, -sin, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1))
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    ink = 1 - images  # 0 where it is white, which is what lies outside
    x = 1 - F.grid_sample(ink, grid, padding_mode="zeros", align_corners=False)

    # Colour: saturation, contrast around white, gain of each channel. Little hue, because it has
    # meaning.
    grey = x.mean(dim=1, keepdim=True)
    x = grey + uniform(0.7, 1.3, 1, 1, 1) * (x - grey)
    x = 1 - (1 - x) * uniform(0.8, 1.2, 1, 1, 1) * uniform(0.9, 1.1, 3, 1, 1)

    # Blur: a share of the same image through half or a quarter of the resolution.
    small = SIDE // (2 if int(torch.randint(2, (1,), generator=generator)) else 4)
    soft = F.interpolate(F.adaptive_avg_pool2d(x, small), SIDE, mode="bilinear")
    x = torch.lerp(x, soft, uniform(-0.5, 1.0, 1, 1, 1).clamp_min(0))

    # Noise of single pixels, and of the cells that latents decode to (4 x 4 at this size).
    x = x + uniform(0, 0.12, 1, 1, 1) * torch.randn(x.shape, generator=generator)
    cells = torch.randn(count, 3, SIDE // 4, SIDE // 4, generator=generator)
    return x + uniform(0, 0.12, 1, 1, 1) * F.interpolate(cells, SIDE, mode="nearest")


def _digest(drawings: np.ndarray, codes: list[str], samples: int) -> str:
    settings = (SIDE, BATCH, samples, SEED, WIDTHS, LABEL_SMOOTHING, drawings.shape)
    whole = hashlib.sha256(repr((settings, codes)).encode())
    whole.update(drawings.tobytes())
    return whole.hexdigest()
