"""Applies LoRA files to copies of a model's weights.

The same layer has many names: kohya's with underscores, from the original checkpoints or from
diffusers, and the dotted names of diffusers and PEFT. Flattening a name to underscores cannot be
undone, so the names of all our layers are flattened and looked up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ..errors import InvalidError, Message, ModelError, UnreadableError
from ..families.registry import family_of_width
from ..model.model import Model
from ..runtime.stored_weight import numbers_of
from .lora_formulas import apply_lora
from .open_file import open_tensors
from .tensor_file import TensorFile, unreadable

M = TypeVar("M", bound=nn.Module)

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
    "lora_magnitude_vector": "magnitudes",
    "lora_magnitude_vector.weight": "magnitudes",
    "lora_magnitude_vector.default.weight": "magnitudes",
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
_CONTEXT_WIDE_TENSORS = ("lora_down", "hada_w1_b", "diff")
"""Tensors of a cross-attention layer with as many columns as the prompt's token vectors."""
_TEXT_PREFIXES = {
    0: ("lora_te_", "lora_te1_", "text_encoder_"),
    1: ("lora_te2_", "text_encoder_2_"),
}


@dataclass(frozen=True)
class Lora:
    """A LoRA file and its strengths."""

    path: Path
    unet: float = 1.0
    text: float = 1.0


@dataclass(frozen=True)
class LoraEffect:
    """The effect of a LoRA on a model."""

    layers: int
    """The number of layers that it changed."""
    unused: tuple[str, ...]
    """Names of its tensors that match no layer of the model."""


@dataclass(frozen=True)
class _Layer:
    network: int
    """0 is the backbone, followed by the text encoders."""
    path: str


@dataclass(frozen=True)
class _OpenedLora:
    """An opened file, and which of its tensors belong to which layer."""

    lora: Lora
    file: TensorFile
    layers: Mapping[_Layer, Mapping[str, str]]
    """The names of each layer's tensors, by role."""
    unused: tuple[str, ...]


def with_loras(model: Model, loras: Sequence[Lora]) -> tuple[Model, tuple[LoraEffect, ...]]:
    """A model with all LoRAs applied in order; `model` itself is unchanged.

    Unchanged weights are shared, and layers are processed one by one to save memory. Raises
    ModelError for files that cannot be used, or are made for another family of models.
    """
    text = model.text
    if not loras:
        return model, ()
    if model.device_manager is not None:  # offloaded weights are read where they are stored
        model.device_manager.evict()
    networks: list[nn.Module] = [model.backbone, *text.networks]
    table = _layer_names(model, networks)
    opened = [_open(lora, table, model) for lora in loras]
    values: dict[tuple[int, str], Tensor] = {}
    for layer in dict.fromkeys(layer for one in opened for layer in one.layers):
        values |= _patched_weights(layer, opened, networks)
    backbone = _replace_weights(model.backbone, 0, values)
    encoders = [_replace_weights(network, 1 + i, values) for i, network in enumerate(text.networks)]
    if model.device_manager is not None:
        for made, like in zip([backbone, *encoders], networks, strict=True):
            model.device_manager.pin_like(made, like)
    effects = tuple(LoraEffect(len(one.layers), one.unused) for one in opened)
    changed = replace(model, backbone=backbone)
    if any(layer.network for one in opened for layer in one.layers):
        changed = changed.with_text(text.with_networks(encoders))
    return changed, effects


def check_fit(model: Model, lora: Lora) -> None:
    """Raises ModelError if the LoRA is for another family. Reads no tensor."""
    networks = [model.backbone, *model.text.networks]
    _open(lora, _layer_names(model, networks), model)


def _layer_names(model: Model, networks: Sequence[nn.Module]) -> Mapping[str, _Layer]:
    """All flattened names that LoRA files use for the layers. Raises ModelError."""
    backbone, text = model.backbone, model.text
    if not model.config.family.takes.loras:
        raise ModelError(
            "{model} does not support LoRAs.",
            "Choose a Stable Diffusion model, or remove the LoRA.",
            model=model.name,
        )
    found: dict[str, _Layer] = {}
    for path in _layers(backbone):
        theirs = backbone.diffusers_name(path)
        for name in (path, theirs):
            for prefix in _UNET_PREFIXES if name else ():
                found[prefix + _flatten(str(name))] = _Layer(0, path)
    for i, (network, slot) in enumerate(zip(networks[1:], text.lora_slots, strict=False)):
        prefixes = _TEXT_PREFIXES[slot]
        for path in _layers(network):
            for prefix in prefixes:
                found[f"{prefix}text_model_{_flatten(path)}"] = _Layer(1 + i, path)
                found[f"{prefix}{_flatten(path)}"] = _Layer(1 + i, path)
    return found


def _layers(network: nn.Module) -> Iterator[str]:
    untyped: Any = network  # the stub of the next method is incomplete
    modules: Iterator[tuple[str, nn.Module]] = untyped.named_modules()
    for path, module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d | nn.LayerNorm | nn.GroupNorm):
            yield path


def _flatten(path: str) -> str:
    return path.replace(".", "_")


