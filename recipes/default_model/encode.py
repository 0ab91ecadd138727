"""Encode the drawings and the captions once, so that training the denoiser reads only tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from core.networks.bert import Bert, BertConfig
from core.networks.compact_autoencoder import CompactAutoencoder
from core.text.conditioning import SentenceConditioner
from core.training.diffusion import LatentSet
from core.training.loop import load_ema

from .autoencoder import CONFIG, on_white
from .data import Dataset, load

TEXT = BertConfig()
PROMPT_TOKENS = 24
COMMON_WEIGHT = 3.0
"""How much more often a commonly asked-for concept is drawn than another."""


def encode(data: Path, autoencoder: Path, sentence_encoder: Path, out: Path) -> None:
    """Writes `out` (safetensors): latents, their statistics, captions as conditions.

    `autoencoder` is a training checkpoint, `sentence_encoder` the folder of published weights.
    """
    dataset = load(data)
    network = CompactAutoencoder(CONFIG)
    load_ema(network, autoencoder)
    network.eval()
    with torch.no_grad():
        pictures = torch.from_numpy(np.array(dataset.pictures))
        latents = torch.cat([network.encode(on_white(part)) for part in pictures.split(64)])
    seen = [i for i, drawing in enumerate(dataset.drawings) if drawing.held_out == "train"]
    mean = latents[seen].mean(dim=(0, 2, 3))
    std = latents[seen].std(dim=(0, 2, 3))
    latents = (latents - mean[:, None, None]) / std[:, None, None]

    texts = sorted({text for drawing in dataset.drawings for text, _ in drawing.captions})
    conditioner = load_sentence_encoder(sentence_encoder)
    conds = [conditioner(texts[i : i + 64]) for i in range(0, len(texts), 64)]
    vectors = [cond.vector for cond in conds if cond.vector is not None]
    captions, weights = _caption_table(dataset, texts)
    save_file(
        {
            "latents": latents.half().contiguous(),
            "latent_mean": mean,
            "latent_std": std,
            "contexts": torch.cat([cond.context for cond in conds]).half(),
            "vectors": torch.cat(vectors).half(),
            "captions": captions,
            "caption_weights": weights,
        },
        out,
    )


def load_sentence_encoder(folder: Path) -> SentenceConditioner:
    """all-MiniLM-L6-v2 from the files it is published as."""
    weights = load_file(folder / "model.safetensors")
    network = Bert(TEXT)
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    # as it will be shipped, so that training sees the vectors that drawing will
    network.half().float().eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return SentenceConditioner(tokenizer, network, PROMPT_TOKENS)


def latent_set(
    dataset: Dataset, encoded: dict[str, Tensor], part: str, device: torch.device
) -> LatentSet:
    """One part of the split, ready to train or evaluate on a device."""
    picks = [i for i, drawing in enumerate(dataset.drawings) if drawing.held_out == part]
    common = [dataset.drawings[i].common for i in picks]
    return LatentSet(
        latents=encoded["latents"][picks].to(device),
        contexts=encoded["contexts"].to(device),
        vectors=encoded["vectors"].to(device),
        captions=encoded["captions"][picks],
        caption_weights=encoded["caption_weights"][picks],
        weights=torch.tensor([COMMON_WEIGHT if c else 1.0 for c in common]),
    )


def _caption_table(dataset: Dataset, texts: list[str]) -> tuple[Tensor, Tensor]:
    position = {text: i for i, text in enumerate(texts)}
    width = max(len(drawing.captions) for drawing in dataset.drawings)
    captions = torch.zeros(len(dataset.drawings), width, dtype=torch.long)
    weights = torch.zeros(len(dataset.drawings), width)
    for row, drawing in enumerate(dataset.drawings):
        for column, (text, weight) in enumerate(drawing.captions):
            captions[row, column] = position[text]
            weights[row, column] = weight
    return captions, weights
