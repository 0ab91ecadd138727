"""Encodes the drawings and the captions once, so that training the denoiser only reads tensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from core.conditioning.text.sentence import SentenceConditioner
from core.networks.bert import Bert, BertConfig
from core.networks.compact_autoencoder import CompactAutoencoder
from core.training.denoiser_training import LatentSet
from core.training.training_loop import load_ema

from .augment import COMPOSED, SHARES, Kind, examples, importance
from .autoencoder import CONFIG, on_white
from .captions import Captions
from .data import Dataset, load

TEXT = BertConfig()
PROMPT_TOKENS = 24
CHUNK = 64


def encode(
    data: Path, autoencoder: Path, sentence_encoder: Path, out: Path, *, augment: bool = True
) -> None:
    """Writes `out` (safetensors): latents, their statistics, captions as conditions.

    The latents are those of the drawings, in their order, and of the images made from them if
    `augment`. The statistics are those of the training drawings. `autoencoder` is a training
    checkpoint, `sentence_encoder` the folder of published weights.
    """
    dataset = load(data)
    network = CompactAutoencoder(CONFIG)
    load_ema(network, autoencoder)
    network.eval()
    latents = _encoded(network, list(dataset.images))
    seen = [i for i, drawing in enumerate(dataset.drawings) if drawing.held_out == "train"]
    mean = latents[seen].mean(dim=(0, 2, 3))
    std = latents[seen].std(dim=(0, 2, 3))

    parts = [latents]
    lists = [drawing.captions for drawing in dataset.drawings]
    kinds: list[Kind] = ["plain"] * len(lists)
    weights = [
        importance(drawing) if drawing.held_out == "train" else 0.0 for drawing in dataset.drawings
    ]
    waiting: list[np.ndarray] = []
    for example in examples(dataset, COMPOSED) if augment else ():
        lists.append(example.captions)
        kinds.append(example.kind)
        weights.append(example.weight)
        waiting.append(example.image)
        if len(waiting) == CHUNK:
            parts.append(_encoded(network, waiting))
            waiting.clear()
    if waiting:
        parts.append(_encoded(network, waiting))
    latents = (torch.cat(parts) - mean[:, None, None]) / std[:, None, None]

    texts = sorted({text for captions in lists for text, _ in captions})
    conditioner = load_sentence_encoder(sentence_encoder)
    conds = [conditioner.encode(texts[i : i + CHUNK]) for i in range(0, len(texts), CHUNK)]
    tokens = [cond.tokens for cond in conds if cond.tokens is not None]
    vectors = [cond.vector for cond in conds if cond.vector is not None]
    captions, caption_weights = _caption_table(lists, texts)
    save_file(
        {
            "latents": latents.half().contiguous(),
            "latent_mean": mean,
            "latent_std": std,
            "contexts": torch.cat(tokens).half(),
            "vectors": torch.cat(vectors).half(),
            "captions": captions,
            "caption_weights": caption_weights,
            "weights": row_weights(kinds, weights),
        },
        out,
    )


def load_sentence_encoder(folder: Path) -> SentenceConditioner:
    """all-MiniLM-L6-v2 from the files it is published as."""
    weights = load_file(folder / "model.safetensors")
    network = Bert(TEXT)
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    # as shipped, so that training and generation use the same vectors
    network.half().float().eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return SentenceConditioner(tokenizer, network, PROMPT_TOKENS)


def latent_set(
    dataset: Dataset, encoded: dict[str, Tensor], part: str, device: torch.device
) -> LatentSet:
    """The drawings of one part of the split, ready to evaluate on a device."""
    picks = [i for i, drawing in enumerate(dataset.drawings) if drawing.held_out == part]
    return _latent_set(encoded, torch.tensor(picks), device)


def training_set(encoded: dict[str, Tensor], device: torch.device) -> LatentSet:
    """Everything for training: training drawings and images made from them."""
    return _latent_set(encoded, encoded["weights"].nonzero()[:, 0], device)


def _latent_set(encoded: dict[str, Tensor], picks: Tensor, device: torch.device) -> LatentSet:
    return LatentSet(
        latents=encoded["latents"][picks].to(device),
        contexts=encoded["contexts"].to(device),
        vectors=encoded["vectors"].to(device),
        captions=encoded["captions"][picks],
        caption_weights=encoded["caption_weights"][picks],
        weights=encoded["weights"][picks],
    )


@torch.no_grad()
def _encoded(network: CompactAutoencoder, images: Sequence[np.ndarray]) -> Tensor:
    """Drawings, uint8 [128, 128, 4] each -> unnormalised latents, [N, C, h, w]."""
    chunks = (np.stack(images[i : i + CHUNK]) for i in range(0, len(images), CHUNK))
    return torch.cat([network.encode(on_white(torch.from_numpy(chunk))) for chunk in chunks])


def row_weights(kinds: Sequence[Kind], weights: Sequence[float]) -> Tensor:
    """The frequency of each row, summing to 1; every existing kind has its share."""
    totals = dict.fromkeys(kinds, 0.0)
    for kind, weight in zip(kinds, weights, strict=True):
        totals[kind] += weight
    whole = sum(SHARES[kind] for kind in totals)
    return torch.tensor(
        [
            SHARES[kind] / whole * weight / totals[kind]
            for kind, weight in zip(kinds, weights, strict=True)
        ]
    )


def _caption_table(lists: Sequence[Captions], texts: list[str]) -> tuple[Tensor, Tensor]:
    """The captions of each row and their probabilities, [N, K] both."""
    position = {text: i for i, text in enumerate(texts)}
    width = max(len(captions) for captions in lists)
    captions = torch.zeros(len(lists), width, dtype=torch.long)
    weights = torch.zeros(len(lists), width)
    for row, weighted in enumerate(lists):
        for column, (text, weight) in enumerate(weighted):
            captions[row, column] = position[text]
            weights[row, column] = weight
    return captions, weights
