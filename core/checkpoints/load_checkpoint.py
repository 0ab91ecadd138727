"""A model from a checkpoint: a file of A1111's or ComfyUI's kind, or a folder of diffusers' layout.

What it is is found out first (see `identify`); then networks without weights are made, and filled
from the files, tensor by tensor, in the type that is computed in.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from ..conditioning.clip_image import ImageConditioner
from ..conditioning.text.clip_text import ClipConditioner
from ..conditioning.text.clip_tokenizer import END
from ..errors import ModelError
from ..families.families import SD2, CheckpointConfig, Latents, smaller
from ..model.model import Model
from ..model.native_config import Defaults
from ..networks.clip import ClipImageEncoder, ClipTextEncoder
from ..networks.kl_autoencoder import AutoencoderKL
from ..networks.unet import UNet
from ..runtime.offload import (
    Plan,
    Settled,
    Turns,
    free_memory,
    size_of,
    working_autoencoder,
    working_unet,
)
from ..runtime.precision import autoencoder_dtype, default_dtype
from ..sampling.model_schedule import EdmSchedule, Schedule, scaled_linear, zero_terminal
from .components import Part, Parts
from .few_step_variants import WHOLE_LCM, variant_of
from .fill_network import Misfit, compared, fill, read
from .identify import Identity, Prediction, identify
from .key_names import Source, Sources
from .tensor_file import UnreadableError, unreadable

V_SIDE = 768
"""Pixels; Stable Diffusion 2 that predicts v was trained on larger pictures."""


def load_checkpoint(
    path: Path,
    device: str = "cpu",
    *,
    beside: Sequence[Path] = (),
    prediction: Prediction | None = None,
    average: bool = False,
    dtype: torch.dtype | None = None,
    digest: str | None = None,
    turns: Turns | None = None,
) -> Model:
    """Reads a model. Raises ModelError if it is missing, damaged, unsafe or of an unknown kind.

    `beside`: further files whose networks replace or complete its own, such as a VAE.
    `prediction` overrules what is found out. `average` takes the U-Net's moving average, if the
    file holds it beside the weights. `dtype`: of the U-Net and the text encoders, and of
    the autoencoder if it suits that (see `precision`). `digest`: what `Model.digest` is
    to be; None finds it out, which takes long for large files. `turns`: that of other models on
    the same GPU, which make room for it if they must.
    """
    identity = identify(path, beside=beside, prediction=prediction)
    check_drawable(identity)
    place = torch.device(device)
    dtype = dtype or default_dtype(place)
    coding = autoencoder_dtype(dtype, place, overflows=identity.family.overflows)
    turns = turns or Turns(place)
    parts = identity.parts
    if parts.unet is None or parts.autoencoder is None or identity.autoencoder is None:
        raise AssertionError("the parts were checked")
    unet_part = parts.average if average and parts.average else parts.unet
    try:
        with torch.device("meta"):
            unet = UNet(identity.unet)
            autoencoder = AutoencoderKL(identity.autoencoder)
            encoders = [ClipTextEncoder(config) for config in identity.text_encoders]
            image = identity.image_encoder and ClipImageEncoder(identity.image_encoder)
        wanted: list[tuple[nn.Module, Sources, str]] = [
            (unet, unet_part.sources, "U-Net"),
            (autoencoder, parts.autoencoder.sources, "autoencoder"),
            *((e, t.sources, "text encoder") for e, t in zip(encoders, parts.texts, strict=True)),
        ]
        if image is not None and parts.image is not None:
            wanted.append((image, parts.image.sources, "image encoder"))
        for network, sources, name in wanted:
            compared(network, sources, name).check()
        free = free_memory(place)
        looking = [] if image is None else [image]
        types = dtype, coding
        plan = _plan(identity, unet, autoencoder, encoders, looking, types, free, turns.settled)
        if plan.clears:
            turns.unsettle()
        for network, sources, _ in wanted:
            home = "cpu" if plan.in_turn else device
            fill(network, sources, home, coding if network is autoencoder else dtype)
        conditioner = None if image is None else _image_conditioner(image, parts)
    except torch.OutOfMemoryError:
        raise
    except (ValueError, RuntimeError) as error:  # groups that do not divide, sizes that overflow
        raise unreadable(path, error) from error
    if not plan.in_turn:
        turns.settle(*(network for network, _, _ in wanted), working=max(plan.working.values()))
    uses = [reading.use for reading in identity.readings]
    return Model(
        config=_config(identity),
        digest=file_digest(path, identity) if digest is None else digest,
        backbone=unet,
        autoencoder=autoencoder,
        text=ClipConditioner(list(zip(encoders, uses, strict=True))),
        image=conditioner,
        device=place,
        dtype=dtype,
        plan=plan,
        turns=turns if free is not None else None,
    )


def _image_conditioner(network: ClipImageEncoder, parts: Parts) -> ImageConditioner:
    """With the statistics of its vectors, where a file holds them."""
    if not parts.statistics:
        return ImageConditioner(network)
    width = network.config.projection
    mean, std = (_statistic(parts.statistics[name], width) for name in ("mean", "std"))
    return ImageConditioner(network, (mean, std))


def _statistic(source: Source, width: int) -> torch.Tensor:
    if math.prod(source.shape) != width:
        raise UnreadableError(f"{source.key} has the shape {source.shape}, not {(1, width)}")
    return read(source, torch.Size([width]), "cpu", torch.float32)


def _plan(
    identity: Identity,
    unet: UNet,
    autoencoder: AutoencoderKL,
    encoders: Sequence[ClipTextEncoder],
    looking: Sequence[ClipImageEncoder],
    dtypes: tuple[torch.dtype, torch.dtype],
    free: int | None,
    others: Settled,
) -> Plan:
    """Of networks that need not have their weights yet. `dtypes`: the autoencoder's is the last."""
    dtype, coding = dtypes
    factor, side = autoencoder.config.factor, _side(identity)
    return Plan(
        weights={
            "U-Net": size_of(unet, dtype=dtype),
            "text encoders": size_of(*encoders, dtype=dtype),
            "image encoder": size_of(*looking, dtype=dtype),
            "autoencoder": size_of(autoencoder, dtype=coding),
        },
        working={
            "U-Net": working_unet(identity.unet, (side // factor) ** 2, dtype),
            "autoencoder": working_autoencoder(autoencoder.config.channels, side**2, coding),
        },
        free=free,
        others=others,
    )


def check(path: Path, *, beside: Sequence[Path] = ()) -> None:
    """Raises ModelError if `path` can be told not to load, without reading its weights."""
    identity = identify(path, beside=beside)
    check_drawable(identity)
    try:
        for misfit in misfits(identity):
            misfit.check()
    except UnreadableError as error:
        raise unreadable(path, error) from error


def file_digest(path: Path, identity: Identity) -> str:
    """SHA-256 in hex of a file, which begins with A1111's hash, or of the weights of a folder."""
    whole = hashlib.sha256()
    for file in [path] if path.is_file() else identity.files:
        with file.open("rb") as opened:
            while block := opened.read(1 << 22):
                whole.update(block)
    return whole.hexdigest()


def check_drawable(identity: Identity) -> None:
    """Raises ModelError for what cannot be drawn with here. No tensor is looked at."""
    if identity.missing:
        hint = "Download it as a whole, with its image encoder."
        if identity.lacks_text:
            hint = "Put its text encoder, such as clip_l.safetensors, into a folder of models."
        elif identity.lacks_vae:
            beside = f"{identity.path.stem}.vae.safetensors"
            hint = f"Choose a VAE for it (--vae), or put one beside it, as {beside}."
        raise ModelError(f"{identity.path} lacks {' and '.join(identity.missing)}.", hint)
    if any(text.vocabulary <= END for text in identity.text_encoders):
        raise ModelError(
            f"The text encoder of {identity.path} lacks words.", "Download the model again."
        )


def _config(identity: Identity) -> CheckpointConfig:
    assert identity.autoencoder is not None
    family, predicts = identity.family, identity.predicts
    channels = identity.autoencoder.latent_channels
    latents = identity.latents or Latents((0.0,) * channels, (1.0,) * channels, family.scale)
    return CheckpointConfig(
        name=identity.path.name if identity.path.is_dir() else identity.path.stem,
        family=family,
        unet=identity.unet,
        autoencoder=identity.autoencoder,
        text_encoders=identity.text_encoders,
        prediction=predicts.kind,
        schedule=_schedule(identity),
        latent_mean=latents.mean,
        latent_std=tuple(std / latents.scale for std in latents.std),
        defaults=defaults_of(identity),
        extra=identity.extra,
        image_encoder=identity.image_encoder,
        found=identity.found if identity.found != predicts.kind else "",
    )


def _schedule(identity: Identity) -> Schedule:
    if identity.sigmas is not None:
        return EdmSchedule(*identity.sigmas)
    schedule = scaled_linear(*identity.family.betas)
    return zero_terminal(schedule) if identity.predicts.zero_snr else schedule


def defaults_of(identity: Identity) -> Defaults:
    """Those of its family, or of the few steps it was distilled to."""
    family, side = identity.family, _side(identity)
    noise = family.noise_level
    told = variant_of(identity.path.stem, identity.metadata)
    if identity.unet.guidance_dim:
        told = WHOLE_LCM, told[1] if told else WHOLE_LCM.steps
    if told is None:
        cut = smaller(family, identity.unet)
        cfg = cut.cfg if cut else family.cfg
        return Defaults("DPM++ 2M", family.schedule, family.steps, cfg, side, side, noise)
    variant, steps = told
    side = variant.side or side
    return Defaults(variant.sampler, variant.schedule, steps, variant.cfg, side, side, noise)


def _side(identity: Identity) -> int:
    """Pixels, of the pictures it was trained on."""
    larger = identity.family is SD2 and identity.predicts.kind == "v"
    return V_SIDE if larger else identity.family.side


def misfits(identity: Identity) -> tuple[Misfit, ...]:
    """How the tensors of each of its networks are not those that it has; empty if all are.

    Raises ModelError if the networks cannot be made.
    """
    parts = identity.parts
    wanted: list[tuple[Callable[[], nn.Module], Part, str]] = []
    if parts.unet is not None:
        wanted.append((lambda: UNet(identity.unet), parts.unet, "U-Net"))
    config = identity.autoencoder
    if parts.autoencoder is not None and config is not None:
        wanted.append((lambda: AutoencoderKL(config), parts.autoencoder, "autoencoder"))
    for text, part in zip(identity.text_encoders, parts.texts, strict=True):
        wanted.append((lambda text=text: ClipTextEncoder(text), part, "text encoder"))
    image = identity.image_encoder
    if image is not None and parts.image is not None:
        wanted.append((lambda: ClipImageEncoder(image), parts.image, "image encoder"))
    try:
        with torch.device("meta"):
            found = [compared(make(), part.sources, name) for make, part, name in wanted]
    except (ValueError, RuntimeError) as error:
        raise unreadable(identity.path, error) from error
    return tuple(one for one in found if one.missing or one.surplus or one.misshapen)
