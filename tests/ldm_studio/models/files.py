"""Model files, valid and damaged."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def put(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, path)
    return path


def lora(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"lora_unet_mid_block.lora_up.weight": torch.zeros(2, 2)}, path)
    return path


def truncated(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.read_bytes()[:-100])
    return path


def with_nan(source: Path, path: Path) -> Path:
    """With a valid header: only loading finds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = load_file(source)
    weights["model.diffusion_model.out.2.bias"][0] = float("nan")
    save_file(weights, path)
    return path


def malicious(source: Path, path: Path) -> Path:
    """A whole model whose pickle also has a call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"state_dict": load_file(source), "hook": Calls(path.with_suffix(".proof"))}, path)
    return path


class Calls:
    """Unpickled, it would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.target,)


def with_a_huge_header(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((10 * 2**30).to_bytes(8, "little") + source.read_bytes()[8:])
    return path


def with_a_flipped_bit(source: Path, path: Path) -> Path:
    """In the header, where it makes another shape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = bytearray(source.read_bytes())
    at = data.index(b'"shape":[') + len(b'"shape":[')
    data[at] ^= 1
    path.write_bytes(bytes(data))
    return path
