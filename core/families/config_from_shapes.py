"""Derives the configurations of networks from the names and shapes of their tensors. Reads no
tensor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from ..errors import Message, UnknownKindError, UnreadableError
from ..images.clip_crop import SIDE
from ..networks.clip import ClipConfig, ClipImageConfig
from ..networks.kl_autoencoder import AutoencoderKLConfig
from ..networks.unet import UNetConfig
from .key_names import Sources
from .native_config import MAX_BLOCKS, MAX_WIDTH

CLIP_HEAD = 64
"""Channels per head in every published text encoder."""
IMAGE_HEADS = 16
"""Attention heads of every published image encoder."""
OPENAI_PROJECTION = 768
"""OpenAI's image encoder has an approximate GELU; it is recognised by the width of its output."""
UNUSUAL = Message("its U-Net has an unknown architecture")


def unet_config(sources: Sources) -> UNetConfig:
    """Everything except the heads, which no shape shows. Raises UnreadableError."""
    first, last = _shape(sources, "input_blocks.0.0.weight", 4), _shape(sources, "out.2.weight", 4)
    stages = _count(sources, r"input_blocks\.(\d+)\.")
    deep = _depths(sources)
    widths: list[list[int]] = [[]]  # the residual blocks of each level
    depths: list[list[int]] = [[]]
    for stage in range(1, stages):
        at = f"input_blocks.{stage}"
        if f"{at}.0.op.weight" in sources:
            widths.append([])
            depths.append([])
        else:
            widths[-1].append(_shape(sources, f"{at}.0.out_layers.3.weight", 4)[0])
            depths[-1].append(deep.get(at, 0))
    regular = all(len(set(level)) == 1 for level in (*widths, *depths))
    if not regular or len({len(level) for level in widths}) != 1:
        raise UnknownKindError(UNUSUAL)
    channels = first[0]
    if not channels or any(level[0] % channels for level in widths):
        raise UnknownKindError(UNUSUAL)
    context = next((s.shape for k, s in sources.items() if k.endswith("attn2.to_k.weight")), None)
    if context is None or len(context) != 2:
        raise UnknownKindError(UNUSUAL)
    vector = sources.get("label_emb.0.0.weight")
    classes = sources.get("label_emb.weight")
    guidance = sources.get("time_embed.cond_proj.weight")
    guidance_dim = None if guidance is None else guidance.shape[-1]
    if guidance_dim is not None and (guidance_dim < 4 or guidance_dim % 2):
        raise UnknownKindError(UNUSUAL)
    projection = next((s.shape for k, s in sources.items() if k.endswith("proj_in.weight")), ())
    config = UNetConfig(
        in_channels=first[1],
        out_channels=last[0],
        channels=channels,
        multipliers=tuple(level[0] // channels for level in widths),
        blocks=len(widths[0]),
        depths=tuple(level[0] for level in depths),
        middle_depth=deep.get("middle_block", 0),
        middle_blocks=sum(f"middle_block.{i}.in_layers.0.weight" in sources for i in range(3)),
        context_dim=context[1],
        heads=None,
        vector_dim=None if vector is None else vector.shape[-1],
        classes=None if classes is None else classes.shape[0],
        guidance_dim=guidance_dim,
        linear_projection=len(projection) == 2,
    )
    _check_sizes(config.in_channels, config.channels, *config.multipliers, config.context_dim)
    optional = (config.vector_dim, config.classes, config.guidance_dim)
    _check_sizes(config.out_channels, *(size or 1 for size in optional))
    each = config.blocks + 1
    up_depths = tuple(
        tuple(deep.get(f"output_blocks.{each * place + i}", 0) for i in range(each))
        for place in reversed(range(len(widths)))  # on the way up the deepest level comes first
    )
    mirrored = all(depths == config.upward(level) for level, depths in enumerate(up_depths))
    return config if mirrored else replace(config, up_depths=up_depths)


def _depths(sources: Iterable[str]) -> Mapping[str, int]:
    """The number of transformer blocks in each stage that has any."""
    found: dict[str, set[str]] = {}
    for name in sources:
        if match := re.match(r"(\w+_blocks?(?:\.\d+)?)\.1\.transformer_blocks\.(\d+)\.", name):
            found.setdefault(match[1], set()).add(match[2])
    depths = {stage: len(blocks) for stage, blocks in found.items()}
    if (most := max(depths.values(), default=0)) > MAX_BLOCKS:
        raise UnreadableError(
            "it has {blocks} blocks, and at most {most} are supported", blocks=most, most=MAX_BLOCKS
        )
    return depths


def autoencoder_config(sources: Sources) -> AutoencoderKLConfig:
    """Raises UnreadableError."""
    first = _shape(sources, "encoder.conv_in.weight", 4)
    latent = _shape(sources, "decoder.conv_in.weight", 4)[1]
    levels = _count(sources, r"encoder\.down\.(\d+)\.")
    blocks = _count(sources, r"encoder\.down\.0\.block\.(\d+)\.")
    channels = first[0]
    widths = [
        _shape(sources, f"encoder.down.{level}.block.0.conv2.weight", 4)[0]
        for level in range(levels)
    ]
    if not widths or not channels or any(width % channels for width in widths):
        raise UnknownKindError("its autoencoder has an unknown architecture")
    if _shape(sources, "encoder.conv_out.weight", 4)[0] != 2 * latent:
        raise UnknownKindError("its autoencoder is a VQ autoencoder, which is not supported yet")
    _check_sizes(first[1], channels, latent, *widths)
    multipliers = tuple(width // channels for width in widths)
    return AutoencoderKLConfig(channels, multipliers, blocks, latent, first[1])


def clip_config(sources: Sources, activation: Literal["quick_gelu", "gelu"]) -> ClipConfig:
    """Raises UnreadableError."""
    vocabulary, dim = _shape(sources, "embeddings.token_embedding.weight", 2)
    positions = _shape(sources, "embeddings.position_embedding.weight", 2)[0]
    feed_forward = _shape(sources, "encoder.layers.0.mlp.fc1.weight", 2)[0]
    projection = sources.get("text_projection.weight")
    _check_sizes(vocabulary, dim, positions, feed_forward)
    if dim % CLIP_HEAD:
        raise UnreadableError(
            "its text encoder has {width} dimensions, as no CLIP text encoder has", width=dim
        )
    return ClipConfig(
        vocabulary=vocabulary,
        positions=positions,
        dim=dim,
        layers=_count(sources, r"encoder\.layers\.(\d+)\."),
        heads=dim // CLIP_HEAD,
        feed_forward=feed_forward,
        activation=activation,
        projection=None if projection is None else projection.shape[0],
    )


def image_config(sources: Sources) -> ClipImageConfig:
    """Raises UnreadableError."""
    dim, _, patch, _ = _shape(sources, "embeddings.patch_embedding.weight", 4)
    positions = _shape(sources, "embeddings.position_embedding.weight", 2)[0]
    feed_forward = _shape(sources, "encoder.layers.0.mlp.fc1.weight", 2)[0]
    projection = _shape(sources, "visual_projection.weight", 2)[0]
    _check_sizes(dim, patch, positions, feed_forward, projection)
    if positions != 1 + (SIDE // patch) ** 2 or SIDE % patch:
        raise UnknownKindError("its image encoder does not take images of {side} pixels", side=SIDE)
    if dim % IMAGE_HEADS:
        raise UnreadableError(
            "its image encoder has {width} dimensions, as no CLIP image encoder has", width=dim
        )
    return ClipImageConfig(
        patch=patch,
        side=SIDE,
        dim=dim,
        layers=_count(sources, r"encoder\.layers\.(\d+)\."),
        heads=IMAGE_HEADS,
        feed_forward=feed_forward,
        activation="quick_gelu" if projection == OPENAI_PROJECTION else "gelu",
        projection=projection,
    )


def _shape(sources: Sources, name: str, rank: int) -> tuple[int, ...]:
    source = sources.get(name)
    if source is None:
        raise UnreadableError("it lacks {tensor}", tensor=name)
    if len(source.shape) != rank:
        raise UnreadableError("{tensor} has the shape {shape}", tensor=name, shape=source.shape)
    return source.shape


def _count(sources: Iterable[str], pattern: str) -> int:
    """The number of different numbers at the pattern's group, counted from 0 without gaps."""
    compiled = re.compile(pattern)
    matches = (compiled.match(name) for name in sources)
    numbers = sorted({int(match[1][:9]) for match in matches if match})
    if numbers and (numbers[0] or any(b - a != 1 for a, b in pairwise(numbers))):
        raise UnreadableError("some of its blocks are missing ({pattern})", pattern=pattern)
    if len(numbers) > MAX_BLOCKS:
        raise UnreadableError(
            "it has {blocks} blocks, and at most {most} are supported",
            blocks=len(numbers),
            most=MAX_BLOCKS,
        )
    return len(numbers)


def _check_sizes(*sizes: int) -> None:
    if not all(1 <= size <= MAX_WIDTH for size in sizes):
        raise UnreadableError("its sizes {sizes} are impossible", sizes=sizes)


def unet_facts(unet: UNetConfig) -> dict[str, object]:
    """Facts about its architecture, which show people why the file is of its kind."""
    return {
        "channels": unet.channels,
        "inputs": unet.in_channels,
        "context": unet.context_dim,
        "vector": unet.vector_dim or 0,
        "blocks": unet.blocks,
        "depths": [list(unet.upward(level)) for level in range(len(unet.depths))],
        "middle_blocks": unet.middle_blocks,
    }
