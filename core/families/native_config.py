"""The model.json of a native model, checked so that a damaged file cannot do harm."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import cast

from .. import typed_json
from ..errors import InvalidError, Message, RequestError, quoted
from ..networks.bert import BertConfig
from ..networks.compact_autoencoder import FACTOR, CompactAutoencoderConfig
from ..networks.unet import UNetConfig
from ..request.parameters import MAX_SIDE
from ..request.request import Request
from ..sampling.model_schedule import FlowSchedule
from ..sampling.predictions import PREDICTIONS
from ..untrusted_files import parse_json

FORMAT = 1

MAX_WIDTH = 65_536
"""Maximum of all sizes in a configuration: a damaged one must not exhaust the memory."""

MAX_BLOCKS = 256
"""Likewise for the number of blocks of a network."""


@dataclass(frozen=True)
class Defaults:
    """The recommended settings of a model."""

    sampler: str = "Euler"
    schedule: str = "Normal"
    steps: int = 20
    cfg: float = 4.0
    width: int = 128
    height: int = 128
    noise_level: int = 20


@dataclass(frozen=True)
class NativeConfig:
    """The contents of a model.json: everything about a native model except its weights."""

    name: str
    unet: UNetConfig
    autoencoder: CompactAutoencoderConfig
    text_encoder: BertConfig
    prompt_tokens: int
    prediction: str
    schedule: FlowSchedule
    latent_mean: tuple[float, ...]
    latent_std: tuple[float, ...]
    defaults: Defaults
    max_side: int
    """Pixels."""

    @property
    def factor(self) -> int:
        """Pixels per latent cell, each way."""
        return FACTOR

    @property
    def size_multiple(self) -> int:
        """Image sides are multiples of this many pixels."""
        return FACTOR * self.unet.factor

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> NativeConfig:
        """Raises ValueError if it is not the configuration of a model."""
        data: object = parse_json(text)
        if not isinstance(data, dict):
            raise InvalidError("a JSON object is expected")
        values = cast("dict[str, object]", data)
        if values.pop("format", None) != FORMAT:
            raise InvalidError("the format is not {format}", format=FORMAT)
        config = typed_json.read(cls, values, "the configuration")
        _check(config)
        return config


def _check(config: NativeConfig) -> None:
    """Checks the bounds of all values. Raises ValueError."""
    if config.prediction not in PREDICTIONS:
        raise InvalidError("unknown prediction {prediction}", prediction=quoted(config.prediction))
    channels = config.autoencoder.latent_channels
    if not len(config.latent_mean) == len(config.latent_std) == channels:
        raise InvalidError(
            "the latent statistics do not have {channels} channels", channels=channels
        )
    if min(config.latent_std) <= 0:
        raise InvalidError("the latents' standard deviations are not above 0")
    unet, text = config.unet, config.text_encoder
    if len(unet.depths) != len(unet.multipliers):
        raise InvalidError("the U-Net's depths and multipliers differ in number")
    ups = [len(level) for level in unet.up_depths]
    if ups and ups != [unet.blocks + 1] * len(unet.multipliers):
        raise InvalidError("the U-Net's depths on the way up do not match its blocks")
    for part in (unet, config.autoencoder, text):
        for field in fields(part):
            _check_sizes(field.name, getattr(part, field.name))
    stages = 2 * unet.blocks + 1  # of a level, down and up
    upward = sum(map(sum, unet.up_depths)) or (unet.blocks + 1) * sum(unet.depths)
    for name, count in (
        (Message("residual blocks"), stages * len(unet.multipliers) + unet.middle_blocks),
        (
            Message("transformer blocks"),
            unet.blocks * sum(unet.depths) + unet.middle_depth + upward,
        ),
        (Message("text encoder layers"), text.layers),
    ):
        if count > MAX_BLOCKS:
            raise InvalidError(
                "{count} {things} are more than {most}", count=count, things=name, most=MAX_BLOCKS
            )
    if not 2 <= config.prompt_tokens <= text.positions:
        raise InvalidError(
            "prompt_tokens is {tokens}, outside 2 to {most}",
            tokens=config.prompt_tokens,
            most=text.positions,
        )
    if not 1 <= config.max_side <= MAX_SIDE:
        raise InvalidError(
            "max_side is {side}, outside 1 to {most}", side=config.max_side, most=MAX_SIDE
        )
    _check_fit(config)
    try:
        Request(**asdict(config.defaults))
    except RequestError as error:
        raise InvalidError("the defaults are not a valid request: {error}", error=error) from error


def _check_fit(config: NativeConfig) -> None:
    """Checks that the networks fit each other. Raises ValueError."""
    unet, channels, text = config.unet, config.autoencoder.latent_channels, config.text_encoder
    if not unet.in_channels == unet.out_channels == channels:
        raise InvalidError(
            "the U-Net does not have the autoencoder's {channels} channels", channels=channels
        )
    if unet.context_dim != text.dim or unet.vector_dim not in (None, text.dim):
        raise InvalidError(
            "the U-Net's conditions do not have the text encoder's {width} dimensions",
            width=text.dim,
        )
    if unet.classes is not None:
        raise InvalidError("a U-Net with classes does not take the conditions of a text encoder")
    if unet.channels % 2 or text.dim % text.heads:
        raise InvalidError("the width is not a multiple of 2 or of the heads")
    for level, multiplier in enumerate(unet.multipliers):
        width = unet.channels * multiplier
        heads = unet.heads or width // unet.head_channels
        attends = unet.depths[level] or any(unet.upward(level))
        attends = attends or multiplier == unet.multipliers[-1]  # the middle
        if attends and (heads == 0 or width % heads):
            raise InvalidError(
                "{channels} channels cannot be divided among {heads} heads",
                channels=width,
                heads=heads,
            )


def _check_sizes(name: str, value: object) -> None:
    if isinstance(value, tuple):
        for inner in cast("tuple[object, ...]", value):
            _check_sizes(name, inner)
    else:
        low = 0 if name.endswith("depths") or name.startswith("middle") else 1
        if type(value) is int and not low <= value <= MAX_WIDTH:
            raise InvalidError(
                "{name} is {value}, outside {low} to {high}",
                name=name,
                value=value,
                low=low,
                high=MAX_WIDTH,
            )
