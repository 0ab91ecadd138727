"""How good is a model folder? Measured against the data set it was trained on.

Definitions (every draw has a fixed seed, so the same model gives the same numbers):

- Autoencoder PSNR: mean over all held-out drawings of the PSNR of RGB on white, encoded and
  decoded, in dB.
- Loss: mean squared error of the prediction for 256 noisy latents, as in training; held-out means
  the held-out (concept, style) pairs.
- Retrieval: an image is drawn for the caption "label, style" with the model's default settings;
  it is a hit when the classifier's likeliest of all concepts (or one of its five likeliest) is the
  caption's. Train captions are those of training drawings taken at random; held-out pairs are
  captions whose drawing was not trained on, though the concept was seen in other styles.
- Classifier accuracy: the same classifier on the real drawings of the held-out pairs: no generated
  image can be expected to do better than about that.
- Prompts: see `prompt_scores`.
- Memorisation: how far an image is from the nearest training drawing, as the root mean square
  difference of 32 x 32 RGB on white (0 to 1). Beside generated images stand real held-out
  drawings (as near as a drawing comes without having been copied) and training drawings seen
  through the autoencoder (what an exact copy would have).
- Seconds an image: `core.pipeline` with the model's default settings, median of three.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.errors import quoted
from core.model.model import Model
from core.training.autoencoder_training import psnr
from core.training.denoiser_training import LatentSet

from .autoencoder import on_white
from .classifier import SAMPLES, Judge, train_judge
from .data import Dataset, Drawing
from .denoiser import PREDICTION, SCHEDULE, evaluation_loss
from .drawing import Settings, images, settings_of
from .judge import draw_one
from .packages import RecipeError
from .prompt_scores import PromptScore, PromptScores, prompt_scores
from .sheets import save_sheet, to_pixels

SEED = 4
LOSS_IMAGES = 256
NEAREST_SIDE = 32
SHEET_PAIRS = 16


@dataclass(frozen=True)
class Spread:
    """Distances to the nearest training drawing, 0 to 1."""

    median: float
    min: float


@dataclass(frozen=True)
class Memorisation:
    """See the module's definitions."""

    train_captions: Spread
    heldout_pair_captions: Spread
    real_heldout: Spread
    exact_copy: Spread


@dataclass(frozen=True)
class Evaluation:
    """Shares are 0 to 1. `images` is how many were drawn for each of the two retrievals."""

    autoencoder_psnr_db: float
    heldout_loss: float
    train_loss: float
    train_retrieval: float
    train_retrieval_top5: float
    heldout_pair_retrieval: float
    heldout_pair_retrieval_top5: float
    classifier_heldout_accuracy: float
    prompts: PromptScores
    memorisation: Memorisation
    seconds_per_image: float
    model_digest: str
    device: str
    steps: int
    cfg: float
    images: int


@dataclass(frozen=True)
class Drawn:
    """Images drawn for the captions of drawings."""

    images: Tensor
    """RGB on white, [N, 3, H, W] in [-1, 1]."""
    drawings: tuple[Drawing, ...]


