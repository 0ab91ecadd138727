"""Metadata of models that were trained on a continuum of noise levels (Karras et al. 2022).

Single files hold small tensors with certain names: `edm_vpred.sigma_max` and `.sigma_min` for
v-prediction (CosXL), `edm_mean` and `edm_std` of the latents for EDM's own prediction (Playground
2.5). Folders have it in the scheduler's configuration, and in `latents_mean` and `latents_std` of
the autoencoder's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

from ..errors import Message, UnknownKindError, UnreadableError
from ..sampling.predictions import SIGMA_DATA
from .key_names import Source

Kind = Literal["v", "edm"]
MOST = 64
"""Maximum elements of a marker: as many as latents may have channels."""
SPREADS: Mapping[Kind, float] = {"v": 1.0, "edm": SIGMA_DATA}
"""Standard deviation of the data by prediction type; no others are known."""


@dataclass(frozen=True)
class LatentStatistics:
    """Mean and standard deviation of the latents of the training data, per channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float
    """The standard deviation of normalised latents."""


@dataclass(frozen=True)
class Edm:
    """The EDM metadata of a file. None: not given."""

    predicts: Kind
    reason: Message
    sigma_min: float | None = None
    sigma_max: float | None = None
    latents: LatentStatistics | None = None

    def sigmas(self, usual: tuple[float, float]) -> tuple[float, float]:
        """The lowest and the highest noise level, by default those of `usual`. Raises
        UnreadableError."""
        low = usual[0] if self.sigma_min is None else self.sigma_min
        high = usual[1] if self.sigma_max is None else self.sigma_max
        if not 0 < low < high < math.inf:
            raise UnreadableError(
                "its noise levels from {low} to {high} are impossible", low=low, high=high
            )
        return low, high


def read_edm(
    markers: Mapping[str, Source],
    scheduler: Mapping[str, object],
    autoencoder: Mapping[str, object],
) -> Edm | None:
    """Reads a file's marker tensors, or the configurations of a folder; None if it is not an EDM
    model. Raises UnreadableError."""
    if "edm_mean" in markers:
        mean, std = (_numbers(markers, name) for name in ("edm_mean", "edm_std"))
        latents = _latents(mean, std, SIGMA_DATA)
        return Edm(
            "edm", Message("it holds the tensor {tensor}", tensor="edm_mean"), latents=latents
        )
    if "edm_vpred.sigma_max" in markers:
        found = Edm("v", Message("it holds the tensor {tensor}", tensor="edm_vpred.sigma_max"))
        [high] = _numbers(markers, "edm_vpred.sigma_max")
        if "edm_vpred.sigma_min" in markers:
            [low] = _numbers(markers, "edm_vpred.sigma_min")
            found = replace(found, sigma_min=low)
        return replace(found, sigma_max=high)
    return _of_folder(scheduler, autoencoder)


def _of_folder(scheduler: Mapping[str, object], autoencoder: Mapping[str, object]) -> Edm | None:
    is_edm = str(scheduler.get("_class_name", "")).startswith("EDM")
    mean, std = autoencoder.get("latents_mean"), autoencoder.get("latents_std")
    if not is_edm and not mean:
        return None
    kind: Kind = "v" if scheduler.get("prediction_type") == "v_prediction" else "edm"
    reason = (
        Message("its scheduler is configured for it")
        if is_edm
        else Message("its autoencoder has a latents_mean")
    )
    found = Edm(kind, reason)
    if is_edm:
        if (spread := _number(scheduler, "sigma_data", SIGMA_DATA)) != SPREADS[kind]:
            raise UnknownKindError(
                "its scheduler has an unknown sigma_data of {sigma_data}", sigma_data=spread
            )
        low, high = _number(scheduler, "sigma_min", 0.002), _number(scheduler, "sigma_max", 80.0)
        found = replace(found, sigma_min=low, sigma_max=high)
    if mean:
        scale = _number(autoencoder, "scaling_factor", 1.0)
        found = replace(found, latents=_latents(_list(mean), _list(std), scale))
    return found


def _numbers(markers: Mapping[str, Source], name: str) -> tuple[float, ...]:
    source = markers.get(name)
    if source is None:
        raise UnreadableError("it lacks {tensor}", tensor=name)
    if math.prod(source.shape) > MOST or ("sigma" in name and math.prod(source.shape) != 1):
        raise UnreadableError("{tensor} has the shape {shape}", tensor=name, shape=source.shape)
    return tuple(float(number) for number in source.tensor().flatten())


def _list(value: object) -> tuple[float, ...]:
    """A list of numbers from a JSON file; items that are not numbers are left out."""
    if not isinstance(value, list):
        return (math.nan,)
    return tuple(map(_float, cast("list[object]", value)[:MOST]))


def _number(config: Mapping[str, object], name: str, usual: float) -> float:
    return _float(config.get(name, usual))


def _float(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:  # an integer beyond the largest float
        return math.inf


def _latents(mean: tuple[float, ...], std: tuple[float, ...], scale: float) -> LatentStatistics:
    fine = all(map(math.isfinite, (*mean, *std, scale))) and min(*std, scale) > 0
    if not fine or len(mean) != len(std):
        raise UnreadableError(
            "its latents' mean {mean} and deviation {deviation} are impossible",
            mean=mean,
            deviation=std,
        )
    return LatentStatistics(mean, std, scale)
