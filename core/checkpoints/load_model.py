"""Loading a model from its folder or file.

A model folder of our own holds `model.json` (what `ModelConfig` says), `unet.safetensors`,
`autoencoder.safetensors`, `text_encoder.safetensors` and `tokenizer.json`. Nothing in it is
executed, and every tensor must be one the configuration asks for. Other people's checkpoints are
read by `checkpoints.load`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from ..conditioning.text.sentence import SentenceConditioner
from ..errors import ModelError
from ..model.model import Model
from ..model.native_config import ModelConfig
from ..networks.bert import Bert, BertConfig
from ..networks.compact_autoencoder import CompactAutoencoder
from ..networks.unet import UNet
from . import weight_files
from .load_checkpoint import load_checkpoint

DEFAULT_MODEL = Path(__file__).parents[2] / "resources" / "default_model"
AGAIN = "Install or export the model again."
WEIGHTS = ("unet.safetensors", "autoencoder.safetensors", "text_encoder.safetensors")
MAX_CONFIG_BYTES = 1_000_000


def load_model(
    path: Path = DEFAULT_MODEL, device: str = "cpu", *, digest: str | None = None
) -> Model:
    """Reads a model: a folder of our own, one in diffusers' layout, or a checkpoint file.

    `digest`: what `Model.digest` is to be; None finds it out, which takes long for large files.
    Raises ModelError if it is missing, damaged, inconsistent or of an unknown kind.
    """
    if path.is_file() or (path / "model_index.json").is_file():
        return load_checkpoint(path, device, digest=digest)
    config = _read_config(path / "model.json")
    unet, autoencoder, text_encoder = _build(config, path / "model.json")
    for network, name in zip((unet, autoencoder, text_encoder), WEIGHTS, strict=True):
        _fill(network, path / name, device)
    tokenizer = _read_tokenizer(path / "tokenizer.json", config.text_encoder)
    return Model(
        config=config,
        digest=_digest([path / name for name in WEIGHTS]) if digest is None else digest,
        backbone=unet,
        autoencoder=autoencoder,
        text=SentenceConditioner(tokenizer, text_encoder, config.prompt_tokens),
        device=torch.device(device),
    )


def _read_config(path: Path) -> ModelConfig:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
        if len(data) > MAX_CONFIG_BYTES:
            raise ValueError(f"it is larger than {MAX_CONFIG_BYTES} bytes")
        return ModelConfig.from_json(data.decode("utf-8"))
    except OSError as error:
        raise _missing(path, error) from error
    except (ValueError, RecursionError) as error:
        raise _inconsistent(path, error) from error


def _build(config: ModelConfig, path: Path) -> tuple[UNet, CompactAutoencoder, Bert]:
    """The networks without their weights. Raises ModelError if they cannot be made."""
    try:
        with torch.device("meta"):
            return (
                UNet(config.unet),
                CompactAutoencoder(config.autoencoder),
                Bert(config.text_encoder),
            )
    except (ValueError, RuntimeError) as error:  # groups that do not divide, sizes that overflow
        raise _inconsistent(path, error) from error


def _fill(network: nn.Module, path: Path, device: str) -> None:
    """Strict: a missing, unknown or misshapen tensor is an error."""
    try:
        tensors, _ = weight_files.read(path, device)
        values = {name: tensor.float() for name, tensor in tensors.items()}
        network.load_state_dict(values, assign=True)
    except torch.OutOfMemoryError:
        raise
    except OSError as error:
        raise _missing(path, error) from error
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            f"{path} is damaged or belongs to another model: {str(error)[:500]}.", AGAIN
        ) from error
    network.eval().requires_grad_(False)
    untyped: Any = network  # torch's stub lacks this form of `to`
    untyped.to(memory_format=torch.channels_last)


def _read_tokenizer(path: Path, config: BertConfig) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"{path} is not a readable tokenizer: {error}.", AGAIN) from error
    if max(tokenizer.get_vocab().values(), default=0) >= config.vocabulary:
        raise ModelError(f"{path} has tokens that the text encoder lacks.", AGAIN)
    return tokenizer


def _digest(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()


def _missing(path: Path, error: OSError) -> ModelError:
    reason = error.strerror or error
    return ModelError(
        f"{path} cannot be read: {reason}.", "Check the folder, or install the model again."
    )


def _inconsistent(path: Path, error: Exception) -> ModelError:
    return ModelError(f"{path} does not describe a model: {str(error)[:500]}.", AGAIN)
