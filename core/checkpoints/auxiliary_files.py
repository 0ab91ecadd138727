"""Identifies auxiliary files: LoRA, embedding, VAE, text encoder, tiny decoder.

Names and shapes are enough, so it takes milliseconds and reads no tensor.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import UnreadableError
from ..families.components import OTHER_MODELS, Component, all_tensors, find, text_width
from ..families.registry import family_of_width
from .lora import context_width, is_lora
from .open_file import open_tensors
from .tensor_file import MAX_NAME, TensorFile
from .textual_inversion import embedding_widths

Kind = Literal["model", "lora", "embedding", "vae", "text", "preview", "other"]
"""A preview is a tiny decoder (TAESD)."""
ENCODERS = {768: "CLIP ViT-L", 1024: "OpenCLIP ViT-H", 1280: "OpenCLIP ViT-bigG"}
"""By width."""

MAX_ENCODERS = 4
"""Text encoders that the description of a file names."""

_TINY = re.compile(r"((taesd_)?(decoder|encoder)\.)?(layers\.)?\d{1,3}\.(conv\.\d\.)?(weight|bias)")
_BASES = {
    "sd_v1": "Stable Diffusion 1",
    "sd_v2": "Stable Diffusion 2",
    "sdxl": "Stable Diffusion XL",
    "stable-diffusion-v1": "Stable Diffusion 1",
    "stable-diffusion-v2": "Stable Diffusion 2",
    "stable-diffusion-xl": "Stable Diffusion XL",
}
"""Names of base models in `ss_base_model_version` and `modelspec.architecture`."""


@dataclass(frozen=True)
class FileDescription:
    kind: Kind
    """"model" if it may be a model; `identify` decides."""
    family: str = ""
    """The name of the family it is made for; empty if unknown."""
    precision: str = ""
    """The type of most of its tensors."""
    alias: str = ""
    """Its name in training, which prompts may use too."""


def describe(path: Path) -> FileDescription:
    """Identifies a file; a folder in diffusers' layout is a model. Raises ModelError if it cannot
    be read.
    """
    if path.is_dir():
        return FileDescription("model")
    file = open_tensors(path)
    types = Counter(entry.stored for entry in file.entries.values())
    precision = types.most_common(1)[0][0] if types else ""
    if file.entries and is_lora(file):
        alias = file.metadata.get("ss_output_name", "")[:MAX_NAME]
        return FileDescription("lora", _family_of_lora(file), precision, alias)
    widths = embedding_widths(file)
    if widths is not None:
        return FileDescription("embedding", _family_of_widths(widths), precision)
    if file.entries and all(_TINY.fullmatch(name) for name in file.entries):
        return FileDescription("preview", "", precision)
    try:
        parts = find(all_tensors(file))
    except UnreadableError:
        return FileDescription("model", "", precision)
    if parts.backbone is not None or any(kind in OTHER_MODELS for kind in parts.others):
        return FileDescription("model", "", precision)
    if parts.autoencoder is not None and not parts.texts:
        return FileDescription("vae", "", precision)
    if parts.texts and parts.autoencoder is None:
        names = map(_encoder_name, parts.texts[:MAX_ENCODERS])
        return FileDescription("text", " + ".join(names), precision)
    return FileDescription("other", "", precision)


def _encoder_name(text: Component) -> str:
    width = text_width(text)
    return ENCODERS.get(width, f"a text encoder {width} wide")


def _family_of_lora(file: TensorFile) -> str:
    """The family that a LoRA is made for."""
    if found := family_of_width(context_width(file)):
        return found.name
    for key in ("ss_base_model_version", "modelspec.architecture"):
        said = file.metadata.get(key, "")
        for start, family in _BASES.items():
            if said.startswith(start):
                return family
    return ""


def _family_of_widths(widths: tuple[int, ...]) -> str:
    """The family with text encoders of these widths."""
    if len(widths) == 2:
        return "Stable Diffusion XL" if widths == (768, 1280) else ""
    family = family_of_width(widths[0])
    return "" if family is None else family.name
