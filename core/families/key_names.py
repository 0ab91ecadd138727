"""Translates the names of tensors from the layouts of diffusers, transformers and OpenCLIP to ours.

Ours are those of the original checkpoints for the U-Net and the autoencoder, and those of
transformers for text encoders, without prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..networks.unet_names import LAYER_NAMES, MIDDLE_PLACES, RESNET_NAMES
from ..runtime.stored_weight import StoredWeight

if TYPE_CHECKING:
    from ..checkpoints.tensor_file import TensorEntry, TensorFile


@dataclass(frozen=True)
class Source:
    """Where one of our tensors comes from."""

    file: TensorFile
    key: str
    third: int | None = None
    """The third of its rows to use: queries, keys or values that are stored as one tensor."""
    transposed: bool = False
    scale: Source | None = None
    """A scalar that it is multiplied by: that of 8-bit weights that use their whole range."""

    @property
    def entry(self) -> TensorEntry:
        return self.file.entries[self.key]

    @property
    def shape(self) -> tuple[int, ...]:
        shape = self.entry.shape
        if self.third is not None:
            return (shape[0] // 3, *shape[1:]) if shape else ()
        return tuple(reversed(shape)) if self.transposed else shape

    def tensor(self) -> Tensor:
        """A copy of the tensor in the file."""
        return self.stored().numbers()

    def stored(self) -> StoredWeight:
        """The tensor as it is in the file; a third of packed blocks is unpacked."""
        stored = self.file.stored(self.key)
        if self.third is not None:  # cloned, or each would hold all three
            stored = StoredWeight(stored.numbers().chunk(3)[self.third].clone())
        scale = None if self.scale is None else self.scale.tensor()
        return replace(stored, scale=scale, transposed=self.transposed and self.third is None)

    @property
    def dtype(self) -> torch.dtype:
        return self.entry.dtype


Sources = Mapping[str, Source]
"""By our names."""

_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)")


def unet_from_diffusers(keys: Iterable[str]) -> dict[str, str]:
    """Their name -> ours, for the tensors of a U-Net."""
    keys = set(keys)
    first = [key for key in keys if key.startswith("down_blocks.0.resnets.")]
    blocks = len({key.split(".")[3] for key in first})
    attending = {key.split(".")[1] for key in keys if _is_attention_of_up_block(key)}
    found: dict[str, str] = {}
    for key in keys:
        name = _unet_name(key, blocks, attending)
        if name is not None:
            found[key] = name
    return found


def _is_attention_of_up_block(key: str) -> bool:
    return key.startswith("up_blocks.") and ".attentions." in key


def _unet_name(key: str, blocks: int, attending: set[str]) -> str | None:
    path, _, end = key.replace("class_embedding.linear_", "add_embedding.linear_").rpartition(".")
    if path in LAYER_NAMES:
        return f"{LAYER_NAMES[path]}.{end}"
    if key.startswith("mid_block."):
        kind = ".".join(key.split(".")[1:3])
        rest = key.split(".", 3)[-1]
        if kind not in MIDDLE_PLACES:
            return None
        inner = rest if kind.startswith("attentions") else _resnet(rest)
        return inner and f"middle_block.{MIDDLE_PLACES[kind]}.{inner}"
    match = _BLOCK.match(key)
    if match is None:
        return None
    direction, level, kind, index = match[1], int(match[2]), match[3], int(match[4])
    rest = key[match.end() + 1 :]
    if direction == "down":
        if kind == "downsamplers":
            place = (level + 1) * (blocks + 1)
            return f"input_blocks.{place}.0.{rest.replace('conv', 'op', 1)}"
        at = f"input_blocks.{1 + level * (blocks + 1) + index}"
    else:
        at = f"output_blocks.{level * (blocks + 1) + index}"
        if kind == "upsamplers":
            last = f"output_blocks.{level * (blocks + 1) + blocks}"
            return f"{last}.{2 if match[2] in attending else 1}.{rest}"
    if kind == "attentions":
        return f"{at}.1.{rest}"
    inner = _resnet(rest)
    return inner and f"{at}.0.{inner}"


def _resnet(rest: str) -> str | None:
    part, _, end = rest.rpartition(".")
    return f"{RESNET_NAMES[part]}.{end}" if part in RESNET_NAMES else None


_VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
    "query": "q",
    "key": "k",
    "value": "v",
    "proj_attn": "proj_out",
}
_VAE_BLOCK = re.compile(r"(encoder|decoder)\.(?:down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)")
_VAE_MIDDLE = re.compile(r"(encoder|decoder)\.mid_block\.(resnets|attentions)\.(\d)\.(.+)\.(\w+)")


def autoencoder_from_diffusers(keys: Iterable[str]) -> dict[str, str]:
    """Their name -> ours, for the tensors of an autoencoder."""
    keys = list(keys)
    blocks = [match for match in map(_VAE_BLOCK.match, keys) if match]
    levels = len({match[2] for match in blocks if match[1] == "decoder"})
    found: dict[str, str] = {}
    for key in keys:
        if match := _VAE_BLOCK.match(key):
            found[key] = _vae_block(match, levels)
        elif match := _VAE_MIDDLE.match(key):
            part, kind, index, inner, end = match.groups()
            if kind == "resnets":
                name = f"block_{int(index) + 1}.{_vae_resnet(inner)}"
            else:
                name = f"attn_1.{_VAE_ATTENTION.get(inner, inner)}"
            found[key] = f"{part}.mid.{name}.{end}"
        elif key.startswith(("encoder.conv_", "decoder.conv_", "quant_conv.", "post_quant_conv.")):
            found[key] = key.replace("conv_norm_out", "norm_out")
    return found


def _vae_block(match: re.Match[str], levels: int) -> str:
    part, level, kind, index, rest = match.groups()
    place = f"down.{level}" if part == "encoder" else f"up.{levels - 1 - int(level)}"
    at = f"{part}.{place}"
    if kind in ("downsamplers", "upsamplers"):
        return f"{at}.{kind.removesuffix('rs')}.{rest}"
    return f"{at}.block.{index}.{_vae_resnet(rest)}"


def _vae_resnet(rest: str) -> str:
    return rest.replace("conv_shortcut", "nin_shortcut")


_OPEN_CLIP = {
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight",
    "ln_final.bias": "final_layer_norm.bias",
    "text_projection.weight": "text_projection.weight",  # as ComfyUI writes it, transposed already
    "class_embedding": "embeddings.class_embedding",
    "conv1.weight": "embeddings.patch_embedding.weight",
    "ln_pre.weight": "pre_layrnorm.weight",
    "ln_pre.bias": "pre_layrnorm.bias",
    "ln_post.weight": "post_layernorm.weight",
    "ln_post.bias": "post_layernorm.bias",
}
_OPEN_CLIP_PROJECTIONS = {
    "text_projection": "text_projection.weight",
    "proj": "visual_projection.weight",
}
_OPEN_CLIP_LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}


def from_open_clip(sources: Sources) -> dict[str, Source]:
    """The tensors of a text or image encoder by our names; `sources` have OpenCLIP's names."""
    found: dict[str, Source] = {}
    for key, source in sources.items():
        if key in _OPEN_CLIP:
            found[_OPEN_CLIP[key]] = source
        elif key in _OPEN_CLIP_PROJECTIONS:
            found[_OPEN_CLIP_PROJECTIONS[key]] = replace(source, transposed=True)
        elif match := re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)[._](weight|bias)", key):
            index, part, end = match.groups()
            layer = f"encoder.layers.{index}"
            if part == "attn.in_proj":
                for third, name in enumerate("qkv"):
                    found[f"{layer}.self_attn.{name}_proj.{end}"] = replace(source, third=third)
            elif part in _OPEN_CLIP_LAYER:
                found[f"{layer}.{_OPEN_CLIP_LAYER[part]}.{end}"] = source
    return found


