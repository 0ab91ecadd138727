"""Reads and writes safetensors files; writing is atomic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..atomic_write import replacing
from ..errors import InvalidError


def read(path: Path, device: str = "cpu") -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file and its metadata; nothing is executed.

    Raises ValueError for a damaged file or another format, OSError if it cannot be read.
    """
    reader: Any = safe_open
    try:
        with reader(path, "pt", device=device) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, KeyError) as error:  # KeyError: an element type torch lacks
        raise InvalidError(
            "{path} is not a readable safetensors file: {error}", path=path, error=error
        ) from error


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Replaces the file at `path` atomically. Raises OSError."""
    writer: Any = safetensors.torch
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    with replacing(path) as file:  # by name, because bytes would be in memory twice
        writer.save_file(whole, file.name, dict(metadata))
