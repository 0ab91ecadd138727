"""The names that trainers give to the tensors and layers of LoRAs.

A tensor's name is that of a layer and that of the tensor, joined by a dot. A layer has many names:
kohya's with underscores, from the original checkpoints or from diffusers, and the dotted names of
diffusers, PEFT and ComfyUI. Flattening a name to underscores cannot be undone, so the names of all
our layers are flattened and looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from ..model.model import Model
from .lora_algorithms import ALGORITHMS, ALPHA, DORA_SCALE, ON_INPUT, PEFT_MAGNITUDES

_SPELLINGS = (
    {"lora_down.weight": "lora_down.weight", "lora_up.weight": "lora_up.weight"},
    {
        "lora_A.weight": "lora_down.weight",
        "lora_B.weight": "lora_up.weight",
        "lora_B.bias": "lora_up.bias",
        "lora_magnitude_vector.weight": PEFT_MAGNITUDES,
    },
    {"lora.down.weight": "lora_down.weight", "lora.up.weight": "lora_up.weight"},
    {
        "lora_linear_layer.down.weight": "lora_down.weight",
        "lora_linear_layer.up.weight": "lora_up.weight",
    },
    {"down.weight": "lora_down.weight", "up.weight": "lora_up.weight"},
)
"""Names of tensors -> LyCORIS's, for kohya, PEFT, and diffusers over the years."""
_ENDINGS = {
    **{name: name for algorithm in ALGORITHMS for name in algorithm.tensors if name != "weight"},
    **{name: name for name in (ALPHA, DORA_SCALE, PEFT_MAGNITUDES)},
    **{theirs: ours for spelling in _SPELLINGS for theirs, ours in spelling.items()},
}
_LONGEST_ENDING = max(name.count(".") + 1 for name in _ENDINGS)
_ADAPTER = re.compile(
    r"\.(lora_[AB]|lora_magnitude_vector|(?:hada|lokr)_\w+)"
    r"\.(?!weight$|bias$)[^.]+(?=\.weight$|\.bias$|$)"
)
"""PEFT's name of a tensor, followed by the name of an adapter."""
_BUNDLED = "bundle_emb."
"""The prefix of embeddings in a LoRA's file: `bundle_emb.WORD.clip_l`."""

_WRAPPERS = (
    "lora_", "lycoris_", "oft_", "base_model_model_", "base_model_", "model_", "module_",
    "text_encoders_", "transformer_",
)  # fmt: skip
_UNET = ("unet_", "diffusion_model_")
_TEXTS = (
    ("te_", "te1_", "text_encoder_", "text_encoder_1_", "clip_l_", "clip_h_", "text_model_"),
    ("te2_", "text_encoder_2_", "clip_g_"),
)
"""By slot; `text_model_` comes after the name of a slot, or without one."""
_PREFIXES: Mapping[str, int | None] = {
    **dict.fromkeys(_WRAPPERS),
    **dict.fromkeys(_UNET, 0),
    **{prefix: 1 + slot for slot, prefixes in enumerate(_TEXTS) for prefix in prefixes},
}
"""What precedes the names of layers, flattened, in any order; and which network it tells of."""
_PREFIX = re.compile("|".join(sorted(_PREFIXES, key=len, reverse=True)))
_TRAINERS = re.compile(r"(lora|lycoris|oft)_(unet|te\d?)_|lycoris_|base_model\.model\.")
"""How the names of LoRAs begin that no checkpoint has."""


@dataclass(frozen=True)
class LoraContents:
    """The names of a LoRA's tensors, by what they belong to."""

    layers: Mapping[str, Mapping[str, str]]
    """By layer, as the file calls it, and by LyCORIS's name of the tensor."""
    embeddings: Mapping[str, Mapping[str, str]]
    """By the word, and by name within its embedding."""
    others: tuple[str, ...]
    """Tensors that no known algorithm has."""

    @property
    def is_lora(self) -> bool:
        """Whether at least half of the tensors have names of LoRA tensors."""
        known = sum(map(len, (*self.layers.values(), *self.embeddings.values())))
        alike = sum(bool(_TRAINERS.match(name)) for name in self.others)
        return 2 * (known + alike) >= known + len(self.others) > 0


