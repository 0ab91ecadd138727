"""What a checkpoint is: found out from names and shapes, in milliseconds."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Literal

from ..errors import ModelError
from ..families.families import (
    CONTINUOUS,
    EMBEDDED,
    EXTRA_INPUTS,
    FAMILIES,
    OTHERS,
    SD2,
    SDXL,
    UNCLIP,
    UPSCALER,
    Family,
    Latents,
    Predicted,
    Reading,
    called,
)
from ..networks.clip import ClipConfig, ClipImageConfig
from ..networks.kl_autoencoder import AutoencoderKLConfig
from ..networks.unet import UNetConfig
from .components import Part, Parts, everything, find, text_width, together
from .config_from_shapes import autoencoder_config, clip_config, image_config, unet_config
from .diffusers_folder import DiffusersFolder, is_diffusers_folder, open_folder
from .edm_metadata import edm_of
from .open_file import open_tensors
from .overrides import read_notes
from .tensor_file import NotAModelError, UnknownKindError, UnreadableError, unreadable

Prediction = Literal["eps", "v"]

V_NAMES = {"v", "v_prediction", "v-prediction", "vpred", "v_pred"}
EPS_NAMES = {"eps", "epsilon"}
SAYING = ("modelspec.prediction_type", "modelspec.predict_key")
"""Metadata of the specification, and those that ComfyUI writes."""
V_DEVIATION = 0.09
"""Of a certain bias of Stable Diffusion 2, above which it predicts v. Source: ComfyUI."""
TELLING_BIAS = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
MAX_YAML_BYTES = 1_000_000
FULL_TEXT_LAYERS = 24


@dataclass(frozen=True)
class Predicts:
    """What a U-Net predicts, and how that was found out."""

    kind: Predicted
    reason: str
    zero_snr: bool = False
    """Whether it was trained up to pure noise."""


@dataclass(frozen=True)
class Identity:
    """What a checkpoint is and what it holds."""

    path: Path
    family: Family
    extra: str
    """What the U-Net is given beside the noisy latent, one of EXTRA_INPUTS, or EMBEDDED; "" if
    nothing."""
    unet: UNetConfig
    autoencoder: AutoencoderKLConfig | None
    text_encoders: tuple[ClipConfig, ...]
    readings: tuple[Reading, ...]
    """How each text encoder is used."""
    predicts: Predicts
    found: Predicted
    """What it predicts unless the user decides otherwise."""
    sigmas: tuple[float, float] | None
    """The lowest and the highest noise level, if it was trained on a continuum of them."""
    latents: Latents | None
    """What its latents are of; None: of the spread that is usual in its family."""
    parts: Parts
    files: tuple[Path, ...]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    image_encoder: ClipImageConfig | None = None
    """What a picture is looked at with, where the U-Net is told it."""

    @property
    def name(self) -> str:
        return called(self.family, self.unet, self.extra)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is lacking to draw with it, in words."""
        lacking: list[str] = []
        if self.lacks_vae:
            lacking.append("an autoencoder (VAE)")
        if self.lacks_text:
            lacking.append("a text encoder")
        if self.family is UNCLIP and self.image_encoder is None:
            lacking.append("an image encoder")
        return tuple(lacking)

    @property
    def lacks_vae(self) -> bool:
        return self.autoencoder is None

    @property
    def lacks_text(self) -> bool:
        return len(self.text_encoders) < len(self.family.texts)

    @property
    def lacks_statistics(self) -> bool:
        """As `ImageConditioner.lacks_statistics`."""
        image = self.image_encoder
        return image is not None and image.rough and not self.parts.statistics

    @property
    def parameters(self) -> int:
        """Of the networks it would be drawn with."""
        parts = _networks(self.parts)
        return sum(math.prod(s.shape) for part in parts for s in part.sources.values())

    @property
    def dtypes(self) -> Mapping[str, int]:
        """Of the networks, with the number of tensors of each: {"float16": 1131}."""
        sources = chain.from_iterable(part.sources.values() for part in _networks(self.parts))
        return Counter(source.entry.stored for source in sources)


def _networks(parts: Parts) -> Iterable[Part]:
    found = (parts.unet, parts.autoencoder, *parts.texts, parts.image)
    return (part for part in found if part is not None)


