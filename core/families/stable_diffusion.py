"""What the families of Stable Diffusion share: a U-Net with cross-attention to CLIP's vectors.

Sources: the published configurations of Stable Diffusion 1, 2 and XL, and of the x4 upscaler.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from torch import Tensor

from ..conditioning.clip_image import ImageConditioner
from ..conditioning.text.clip_text import ClipConditioner, EncoderOptions
from ..conditioning.text.clip_tokenizer import END
from ..errors import Message, UnknownKindError, UnreadableError
from ..networks.clip import ClipConfig, ClipImageConfig, ClipImageEncoder, ClipTextEncoder
from ..networks.kl_autoencoder import AutoencoderKL, AutoencoderKLConfig
from ..networks.unet import UNet, UNetConfig
from ..sampling.model_schedule import EdmSchedule, Schedule, scaled_linear, zero_terminal
from .components import Component, Components, find, text_width
from .config_from_shapes import autoencoder_config, clip_config, image_config, unet_facts
from .edm_metadata import LatentStatistics
from .family import (
    EMBEDDED,
    IMAGE_ENCODER,
    TEXT_ENCODER,
    VAE,
    Conditioners,
    DetectedPrediction,
    Family,
    FoundAutoencoder,
    Identity,
    Match,
    Networks,
    TextEncoderUse,
)
from .few_step_variants import WHOLE_LCM, variant_of
from .header import Header
from .key_names import Source, Sources
from .native_config import Defaults
from .unsupported import UNSUPPORTED

INPUT_KINDS: Mapping[int, str] = {
    4: "",
    5: "depth",
    7: "upscaling",
    8: "instruct-pix2pix",
    9: "inpainting",
}
"""What a U-Net takes besides the noisy latent, by its number of input channels."""

SAMPLER = "DPM++ 2M"
V_NAMES = {"v", "v_prediction", "v-prediction", "vpred", "v_pred"}
EPS_NAMES = {"eps", "epsilon"}
METADATA_KEYS = ("modelspec.prediction_type", "modelspec.predict_key")
"""The metadata keys of the specification, and those of ComfyUI."""
FULL_TEXT_LAYERS = 24


@dataclass(frozen=True)
class Architecture:
    """How a family is recognised, and what the shapes of its tensors do not show."""

    context_dim: int
    """Width of the vectors that the published U-Net attends to."""
    linear_projection: bool
    """Whether its transformers begin and end with linear layers."""
    text_encoders: tuple[TextEncoderUse, ...]
    adds: Literal["nothing", "vector", "class", "image"] = "nothing"
    """What is added to the time embedding: a vector of the prompt, or an image embedding."""
    heads: int | None = None
    """None: one for each 64 channels."""
    cross_levels: tuple[int, ...] = ()
    betas: tuple[float, float] = (0.00085, 0.012)
    prediction: str = "eps"
    """Unless a file says otherwise."""
    edm: Literal["", "v", "edm"] = ""
    """What models of this architecture predict if they were trained on a continuum of noise
    levels (EDM)."""
    sigmas: tuple[float, float] = (0.002, 80.0)
    """The lowest and highest noise level of an EDM model, unless a file says otherwise."""
    v_deviation: float | None = None
    """The standard deviation of V_BIAS above which a file predicts v. Source: ComfyUI."""
    v_side: int | None = None
    """The side of the training images of models that predict v, in pixels, if it differs."""


V_BIAS = "output_blocks.11.1.transformer_blocks.0.norm1.bias"


@dataclass(frozen=True)
class DistilledUNet:
    """A U-Net distilled to fewer blocks, recognised by their number."""

    name: str
    blocks: int
    """Residual blocks per level."""
    depths: tuple[int, ...]
    middle_blocks: int
    cfg: float


def openai_clip(*, skip: int, normalised: bool) -> TextEncoderUse:
    return TextEncoderUse(EncoderOptions(skip, normalised, pooled=False, pad=END), "quick_gelu", 12)


def open_clip(layers: int, *, normalised: bool, pooled: bool) -> TextEncoderUse:
    return TextEncoderUse(EncoderOptions(1, normalised, pooled, pad=0), "gelu", layers)


OPEN_CLIP_H = open_clip(24, normalised=True, pooled=False)
OPEN_CLIP_BIG_G = open_clip(32, normalised=False, pooled=True)


def detect(architecture: Architecture, header: Header) -> Match | None:
    """By the widths of the published models, or else by the structure.

    Raises UnreadableError for impossible U-Nets.
    """
    if header.native is not None or (unet := header.unet) is None:
        return None
    vectors = {"vector", "image"} if unet.vector_dim else set[str]()
    if architecture.adds not in (vectors or {"class" if unet.classes else "nothing"}):
        return None
    return _match(architecture, header.components, unet)


def detect_by_edm(architecture: Architecture, header: Header) -> Match | None:
    """Like `detect`, for architectures that differ in `edm` alone."""
    match = detect(architecture, header)
    kind = header.edm.predicts if match and header.edm else ""
    return match if kind == architecture.edm else None


def _match(architecture: Architecture, found: Components, unet: UNetConfig) -> Match | None:
    if architecture.context_dim == unet.context_dim:
        return Match.PUBLISHED
    if (unet.channels, unet.context_dim) in UNSUPPORTED:
        return None
    embeds = found.image is not None and bool(unet.vector_dim)
    similar = (
        architecture.linear_projection == unet.linear_projection
        and len(architecture.text_encoders) == len(found.texts)
        and (architecture.adds == "image") == embeds
    )
    return Match.SIMILAR if similar else None


def configure(
    architecture: Architecture,
    distilled: tuple[DistilledUNet, ...],
    family: Family,
    header: Header,
) -> Identity:
    """Raises UnreadableError."""
    shape, components, edm = header.unet, header.components, header.edm
    assert shape is not None
    if edm is not None and not architecture.edm:
        raise UnknownKindError(
            "it is {family}, trained on continuous noise levels, which is not supported yet",
            family=family.name,
        )
    input_kind = _input_kind(architecture, family, shape)
    unet = replace(shape, heads=architecture.heads, cross_levels=architecture.cross_levels)
    texts = sorted(components.texts, key=text_width)  # CLIP ViT-L before ViT-bigG
    found = list(zip(texts, architecture.text_encoders, strict=False))
    encoders = tuple(clip_config(text.sources, use.activation) for text, use in found)
    uses = [
        (config, _as_stored(use, text, config).use)
        for (text, use), config in zip(found, encoders, strict=True)
    ]
    embeds = architecture.adds == "image"
    image = components.image if embeds else None
    autoencoder = components.autoencoder and autoencoder_config(components.autoencoder.sources)
    image_encoder = image and image_config(image.sources)
    detected = (
        DetectedPrediction(edm.predicts, edm.reason)
        if edm
        else _prediction(architecture, header, unet)
    )
    prediction = detected
    if header.prediction_override:
        kind, reason = header.prediction_override, Message("chosen by the user")
        prediction = replace(detected, kind=kind, reason=reason)
    larger = architecture.v_side if prediction.kind == "v" else None
    side = larger or family.defaults.width
    sigmas = edm.sigmas(architecture.sigmas) if edm else None
    statistics = (edm.latents or family.statistics) if edm else None
    channels = unet.out_channels
    usual = LatentStatistics((0.0,) * channels, (1.0,) * channels, family.latents.scale)
    latents = statistics or usual
    lacking = {
        VAE: autoencoder is None,
        TEXT_ENCODER: len(encoders) < len(architecture.text_encoders),
        IMAGE_ENCODER: embeds and image_encoder is None,
    }
    identity = Identity(
        path=header.path,
        name=header.name,
        family=family,
        display_name=_display_name(family, unet, input_kind, distilled),
        input_kind=input_kind,
        backbone=unet,
        autoencoder=autoencoder,
        text_encoders=encoders,
        image_encoder=image_encoder,
        facts=unet_facts(unet),
        lacks_statistics=image_encoder is not None
        and image_encoder.rough
        and not components.statistics,
        prediction=prediction,
        detected_prediction=detected.kind,
        schedule=_schedule(architecture, sigmas, zero_snr=prediction.zero_snr),
        sigmas=sigmas,
        statistics=statistics,
        latent_mean=latents.mean,
        latent_std=tuple(std / latents.scale for std in latents.std),
        defaults=_defaults(family, header, unet, side, distilled),
        side=side,
        build=partial(
            _build,
            unet,
            autoencoder,
            uses,
            image_encoder,
            components.statistics,
            supports_clip_skip=family.takes.clip_skip,
        ),
        components=replace(components, texts=tuple(text for text, _ in found), image=image),
        files=header.files,
        metadata=header.metadata,
        missing=tuple(name for name, lacks in lacking.items() if lacks),
    )
    _check_fit(identity, encoders)
    return identity


def _input_kind(architecture: Architecture, family: Family, unet: UNetConfig) -> str:
    if unet.in_channels not in INPUT_KINDS:
        count = unet.in_channels
        raise UnknownKindError(
            "its U-Net takes {channels} channels, as no known one does", channels=count
        )
    kind = INPUT_KINDS[unet.in_channels]
    embeds, classes = architecture.adds == "image", architecture.adds == "class"
    if (kind == "upscaling") != classes or (kind and embeds):
        raise UnknownKindError(
            "it is {family}, {variant}, which is not supported yet",
            family=family.name,
            variant=kind,
        )
    return EMBEDDED if embeds else kind


def _as_stored(use: TextEncoderUse, text: Component, config: ClipConfig) -> TextEncoderUse:
    """Files of diffusers lack the last layer of Stable Diffusion 2's encoder, which is not used."""
    cut = use == OPEN_CLIP_H and text.layout == "transformers"
    if cut and config.layers != FULL_TEXT_LAYERS:
        return replace(use, use=replace(use.use, skip=0))
    return use


