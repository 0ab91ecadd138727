"""Applies LoRA files to copies of a model's weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ..conditioning.text.embeddings import Embedding
from ..errors import Message, ModelError, UnreadableError, quoted
from ..families.registry import family_of_width
from ..model.model import Model
from ..runtime.stored_weight import numbers_of
from ..untrusted_files import parse_json
from .lora_algorithms import ALPHA, Algorithm, algorithms_of, changed, column_count
from .lora_names import Layer, LayerNames, LoraContents, reads_prompt, sort_names, spelled_like
from .lora_scales import PeftScales, peft_scales
from .open_file import open_tensors
from .tensor_file import TensorFile, unreadable
from .textual_inversion import bundled_embedding

M = TypeVar("M", bound=nn.Module)

UNSUPPORTED = {
    "lambda_layer": "T-LoRA",
    "vera_lambda_b": "VeRA",
    "hra_u": "HRA",
    "oft_R": "PEFT OFT",
    "boft_R": "PEFT BOFT",
    "ia3_l": "PEFT IA3",
}
"""Algorithms that are known by name only, by a tensor of theirs."""
MAX_EXAMINED, LISTED = 1000, 3
"""Maximum numbers of tensor names that are examined for a message, and that it lists."""


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
class _LayerTensors:
    """The tensors of a LoRA for one layer."""

    name: str
    """The layer, as the file calls it."""
    names: Mapping[str, str]
    """The names of the tensors in the file, by LyCORIS's names."""
    algorithms: Sequence[Algorithm]
    scales: PeftScales | None
    """Those of the header, which count unless a tensor holds the scale."""

    def read(self, file: TensorFile) -> dict[str, Tensor]:
        """The tensors, float32. Raises ModelError."""
        tensors = {role: file.tensor(name).float() for role, name in self.names.items()}
        down = tensors.get("lora_down.weight")
        if self.scales is not None and ALPHA not in tensors:
            rank = 1 if down is None or not down.ndim else len(down)
            tensors[ALPHA] = torch.tensor(self.scales.alpha_of(self.name, rank))
        return tensors


@dataclass(frozen=True)
class _OpenedLora:
    """An opened file, and which of its tensors belong to which layer."""

    lora: Lora
    file: TensorFile
    layers: Mapping[Layer, _LayerTensors]
    embeddings: tuple[Embedding, ...]
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
    known = _layer_names(model, networks)
    opened = [_open(lora, known, model) for lora in loras]
    values: dict[tuple[int, str], Tensor] = {}
    for layer in dict.fromkeys(layer for one in opened for layer in one.layers):
        values |= _patched_weights(layer, opened, networks)
    backbone = _replace_weights(model.backbone, 0, values)
    encoders = [_replace_weights(network, 1 + i, values) for i, network in enumerate(text.networks)]
    if model.device_manager is not None:
        for network, like in zip([backbone, *encoders], networks, strict=True):
            model.device_manager.pin_like(network, like)
    effects = tuple(LoraEffect(len(one.layers), one.unused) for one in opened)
    made = replace(model, backbone=backbone)
    if any(layer.network for one in opened for layer in one.layers):
        text = text.with_networks(encoders)
    if words := [word for one in opened for word in one.embeddings]:
        text = text.with_embeddings(words)
    return made if text is model.text else made.with_text(text), effects


def check_fit(model: Model, lora: Lora) -> None:
    """Raises ModelError if the LoRA is for another family. Reads no tensor."""
    networks = [model.backbone, *model.text.networks]
    _open(lora, _layer_names(model, networks), model)


def _layer_names(model: Model, networks: Sequence[nn.Module]) -> LayerNames:
    """Raises ModelError."""
    if not model.config.family.takes.loras:
        raise ModelError(
            "{model} does not support LoRAs.",
            "Choose a Stable Diffusion model, or remove the LoRA.",
            model=model.name,
        )
    return LayerNames(model, networks)


def _open(lora: Lora, known: LayerNames, model: Model) -> _OpenedLora:
    """Raises ModelError."""
    file = open_tensors(lora.path)
    contents = sort_names(file.entries)
    width, own = _context_width(file, contents), model.backbone.token_width
    if width is not None and width != own:
        raise _wrong_family(lora.path, width, model)
    try:
        scales = peft_scales(file, ("unet", "text_encoder", "text_encoder_2"))
    except (OSError, ValueError) as error:
        raise unreadable(lora.path, error) from error
    networks = (
        "unet",
        *("text_encoder_2" if slot else "text_encoder" for slot in model.text.lora_slots),
    )
    layers: dict[Layer, _LayerTensors] = {}
    unused = list(contents.others)
    for name, tensors in contents.layers.items():
        layer = known.find(name)
        algorithms = algorithms_of(tensors)
        if layer is None or not algorithms or layer in layers:
            unused += tensors.values()
        else:
            network = scales.get(networks[layer.network])
            layers[layer] = _LayerTensors(name, tensors, algorithms, network)
    words: list[Embedding] = []
    for word, names in contents.embeddings.items():
        embedding = bundled_embedding(file, word, names, model.text.embedding_widths)
        if embedding is None:
            unused += names.values()
        else:
            words.append(embedding)
    if not layers and not words:
        raise _without_effect(lora.path, file, contents, known, model)
    return _OpenedLora(lora, file, layers, tuple(words), tuple(sorted(unused)))


