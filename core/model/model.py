"""A loaded latent diffusion model: its networks, and what is told to and read from them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..cancellation import CancelCheck, never_cancel, with_cancel_check
from ..conditioning.clip_image import ImageConditioner
from ..conditioning.text.clip_text import ClipConditioner
from ..conditioning.text.prompt_plan import first_segment_of
from ..conditioning.text.sentence import Cond, SentenceConditioner
from ..conditioning.text.text_segment import TextSegment
from ..families.family import COUNTS, GOOD_SCORE, NUMBER_WIDTH, POOR_SCORE, ModelConfig, Number
from ..families.native_config import Defaults
from ..networks.compact_autoencoder import DECODER_REACH, ENCODER_REACH, CompactAutoencoder
from ..networks.kl_autoencoder import AutoencoderKL
from ..networks.layers import Context, timestep_embedding
from ..networks.tiny_autoencoder import TinyDecoder
from ..networks.unet import UNet
from ..runtime.offload import IN_MAIN_MEMORY, Plan, Turns
from ..runtime.precision import Notify, with_float32_fallback
from ..sampling.model_schedule import Schedule
from ..sampling.predictions import PREDICTIONS, Prediction
from .latent_rgb import Colours, LatentForm, glimpse
from .tiling import blended, decode_tiled, encode_tiled

log = logging.getLogger(__name__)

REMEMBERED_PROMPTS = 64
WHOLE_GLIMPSES = 128 * 128
"""Larger latents, in cells, are shown without the tiny decoder, which takes long for them."""
TRACE = 0.1
"""Alpha below this is taken for none, and above one minus this for full."""


@dataclass(frozen=True)
class Model:
    """Networks, what they predict, and along which schedule."""

    config: ModelConfig
    digest: str
    """SHA-256 of a file, or of the weight files of a folder, one after the other; empty while it is
    not known."""
    backbone: UNet
    autoencoder: CompactAutoencoder | AutoencoderKL
    text: SentenceConditioner | ClipConditioner
    device: torch.device
    image: ImageConditioner | None = None
    """What it looks at pictures with, if its U-Net is told them."""
    dtype: torch.dtype = torch.float32
    """Of the U-Net and of what reads text. The autoencoder has its own (see `precision`)."""
    previewer: TinyDecoder | None = None
    """What shows steps, where decoding takes long; None: a matrix from latents to colours."""
    plan: Plan = IN_MAIN_MEMORY
    turns: Turns | None = None
    """What brings a network to a GPU before it works, the same for all models there; None: they
    are in main memory."""
    _conditions: OrderedDict[tuple[TextSegment, bool, int], Cond] = field(
        default_factory=OrderedDict[tuple[TextSegment, bool, int], Cond], repr=False
    )
    colours: Colours = field(default_factory=Colours, repr=False)
    """Models that share an autoencoder share them."""
    tell: Notify = field(default=log.warning, repr=False)
    """Called with what is done otherwise than asked."""

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """All but what shows steps."""
        image = () if self.image is None else (self.image.network,)
        return self.backbone, self.autoencoder, *self.text.networks, *image

    @property
    def defaults(self) -> Defaults:
        return self.config.defaults

    @property
    def prediction(self) -> Prediction:
        return PREDICTIONS[self.config.prediction]

    @property
    def schedule(self) -> Schedule:
        return self.config.schedule

    @property
    def factor(self) -> int:
        """Pixels per latent cell, each way."""
        return self.config.factor

    @property
    def latent_channels(self) -> int:
        return self.config.autoencoder.latent_channels

    @property
    def size_multiple(self) -> int:
        """Picture sides are multiples of this many pixels."""
        return self.config.size_multiple

    @property
    def max_side(self) -> int:
        return self.config.max_side

    @property
    def precision(self) -> str:
        """Of the arithmetic of the U-Net, such as "float16"."""
        return _name(self.dtype)

    @property
    def arithmetic(self) -> str:
        """Of all its networks: that of the U-Net, and of the autoencoder unless it is float32."""
        dtype = next(self.autoencoder.parameters()).dtype
        other = f", autoencoder {_name(dtype)}" if dtype != torch.float32 else ""
        return f"{self.precision}{other}"

    @property
    def extra(self) -> str:
        """What the U-Net is given beside the noisy latent, such as "inpainting"; "" for nothing."""
        return self.config.input_kind

    @property
    def sees_scaled(self) -> bool:
        """Whether, where it edits, it sees the picture's latent in the scaling of its own."""
        return self.config.family.scales_edit_latent

    @property
    def skips(self) -> bool:
        """Whether `with_clip_skip` makes a difference."""
        return self.config.family.takes.clip_skip

    @property
    def decided(self) -> str:
        """What its U-Net predicts, if the user decided that; else empty."""
        return self.config.prediction_override

    def predicting(self, decided: str) -> Model:
        """The model with what was decided that it predicts; "": with what is found out."""
        wanted = decided or self.config.detected_prediction
        if wanted == self.config.prediction:
            return self
        return replace(self, config=replace(self.config, prediction=wanted))

    def condition(self, prompt: str | TextSegment, *, negative: bool = False) -> Cond:
        """What the U-Net is told by a passage, or by the one that the first step reads of a prompt;
        those of the last ones are remembered."""
        known = self._conditions
        scored = "score" in self._numbers
        skip = self.text.skip if isinstance(self.text, ClipConditioner) else 0
        key = first_segment_of(prompt), negative and scored, skip
        cond = known.pop(key, None)
        if cond is None:
            self._bring(*self.text.networks)
            cond = self.text([key[0]])
            if scored and cond.vector is not None:
                score = self._sinusoids([POOR_SCORE if negative else GOOD_SCORE])
                cond = Cond(cond.tokens, torch.cat([cond.vector, score], dim=1))
        known[key] = cond
        while len(known) > REMEMBERED_PROMPTS:
            known.popitem(last=False)
        return cond

    @property
    def told_guidance(self) -> bool:
        """Whether its U-Net guides by itself, by a scale that it is told (a whole LCM)."""
        return self.config.unet.guidance_dim is not None

    def predictor(self, cond: Cond, scale: float = 1.0) -> Callable[[Tensor, float], Tensor]:
        """The U-Net told `cond`, from x [B, C, h, w] in the scaling it was trained on, and `extra`,
        and the time. What does not change from step to step is computed once. `scale`: of the
        guidance, where it is told that."""
        context = Context(cond.tokens.to(self.dtype))  # read when the U-Net is there

        def predict(x: Tensor, t: float) -> Tensor:
            times = torch.full((len(x),), t, device=x.device)
            vector = cond.vector
            if vector is not None:
                vector = self._with_sizes(vector, x.shape)
                vector = vector.to(self.dtype) if vector.is_floating_point() else vector
            self._bring(self.backbone)
            return self.backbone(x.to(self.dtype), times, context, vector, scale).to(x.dtype)

        return predict

    def seen(self, picture: np.ndarray) -> Tensor:
        """What CLIP sees in uint8 [side, side, 3] (see `looking`): [1, projection]. For models that
        have an image encoder."""
        assert self.image is not None
        self._bring(self.image.network)
        return self.image(picture)

    def encode(self, picture: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1] -> latent of about unit variance, [B, C, H/8, W/8]."""
        self._bring(self.autoencoder)
        latent = with_float32_fallback(_encode, self.autoencoder, picture, self.tell)
        return (latent - self._mean) / self._std

    def nothing(self, height: int, width: int) -> Tensor:
        """The latent of a grey picture, [1, C, H/8, W/8]."""
        return self.encode(torch.zeros(1, 3, height, width, device=self.device))

    def decode(self, latent: Tensor) -> Tensor:
        """Latent -> RGB [B, 3, H, W] in [-1, 1]; of models that draw it, on white, and alpha."""
        self._bring(self.autoencoder)
        decoded = with_float32_fallback(_decode, self.autoencoder, self.unscaled(latent), self.tell)
        return _cleared(decoded) if decoded.shape[1] == 4 else decoded

    def unscaled(self, latent: Tensor) -> Tensor:
        """As the autoencoder has it."""
        return latent * self._std + self._mean

    @property
    def glimpses(self) -> bool:
        """Whether decoding takes so long that steps are better shown by a glimpse."""
        return not isinstance(self.autoencoder, CompactAutoencoder)

    def glimpse(self, latent: Tensor) -> Tensor:
        """About what `decode` gives, RGB only, coarsely but at once."""
        cells = latent.shape[-2] * latent.shape[-1]
        if self.previewer is None or cells > WHOLE_GLIMPSES:
            return glimpse(latent, self._matrix, self.factor)
        family = self.config.family
        if family.statistics is not None:  # decoders are made for latents that are scaled alone
            latent = self.unscaled(latent) * family.latents.scale
        return self.previewer(latent.to(self.dtype)).float().clamp(0, 1) * 2 - 1

    def with_preview(self, path: Path) -> Model:
        """The model whose steps are shown by a tiny decoder (TAESD). Raises ModelError."""
        from ..checkpoints.tiny_decoders import load_tiny_decoder

        kind = self.latent_channels, self.factor
        return replace(self, previewer=load_tiny_decoder(path, *kind, str(self.device), self.dtype))

    def with_clip_skip(self, skip: int) -> Model:
        """The model reading prompts without the last `skip` - 1 layers, as the field counts them.

        Only Stable Diffusion 1 is used so; others leave out what they were trained without.
        """
        text = self.text
        if not (self.skips and isinstance(text, ClipConditioner)) or skip - 1 == text.skip:
            return self
        text = ClipConditioner(text.encoders, max(0, skip - 1), text.embeddings)
        return replace(self, text=text)

    def encode_tiled(self, picture: Tensor, tile: int, check: CancelCheck = never_cancel) -> Tensor:
        """As `encode`, in tiles of so many latent cells. Where an autoencoder's norms see all of a
        picture, only nearly the same."""
        compact = isinstance(self.autoencoder, CompactAutoencoder)
        reach = ENCODER_REACH if compact else tile // 4
        encode = with_cancel_check(self.encode, check)
        return encode_tiled(encode, picture, tile=tile, reach=reach, factor=self.factor)

    def decode_tiled(self, latent: Tensor, tile: int, check: CancelCheck = never_cancel) -> Tensor:
        """As `decode`, in tiles of so many latent cells. Where an autoencoder's norms see all of a
        latent, only nearly the same."""
        decode = with_cancel_check(self.decode, check)
        if isinstance(self.autoencoder, CompactAutoencoder):
            return decode_tiled(decode, latent, tile=tile, reach=DECODER_REACH, factor=self.factor)
        return blended(decode, latent, tile=tile, overlap=tile // 4, factor=self.factor)

    def _bring(self, *networks: nn.Module) -> None:
        if self.turns is not None:
            self.turns.bring(*networks)

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
        return self.colours.matrix(self.autoencoder, self.encode, form, self.device)

    @property
    def _numbers(self) -> tuple[Number, ...]:
        """Which numbers the U-Net is told behind the pooled text."""
        return self.config.family.size_numbers

    def _with_sizes(self, vector: Tensor, shape: torch.Size) -> Tensor:
        """The pooled text, the sizes of what is drawn, and what else is told behind it."""
        sizes = [number for number in self._numbers if number != "score"]
        if not sizes:
            return vector
        height, width = (float(side * self.factor) for side in shape[-2:])
        told = [
            side for number in sizes for side in ((0, 0) if number == "crop" else (height, width))
        ]
        score = NUMBER_WIDTH * COUNTS["score"] if "score" in self._numbers else 0
        pooled = vector.shape[1] - score
        middle = self._sinusoids(told).expand(len(vector), -1)
        return torch.cat([vector[:, :pooled], middle, vector[:, pooled:]], dim=1)

    def _sinusoids(self, numbers: list[float]) -> Tensor:
        """[1, 256 n]"""
        values = torch.tensor(numbers, device=self.device)
        return timestep_embedding(values, NUMBER_WIDTH).flatten()[None]


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _encode(autoencoder: CompactAutoencoder | AutoencoderKL, picture: Tensor) -> Tensor:
    return autoencoder.encode(picture)


def _decode(autoencoder: CompactAutoencoder | AutoencoderKL, latent: Tensor) -> Tensor:
    return autoencoder.decode(latent)


def _cleared(decoded: Tensor) -> Tensor:
    """The background made wholly white and transparent, what is nearly opaque wholly opaque.

    A decoder leaves faint traces where there is nothing; ink fades along with alpha there.
    """
    alpha = ((decoded[:, 3:] + 1) / 2).clamp(0, 1)
    clear = ((alpha - TRACE) / (1 - 2 * TRACE)).clamp(0, 1)
    ink = (1 - decoded[:, :3]) / 2 * (clear / alpha.clamp_min(TRACE)).clamp(0, 1)
    return torch.cat([1 - 2 * ink.clamp(0, 1), 2 * clear - 1], dim=1)