def _prediction(architecture: Architecture, header: Header, unet: UNetConfig) -> DetectedPrediction:
    components, metadata = header.components, header.metadata
    zero = "ztsnr" in components.markers or metadata.get("ss_zero_terminal_snr") == "True"
    zero = zero or header.scheduler.get("rescale_betas_zero_snr") is True
    if "v_pred" in components.markers:
        return DetectedPrediction(
            "v", Message("it holds the tensor {tensor}", tensor="v_pred"), zero
        )
    said = next((metadata[key].lower() for key in METADATA_KEYS if key in metadata), "")
    if said in V_NAMES | EPS_NAMES:
        return DetectedPrediction(
            _kind(said), Message("its metadata say {prediction}", prediction=said), zero
        )
    if metadata.get("modelspec.architecture", "").endswith("-768-v"):
        return DetectedPrediction("v", Message("its metadata name the architecture"), zero)
    configured = str(header.scheduler.get("prediction_type", ""))
    if configured in V_NAMES | EPS_NAMES:
        return DetectedPrediction(
            _kind(configured), Message("its scheduler is configured for it"), zero
        )
    if header.parameterization in V_NAMES | EPS_NAMES:
        kind = _kind(header.parameterization)
        return DetectedPrediction(kind, Message("the .yaml beside it says so"), zero)
    bias = components.backbone and components.backbone.sources.get(V_BIAS)
    if architecture.v_deviation is not None and unet.in_channels == 4 and bias:
        deviation = float(bias.tensor().float().std(correction=0))
        kind = "v" if deviation > architecture.v_deviation else "eps"
        return DetectedPrediction(
            kind, Message("a bias in it deviates by {deviation}", deviation=deviation), zero
        )
    return DetectedPrediction(
        architecture.prediction, Message("models of its family usually do"), zero
    )