def evaluate(
    model: Model,
    dataset: Dataset,
    work: Path,
    *,
    count: int = 128,
    classifier_samples: int = SAMPLES,
) -> Evaluation:
    """All measures. Trains the classifier first, unless `work` has it, and writes
    `work/memorisation.png`: generated images, each beside its nearest training drawing.

    Raises RecipeError if the model is not of this recipe.
    """
    check(model)
    judge = train_judge(dataset, work, samples=classifier_samples)
    train, pairs, concepts = (indices(dataset, part) for part in ("train", "pair", "concept"))
    for part, what in ((train, "training drawing"), (pairs, "held-out pair")):
        if not part:
            raise RecipeError("The data set has no {what}.", "Build it again.", what=what)
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(SEED)).tolist()
    shuffled = [train[i] for i in order]

    from_train = draw_captions(model, dataset, shuffled, count, "train captions")
    from_pairs = draw_captions(model, dataset, pairs, count, "held-out pairs")
    train_ranks, pair_ranks = (judged(judge, drawn) for drawn in (from_train, from_pairs))
    real = Drawn(whites(dataset, pairs), tuple(dataset.drawings[i] for i in pairs))

    known = thumbnails(whites(dataset, train))
    copied = thumbnails(reconstructed(model, whites(dataset, shuffled[:LOSS_IMAGES])))
    memorisation = Memorisation(
        train_captions=spread(thumbnails(from_train.images), known),
        heldout_pair_captions=spread(thumbnails(from_pairs.images), known),
        real_heldout=spread(thumbnails(whites(dataset, [*pairs, *concepts])), known),
        exact_copy=spread(copied, known),
    )
    work.mkdir(parents=True, exist_ok=True)
    half = SHEET_PAIRS // 2
    shown = torch.cat([from_train.images[:half], from_pairs.images[:half]])
    save_nearest(work / "memorisation.png", shown, known, whites(dataset, train))

    held_out = whites(dataset, [*pairs, *concepts])
    return Evaluation(
        autoencoder_psnr_db=float(psnr(reconstructed(model, held_out), held_out)),
        heldout_loss=loss(model, dataset, pairs),
        train_loss=loss(model, dataset, shuffled),
        train_retrieval=share(train_ranks, 1),
        train_retrieval_top5=share(train_ranks, 5),
        heldout_pair_retrieval=share(pair_ranks, 1),
        heldout_pair_retrieval_top5=share(pair_ranks, 5),
        classifier_heldout_accuracy=share(judged(judge, real), 1),
        prompts=prompt_scores(judge, model, settings_of(model)),
        memorisation=memorisation,
        seconds_per_image=seconds_per_image(model),
        model_digest=model.digest,
        device=device_name(model.device),
        steps=model.defaults.steps,
        cfg=model.defaults.cfg,
        images=count,
    )


def check(model: Model) -> None:
    """Raises RecipeError unless the model has this recipe's prediction type."""
    config = model.config
    if (config.prediction, config.schedule) != (PREDICTION.name, SCHEDULE):
        raise RecipeError(
            "The model {config} was not made by this recipe.", config=quoted(config.name)
        )


def indices(dataset: Dataset, held_out: str) -> list[int]:
    """Indices of the drawings of one part of the split."""
    return [i for i, drawing in enumerate(dataset.drawings) if drawing.held_out == held_out]


def whites(dataset: Dataset, picks: Sequence[int]) -> Tensor:
    """RGB on white, [N, 3, 128, 128] in [-1, 1]."""
    return on_white(torch.from_numpy(np.ascontiguousarray(dataset.images[list(picks)])))


def caption(drawing: Drawing) -> str:
    return f"{drawing.label}, {drawing.style}"


def draw_captions(
    model: Model, dataset: Dataset, picks: Sequence[int], count: int, what: str
) -> Drawn:
    """`count` images for the captions of `picks`, in turn, image i with seed i."""
    drawings = tuple(dataset.drawings[picks[i % len(picks)]] for i in range(count))
    texts = [caption(drawing) for drawing in drawings]
    return Drawn(images(model, texts, range(count), settings_of(model), what), drawings)


def judged(judge: Judge, drawn: Drawn) -> Tensor:
    """The rank of the right concept for each image, [N]; 0 is a hit."""
    return judge.ranks(drawn.images, [drawing.hexcode for drawing in drawn.drawings])


def share(ranks: Tensor, within: int) -> float:
    return float((ranks < within).float().mean())


@torch.no_grad()
def reconstructed(model: Model, images: Tensor) -> Tensor:
    """Images [N, 3, H, W] encoded and decoded."""
    parts = (model.decode(model.encode(part.to(model.device))) for part in images.split(64))
    return torch.cat([part[:, :3].clamp(-1, 1).cpu() for part in parts])


