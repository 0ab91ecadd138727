"""VAE files in place of a model's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.checkpoints.vae_files import with_vae
from core.errors import ModelError
from core.model.model import Model
from core.networks.kl_autoencoder import AutoencoderKL
from tests.core.checkpoints.tiny import VAE, load_expanded, prefixed


@pytest.fixture(scope="module")
def model(checkpoints: dict[str, Path]) -> Model:
    return load_expanded(checkpoints["SD1"], digest="known")


@pytest.fixture(scope="module")
def other(randomised: Callable[..., Any]) -> AutoencoderKL:
    return randomised(AutoencoderKL(replace(VAE, channels=64)), 9)


def pixels(seed: int = 0) -> Tensor:
    return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("prefix", ["", "first_stage_model.", "vae."])
def test_another_vae_encodes_and_decodes(
    prefix: str, model: Model, other: AutoencoderKL, tmp_path: Path
) -> None:
    path = tmp_path / "other.safetensors"
    save_file(prefixed(prefix, other.state_dict()), path)
    changed = with_vae(model, path)
    latent = changed.encode(pixels())
    torch.testing.assert_close(latent, other.eval().encode(pixels()) * 0.18215)
    torch.testing.assert_close(changed.decode(latent), other.decode(latent / 0.18215))
    assert changed.backbone is model.backbone
    assert not torch.equal(model.encode(pixels()), latent)


def test_the_vae_of_another_model_can_be_used(model: Model, checkpoints: dict[str, Path]) -> None:
    assert torch.equal(
        with_vae(model, checkpoints["SDXL"]).encode(pixels()), model.encode(pixels())
    )


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"a": torch.zeros(2)}, "holds no autoencoder"),
        (AutoencoderKL(replace(VAE, latent_channels=8)).state_dict(), "not fit SD1"),
        (AutoencoderKL(replace(VAE, multipliers=(1, 2, 4))).state_dict(), "not fit SD1"),
    ],
)
def test_a_vae_that_does_not_fit_is_refused(
    weights: dict[str, Tensor], words: str, model: Model, tmp_path: Path
) -> None:
    save_file(weights, tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match=words):
        with_vae(model, tmp_path / "x.safetensors")


def test_a_native_model_accepts_a_native_vae(tiny_model_folder: Path, tmp_path: Path) -> None:
    model = load_expanded(tiny_model_folder)
    tensors = load_file(tiny_model_folder / "autoencoder.safetensors")
    tensors["picture_conv.bias"] = tensors["picture_conv.bias"] + 1
    save_file(tensors, tmp_path / "own.safetensors")
    changed = with_vae(model, tmp_path / "own.safetensors")
    changed.bring(changed.autoencoder)
    latent = torch.randn(1, model.latent_channels, 4, 4)
    made = changed.autoencoder.decode(latent) - model.autoencoder.decode(latent)
    torch.testing.assert_close(made, torch.ones_like(made), atol=1e-3, rtol=0)
    assert changed.autoencoder.config == model.autoencoder.config


def test_an_autoencoder_of_another_architecture_is_refused(
    tiny_model_folder: Path, checkpoints: dict[str, Path]
) -> None:
    with pytest.raises(ModelError, match="holds no autoencoder"):
        with_vae(load_model(tiny_model_folder), checkpoints["SD1"])
