"""Finds the networks in a file: which tensors belong to which network, under our names."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import Message
from .key_names import (
    Source,
    Sources,
    autoencoder_from_diffusers,
    flattened_unet_names,
    from_open_clip,
    unet_from_diffusers,
)

if TYPE_CHECKING:
    from ..checkpoints.tensor_file import TensorFile

Layout = Literal["original", "diffusers", "OpenCLIP", "transformers", "moving average"]

AVERAGED_UNET = "model_ema.diffusion_model"
IGNORED = re.compile(
    r"""(.*\.)?position_ids$ | (.*\.)?attn_mask$ | (.*\.)?logit_scale$
    | (model\.)?(betas|alphas_cumprod.*|sqrt_.*|log_one_minus.*|posterior_.*|lvlb_weights
                 |logvar|scale_factor|timesteps|sigmas|log_sigmas)$
    | denoiser\. | first_stage_model\.loss\. | loss\. | model_ema\.
    | low_scale_model\. | depth_model\. | embedder\. | noise_augmentor\.
    | (v_pred|ztsnr)$""",
    re.VERBOSE,
)
"""Tensors that are not weights of a network, or not needed for generation."""

_UNET_STEMS = (
    "input_blocks.",
    "middle_block.",
    "output_blocks.",
    "time_embed.",
    "label_emb.",
    "out.",
)
_VAE_STEMS = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")
_CLIP_STEMS = ("embeddings.", "encoder.layers.", "final_layer_norm.")
_CLIP_IMAGE_STEMS = ("embeddings.", "pre_layrnorm.", "encoder.layers.", "post_layernorm.")
_EMBEDDER = "embedder."
"""The prefix of unCLIP's image encoder. The text encoder of the same CLIP may be there too,
unused."""
_WITHIN_STAGE = re.compile(r"(model\.|transformer\.|text_model\.)+$")
"""What varies in the prefixes of one text encoder."""
_WHOLE_CLIP = {"encoder.layers.0.self_attn.q_proj.weight", "final_layer_norm.weight"}
MAX_CANDIDATES = 16
"""Maximum number of networks of one kind that are compared."""
_STATISTICS = ("noise_augmentor.data_", "")
"""The prefixes of `mean` and `std` of the image embeddings."""


@dataclass(frozen=True)
class Component:
    """A network's tensors."""

    sources: Sources
    layout: Layout
    prefix: str
    """The prefix of their names in the file."""

    @property
    def file(self) -> Path | None:
        """The file that holds them, or the first of several; None if there are none."""
        return next((source.file.path for source in self.sources.values()), None)


@dataclass(frozen=True)
class Components:
    backbone: Component | None = None
    average: Component | None = None
    """The U-Net's moving average."""
    autoencoder: Component | None = None
    texts: tuple[Component, ...] = ()
    image: Component | None = None
    """The image encoder of unCLIP."""
    statistics: Sources = field(default_factory=dict[str, Source])
    """The mean and the standard deviation ("mean", "std") of its embeddings."""
    others: tuple[Message, ...] = ()
    """Kinds of networks that were found but are not used."""
    unknown: tuple[str, ...] = ()
    """Names of unknown tensors."""
    ignored: int = 0
    """The number of ignored tensors, which are not needed."""
    markers: Mapping[str, Source] = field(default_factory=dict[str, Source])
    """Tensors whose presence carries information."""


MARKERS = (
    "v_pred", "ztsnr", "edm_vpred.sigma_max", "edm_vpred.sigma_min", "edm_mean", "edm_std"
)  # fmt: skip
SCALE = ".scale_weight"
_OF_SCALES = re.compile(r"(^|\.)(scale_weight|scale_input|scaled_fp8)$")
"""Names of the scales of scaled 8-bit weights; activations are not computed in 8 bits here."""

FLUX = Message("a Flux model")
STABLE_DIFFUSION_3 = Message("a Stable Diffusion 3 model")
OTHER_MODELS = (FLUX, STABLE_DIFFUSION_3)
"""Whole models of families that are not supported."""
_OTHERS = {
    "first_stage_model.quantize.embedding.weight": Message("a VQ autoencoder"),
    "quantize.embedding.weight": Message("a VQ autoencoder"),
    "transformer.token_emb.weight": Message("a BERT text encoder"),
    "control_model.input_blocks.0.0.weight": Message("a ControlNet"),
    "controlnet_cond_embedding.conv_in.weight": Message("a ControlNet"),
    "double_blocks.0.img_attn.qkv.weight": FLUX,
    "joint_blocks.0.x_block.attn.qkv.weight": STABLE_DIFFUSION_3,
    "cond_stage_model.embedding.weight": Message("a class embedder"),
    "cond_stage_model.channel_mapper.weight": Message("a segmentation embedder"),
    "depth_model.model.pretrained.cls_token": Message("a depth estimator"),
    "lora_up.weight": Message("a LoRA"),
    "lora_B.weight": Message("a LoRA"),
}