@torch.no_grad()
def loss(model: Model, dataset: Dataset, picks: Sequence[int]) -> float:
    """Denoising loss on some drawings under their likeliest captions."""
    model.bring(*model.networks)
    picks = picks[:LOSS_IMAGES]
    parts = whites(dataset, picks).split(64)
    texts = [max(dataset.drawings[i].captions, key=lambda weighted: weighted[1])[0] for i in picks]
    cond = model.text.encode(texts)
    assert cond.tokens is not None
    assert cond.vector is not None, "the sentence encoder always makes one"
    data = LatentSet(
        latents=torch.cat([model.encode(part.to(model.device)).cpu() for part in parts]),
        contexts=cond.tokens.cpu(),
        vectors=cond.vector.cpu(),
        captions=torch.arange(len(picks))[:, None],
        caption_weights=torch.ones(len(picks), 1),
        weights=torch.ones(len(picks)),
    )
    return evaluation_loss(model.backbone, data, model.device, LOSS_IMAGES)


def thumbnails(images: Tensor) -> Tensor:
    """[N, 3, S, S] in [-1, 1] -> [N, 3 * 32 * 32] in [0, 1]."""
    small = F.avg_pool2d(images, images.shape[-1] // NEAREST_SIDE)
    return (small.flatten(1) + 1) / 2


def distances(thumbs: Tensor, known: Tensor) -> Tensor:
    """Root mean square differences, [N, M] in [0, 1]."""
    return torch.cdist(thumbs, known) / thumbs.shape[1] ** 0.5


def spread(thumbs: Tensor, known: Tensor) -> Spread:
    nearest = distances(thumbs, known).amin(dim=1).tolist()
    return Spread(statistics.median(nearest), min(nearest))


def save_nearest(path: Path, images: Tensor, known: Tensor, drawings: Tensor) -> None:
    """Each image and, right of it, the training drawing nearest to it."""
    nearest = distances(thumbnails(images), known).argmin(dim=1).tolist()
    tiles = [
        to_pixels(tile)
        for image, i in zip(images, nearest, strict=True)
        for tile in (image, drawings[i])
    ]
    save_sheet(path, tiles, columns=8)


def seconds_per_image(model: Model, settings: Settings | None = None, repeats: int = 3) -> float:
    """From the request to the finished image, by default at the model's default settings."""
    times: list[float] = []
    for seed in range(repeats + 1):
        began = time.perf_counter()
        draw_one(model, "a red heart", seed, settings)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])  # the first also warms up


def device_name(device: torch.device) -> str:
    """Such as "cpu with 2 threads"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    count = torch.get_num_threads()
    return f"{device.type} with {count} thread{'s' * (count != 1)}"


def report(evaluation: Evaluation) -> str:
    """The numbers in words, one a line."""
    e, m, p = evaluation, evaluation.memorisation, evaluation.prompts
    rows = [
        ("autoencoder PSNR, held-out", f"{e.autoencoder_psnr_db:.1f} dB"),
        ("denoising loss, held-out pairs", f"{e.heldout_loss:.4f}"),
        ("denoising loss, train", f"{e.train_loss:.4f}"),
        ("retrieval, train captions", _shares(e.train_retrieval, e.train_retrieval_top5)),
        (
            "retrieval, held-out pairs",
            _shares(e.heldout_pair_retrieval, e.heldout_pair_retrieval_top5),
        ),
        ("classifier on real held-out pairs", f"{e.classifier_heldout_accuracy:.0%}"),
        ("prompts, common", _score(p.common)),
        *((f"prompts, common, {style}", _score(s)) for style, s in p.common_in_style.items()),
        ("prompts, paraphrases", _score(p.paraphrases)),
        ("prompts, compositions: a part", _score(p.composition_parts)),
        ("prompts, compositions: the colour", f"{p.composition_colours.coloured:.0%}"),
        ("nearest training drawing, train captions", _distances(m.train_captions)),
        ("nearest training drawing, held-out pairs", _distances(m.heldout_pair_captions)),
        ("nearest training drawing, real held-out", _distances(m.real_heldout)),
        ("nearest training drawing, exact copy", _distances(m.exact_copy)),
        ("seconds an image", f"{e.seconds_per_image:.2f} ({e.device}, {e.steps} steps)"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _shares(top1: float, top5: float) -> str:
    return f"{top1:.0%} (top five {top5:.0%})"


def _score(score: PromptScore) -> str:
    return f"{_shares(score.named, score.within_five)} of {score.images}"


def _distances(spread: Spread) -> str:
    return f"median {spread.median:.3f}, min {spread.min:.3f}"