@lru_cache(maxsize=1)
def flattened_unet_names() -> Mapping[str, str]:
    """Names of moving averages in checkpoints -> names of the U-Net.

    They are parameter names without dots, which cannot be split again, so the names of all layers
    that a U-Net of any size may have are flattened.
    """
    linear = ("weight", "bias")
    resnet = ("in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3")
    parts = [*resnet, "skip_connection", "op", "conv", "norm", "proj_in", "proj_out"]
    for block in range(16):
        inner = ["norm1", "norm2", "norm3", "ff.net.0.proj", "ff.net.2"]
        for attention in ("attn1", "attn2"):
            inner += [f"{attention}.{name}" for name in ("to_q", "to_k", "to_v", "to_out.0")]
        parts += [f"transformer_blocks.{block}.{name}" for name in inner]
    stages = [f"middle_block.{i}" for i in range(3)]
    stages += [
        f"{way}_blocks.{i}.{j}" for way in ("input", "output") for i in range(24) for j in range(3)
    ]
    whole = ["input_blocks.0.0", "out.0", "out.2"]
    whole += ["time_embed.0", "time_embed.2", "time_embed.cond_proj"]
    whole += ["label_emb", "label_emb.0.0", "label_emb.0.2"]
    whole += [f"{stage}.{part}" for stage in stages for part in parts]
    names = [f"{name}.{end}" for name in whole for end in linear]
    return {name.replace(".", ""): name for name in names}