def context_width(file: TensorFile) -> int | None:
    """The width of the token vectors that a LoRA's models use, which identifies their family; None
    if it changes no cross-attention.
    """
    return _context_width(file, sort_names(file.entries))


def _context_width(file: TensorFile, contents: LoraContents) -> int | None:
    for layer, names in contents.layers.items():
        if reads_prompt(layer):
            shapes = {role: file.entries[name].shape for role, name in names.items()}
            width = column_count(shapes)
            if width is not None:
                return width
    return None


def is_lora(file: TensorFile) -> bool:
    """Whether at least half of its tensors have names of LoRA tensors."""
    return sort_names(file.entries).is_lora


def _wrong_family(path: Path, width: int, model: Model) -> ModelError:
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


def _without_effect(
    path: Path, file: TensorFile, contents: LoraContents, known: LayerNames, model: Model
) -> ModelError:
    """Why no tensor of a LoRA changes anything."""
    endings = dict.fromkeys(known.endings(islice(contents.others, MAX_EXAMINED)))
    hint = Message("Choose another LoRA.")
    if endings:
        named = (
            name for tensor, name in UNSUPPORTED.items() for e in endings if tensor in e.split(".")
        )
        algorithm = next(named, "") or _trained_with(file)
        return ModelError(
            "{lora} changes layers by {algorithm}, which is not supported.",
            hint,
            lora=path.name,
            algorithm=algorithm or Message("tensors called {names}", names=_listed(endings)),
        )
    return ModelError(
        "{lora} changes nothing in {model}: its names are not known: {names}.",
        hint,
        lora=path.name,
        model=model.name,
        names=_listed(file.entries) or Message("none"),
    )


def _trained_with(file: TensorFile) -> str:
    """The algorithm that kohya's trainer wrote into the header; empty if it did not."""
    try:
        arguments: Any = parse_json(file.metadata.get("ss_network_args", "{}"))
        return quoted(arguments["algo"], 20) if "algo" in arguments else ""
    except (ValueError, TypeError):
        return ""


def _listed(names: Iterable[str]) -> str:
    first = list(islice(names, LISTED + 1))
    return ", ".join(
        (*(quoted(name) for name in first[:LISTED]), *(["…"] if first[LISTED:] else []))
    )


def _patched_weights(
    layer: Layer, opened: Sequence[_OpenedLora], networks: Sequence[nn.Module]
) -> dict[tuple[int, str], Tensor]:
    """The layer's weights with all LoRAs applied. Raises ModelError."""
    made: dict[str, Tensor] = {}
    before = networks[layer.network]
    for one in opened:
        given = one.layers.get(layer)
        if given is None:
            continue
        strength = one.lora.text if layer.network else one.lora.unet
        tensors = given.read(one.file)
        for algorithm in given.algorithms:
            name = f"{layer.path}.{algorithm.parameter}"
            try:
                weight = made.get(name)
                if weight is None:
                    weight = numbers_of(_parameter(before, name)).float()
                made[name] = _changed(weight, algorithm, given, tensors, strength)
            except UnreadableError as error:
                raise unreadable(one.lora.path, error) from error
    return {
        (layer.network, name): _convert_like(value, before.get_parameter(name))
        for name, value in made.items()
    }


def _parameter(network: nn.Module, name: str) -> nn.Parameter:
    """Raises UnreadableError for a layer without a bias, or without a weight."""
    try:
        return network.get_parameter(name)
    except AttributeError as error:
        layer, _, parameter = name.rpartition(".")
        raise UnreadableError(
            "{layer} has no {parameter}", layer=layer, parameter=parameter
        ) from error


def _changed(
    weight: Tensor,
    algorithm: Algorithm,
    given: _LayerTensors,
    tensors: Mapping[str, Tensor],
    strength: float,
) -> Tensor:
    """Raises UnreadableError, which names the layer and the tensors at fault."""
    try:
        moved = {role: tensor.to(weight.device) for role, tensor in tensors.items()}
        value = changed(weight, algorithm, moved, strength)
    except (UnreadableError, torch.OutOfMemoryError):
        raise
    except KeyError as error:
        there = next(name for role, name in given.names.items() if role in algorithm.tensors)
        raise UnreadableError(
            "{layer} lacks {tensor}", layer=given.name, tensor=spelled_like(there, error.args[0])
        ) from error
    except (RuntimeError, IndexError, ValueError) as error:
        raise UnreadableError(
            "the tensors of {layer} do not fit together: {error}", layer=given.name, error=error
        ) from error
    if not math.isfinite(float(value.sum())) and not value.isfinite().all():
        raise UnreadableError("it gives {tensor} values that are not finite", tensor=given.name)
    return value


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