def all_tensors(file: TensorFile) -> Sources:
    """All tensors of a file, by their names in it."""
    return {key: Source(file, key) for key in file.entries}


def find(group: Sources) -> Components:
    """The components among tensors whose names share a namespace."""
    group = _with_scales(group)
    keys = sorted(group)
    unet = _largest(_unets(group, keys))
    autoencoder = _largest(_autoencoders(group, keys))
    texts = _one_a_stage(_texts(group, keys))
    image = _largest(_image_encoders(group, keys))
    statistics = _statistics(group)
    average = _average(group)
    taken = {
        source.key
        for part in (unet, autoencoder, image, *texts)
        if part is not None
        for source in part.sources.values()
    }
    taken |= {source.key for source in statistics.values()}
    left = [key for key in group if key not in taken]
    markers = {name: group[name] for name in MARKERS if name in group}
    unknown = [key for key in left if not IGNORED.match(key) and key not in markers]
    others = {kind for end, kind in _OTHERS.items() if any(key.endswith(end) for key in left)}
    return Components(
        backbone=unet or average,
        average=average,
        autoencoder=autoencoder,
        texts=texts,
        image=image,
        statistics=statistics,
        others=tuple(sorted(others, key=str)),
        unknown=tuple(unknown),
        ignored=len(left) - len(unknown),
        markers=markers,
    )


def _with_scales(group: Sources) -> Sources:
    """Combines each 8-bit weight with its scale, which ComfyUI writes as a separate tensor."""
    scales = {key.removesuffix(SCALE) + ".weight": key for key in group if key.endswith(SCALE)}
    if not scales:
        return group
    found = {key: source for key, source in group.items() if not _OF_SCALES.search(key)}
    for key, scale in scales.items():
        if key in found and math.prod(group[scale].shape) == 1:
            found[key] = replace(found[key], scale=group[scale])
    return found


def merge(main: Sequence[Components], companions: Sequence[Components] = ()) -> Components:
    """The components of several groups. Networks of `companions` replace those of `main`."""
    groups = [*main, *companions]
    averages = [part.average for part in groups if part.average]
    backbones = [part.backbone for part in groups if part.backbone]
    autoencoders = [part.autoencoder for part in groups if part.autoencoder]
    images = [part.image for part in groups if part.image]
    texts = tuple(text for part in main for text in part.texts)
    others = tuple(text for part in companions for text in part.texts)
    return Components(
        backbone=backbones[-1] if backbones else None,
        average=averages[-1] if averages else None,
        autoencoder=autoencoders[-1] if autoencoders else None,
        texts=others or texts,
        image=images[-1] if images else None,
        statistics={name: source for part in groups for name, source in part.statistics.items()},
        others=tuple(sorted({kind for part in groups for kind in part.others}, key=str)),
        unknown=tuple(name for part in groups for name in part.unknown),
        ignored=sum(part.ignored for part in groups),
        markers={name: source for part in groups for name, source in part.markers.items()},
    )


def text_width(text: Component) -> int:
    """The width of its token vectors; 0 if it is unknown."""
    source = text.sources.get("embeddings.token_embedding.weight")
    return source.shape[-1] if source is not None and source.shape else 0


def _prefixes(keys: Iterable[str], ending: str) -> list[str]:
    """The prefixes of the names that end with `ending`, sorted."""
    found = {key.removesuffix(ending) for key in keys if key.endswith(ending)}
    return sorted(prefix for prefix in found if not prefix or prefix.endswith((".", "/")))


def _under(
    group: Sources, keys: list[str], prefix: str, stems: tuple[str, ...]
) -> dict[str, Source]:
    """`keys` are sorted: a file may have thousands of prefixes."""
    found: dict[str, Source] = {}
    for at in range(bisect_left(keys, prefix), len(keys)):
        if not keys[at].startswith(prefix):
            break
        name = keys[at].removeprefix(prefix)
        if name.startswith(stems) and not IGNORED.match(name):
            found[name] = group[keys[at]]
    return found