def sort_names(names: Iterable[str]) -> LoraContents:
    """Sorts the names of all tensors of a file."""
    layers: dict[str, dict[str, str]] = {}
    embeddings: dict[str, dict[str, str]] = {}
    others: dict[str, None] = {}
    for name in names:
        word, dot, inside = name.removeprefix(_BUNDLED).partition(".")
        if name.startswith(_BUNDLED) and dot:
            embeddings.setdefault(word, {})[inside] = name
        elif split := _split(name):
            layer, tensor = split
            layers.setdefault(layer, {})[tensor] = name
        else:
            others[name] = None
    for layer, tensors in layers.items():
        weight = f"{layer}.weight"
        if ON_INPUT in tensors and weight in others:  # IA3's is called like that of any layer
            tensors["weight"] = weight
            del others[weight]
    return LoraContents(layers, embeddings, tuple(others))


def _split(name: str) -> tuple[str, str] | None:
    """The layer, and LyCORIS's name of the tensor."""
    parts = _ADAPTER.sub(r".\1", name).split(".")
    for count in range(min(_LONGEST_ENDING, len(parts) - 1), 0, -1):
        if tensor := _ENDINGS.get(".".join(parts[-count:])):
            return ".".join(parts[:-count]), tensor
    return None


def spelled_like(name: str, tensor: str) -> str:
    """What LyCORIS calls `tensor`, in the spelling of the file with a tensor called `name`."""
    name = _ADAPTER.sub(r".\1", name)
    for spelling in _SPELLINGS:
        if any(name.endswith(f".{theirs}") for theirs in spelling):
            return next((theirs for theirs, ours in spelling.items() if ours == tensor), tensor)
    return tensor


@dataclass(frozen=True)
class Layer:
    network: int
    """0 is the backbone, followed by the text encoders."""
    path: str


class LayerNames:
    """Finds the layers of a model by their names in LoRAs."""

    def __init__(self, model: Model, networks: Sequence[nn.Module]) -> None:
        """`networks`: the backbone and the text encoders."""
        backbone, *texts = networks
        self._by_slot: dict[int, dict[str, Layer]] = {0: {}}
        for path in _layers(backbone):
            for name in (path, model.backbone.diffusers_name(path)):
                if name:
                    self._by_slot[0][_flat(name)] = Layer(0, path)
        for i, (network, slot) in enumerate(zip(texts, model.text.lora_slots, strict=False)):
            self._by_slot[1 + slot] = {_flat(path): Layer(1 + i, path) for path in _layers(network)}

    def find(self, name: str) -> Layer | None:
        """The layer that a LoRA calls `name`; None: there is none."""
        flat, slot = _flat(name), None
        while True:
            found = self._by_slot.get(slot or 0, {}).get(flat)
            prefix = None if found else _PREFIX.match(flat)
            if prefix is None:
                return found
            slot = _PREFIXES[prefix[0]] if slot is None else slot
            flat = flat[prefix.end() :]

    def endings(self, names: Iterable[str]) -> Iterator[str]:
        """What follows the names of layers in these names of tensors."""
        for name in names:
            parts = name.split(".")
            for count in range(1, min(len(parts), _LONGEST_ENDING + 2)):
                if self.find(".".join(parts[:-count])):
                    yield ".".join(parts[-count:])
                    break


def _layers(network: nn.Module) -> Iterator[str]:
    untyped: Any = network  # the stub of the next method is incomplete
    modules: Iterator[tuple[str, nn.Module]] = untyped.named_modules()
    for path, module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d | nn.LayerNorm | nn.GroupNorm):
            yield path


def _flat(name: str) -> str:
    """With underscores, without what compiling adds, and in today's spelling of diffusers."""
    name = re.sub(r"\.processor\.(to_\w+?)_lora$", r".\1", name)
    name = re.sub(r"\.to_out$", ".to_out.0", name)
    return name.replace(".", "_").replace("_orig_mod_", "")


def reads_prompt(layer: str) -> bool:
    """Whether the layer is as wide as the prompt's token vectors."""
    return _flat(layer).endswith(("attn2_to_k", "attn2_to_v"))
