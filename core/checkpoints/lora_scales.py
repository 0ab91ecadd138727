"""The scale of a LoRA that its tensors do not hold: in the header, or in PEFT's file beside it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ..errors import InvalidError, UnreadableError, quoted
from ..untrusted_files import parse_json, read_bytes
from .tensor_file import TensorFile

HEADER = "lora_adapter_metadata"
"""Where diffusers writes the configuration of PEFT, by network: `unet.lora_alpha`."""
PEFT_STEM, PEFT_CONFIG = "adapter_model", "adapter_config.json"
MAX_JSON_BYTES = 1_000_000
MAX_ALPHA = 1e6
_PLAIN = re.compile(r"\^?[\w.]+\$?")


@dataclass(frozen=True)
class PeftScales:
    """PEFT's scales of the layers of one network."""

    alpha: float
    alphas: Mapping[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    """By the ends of layers' names: the place in the file, of which the first counts, and alpha."""
    by_root: bool = False
    """Whether the scale is alpha / sqrt(rank) (rsLoRA)."""

    def alpha_of(self, layer: str, rank: int) -> float:
        """The alpha of which alpha / rank is the scale of a layer."""
        parts = layer.split(".")
        ends = (".".join(parts[at:]) for at in range(len(parts)))
        fits = [self.alphas[end] for end in ends if end in self.alphas]
        alpha = min(fits, default=(0, self.alpha))[1]
        return alpha * math.sqrt(rank) if self.by_root else alpha


def peft_scales(file: TensorFile, networks: Sequence[str]) -> Mapping[str, PeftScales]:
    """For those of `networks`, such as "unet", that have a configuration.

    Raises OSError; UnreadableError for one that cannot be read.
    """
    beside = file.path.with_name(PEFT_CONFIG)
    try:
        if HEADER in file.metadata:
            parsed: object = parse_json(file.metadata[HEADER])
        elif file.path.stem == PEFT_STEM and os.path.isfile(beside):
            parsed = parse_json(read_bytes(beside, MAX_JSON_BYTES))
        else:
            return {}
    except InvalidError as error:
        raise UnreadableError(
            "its configuration of PEFT is damaged: {error}", error=error
        ) from error
    config = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
    found: dict[str, PeftScales] = {}
    for network in networks:
        prefix = f"{network}."
        own = {key.removeprefix(prefix): config[key] for key in config if key.startswith(prefix)}
        scales = _scales(own or config)
        if scales is not None:
            found[network] = scales
    return found


def _scales(config: Mapping[str, Any]) -> PeftScales | None:
    alpha = config.get("lora_alpha", config.get("alpha"))  # of LoRA; of LoHa and LoKr
    if alpha is None:
        return None
    pattern: object = config.get("alpha_pattern") or {}
    if not isinstance(pattern, dict):
        raise UnreadableError("its {name} is {value}", name="alpha_pattern", value=quoted(pattern))
    alphas: dict[str, tuple[int, float]] = {}
    for place, (layer, value) in enumerate(cast("dict[str, Any]", pattern).items()):
        alphas.setdefault(_plain(layer), (place, _number(value)))
    return PeftScales(_number(alpha), alphas, config.get("use_rslora") is True)


def _number(value: object) -> float:
    if isinstance(value, int | float) and abs(value) < MAX_ALPHA:
        return float(value)
    raise UnreadableError("its {name} is {value}", name="alpha", value=quoted(value))


def _plain(pattern: str) -> str:
    """A name from PEFT's regular expression, which is never run: it is from an untrusted file."""
    if not _PLAIN.fullmatch(pattern):
        raise UnreadableError("its {name} is {value}", name="alpha_pattern", value=quoted(pattern))
    return pattern.removeprefix("^").removesuffix("$")