def identify(
    path: Path, *, beside: Sequence[Path] = (), prediction: Prediction | None = None
) -> Identity:
    """Reads what is needed to tell what `path`, a file or a folder in diffusers' layout, is.

    `beside`: further files, whose networks replace or complete its own. `prediction` overrules what
    is found out, as do the notes beside the model. Raises ModelError for what is damaged, unsafe,
    or no known model.
    """
    try:
        folder = _opened(path)
        others = [_opened(other) for other in beside]
        main = [find(group) for group in folder.groups]
        added = [find(group) for other in others for group in other.groups]
        parts = together(main, added)
        files = tuple(file for one in (folder, *others) for file in one.files)
        decided = prediction or read_notes(path).prediction or None
        return _identity(path, parts, folder, files, decided)
    except (OSError, UnreadableError) as error:
        raise unreadable(path, error) from error


def _opened(path: Path) -> DiffusersFolder:
    if os.path.isdir(path):
        if not is_diffusers_folder(path):
            raise ModelError(
                f"{path} is not a model: it has neither a model.json nor a model_index.json.",
                "Choose a checkpoint file, or the folder that holds the whole model.",
            )
        return open_folder(path)
    file = open_tensors(path)
    return DiffusersFolder((everything(file),), (path,), file.metadata, file.values, _beside(path))


def _beside(path: Path) -> str:
    """The prediction that a .yaml of the same name speaks of, if there is one."""
    try:
        with path.with_suffix(".yaml").open("rb") as file:
            text = file.read(MAX_YAML_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"^\s*parameterization:\s*[\"']?(\w+)", text, re.MULTILINE)
    return found[1] if found else ""


def _identity(
    path: Path,
    parts: Parts,
    folder: DiffusersFolder,
    files: tuple[Path, ...],
    prediction: Prediction | None,
) -> Identity:
    if parts.unet is None:
        raise _not_a_model(parts)
    try:
        shape = unet_config(parts.unet.sources)
    except UnreadableError as error:
        if not any(".attn2." in name for name in parts.unet.sources):
            raise UnknownKindError(_of_another_family(parts, None)) from error
        raise
    texts = sorted(parts.texts, key=text_width)  # CLIP ViT-L before ViT-bigG
    family = _family(shape, len(texts), embedded=parts.image is not None)
    if family is None:
        raise UnknownKindError(_of_another_family(parts, shape.context_dim))
    edm = edm_of(parts, folder)
    if edm is not None:
        if family is not SDXL:
            raise UnknownKindError(
                f"it is {family.name}, trained on a continuum of noise levels, which is not known "
                "yet"
            )
        family = CONTINUOUS[edm.predicts]
    if shape.in_channels not in EXTRA_INPUTS:
        count = shape.in_channels
        raise UnknownKindError(f"its U-Net takes {count} channels, as no known one does")
    extra = EXTRA_INPUTS[shape.in_channels]
    if (extra == "upscaling") != (family is UPSCALER) or (extra and family is UNCLIP):
        raise UnknownKindError(f"it is {family.name}, {extra}, which is not known yet")
    if family is UNCLIP:
        extra = EMBEDDED
    unet = replace(shape, heads=family.heads, cross_levels=family.cross_levels)
    autoencoder = parts.autoencoder and autoencoder_config(parts.autoencoder.sources)
    found = list(zip(texts, family.texts, strict=False))
    encoders = tuple(clip_config(text.sources, reading.activation) for text, reading in found)
    readings = tuple(
        _as_stored(reading, text, config)
        for (text, reading), config in zip(found, encoders, strict=True)
    )
    told = Predicts(edm.predicts, edm.reason) if edm else _predicts(parts, folder, family, unet)
    predicts = told
    if prediction is not None:
        predicts = replace(told, kind=prediction, reason="chosen by the user")
    image = parts.image if family is UNCLIP else None
    identity = Identity(
        path=path,
        family=family,
        extra=extra,
        unet=unet,
        autoencoder=autoencoder,
        text_encoders=encoders,
        readings=readings,
        predicts=predicts,
        found=told.kind,
        sigmas=edm.sigmas if edm else None,
        latents=edm.latents if edm else None,
        parts=replace(parts, texts=tuple(text for text, _ in found), image=image),
        files=files,
        metadata=folder.metadata,
        image_encoder=image and image_config(image.sources),
    )
    _check_fit(identity)
    return identity


def _not_a_model(parts: Parts) -> UnknownKindError:
    found = [*parts.others]
    if whole := [kind for kind in found if kind.endswith(" model")]:
        return UnknownKindError(f"it is {whole[0]}, which cannot be drawn with yet")
    if parts.autoencoder is not None:
        found.append("an autoencoder (VAE)")
    if parts.texts:
        found.append("a text encoder")
    if not found:
        return NotAModelError("it holds no network that is known")
    words = f"it holds {' and '.join(found)}, but no U-Net, so it is no model by itself"
    return NotAModelError(words)


