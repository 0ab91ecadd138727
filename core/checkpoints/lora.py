"""LoRA files: small changes to a model's layers, added to copies of its weights.

The same layer has many names: kohya's with underscores, after the original checkpoints or after
diffusers, and those of diffusers and PEFT with dots. Flattening names to underscores cannot be
undone, so all names of each of our layers are flattened, and looked up.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ..model import Model
from ..networks.clip import ClipTextEncoder
from ..networks.unet import UNet
from ..text.clip_conditioning import ClipConditioner
from ..text.conditioning import Cond
from .deltas import changed
from .files import TensorFile, UnreadableError, open_tensors, unreadable
from .keys import unet_to_diffusers

N = TypeVar("N", UNet, ClipTextEncoder)

_PARTS = {
    "lora_down.weight": "lora_down",
    "lora_up.weight": "lora_up",
    "lora_mid.weight": "lora_mid",
    "lora_A.weight": "lora_down",
    "lora_B.weight": "lora_up",
    "lora_A.default.weight": "lora_down",
    "lora_B.default.weight": "lora_up",
    "lora.down.weight": "lora_down",
    "lora.up.weight": "lora_up",
    "lora_linear_layer.down.weight": "lora_down",
    "lora_linear_layer.up.weight": "lora_up",
    "lora_magnitude_vector": "dora_scale",
    "down.weight": "lora_down",
    "up.weight": "lora_up",
    "diff": "diff",
    "diff_b": "diff_b",
    "alpha": "alpha",
    "dora_scale": "dora_scale",
    **{f"hada_{part}": f"hada_{part}" for part in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{
        f"lokr_{part}": f"lokr_{part}"
        for part in ("w1", "w2", "w1_a", "w1_b", "w2_a", "w2_b", "t2")
    },
}
_UNET_PREFIXES = (
    "lora_unet_", "unet_", "lycoris_", "diffusion_model_", "model_diffusion_model_",
    "base_model_model_", "",
)  # fmt: skip
_TEXT_PREFIXES = {
    0: ("lora_te_", "lora_te1_", "text_encoder_"),
    1: ("lora_te2_", "text_encoder_2_"),
}


@dataclass(frozen=True)
class Lora:
    """A file, and how strongly it acts."""

    path: Path
    unet: float = 1.0
    text: float = 1.0


@dataclass(frozen=True)
class Effect:
    """What a LoRA did to a model."""

    layers: int
    """How many layers it changed."""
    unused: tuple[str, ...]
    """Names of its tensors that match nothing of the model."""


@dataclass(frozen=True)
class _Layer:
    network: int
    """0 is the U-Net, then come the text encoders."""
    path: str


def with_loras(model: Model, loras: Sequence[Lora]) -> tuple[Model, tuple[Effect, ...]]:
    """The model with all of the LoRAs, in order; `model` itself stays as it is.

    Weights that are not changed are shared. Raises ModelError for files that cannot be used.
    """
    text = model.text
    if not isinstance(text, ClipConditioner):
        return model, tuple(Effect(0, tuple(open_tensors(lora.path).entries)) for lora in loras)
    encoders = [network for network, _ in text.encoders]
    networks: list[nn.Module] = [model.unet, *encoders]
    table = _names(model.unet, networks)
    values: dict[tuple[int, str], Tensor] = {}
    effects: list[Effect] = []
    for lora in loras:
        file = open_tensors(lora.path)
        try:
            effects.append(_apply(file, lora, networks, table, values))
        except UnreadableError as error:
            raise unreadable(lora.path, error) from error
    unet = _with(model.unet, 0, values)
    read = [(_with(network, 1 + i, values), use) for i, (network, use) in enumerate(text.encoders)]
    conditioner = ClipConditioner(read, text.skip, text.embeddings)
    fresh: OrderedDict[tuple[str, bool], Cond] = OrderedDict()
    return replace(model, unet=unet, text=conditioner, _conditions=fresh), tuple(effects)


def _names(unet: UNet, networks: Sequence[nn.Module]) -> Mapping[str, _Layer]:
    """All flattened names that files have for the layers."""
    found: dict[str, _Layer] = {}
    for path in _layers(unet):
        theirs = unet_to_diffusers(path, unet.config.blocks)
        for name in (path, theirs):
            for prefix in _UNET_PREFIXES if name else ():
                found[prefix + _flat(str(name))] = _Layer(0, path)
    texts = networks[1:]
    for i, network in enumerate(texts):
        only_second = len(texts) == 1 and unet.config.vector_dim is not None  # the refiner's
        prefixes = _TEXT_PREFIXES[1 if only_second else i]
        for path in _layers(network):
            for prefix in prefixes:
                found[f"{prefix}text_model_{_flat(path)}"] = _Layer(1 + i, path)
                found[f"{prefix}{_flat(path)}"] = _Layer(1 + i, path)
    return found


def _layers(network: nn.Module) -> Iterator[str]:
    untyped: Any = network  # the stub of the next method is incomplete
    modules: Iterator[tuple[str, nn.Module]] = untyped.named_modules()
    for path, module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d | nn.LayerNorm | nn.GroupNorm):
            yield path


def _flat(path: str) -> str:
    return path.replace(".", "_")


def _apply(
    file: TensorFile,
    lora: Lora,
    networks: Sequence[nn.Module],
    table: Mapping[str, _Layer],
    values: dict[tuple[int, str], Tensor],
) -> Effect:
    """Adds to the changed weights in `values`, by network and name."""
    groups: dict[_Layer, dict[str, Tensor]] = {}
    unused: list[str] = []
    for name in file.entries:
        split = _split(name)
        layer = table.get(split[0]) if split else None
        if split is None or layer is None:
            unused.append(name)
        else:
            tensor = file.tensor(name)
            groups.setdefault(layer, {})[split[1]] = tensor.float()
    for layer, tensors in groups.items():
        strength = lora.text if layer.network else lora.unet
        for end in ("weight", "bias"):
            key = layer.network, f"{layer.path}.{end}"
            _change(key, tensors, strength, networks, values)
    return Effect(len(groups), tuple(unused))


def _split(name: str) -> tuple[str, str] | None:
    """The flattened name of the layer, and which of its tensors this is."""
    for end, part in _PARTS.items():
        if name.endswith(f".{end}"):
            base = name.removesuffix(f".{end}")
            base = re.sub(r"\.processor\.(to_\w+?)_lora$", r".\1", base)
            base = re.sub(r"\.to_out$", ".to_out.0", base)
            return _flat(base), part
    return None


def _change(
    key: tuple[int, str],
    tensors: Mapping[str, Tensor],
    strength: float,
    networks: Sequence[nn.Module],
    values: dict[tuple[int, str], Tensor],
) -> None:
    bias = key[1].endswith(".bias")
    given = {"diff": tensors["diff_b"]} if bias and "diff_b" in tensors else tensors
    if bias and "diff_b" not in tensors:
        return
    if not bias and not tensors.keys() - {"diff_b", "alpha"}:
        return
    number, name = key
    weight = values.get(key)
    if weight is None:
        weight = networks[number].get_parameter(name).detach().float()
    moved = {part: tensor.to(weight.device) for part, tensor in given.items()}
    values[key] = changed(weight, moved, strength)
    if not values[key].isfinite().all():
        raise UnreadableError(f"it makes {name} hold values that are not finite numbers")


def _with(network: N, number: int, values: Mapping[tuple[int, str], Tensor]) -> N:
    """A copy whose other weights are shared."""
    state = dict(network.state_dict())
    mine = {name: value for (i, name), value in values.items() if i == number}
    if not mine:
        return network
    for name, value in mine.items():
        like = state[name]
        layout = torch.channels_last if like.ndim == 4 else torch.contiguous_format
        state[name] = value.to(like.dtype).contiguous(memory_format=layout)
    with torch.device("meta"):
        untyped: Any = type(network)  # the type of `config` goes with that of the network
        made: N = untyped(network.config)
    made.load_state_dict(state, assign=True)
    return made.eval().requires_grad_(False)
