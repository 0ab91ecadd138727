"""Exports the trained networks as a model folder: fp16 weights, configuration, tokenizer."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from core.families.native_config import Defaults, NativeConfig
from core.networks.compact_autoencoder import CompactAutoencoder
from core.networks.unet import UNet
from core.training.training_loop import load_ema

from .autoencoder import CONFIG as AUTOENCODER
from .denoiser import CONFIG as DENOISER
from .denoiser import PREDICTION, SCHEDULE
from .encode import PROMPT_TOKENS, TEXT, load_sentence_encoder

# Fresh noise at every step lets a small network correct earlier errors: see the model card.
DEFAULTS = Defaults(sampler="Euler a", schedule="Normal", steps=8, cfg=3.0, width=128, height=128)
MAX_SIDE = 128
"""Larger images repeat their subject; they need tiles or upscaling."""


def export(
    encoded: Path, autoencoder: Path, denoiser: Path, sentence_encoder: Path, out: Path
) -> None:
    """Writes a model folder from two training checkpoints and the encoded statistics."""
    out.mkdir(parents=True, exist_ok=True)
    tensors = load_file(encoded)
    config = NativeConfig(
        name="LDM Studio Emoji",
        unet=DENOISER,
        autoencoder=AUTOENCODER,
        text_encoder=TEXT,
        prompt_tokens=PROMPT_TOKENS,
        prediction=PREDICTION.name,
        schedule=SCHEDULE,
        latent_mean=tuple(tensors["latent_mean"].tolist()),
        latent_std=tuple(tensors["latent_std"].tolist()),
        defaults=DEFAULTS,
        max_side=MAX_SIDE,
    )
    (out / "model.json").write_text(config.to_json(), encoding="utf-8")
    networks: tuple[tuple[str, nn.Module, Path], ...] = (
        ("unet", UNet(DENOISER), denoiser),
        ("autoencoder", CompactAutoencoder(AUTOENCODER), autoencoder),
    )
    for name, network, checkpoint in networks:
        load_ema(network, checkpoint)
        save(network, out / f"{name}.safetensors")
    save(load_sentence_encoder(sentence_encoder).network, out / "text_encoder.safetensors")
    shutil.copyfile(sentence_encoder / "tokenizer.json", out / "tokenizer.json")


def save(network: nn.Module, path: Path) -> None:
    """In half precision, as safetensors."""
    tensors = network.state_dict().items()
    save_file({name: value.to(torch.float16).contiguous() for name, value in tensors}, path)
    path.chmod(0o644)  # the library makes it readable by its owner only