def _kind(said: str) -> str:
    return "v" if said in V_NAMES else "eps"


def _schedule(
    architecture: Architecture, sigmas: tuple[float, float] | None, *, zero_snr: bool
) -> Schedule:
    if sigmas is not None:
        return EdmSchedule(*sigmas)
    schedule = scaled_linear(*architecture.betas)
    return zero_terminal(schedule) if zero_snr else schedule


def _distilled(unet: UNetConfig, known: tuple[DistilledUNet, ...]) -> DistilledUNet | None:
    blocks = (unet.blocks, unet.depths, unet.middle_blocks)
    same = (one for one in known if blocks == (one.blocks, one.depths, one.middle_blocks))
    return next(same, None)


def _display_name(
    family: Family, unet: UNetConfig, input_kind: str, known: tuple[DistilledUNet, ...]
) -> str:
    """Such as "Stable Diffusion 1, inpainting" or "Stable Diffusion XL, SSD-1B"."""
    distilled = _distilled(unet, known)
    lcm = "LCM" if unet.guidance_dim else ""
    words = (distilled.name if distilled else "", "" if unet.classes else input_kind, lcm)
    return ", ".join(filter(None, (family.name, *words)))


def _defaults(
    family: Family,
    header: Header,
    unet: UNetConfig,
    side: int,
    known: tuple[DistilledUNet, ...],
) -> Defaults:
    """Those of its family, or of the few-step variant."""
    defaults = replace(family.defaults, width=side, height=side)
    found = variant_of(header.path.stem, header.metadata)
    if unet.guidance_dim:
        found = WHOLE_LCM, found[1] if found else WHOLE_LCM.steps
    if found is None:
        distilled = _distilled(unet, known)
        return replace(defaults, cfg=distilled.cfg) if distilled else defaults
    variant, steps = found
    side = variant.side or side
    return replace(
        defaults,
        sampler=variant.sampler,
        schedule=variant.schedule,
        steps=steps,
        cfg=variant.cfg,
        width=side,
        height=side,
    )


