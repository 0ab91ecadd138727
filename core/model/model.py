"""A loaded model: its networks, and how to condition, sample and decode with them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..cancellation import CancelCheck, never_cancel, with_cancel_check
from ..conditioning.clip_image import ImageConditioner
from ..conditioning.numbers import Number, NumbersConditioner
from ..conditioning.protocols import Conditioner, TextConditioner
from ..conditioning.text.prompt_plan import first_segment_of
from ..errors import RequestError
from ..families.family import ModelConfig
from ..families.native_config import Defaults
from ..networks.cond import Cond
from ..networks.protocols import Autoencoder, Backbone, dtype_of
from ..request.conditions import Condition, Text
from ..request.request import Request
from ..request.text_segment import TextSegment
from ..runtime.offload import IN_MAIN_MEMORY, DeviceManager, PlacementPlan
from ..runtime.precision import Notify, with_float32_fallback
from ..sampling.model_schedule import Schedule
from ..sampling.predictions import PREDICTIONS, Prediction
from .latent_rgb import LatentForm, LatentRgb, latent_to_rgb
from .tiling import blended, decode_tiled, encode_tiled

log = logging.getLogger(__name__)

REMEMBERED_PROMPTS = 64
MAX_DECODED_PREVIEW = 128 * 128
"""Larger latents, in cells, are shown without the tiny decoder, which takes long for them."""
FAINT_ALPHA = 0.1
"""Alpha below this counts as 0, above one minus this as 1."""


_Key = tuple[TextSegment, int, bool, tuple[int, int]]
"""A text, the clip skip, whether it is the negative prompt, and the size in pixels."""


@dataclass(frozen=True)
class Model:
    """Networks, what they predict, and along which schedule."""

    config: ModelConfig
    digest: str
    """SHA-256 of a file, or of the weight files of a folder, one after the other; empty while
    unknown."""
    backbone: Backbone
    autoencoder: Autoencoder
    text: TextConditioner
    device: torch.device
    conditioners: Mapping[type[Condition], Conditioner[Any]] = field(
        default_factory=dict[type[Condition], Conditioner[Any]]
    )
    """Conditioners for conditions that are neither texts nor images, by their type."""
    image: ImageConditioner | None = None
    """Present if the backbone is conditioned on an image's embedding (unCLIP)."""
    dtype: torch.dtype = torch.float32
    """The type of the backbone and the text encoders; the autoencoder has its own (see
    `precision`)."""
    previewer: nn.Module | None = None
    """A tiny decoder, scaled latents -> RGB in [0, 1], for previews where decoding is slow; None:
    a linear approximation."""
    plan: PlacementPlan = IN_MAIN_MEMORY
    device_manager: DeviceManager | None = None
    """Loads networks to the device before they work; all models there share it. None: they are
    always there."""
    _conditions: OrderedDict[_Key, Cond] = field(
        default_factory=OrderedDict[_Key, Cond], repr=False
    )
    latent_rgb: LatentRgb = field(default_factory=LatentRgb, repr=False)
    """The matrix of linear previews; models with the same autoencoder share it."""
    notify: Notify = field(default=log.warning, repr=False)
    """Called when something is done differently from what was requested."""

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """All networks except the preview decoder."""
        image = () if self.image is None else (self.image.network,)
        others = (network for one in self.conditioners.values() for network in one.networks)
        return self.backbone, self.autoencoder, *self.text.networks, *image, *others

    @property
    def defaults(self) -> Defaults:
        return self.config.defaults

    def request(self, prompt: str = "", **settings: Any) -> Request:
        """A request with the model's defaults; `settings` are other fields of `Request`.

        Raises RequestError, and TypeError for a setting that does not exist.
        """
        fields: dict[str, Any] = {**vars(self.defaults), "prompt": prompt, **settings}
        return Request(**fields)

    @property
    def prediction(self) -> Prediction:
        return PREDICTIONS[self.config.prediction]

    @property
    def schedule(self) -> Schedule:
        return self.config.schedule

    @property
    def factor(self) -> int:
        """Pixels per latent cell, each way."""
        return self.autoencoder.factor

    @property
    def latent_channels(self) -> int:
        return self.autoencoder.latent_channels

    @property
    def size_multiple(self) -> int:
        """Image sides are multiples of this many pixels."""
        return self.config.size_multiple

    @property
    def max_side(self) -> int:
        return self.config.max_side

    @property
    def precision(self) -> str:
        """The type that the U-Net computes in, such as "float16"."""
        return _name(self.dtype)

    @property
    def arithmetic(self) -> str:
        """The type of the U-Net, and that of the autoencoder unless it is float32."""
        dtype = dtype_of(self.autoencoder)
        other = f", autoencoder {_name(dtype)}" if dtype != torch.float32 else ""
        return f"{self.precision}{other}"

    @property
    def input_kind(self) -> str:
        """What the U-Net takes besides the noisy latent, such as "inpainting"; "" for nothing."""
        return self.config.input_kind

    @property
    def scales_edit_latent(self) -> bool:
        """Whether an edit model gets the image's latent in the scaling of its own latents."""
        return self.config.family.scales_edit_latent

    @property
    def prediction_override(self) -> str:
        """The prediction type that the user set; empty: as detected."""
        return self.config.prediction_override

    def with_prediction(self, override: str) -> Model:
        """The model with this prediction type; "": the detected one."""
        wanted = override or self.config.detected_prediction
        if wanted == self.config.prediction:
            return self
        return replace(self, config=replace(self.config, prediction=wanted))

    def condition(
        self, text: Text, width: int = 0, height: int = 0, *, negative: bool = False
    ) -> Cond:
        """The condition of a text for an image (or a tile) of this size in pixels; the last are
        cached. The size and `negative` matter to families with size conditioning."""
        known = self._conditions
        numbers = NumbersConditioner(self._numbers, self.device)
        size = (width, height) if numbers.names else (0, 0)
        skip = text.clip_skip if self.text.supports_clip_skip else 1
        segment = first_segment_of(text.prompt)
        key = segment, skip, negative and bool(numbers.names), size
        cond = known.pop(key, None)
        if cond is None:
            self.bring(*self.text.networks)
            cond = self.text(Text(segment, skip))
            if numbers.names and cond.vector is not None:
                embedded = numbers(numbers.numbers(width, height, negative=negative)).vector
                assert embedded is not None
                cond = replace(cond, vector=torch.cat([cond.vector, embedded], dim=1))
        known[key] = cond
        while len(known) > REMEMBERED_PROMPTS:
            known.popitem(last=False)
        return cond

    def other_conditions(
        self, request: Request, images: Mapping[str, np.ndarray]
    ) -> Iterator[tuple[Cond, Cond]]:
        """For each conditioner, the conditions beside the prompt and the negative prompt.

        `images` are those that the conditions name, by digest. Raises RequestError for
        conditions that the model does not take.
        """
        asked = {type(condition): condition for condition in request.conditions}
        for kind, condition in asked.items():
            if kind not in self.conditioners:
                raise RequestError(
                    "conditions",
                    "{model} is not conditioned on {kind}.",
                    "Remove this condition, or choose another model.",
                    model=self.name,
                    kind=condition.kind,
                )
        for kind, conditioner in self.conditioners.items():
            self.bring(*conditioner.networks)
            null = conditioner.null()
            yield (conditioner(asked[kind], images) if kind in asked else null), null

    @property
    def has_guidance_embedding(self) -> bool:
        """Whether the backbone takes the guidance scale (an LCM that is not a LoRA)."""
        return self.backbone.has_guidance_embedding

    def bring(self, *networks: nn.Module) -> None:
        """Loads these of its networks to the device, in the type that they compute in.

        All methods here do so; a caller that uses a network directly must call it."""
        if self.device_manager is not None:
            self.device_manager.load(*networks)

    def prepared(self, cond: Cond) -> Cond:
        """`cond` for `predict`: in the type of the backbone, with a cache of values that are the
        same at every step."""
        return cond.to(self.device, self.dtype).cached()

    def predict(self, x: Tensor, t: float, cond: Cond) -> Tensor:
        """The backbone's prediction from x [B, C, h, w], in the scaling it was trained on."""
        times = torch.full((len(x),), t, device=x.device)
        self.bring(self.backbone)
        return self.backbone(x.to(self.dtype), times, cond).to(x.dtype)

    def embed_image(self, image: np.ndarray) -> Tensor:
        """The CLIP embedding of uint8 [side, side, 3] (see `clip_crop`): [1, projection].

        For models that have an image encoder."""
        assert self.image is not None
        self.bring(self.image.network)
        return self.image(image)

    def encode(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1] -> latent of about unit variance, [B, C, H/8, W/8]."""
        self.bring(self.autoencoder)
        latent = with_float32_fallback(_encode, self.autoencoder, image, self.notify)
        return (latent - self._mean) / self._std

    def encode_gray(self, height: int, width: int) -> Tensor:
        """The latent of a gray image, [1, C, H/8, W/8]."""
        return self.encode(torch.zeros(1, 3, height, width, device=self.device))

    def decode(self, latent: Tensor) -> Tensor:
        """Latent -> RGB [B, 3, H, W] in [-1, 1]; with transparency: RGB on white, and
        alpha."""
        self.bring(self.autoencoder)
        decoded = with_float32_fallback(
            _decode, self.autoencoder, self.unscaled(latent), self.notify
        )
        return _without_faint_alpha(decoded) if decoded.shape[1] == 4 else decoded

    def unscaled(self, latent: Tensor) -> Tensor:
        """The latent in the autoencoder's own scaling."""
        return latent * self._std + self._mean

    def preview(self, latent: Tensor) -> Tensor:
        """An approximation of `decode`, RGB only: coarse but fast."""
        cells = latent.shape[-2] * latent.shape[-1]
        if self.previewer is None or cells > MAX_DECODED_PREVIEW:
            return latent_to_rgb(latent, self._matrix, self.factor)
        family = self.config.family
        if family.statistics is not None:  # decoders are made for latents that are scaled alone
            latent = self.unscaled(latent) * family.latents.scale
        return self.previewer(latent.to(self.dtype)).float().clamp(0, 1) * 2 - 1

    def with_preview(self, decoder: nn.Module) -> Model:
        """The model with a tiny decoder for previews, scaled latents -> RGB in [0, 1]."""
        return replace(self, previewer=decoder)

    def with_text(self, text: TextConditioner) -> Model:
        """The model with another text conditioner, and an empty cache of conditions."""
        return replace(self, text=text, _conditions=OrderedDict[_Key, Cond]())

    def encode_tiled(self, image: Tensor, tile: int, check: CancelCheck = never_cancel) -> Tensor:
        """Like `encode`, in tiles of this many latent cells; exactly the same if the reach of the
        autoencoder is bounded."""
        reach = self.autoencoder.encoder_reach
        reach = tile // 4 if reach is None else reach
        encode = with_cancel_check(self.encode, check)
        return encode_tiled(encode, image, tile=tile, reach=reach, factor=self.factor)

    def decode_tiled(self, latent: Tensor, tile: int, check: CancelCheck = never_cancel) -> Tensor:
        """Like `decode`, in tiles; they are blended if the reach is not bounded."""
        decode = with_cancel_check(self.decode, check)
        reach = self.autoencoder.decoder_reach
        if reach is not None:
            return decode_tiled(decode, latent, tile=tile, reach=reach, factor=self.factor)
        return blended(decode, latent, tile=tile, overlap=tile // 4, factor=self.factor)

    @property
    def _mean(self) -> Tensor:
        return torch.tensor(self.config.latent_mean, device=self.device)[:, None, None]

    @property
    def _std(self) -> Tensor:
        return torch.tensor(self.config.latent_std, device=self.device)[:, None, None]

    @property
    def _matrix(self) -> Tensor:
        config = self.config
        form = LatentForm(
            self.latent_channels, self.factor, tuple(config.latent_mean), tuple(config.latent_std)
        )
        return self.latent_rgb.matrix(self.autoencoder, self.encode, form, self.device)

    @property
    def _numbers(self) -> tuple[Number, ...]:
        """Numbers that are embedded after the pooled text in the vector."""
        return self.config.family.size_numbers


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _encode(autoencoder: Autoencoder, image: Tensor) -> Tensor:
    return autoencoder.encode(image)


def _decode(autoencoder: Autoencoder, latent: Tensor) -> Tensor:
    return autoencoder.decode(latent)


def _without_faint_alpha(decoded: Tensor) -> Tensor:
    """Makes the background fully white and transparent, and nearly opaque pixels fully opaque.

    A decoder leaves faint traces in empty areas; their colour fades along with alpha.
    """
    alpha = ((decoded[:, 3:] + 1) / 2).clamp(0, 1)
    clear = ((alpha - FAINT_ALPHA) / (1 - 2 * FAINT_ALPHA)).clamp(0, 1)
    ink = (1 - decoded[:, :3]) / 2 * (clear / alpha.clamp_min(FAINT_ALPHA)).clamp(0, 1)
    return torch.cat([1 - 2 * ink.clamp(0, 1), 2 * clear - 1], dim=1)