def _of_another_family(parts: Parts, context: int | None) -> str:
    assert parts.unet is not None
    first = parts.unet.sources.get("input_blocks.0.0.weight")
    width = first.shape[0] if first is not None and first.shape else 0
    kind = OTHERS.get((width, context), "a model of an unknown family")
    return f"it is {kind}, which cannot be drawn with yet"


def _family(unet: UNetConfig, texts: int, *, embedded: bool) -> Family | None:
    """By the widths of the published models; of other widths, by how they are built.

    `embedded`: there is what embeds pictures.
    """
    vectors = {"vector", "picture"} if unet.vector_dim else set[str]()
    added = vectors or {"class" if unet.classes else "nothing"}
    rows = [row for row in FAMILIES if row.added in added]
    published = [row for row in rows if row.context == unet.context_dim]
    if published:
        return published[0]
    if (unet.channels, unet.context_dim) in OTHERS:
        return None
    alike = [
        row
        for row in rows
        if row.linear == unet.linear_projection
        and len(row.texts) == texts
        and (row.added == "picture") == (embedded and bool(vectors))
    ]
    return alike[0] if alike else None


def _as_stored(reading: Reading, text: Part, config: ClipConfig) -> Reading:
    """Files of diffusers lack the last layer of Stable Diffusion 2's encoder, which is not used."""
    cut = reading in SD2.texts and text.layout == "transformers"
    if cut and config.layers != FULL_TEXT_LAYERS:
        return replace(reading, use=replace(reading.use, skip=0))
    return reading


def _predicts(parts: Parts, folder: DiffusersFolder, family: Family, unet: UNetConfig) -> Predicts:
    zero = "ztsnr" in parts.markers or folder.metadata.get("ss_zero_terminal_snr") == "True"
    zero = zero or folder.scheduler.get("rescale_betas_zero_snr") is True
    if "v_pred" in parts.markers:
        return Predicts("v", "it holds the tensor v_pred", zero)
    said = next((folder.metadata[key].lower() for key in SAYING if key in folder.metadata), "")
    if said in V_NAMES | EPS_NAMES:
        kind: Prediction = "v" if said in V_NAMES else "eps"
        return Predicts(kind, f"its metadata say {said}", zero)
    if folder.metadata.get("modelspec.architecture", "").endswith("-768-v"):
        return Predicts("v", "its metadata name the architecture", zero)
    told = str(folder.scheduler.get("prediction_type", ""))
    if told in V_NAMES | EPS_NAMES:
        return Predicts("v" if told in V_NAMES else "eps", "its scheduler is configured so", zero)
    if folder.parameterization in V_NAMES | EPS_NAMES:
        kind = "v" if folder.parameterization in V_NAMES else "eps"
        return Predicts(kind, "the .yaml beside it says so", zero)
    telling = parts.unet and parts.unet.sources.get(TELLING_BIAS)
    if family is SD2 and unet.in_channels == 4 and telling:
        deviation = float(telling.tensor().float().std(correction=0))
        kind = "v" if deviation > V_DEVIATION else "eps"
        return Predicts(kind, f"a bias in it deviates by {deviation:.3f}", zero)
    return Predicts(family.prediction, "models of its family usually do", zero)


def _check_fit(identity: Identity) -> None:
    """Whether the networks understand one another. Raises UnreadableError."""
    unet, family, texts = identity.unet, identity.family, identity.text_encoders
    latent = unet.out_channels
    if identity.latents and len(identity.latents.mean) != latent:
        raise UnreadableError("the mean of its latents is not one for its U-Net")
    if identity.autoencoder and identity.autoencoder.latent_channels != latent:
        raise UnreadableError("its autoencoder is not one for its U-Net")
    if len(texts) < len(family.texts):
        return
    if sum(text.dim for text in texts) != unet.context_dim:
        raise UnreadableError("its text encoders are not those for its U-Net")
    if family is UNCLIP:
        image = identity.image_encoder
        if image is not None and 2 * image.projection != unet.vector_dim:
            raise UnreadableError("its image encoder is not the one for its U-Net")
    elif unet.vector_dim is not None:
        pooled = texts[-1].projection or 0
        if pooled + family.numbers_width != unet.vector_dim:
            raise UnreadableError("its text encoders are not those for its U-Net")
