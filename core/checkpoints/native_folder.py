"""Folders of native models: model.json, three safetensors files, tokenizer.json.

Nothing in them is executed.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ModelError, UnreadableError
from ..families.components import Component, Components, all_tensors
from ..families.header import Header
from ..families.native import AGAIN
from ..families.native_config import NativeConfig
from ..untrusted_files import open_file, read_bytes
from .safetensors_files import read_safetensors
from .tensor_file import unreadable

CONFIG = "model.json"
WEIGHTS = ("unet.safetensors", "autoencoder.safetensors", "text_encoder.safetensors")
MAX_CONFIG_BYTES = 1_000_000


def is_native_folder(path: Path) -> bool:
    return os.path.exists(path / CONFIG) and not os.path.isfile(path / "model_index.json")


def open_native_folder(path: Path) -> Header:
    """Raises ModelError, which names the file at fault."""
    config = _read_config(path / CONFIG)
    unet, autoencoder, text_encoder = (_component(path / name) for name in WEIGHTS)
    return Header(
        path=path,
        components=Components(backbone=unet, autoencoder=autoencoder, texts=(text_encoder,)),
        files=tuple(path / name for name in WEIGHTS),
        native=config,
    )


def _read_config(path: Path) -> NativeConfig:
    try:
        return NativeConfig.from_json(read_bytes(path, MAX_CONFIG_BYTES))
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise ModelError(
            "{path} does not describe a model: {error}.", AGAIN, path=path, error=error
        ) from error


def _component(path: Path) -> Component:
    try:
        with open_file(path) as file:
            start = file.read(8)
        return Component(all_tensors(read_safetensors(path, start)), "original", "")
    except (OSError, UnreadableError, MemoryError) as error:
        raise unreadable(path, error) from error