def _open(lora: Lora, table: Mapping[str, _Layer], model: Model) -> _OpenedLora:
    """Raises ModelError."""
    file = open_tensors(lora.path)
    layers: dict[_Layer, dict[str, str]] = {}
    unused: list[str] = []
    for name in file.entries:
        split = _split(name)
        layer = table.get(split[0]) if split else None
        if split is None or layer is None:
            unused.append(name)
        else:
            layers.setdefault(layer, {})[split[1]] = name
    width, own = context_width(file), model.backbone.token_width
    if not layers or (width is not None and width != own):
        raise _wrong_family(lora.path, width, model)
    return _OpenedLora(lora, file, layers, tuple(unused))


def context_width(file: TensorFile) -> int | None:
    """The width of the token vectors that a LoRA's models use, which identifies their family; None
    if it changes no cross-attention.
    """
    for name, entry in file.entries.items():
        split = _split(name)
        if split is None or len(entry.shape) < 2:
            continue
        base, part = split
        if base.endswith(("attn2_to_k", "attn2_to_v")) and part in _CONTEXT_WIDE_TENSORS:
            return entry.shape[1]
    return None


def is_lora(file: TensorFile) -> bool:
    """Whether at least half of its tensors have names of LoRA tensors."""
    named = sum(_split(name) is not None for name in file.entries)
    return 2 * named >= len(file.entries)


def _wrong_family(path: Path, width: int | None, model: Model) -> ModelError:
    own, family = model.config.family.name, family_of_width(width)
    theirs = "" if family is None else family.name
    hint = Message("Choose another LoRA, or a model of its family.")
    if theirs and theirs != own:
        return ModelError(
            "{lora} is a LoRA for {family}; {model} belongs to the family {own}.",
            hint,
            lora=path.name,
            family=theirs,
            model=model.name,
            own=own,
        )
    return ModelError(
        "{lora} is for another family; {model} belongs to the family {own}.",
        hint,
        lora=path.name,
        model=model.name,
        own=own,
    )


def _split(name: str) -> tuple[str, str] | None:
    """The flattened name of the layer, and the role of this tensor."""
    for end, part in _PARTS.items():
        if name.endswith(f".{end}"):
            base = name.removesuffix(f".{end}")
            base = re.sub(r"\.processor\.(to_\w+?)_lora$", r".\1", base)
            base = re.sub(r"\.to_out$", ".to_out.0", base)
            return _flatten(base), part
    return None


def _patched_weights(
    layer: _Layer, opened: Sequence[_OpenedLora], networks: Sequence[nn.Module]
) -> dict[tuple[int, str], Tensor]:
    """The layer's weights with all LoRAs applied. Raises ModelError."""
    made: dict[str, Tensor] = {}
    before = networks[layer.network]
    for one in opened:
        names = one.layers.get(layer, {})
        tensors = {part: one.file.tensor(name).float() for part, name in names.items()}
        strength = one.lora.text if layer.network else one.lora.unet
        try:
            for end in ("weight", "bias"):
                given = _tensors_of(tensors, end)
                if not given:
                    continue
                name = f"{layer.path}.{end}"
                weight = made.get(name)
                if weight is None:
                    weight = numbers_of(before.get_parameter(name)).float()
                moved = {part: tensor.to(weight.device) for part, tensor in given.items()}
                made[name] = apply_lora(weight, moved, strength)
                if not math.isfinite(float(made[name].sum())) and not made[name].isfinite().all():
                    raise UnreadableError(
                        "it gives {tensor} values that are not finite", tensor=name
                    )
        except UnreadableError as error:
            raise unreadable(one.lora.path, error) from error
        except AttributeError as error:  # the layer has no bias
            raise unreadable(
                one.lora.path, InvalidError("{layer} has no bias", layer=layer.path)
            ) from error
    return {
        (layer.network, name): _convert_like(value, before.get_parameter(name))
        for name, value in made.items()
    }


def _tensors_of(tensors: Mapping[str, Tensor], end: str) -> Mapping[str, Tensor]:
    """The tensors that change a layer's weight, or its bias."""
    if end == "bias":
        return {"diff": tensors["diff_b"]} if "diff_b" in tensors else {}
    return tensors if tensors.keys() - {"diff_b", "alpha"} else {}


def _convert_like(value: Tensor, like: Tensor) -> Tensor:
    layout = torch.channels_last if like.ndim == 4 else torch.contiguous_format
    return value.to(like.dtype).contiguous(memory_format=layout)


def _replace_weights(network: M, number: int, values: Mapping[tuple[int, str], Tensor]) -> M:
    """A copy that shares all other weights."""
    mine = {name: value for (i, name), value in values.items() if i == number}
    if not mine:
        return network
    made = _shallow_copy(network)
    for name, value in mine.items():
        owner, _, attribute = name.rpartition(".")
        parameter = nn.Parameter(value, requires_grad=False)
        made.get_submodule(owner).register_parameter(attribute, parameter)
    return made


def _shallow_copy(module: M) -> M:
    """New modules with the same tensors; a deep copy takes seven times as long."""
    made = type(module).__new__(type(module))
    for name, value in vars(module).items():
        made.__dict__[name] = value.copy() if isinstance(value, dict) else value
    for name, child in module.named_children():
        made._modules[name] = _shallow_copy(child)  # pyright: ignore[reportPrivateUsage]
    return made
