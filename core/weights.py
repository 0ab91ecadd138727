"""Safetensors files: read strictly, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor


def read(path: Path, device: str = "cpu") -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file and its metadata; nothing in it is executed.

    Raises ValueError for a file that is damaged or of another kind, OSError if it cannot be read.
    """
    reader: Any = safe_open
    try:
        with reader(path, "pt", device=device) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, KeyError) as error:  # KeyError: an element type torch lacks
        raise ValueError(f"{path} is not a readable safetensors file: {error}") from error


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Replaces the file at `path` at once. Raises OSError."""
    partial = path.with_suffix(".tmp")
    writer: Any = safetensors.torch
    writer.save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, partial, dict(metadata)
    )
    with partial.open("r+b") as file:  # Windows synchronises only files open for writing
        os.fsync(file.fileno())
    partial.replace(path)
