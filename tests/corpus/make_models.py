"""Writes `models.json.gz`, with the helpers of the version that made the corpus."""

# ruff: noqa: I001  # names of that version
from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from core.networks.autoencoder import Autoencoder
from tests.core.checkpoints.tiny import KINDS, VAE, made, original
from tests.corpus.models import TABLE, write_file

MODELS = {
    "sd1.safetensors": "SD1",
    "sd1-other.safetensors": "SD1",
    "sd2-v.safetensors": "SD2",
    "sdxl.safetensors": "SDXL",
    "refiner.safetensors": "refiner",
    "upscaler.safetensors": "x4 upscaler",
    "depth.safetensors": "SD2 depth",
    "pix2pix.safetensors": "instruct-pix2pix",
    "unclip-h.safetensors": "SD2 unCLIP-H",
    "sd1-inpainting.safetensors": "SD1 inpainting",
    "playground.safetensors": "SSD-1B",
    "cosxl.safetensors": "KOALA 700M",
}
EDM = {
    "playground.safetensors": {"edm_mean": [1, 4, 1, 1], "edm_std": [1, 4, 1, 1]},
    "cosxl.safetensors": {"edm_vpred.sigma_max": [], "edm_vpred.sigma_min": []},
}
LAYER = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
ADDONS = {
    "Lora/detail.safetensors": {f"{LAYER}.lora_down.weight": [4, 64],
                                f"{LAYER}.lora_up.weight": [64, 4]},
    "embeddings/softly.safetensors": {"emb_params": [2, 64]},
    "VAE/bright.safetensors": {k: list(v.shape) for k, v in Autoencoder(VAE).state_dict().items()},
}  # fmt: skip


def main() -> None:
    table: dict[str, dict[str, Any]] = {}
    for name, kind in MODELS.items():
        tiny = made(kind, lambda module, _seed: module)
        shapes = {key: list(value.shape) for key, value in original(tiny).items()}
        metadata = {"modelspec.prediction_type": KINDS[kind].prediction}
        if name in EDM:
            shapes |= EDM[name]
            metadata = {}
        table[name] = {"metadata": metadata, "tensors": shapes}
    for name, shapes in ADDONS.items():
        table[name] = {"metadata": {}, "tensors": shapes}
    with tempfile.TemporaryDirectory() as folder:
        for seed, entry in enumerate(table.values()):
            entry["seed"] = seed
            entry["sha256"] = write_file(Path(folder) / "file", entry)
    TABLE.write_bytes(gzip.compress(json.dumps(table).encode(), mtime=0))


if __name__ == "__main__":
    with torch.device("meta"):
        main()
