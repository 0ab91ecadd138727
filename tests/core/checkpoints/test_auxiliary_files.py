"""Auxiliary files are identified from their headers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.checkpoints.auxiliary_files import FileDescription, describe
from core.checkpoints.textual_inversion import names_in_prompts
from core.networks.tiny_autoencoder import TinyDecoder, TinyDecoderConfig
from tests.core.checkpoints.tiny import Tiny, prefixed

READS_PROMPT = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
OTHER = "lora_unet_mid_block_resnets_0_conv1"


def low_rank(base: str, width: int) -> dict[str, Tensor]:
    down, up = torch.zeros(2, width), torch.zeros(64, 2)
    return {f"{base}.lora_down.weight": down.half(), f"{base}.lora_up.weight": up.half()}


def loha(base: str, width: int) -> dict[str, Tensor]:
    names = {"hada_w1_a": (64, 2), "hada_w1_b": (2, width)}
    names |= {"hada_w2_a": (64, 2), "hada_w2_b": (2, width)}
    return {f"{base}.{name}": torch.zeros(shape).half() for name, shape in names.items()}


FILES: dict[str, tuple[dict[str, Tensor], dict[str, str], FileDescription]] = {
    "a LoRA for Stable Diffusion 1": (
        low_rank(READS_PROMPT, 768) | low_rank(OTHER, 9),
        {"ss_output_name": "detail"},
        FileDescription("lora", "Stable Diffusion 1", "float16", "detail"),
    ),
    "a LoHa for Stable Diffusion XL": (
        loha(READS_PROMPT, 2048),
        {},
        FileDescription("lora", "Stable Diffusion XL", "float16"),
    ),
    "a LoRA whose metadata alone tell": (
        low_rank(OTHER, 9),
        {"ss_base_model_version": "sdxl_base_v1-0"},
        FileDescription("lora", "Stable Diffusion XL", "float16"),
    ),
    "a LoRA of which nothing tells": (
        low_rank(OTHER, 9),
        {},
        FileDescription("lora", "", "float16"),
    ),
    "an embedding": (
        {"emb_params": torch.zeros(4, 1024)},
        {},
        FileDescription("embedding", "Stable Diffusion 2", "float32"),
    ),
    "an embedding for two text encoders": (
        {"clip_l": torch.zeros(4, 768), "clip_g": torch.zeros(4, 1280)},
        {},
        FileDescription("embedding", "Stable Diffusion XL", "float32"),
    ),
    "something else": (
        {"a": torch.zeros(2), "b": torch.zeros(2)},
        {},
        FileDescription("other", "", "float32"),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_identified_by_kind(name: str, tmp_path: Path) -> None:
    weights, metadata, expected = FILES[name]
    save_file(weights, tmp_path / "x.safetensors", metadata)
    assert describe(tmp_path / "x.safetensors") == expected


def test_model_components_are_distinguished_from_whole_models(
    tinies: dict[str, Tiny], checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    tiny = tinies["SD1"]
    parts = {"vae": tiny.vae, "text": tiny.texts[0], "model": tiny.unet}
    for kind, network in parts.items():
        path = tmp_path / f"{kind}.safetensors"
        save_file(network.state_dict(), path)
        assert describe(path).kind == kind
    assert describe(checkpoints["SDXL"]).kind == "model"


@pytest.mark.parametrize("prefix", ["", "taesd_decoder."])
def test_a_tiny_decoder_is_identified(prefix: str, tmp_path: Path) -> None:
    decoder = TinyDecoder(TinyDecoderConfig(4, 8, (1, 1, 1, 1)))
    save_file(prefixed(prefix, decoder.state_dict()), tmp_path / "taesd.safetensors")
    assert describe(tmp_path / "taesd.safetensors").kind == "preview"


def test_embeddings_in_prompts_are_found_by_their_tokens() -> None:
    names = ["EasyNegative", "bad-hands-5", "cat", "unnamed", ""]
    prompts = "a catalogue, (easynegative:1.2)", "bad-hands-5), worst"
    assert names_in_prompts(names, *prompts) == ["EasyNegative", "bad-hands-5"]
