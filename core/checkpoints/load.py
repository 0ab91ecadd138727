"""A model from a checkpoint: a file of A1111's or ComfyUI's kind, or a folder of diffusers' layout.

What it is is found out first (see `identify`); then networks without weights are made, and filled
from the mapped files, tensor by tensor, in the type that is computed in.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..diffusion.schedule import scaled_linear, zero_terminal
from ..errors import ModelError
from ..model import Model
from ..model_config import Defaults
from ..networks.autoencoder import Autoencoder
from ..networks.clip import ClipTextEncoder
from ..networks.unet import UNet
from ..text.clip_conditioning import ClipConditioner
from ..text.clip_tokenizer import END
from .families import UPSCALER, CheckpointConfig
from .files import UnreadableError, unreadable
from .identify import Identity, Prediction, identify
from .keys import Source, Sources

DRAWABLE = ("", "inpainting")
"""What a U-Net may want beside the noisy latent for pictures to be drawn with it."""
V_SIDE = 768
"""Pixels; Stable Diffusion 2 that predicts v was trained on larger pictures."""
LISTED = 3
"""So many names are listed where many are wrong."""


def load_checkpoint(
    path: Path,
    device: str = "cpu",
    *,
    beside: Sequence[Path] = (),
    prediction: Prediction | None = None,
    average: bool = False,
    dtype: torch.dtype | None = None,
    digest: str = "",
) -> Model:
    """Reads a model. Raises ModelError if it is missing, damaged, unsafe or of an unknown kind.

    `beside`: further files whose networks replace or complete its own, such as a VAE.
    `prediction` overrules what is found out. `average` takes the U-Net's moving average, if the
    file holds it beside the weights. `dtype`: of the U-Net and the text encoders; by default
    float16 on a GPU and float32 on a CPU. `digest`: SHA-256 of the file, if it is known.
    """
    identity = identify(path, beside=beside, prediction=prediction)
    _check_drawable(identity)
    dtype = dtype or (torch.float16 if torch.device(device).type == "cuda" else torch.float32)
    parts = identity.parts
    if parts.unet is None or parts.autoencoder is None or identity.autoencoder is None:
        raise AssertionError("the parts were checked")
    unet_part = parts.average if average and parts.average else parts.unet
    try:
        with torch.device("meta"):
            unet = UNet(identity.unet)
            autoencoder = Autoencoder(identity.autoencoder)
            encoders = [ClipTextEncoder(config) for config in identity.text_encoders]
        wanted = [
            (unet, unet_part.sources, "U-Net"),
            (autoencoder, parts.autoencoder.sources, "autoencoder"),
            *((e, t.sources, "text encoder") for e, t in zip(encoders, parts.texts, strict=True)),
        ]
        for network, sources, name in wanted:
            _check_tensors(network, sources, name)
        for network, sources, _ in wanted:
            _fill(network, sources, device, torch.float32 if network is autoencoder else dtype)
    except torch.OutOfMemoryError:
        raise
    except (ValueError, RuntimeError) as error:  # groups that do not divide, sizes that overflow
        raise unreadable(path, error) from error
    uses = [reading.use for reading in identity.readings]
    return Model(
        config=_config(identity),
        digest=digest or file_digest(path, identity),
        unet=unet,
        autoencoder=autoencoder,
        text=ClipConditioner(list(zip(encoders, uses, strict=True))),
        device=torch.device(device),
        dtype=dtype,
    )


def file_digest(path: Path, identity: Identity) -> str:
    """SHA-256 in hex of a file, which begins with A1111's hash, or of the weights of a folder."""
    whole = hashlib.sha256()
    for file in [path] if path.is_file() else identity.files:
        with file.open("rb") as opened:
            while block := opened.read(1 << 22):
                whole.update(block)
    return whole.hexdigest()


def _check_drawable(identity: Identity) -> None:
    if identity.family is UPSCALER or identity.extra not in DRAWABLE:
        raise ModelError(
            f"{identity.path} is of the kind {identity.name}, which cannot be drawn with yet.",
            "Choose another model.",
        )
    if identity.missing:
        raise ModelError(
            f"{identity.path} lacks {' and '.join(identity.missing)}.",
            "Give the missing part as a file of its own.",
        )
    if any(text.vocabulary <= END for text in identity.text_encoders):
        raise ModelError(
            f"The text encoder of {identity.path} lacks words.", "Download the model again."
        )


def _config(identity: Identity) -> CheckpointConfig:
    assert identity.autoencoder is not None
    family, predicts = identity.family, identity.predicts
    schedule = scaled_linear(*family.betas)
    side = family.side
    if predicts.kind == "v" and family.side < V_SIDE and identity.unet.linear_projection:
        side = V_SIDE
    return CheckpointConfig(
        name=identity.path.name if identity.path.is_dir() else identity.path.stem,
        family=family,
        unet=identity.unet,
        autoencoder=identity.autoencoder,
        text_encoders=identity.text_encoders,
        prediction=predicts.kind,
        schedule=zero_terminal(schedule) if predicts.zero_snr else schedule,
        defaults=Defaults(
            sampler="DPM++ 2M",
            schedule="Karras",
            steps=family.steps,
            cfg=family.cfg,
            width=side,
            height=side,
        ),
        extra=identity.extra,
    )


def _check_tensors(network: nn.Module, sources: Sources, name: str) -> None:
    """Raises UnreadableError unless the tensors are exactly those the network has."""
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    missing = sorted(expected.keys() - sources.keys())
    if missing:
        raise UnreadableError(f"its {name} lacks {_listed(missing)}")
    surplus = sorted(sources.keys() - expected.keys())
    if surplus:
        raise UnreadableError(f"its {name} has more than is known of it: {_listed(surplus)}")
    for key, shape in expected.items():
        found = sources[key].shape
        if _flat(found) != _flat(shape):
            raise UnreadableError(f"{sources[key].key} has the shape {found}, not {shape}")


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A 1 x 1 convolution is a linear layer."""
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{', '.join(names[:LISTED])}{more}"


def _fill(network: nn.Module, sources: Sources, device: str, dtype: torch.dtype) -> None:
    """Raises UnreadableError for weights that are not numbers."""
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    values = {
        key: _read(sources[key], device, dtype).reshape(shape) for key, shape in shapes.items()
    }
    network.load_state_dict(values, assign=True)
    network.eval().requires_grad_(False)
    untyped: Any = network  # torch's stub lacks this form of `to`
    untyped.to(memory_format=torch.channels_last)


def _read(source: Source, device: str, dtype: torch.dtype) -> Tensor:
    tensor = source.tensor()
    if not tensor.is_floating_point():
        raise UnreadableError(f"{source.key} holds {str(tensor.dtype).removeprefix('torch.')}")
    tensor = tensor.to(device, dtype)
    if not math.isfinite(float(tensor.sum(dtype=torch.float32))) and not tensor.isfinite().all():
        raise UnreadableError(f"{source.key} holds values that are not finite numbers")
    return tensor.contiguous()
