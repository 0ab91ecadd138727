"""Models that compute in 16 bits, as on a GPU: their autoencoders do not overflow."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.checkpoints.load import load_checkpoint
from core.model import Model
from core.pipeline import finish, prepare, steps
from tests.core.checkpoints.tiny import REQUEST, Tiny, reference_vae


@pytest.fixture(scope="module")
def model(checkpoints: dict[str, Path]) -> Model:
    """Whose decoder goes through numbers that float16 has not, as that of Stable Diffusion XL."""
    model = load_checkpoint(checkpoints["SDXL"], digest="known", dtype=torch.float16)
    return replace(model, autoencoder=overflowing(model.autoencoder))


def overflowing(autoencoder: Any) -> Any:
    made = copy.deepcopy(autoencoder)
    made.decoder.conv_in.weight.mul_(1e6)
    return made


@torch.no_grad()
def test_a_picture_is_decoded_as_by_diffusers_in_float32(
    model: Model, tinies: dict[str, Tiny]
) -> None:
    theirs = reference_vae(tinies["SDXL"])
    theirs.decoder.conv_in.weight.data.mul_(1e6)
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    halved: Any = copy.deepcopy(model.autoencoder).half()
    assert not halved.decode(model.unscaled(latent).half()).isfinite().all()
    expected = theirs.decode(model.unscaled(latent)).sample
    torch.testing.assert_close(model.decode(latent), expected, atol=1e-4, rtol=1e-3)
    assert model.decode_tiled(latent, 8).isfinite().all()


def test_a_whole_picture_is_drawn(model: Model) -> None:
    assert model.unet.out[2].weight.dtype == torch.float16
    *_, last = steps(prepare(model, replace(REQUEST, steps=1)))
    picture = finish(prepare(model, replace(REQUEST, steps=1)), last.state)
    assert picture.rgb.std() > 0