def _renamed(sources: Sources, names: Mapping[str, str]) -> dict[str, Source]:
    return {names[key]: source for key, source in sources.items() if key in names}


def _largest(candidates: Iterable[Component]) -> Component | None:
    """Merging leaves remnants of networks beside whole ones. Of equal ones, the first."""
    found = islice(candidates, MAX_CANDIDATES)
    return max(found, key=lambda part: len(part.sources), default=None)


def _one_a_stage(texts: Iterable[Component]) -> tuple[Component, ...]:
    """The largest of those that stand for the same text encoder, and no remnants beside whole
    ones.
    """
    stages: dict[str, Component] = {}
    for text in texts:
        stage = _WITHIN_STAGE.sub("", text.prefix)
        if stage not in stages or len(text.sources) > len(stages[stage].sources):
            stages[stage] = text
    found = tuple(stages.values())
    return tuple(text for text in found if text.sources.keys() >= _WHOLE_CLIP) or found


def _unets(group: Sources, keys: list[str]) -> Iterator[Component]:
    for prefix in _prefixes(keys, "input_blocks.0.0.weight"):
        if f"{prefix}out.2.weight" in group:  # a ControlNet has none
            yield Component(_under(group, keys, prefix, _UNET_STEMS), "original", prefix)
    for prefix in _prefixes(keys, "time_embedding.linear_1.weight"):
        inside = _under(group, keys, prefix, ("",))
        if "conv_norm_out.weight" in inside and "up_blocks.0.resnets.0.conv1.weight" in inside:
            yield Component(_renamed(inside, unet_from_diffusers(inside)), "diffusers", prefix)


def _average(group: Sources) -> Component | None:
    names = (
        {AVERAGED_UNET + flat: name for flat, name in flattened_unet_names().items()}
        if any(key.startswith(AVERAGED_UNET) for key in group)
        else {}
    )
    found = _renamed(group, names)
    return Component(found, "moving average", AVERAGED_UNET) if "out.2.weight" in found else None


def _autoencoders(group: Sources, keys: list[str]) -> Iterator[Component]:
    for prefix in _prefixes(keys, "decoder.mid.block_1.norm1.weight"):
        yield Component(_under(group, keys, prefix, _VAE_STEMS), "original", prefix)
    for prefix in _prefixes(keys, "decoder.mid_block.resnets.0.norm1.weight"):
        inside = _under(group, keys, prefix, _VAE_STEMS)
        yield Component(_renamed(inside, autoencoder_from_diffusers(inside)), "diffusers", prefix)


def _texts(group: Sources, keys: list[str]) -> Iterator[Component]:
    found: list[Component] = []
    for prefix in _prefixes(keys, "embeddings.token_embedding.weight"):
        inside = _under(group, keys, prefix, _CLIP_STEMS)
        projection = f"{prefix.removesuffix('text_model.')}text_projection.weight"
        if projection in group:
            inside["text_projection.weight"] = group[projection]
        found.append(Component(inside, "transformers", prefix))
    for prefix in _prefixes(keys, "transformer.resblocks.0.ln_1.weight"):
        if f"{prefix}token_embedding.weight" in group:
            inside = from_open_clip(_under(group, keys, prefix, ("",)))
            found.append(Component(inside, "OpenCLIP", prefix))
    found = [part for part in found if not part.prefix.startswith(_EMBEDDER)]
    yield from sorted(found, key=lambda part: part.prefix)


def _image_encoders(group: Sources, keys: list[str]) -> Iterator[Component]:
    for prefix in _prefixes(keys, "embeddings.patch_embedding.weight"):
        inside = _under(group, keys, prefix, _CLIP_IMAGE_STEMS)
        projection = f"{prefix.removesuffix('vision_model.')}visual_projection.weight"
        if projection in group:
            inside["visual_projection.weight"] = group[projection]
        yield Component(inside, "transformers", prefix)
    for prefix in _prefixes(keys, "transformer.resblocks.0.ln_1.weight"):
        if f"{prefix}conv1.weight" in group:
            yield Component(from_open_clip(_under(group, keys, prefix, ("",))), "OpenCLIP", prefix)


def _statistics(group: Sources) -> Sources:
    for prefix in _STATISTICS:
        found = {name: group[prefix + name] for name in ("mean", "std") if prefix + name in group}
        if len(found) == 2 and (prefix or len(group) == 2):
            return found
    return {}
