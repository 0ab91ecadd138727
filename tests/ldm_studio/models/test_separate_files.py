"""A U-Net file alone: its text encoder is found in the folders, its VAE is chosen."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from core.networks.clip import ClipConfig, ClipTextEncoder
from core.networks.kl_autoencoder import AutoencoderKL
from core.networks.unet import UNet, UNetConfig
from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.exit_codes import Exit
from ldm_studio.images.image_files import read_request
from ldm_studio.models import found_models
from tests.core.checkpoints.tiny import (
    KINDS,
    VAE,
    Tiny,
    Weights,
    original,
    prefixed,
    transformers_text,
)
from tests.core.conftest import randomise

WORDS = ["generate", "a cat", "--steps", "2", "--size", "64x64", "--seed", "1", "--vae", "colours"]
"""As wide as the published ones, because width identifies families."""
TEXT = ClipConfig(dim=768, layers=1, heads=12, feed_forward=96)


def halved(weights: Weights) -> Weights:
    return {name: value.half().contiguous() for name, value in weights.items()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model, and the same in separate files."""
    folder = tmp_path_factory.mktemp("parts")
    unet = UNetConfig(channels=32, multipliers=(1, 2), depths=(1, 0), context_dim=768)
    kind = replace(KINDS["SD1"], unet=unet, texts=(TEXT,))
    text = ClipTextEncoder(TEXT)
    torch.nn.init.normal_(text.embeddings.token_embedding.weight, std=0.02)
    tiny = Tiny(kind, randomise(UNet(unet), 1), randomise(AutoencoderKL(VAE), 2), (text.eval(),))
    encoder = transformers_text(text.state_dict())
    parts = {
        "whole": {k: v for k, v in original(tiny).items() if v.is_floating_point()},
        "unet": prefixed("model.diffusion_model.", tiny.unet.state_dict()),
        "clip_l": encoder,
        "colours": tiny.vae.state_dict(),
    }
    for name, weights in parts.items():
        save_file(halved(weights), folder / f"{name}.safetensors")
    return folder


@pytest.fixture
def folder(files: Path) -> Path:
    """In ComfyUI's folders."""
    folder = paths.models_dir()
    for name, place in (
        ("whole", "checkpoints"),
        ("unet", "diffusion_models"),
        ("clip_l", "text_encoders"),
        ("colours", "vae"),
    ):
        (folder / place).mkdir(parents=True)
        os.link(files / f"{name}.safetensors", folder / place / f"{name}.safetensors")
    return folder


def test_separate_files_equal_the_whole_model_and_replay(folder, tmp_path, capsys) -> None:
    whole, parts = tmp_path / "whole.png", tmp_path / "parts.png"
    assert cli.main([*WORDS, "--model", "whole", "-o", str(whole)]) == Exit.OK
    assert cli.main([*WORDS, "--model", "unet", "-o", str(parts)]) == Exit.OK
    assert np.array_equal(np.asarray(Image.open(whole)), np.asarray(Image.open(parts)))
    request = read_request(parts)
    assert request is not None
    assert [(one.kind, one.name) for one in request.addons] == [
        ("vae", "colours"),
        ("text", "clip_l.safetensors"),
    ]
    assert cli.main(["replay", str(parts)]) == Exit.OK
    encoder = folder / "text_encoders" / "clip_l.safetensors"
    content = bytearray(encoder.read_bytes())
    content[-2:] = b"\0\0"
    encoder.unlink()
    encoder.write_bytes(bytes(content))
    capsys.readouterr()
    assert cli.main(["replay", str(parts)]) != Exit.OK
    output = capsys.readouterr().out
    assert 'needs the text encoder "clip_l.safetensors" with the hash' in output
    encoder.unlink()
    assert cli.main([*WORDS, "--model", "unet", "-o", str(parts)]) == Exit.MODEL
    said = capsys.readouterr().err
    assert "lacks a text encoder" in said
    assert "such as clip_l.safetensors" in said


def test_the_lists_describe_each_file(folder, capsys) -> None:
    listed = {model.name: model for model in found_models.find_models()}
    assert not listed["unet"].problem
    assert (listed["unet"].lacks_vae, listed["unet"].lacks_text) == (True, True)
    assert (listed["whole"].lacks_vae, listed["whole"].lacks_text) == (False, False)
    assert cli.main(["models"]) == Exit.OK
    said = capsys.readouterr().out
    assert "(needs a VAE: --vae) (takes its text encoders from other files)" in said
    assert "clip_l" not in said
    assert cli.main(["models", "--kind", "text"]) == Exit.OK
    assert "CLIP ViT-L" in capsys.readouterr().out
