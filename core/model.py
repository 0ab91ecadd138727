"""A loaded latent diffusion model, and loading one from its folder.

A model folder holds `model.json` (what `ModelConfig` says), `unet.safetensors`,
`autoencoder.safetensors`, `text_encoder.safetensors` and `tokenizer.json`. Nothing in it is
executed, and every tensor must be one the configuration asks for.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from .diffusion.prediction import PREDICTIONS, Prediction
from .diffusion.schedule import FlowSchedule, Schedule
from .errors import ModelError
from .networks.bert import Bert, BertConfig
from .networks.compact_autoencoder import FACTOR, CompactAutoencoder, CompactAutoencoderConfig
from .networks.unet import UNet, UNetConfig
from .text.conditioning import SentenceConditioner

DEFAULT_MODEL = Path(__file__).parents[1] / "resources" / "default_model"
WEIGHTS = ("unet.safetensors", "autoencoder.safetensors", "text_encoder.safetensors")
MAX_CONFIG_BYTES = 1_000_000
FORMAT = 1


@dataclass(frozen=True)
class Defaults:
    """Settings that suit a model."""

    sampler: str = "Euler"
    schedule: str = "Normal"
    steps: int = 20
    cfg: float = 4.0
    width: int = 128
    height: int = 128


@dataclass(frozen=True)
class ModelConfig:
    """Everything about a model but its weights."""

    name: str
    unet: UNetConfig
    autoencoder: CompactAutoencoderConfig
    text_encoder: BertConfig
    prompt_tokens: int
    prediction: str
    schedule: FlowSchedule
    latent_mean: tuple[float, ...]
    latent_std: tuple[float, ...]
    defaults: Defaults
    max_side: int
    """Pixels."""

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """Raises ValueError, TypeError or KeyError for anything else."""
        data: dict[str, Any] = json.loads(text)
        if data.pop("format") != FORMAT:
            raise ValueError(f"the format is not {FORMAT}")
        parts = {
            "unet": UNetConfig,
            "autoencoder": CompactAutoencoderConfig,
            "text_encoder": BertConfig,
            "schedule": FlowSchedule,
            "defaults": Defaults,
        }
        for name, kind in parts.items():
            data[name] = kind(**_tuples(data[name]))
        config = cls(**_tuples(data))
        if config.prediction not in PREDICTIONS:
            raise ValueError(f"unknown prediction {config.prediction!r}")
        channels = config.autoencoder.latent_channels
        if not len(config.latent_mean) == len(config.latent_std) == channels:
            raise ValueError(f"the latent statistics are not those of {channels} channels")
        _bound_sizes(config)
        return config


@dataclass(frozen=True)
class Model:
    """Networks, what they predict, and along which schedule."""

    config: ModelConfig
    digest: str
    """SHA-256 of the weight files, one after the other in the order of WEIGHTS."""
    unet: UNet
    autoencoder: CompactAutoencoder
    text: SentenceConditioner
    device: torch.device

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def defaults(self) -> Defaults:
        return self.config.defaults

    @property
    def prediction(self) -> Prediction:
        return PREDICTIONS[self.config.prediction]

    @property
    def schedule(self) -> Schedule:
        return self.config.schedule

    @property
    def size_multiple(self) -> int:
        """Picture sides are multiples of this many pixels."""
        return FACTOR * self.config.unet.factor

    @property
    def max_side(self) -> int:
        return self.config.max_side

    def encode(self, picture: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1] -> latent of about unit variance, [B, C, H/8, W/8]."""
        return (self.autoencoder.encode(picture) - self._mean) / self._std

    def decode(self, latent: Tensor) -> Tensor:
        """Latent -> RGB on white and alpha, [B, 4, H, W] in about [-1, 1]."""
        return self.autoencoder.decode(latent * self._std + self._mean)

    @property
    def _mean(self) -> Tensor:
        return torch.tensor(self.config.latent_mean, device=self.device)[:, None, None]

    @property
    def _std(self) -> Tensor:
        return torch.tensor(self.config.latent_std, device=self.device)[:, None, None]


def load_model(path: Path = DEFAULT_MODEL, device: str = "cpu") -> Model:
    """Reads a model folder. Raises ModelError if it is missing, damaged or inconsistent."""
    config = _read_config(path / "model.json")
    with torch.device("meta"):
        unet = UNet(config.unet)
        autoencoder = CompactAutoencoder(config.autoencoder)
        text_encoder = Bert(config.text_encoder)
    networks: tuple[nn.Module, ...] = (unet, autoencoder, text_encoder)
    for network, name in zip(networks, WEIGHTS, strict=True):
        _fill(network, path / name, device)
    return Model(
        config=config,
        digest=_digest([path / name for name in WEIGHTS]),
        unet=unet,
        autoencoder=autoencoder,
        text=SentenceConditioner(
            _read_tokenizer(path / "tokenizer.json"), text_encoder, config.prompt_tokens
        ),
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
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(
            f"{path} does not describe a model: {error}.", "Install or export the model again."
        ) from error


def _fill(network: nn.Module, path: Path, device: str) -> None:
    """Strict: a missing, unknown or misshapen tensor is an error."""
    try:
        tensors = load_file(path, device=device)
        weights = {name: tensor.float() for name, tensor in tensors.items()}
        network.load_state_dict(weights, assign=True)
    except OSError as error:
        raise _missing(path, error) from error
    except (SafetensorError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise ModelError(
            f"{path} is damaged or belongs to another model: {str(error)[:500]}",
            "Install or export the model again.",
        ) from error
    network.eval().requires_grad_(False)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001  # the library raises bare Exception
        raise ModelError(
            f"{path} is not a tokenizer: {error}.", "Install or export the model again."
        ) from error


def _digest(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()


def _missing(path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"{path} cannot be read: {error.strerror}.", "Check the folder, or install the model again."
    )


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


MAX_WIDTH = 65_536
"""No size that a configuration names may be larger: a damaged one must not exhaust the memory."""


def _bound_sizes(config: ModelConfig) -> None:
    for part in (config.unet, config.autoencoder, config.text_encoder):
        for field in fields(part):
            value = getattr(part, field.name)
            sizes = value if isinstance(value, tuple) else (value,)
            for size in sizes:
                if isinstance(size, int) and not 0 <= size <= MAX_WIDTH:
                    raise ValueError(f"{field.name} is {size}, outside 0 to {MAX_WIDTH}")
