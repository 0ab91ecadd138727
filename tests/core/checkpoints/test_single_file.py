"""The weights that we load from a single file equal those of diffusers' reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.families.key_names import autoencoder_from_diffusers, unet_from_diffusers
from tests.core.checkpoints.tiny import (
    KINDS,
    Tiny,
    Weights,
    load_expanded,
    reference_unet,
    reference_vae,
)

TEXTS = {
    "SD2": "cond_stage_model.model.",
    "SDXL": "conditioner.embedders.1.model.",
    "refiner": "conditioner.embedders.0.model.",
}


READ = [name for name, kind in KINDS.items() if kind.unet.guidance_dim is None]
"""diffusers' single-file reader leaves out the layer of the guidance embedding."""


def assert_same(network: Any, converted: Weights, names: dict[str, str]) -> None:
    ours = network.state_dict()
    assert {names[name] for name in converted} == set(ours)
    for name, value in converted.items():
        assert torch.equal(ours[names[name]], value.reshape(ours[names[name]].shape)), name


@pytest.mark.parametrize("kind", READ)
def test_networks_of_a_single_file_equal_the_folders(
    kind: str, checkpoints: dict[str, Path], tinies: dict[str, Tiny]
) -> None:
    reading = pytest.importorskip("diffusers.loaders.single_file_utils")
    model, weights = load_expanded(checkpoints[kind], digest=""), load_file(checkpoints[kind])
    config = reference_unet(tinies[kind]).config
    unet = reading.convert_ldm_unet_checkpoint(dict(weights), config)
    assert_same(model.backbone, unet, unet_from_diffusers(unet))
    config = reference_vae(tinies[kind]).config
    vae = reading.convert_ldm_vae_checkpoint(dict(weights), config)
    assert_same(model.autoencoder, vae, autoencoder_from_diffusers(vae))


@pytest.mark.parametrize("kind", TEXTS)
def test_the_text_encoder_of_a_single_file_equals_the_folders(
    kind: str, checkpoints: dict[str, Path]
) -> None:
    reading = pytest.importorskip("diffusers.loaders.single_file_utils")
    model, weights = load_expanded(checkpoints[kind], digest=""), load_file(checkpoints[kind])
    text = reading.convert_open_clip_checkpoint(None, dict(weights), prefix=TEXTS[kind])
    ours = model.text.networks[-1].state_dict()
    names = {name: name.removeprefix("text_model.") for name in text}
    shared = {name for name in names.values() if name in ours}
    assert len(shared) >= len(ours) - 1
    for name, value in text.items():
        if names[name] in ours:
            assert torch.equal(ours[names[name]], value), name