def _check_fit(identity: Identity, texts: tuple[ClipConfig, ...]) -> None:
    """Checks that the networks fit each other. Raises UnreadableError."""
    unet: UNetConfig = identity.backbone
    latent = unet.out_channels
    if len(identity.latent_mean) != latent:
        raise UnreadableError("the mean of its latents does not fit its U-Net")
    if identity.autoencoder and identity.autoencoder.latent_channels != latent:
        raise UnreadableError("its autoencoder does not fit its U-Net")
    if identity.lacks_text:
        return
    if any(text.vocabulary <= END for text in texts):
        raise UnreadableError("its text encoder lacks words")
    if sum(text.dim for text in texts) != unet.context_dim:
        raise UnreadableError("its text encoders do not fit its U-Net")
    if identity.input_kind == EMBEDDED:
        image = identity.image_encoder
        if image is not None and 2 * image.projection != unet.vector_dim:
            raise UnreadableError("its image encoder does not fit its U-Net")
    elif unet.vector_dim is not None:
        pooled = texts[-1].projection or 0
        if pooled + identity.family.size_numbers_width != unet.vector_dim:
            raise UnreadableError("its text encoders do not fit its U-Net")


def _build(
    unet: UNetConfig,
    autoencoder: AutoencoderKLConfig | None,
    texts: Sequence[tuple[ClipConfig, EncoderOptions]],
    image: ClipImageConfig | None,
    statistics: Sources,
    *,
    supports_clip_skip: bool,
) -> Networks:
    text_encoders = [(ClipTextEncoder(config), use) for config, use in texts]
    image_encoder = None if image is None else ClipImageEncoder(image)

    def conditioners() -> Conditioners:
        image_conditioner = image_encoder and _image_conditioner(image_encoder, statistics)
        return Conditioners(
            ClipConditioner(text_encoders, supports_clip_skip=supports_clip_skip),
            image_conditioner,
        )

    return Networks(
        backbone=UNet(unet),
        autoencoder=None if autoencoder is None else AutoencoderKL(autoencoder),
        text_encoders=tuple(network for network, _ in text_encoders),
        image_encoder=image_encoder,
        conditioners=conditioners,
    )


def find_autoencoder(sources: Sources) -> FoundAutoencoder | None:
    """The file may be a whole model."""
    component = find(sources).autoencoder
    if component is None:
        return None
    found = autoencoder_config(component.sources)
    return FoundAutoencoder(AutoencoderKL(found), component.sources)


def _image_conditioner(network: ClipImageEncoder, statistics: Sources) -> ImageConditioner:
    """With the statistics of its embeddings, if a file holds them."""
    if not statistics:
        return ImageConditioner(network)
    width = network.config.projection
    mean, std = (_statistic(statistics[name], width) for name in ("mean", "std"))
    return ImageConditioner(network, (mean, std))


def _statistic(source: Source, width: int) -> Tensor:
    if math.prod(source.shape) != width:
        raise UnreadableError(
            "{tensor} has the shape {shape}, not {expected}",
            tensor=source.key,
            shape=source.shape,
            expected=(1, width),
        )
    vector = source.tensor().float().reshape(width)
    if not vector.isfinite().all():
        raise UnreadableError("{tensor} holds values that are not finite", tensor=source.key)
    return vector
