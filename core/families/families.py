"""The families of models that are known, as data, and what a model from a checkpoint is.

Sources: the published configurations of Stable Diffusion 1, 2 and XL, of its upscaler, and of
CosXL and Playground 2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..conditioning.text.clip_text import EncoderOptions
from ..conditioning.text.clip_tokenizer import END
from ..model.native_config import Defaults
from ..networks.clip import ClipConfig, ClipImageConfig
from ..networks.kl_autoencoder import AutoencoderKLConfig
from ..networks.unet import UNetConfig
from ..sampling.model_schedule import Schedule

Activation = Literal["quick_gelu", "gelu"]
Number = Literal["original", "crop", "target", "score"]
Predicted = Literal["eps", "v", "edm"]

NUMBER_WIDTH = 256
"""Each number that a U-Net is told has a sinusoid of this width."""
COUNTS: Mapping[Number, int] = {"original": 2, "crop": 2, "target": 2, "score": 1}
"""How many numbers each stands for: heights before widths, tops before lefts."""
GOOD_SCORE, POOR_SCORE = 6.0, 2.5
"""What the refiner is told of how pleasing the picture is, and that of the negative prompt."""
MAX_SIDE = 2048
"""Pixels. Nothing forbids more, but pictures fall apart far above the native size."""
SIZE_MULTIPLE = 8


@dataclass(frozen=True)
class Reading:
    """How a family reads text with one of its encoders."""

    use: EncoderOptions
    activation: Activation
    layers: int
    """Of the published encoder."""


@dataclass(frozen=True)
class Latents:
    """What an autoencoder's latents are of the data that a model was trained on, by channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float
    """What is drawn has this spread."""


@dataclass(frozen=True)
class Family:
    name: str
    context: int
    """Width of what the published U-Net attends to."""
    channels: int
    """Width of the first level of the published U-Net."""
    linear: bool
    """Whether its transformers are entered by linear layers."""
    texts: tuple[Reading, ...]
    scale: float
    """Latents are multiplied by it."""
    side: int
    """Pixels, of the pictures it was trained on."""
    heads: int | None = None
    """None: one for 64 channels."""
    added: Literal["nothing", "vector", "class", "picture"] = "nothing"
    """What is added to the time embedding: a vector of the prompt's, or one of a picture."""
    numbers: tuple[Number, ...] = ()
    """What the vector holds behind the pooled text."""
    cross_levels: tuple[int, ...] = ()
    betas: tuple[float, float] = (0.00085, 0.012)
    sigmas: tuple[float, float] | None = None
    """The noise levels of a model that was trained on a continuum of them; None: on `betas`."""
    latents: Latents | None = None
    """What latents are unless a file says otherwise; None: of spread 1 by `scale`."""
    scaled_picture: bool = False
    """Whether a model that edits sees the picture's latent in the scaling of its own."""
    prediction: Predicted = "eps"
    """What is predicted unless a file says otherwise."""
    schedule: str = "Karras"
    cfg: float = 7.0
    steps: int = 25
    noise_level: int = 20
    """Of what it is given with the picture that leads it."""
    overflows: bool = False
    """Whether its published autoencoder goes through numbers that float16 has not."""
    skips: bool = False
    """Whether it is customary to leave out further layers of its text encoder ("clip skip")."""

    @property
    def numbers_width(self) -> int:
        return NUMBER_WIDTH * sum(COUNTS[number] for number in self.numbers)


def _openai(*, skip: int, normalised: bool) -> Reading:
    return Reading(EncoderOptions(skip, normalised, pooled=False, pad=END), "quick_gelu", 12)


def _open_clip(layers: int, *, normalised: bool, pooled: bool) -> Reading:
    return Reading(EncoderOptions(1, normalised, pooled, pad=0), "gelu", layers)


_VIT_H = _open_clip(24, normalised=True, pooled=False)
_VIT_BIG_G = _open_clip(32, normalised=False, pooled=True)

SD1 = Family(
    "Stable Diffusion 1",
    context=768,
    channels=320,
    linear=False,
    texts=(_openai(skip=0, normalised=True),),
    scale=0.18215,
    side=512,
    heads=8,
    skips=True,
)
SD2 = Family(
    "Stable Diffusion 2",
    context=1024,
    channels=320,
    linear=True,
    texts=(_VIT_H,),
    scale=0.18215,
    side=512,
)
UNCLIP = replace(SD2, side=768, added="picture", prediction="v", cfg=10.0, noise_level=0)
SDXL = Family(
    "Stable Diffusion XL",
    context=2048,
    channels=320,
    linear=True,
    texts=(_openai(skip=1, normalised=False), _VIT_BIG_G),
    scale=0.13025,
    side=1024,
    added="vector",
    numbers=("original", "crop", "target"),
    overflows=True,
    cfg=6.0,
)
REFINER = Family(
    "Stable Diffusion XL refiner",
    context=1280,
    channels=384,
    linear=True,
    texts=(_VIT_BIG_G,),
    scale=0.13025,
    side=1024,
    added="vector",
    numbers=("original", "crop", "score"),
    overflows=True,
    cfg=6.0,
)
UPSCALER = Family(
    "Stable Diffusion x4 upscaler",
    context=1024,
    channels=256,
    linear=True,
    texts=(_VIT_H,),
    scale=0.08333,
    side=512,
    heads=8,
    added="class",
    cross_levels=(1, 2),
    overflows=True,
    betas=(0.0001, 0.02),
    prediction="v",
    cfg=9.0,
)
FAMILIES = (SD1, SD2, UNCLIP, SDXL, REFINER, UPSCALER)
"""Those that are told by their sizes."""

COSXL = replace(
    SDXL,
    name="Stable Diffusion XL, CosXL",
    sigmas=(0.002, 120.0),
    scaled_picture=True,
    prediction="v",
    schedule="Exponential",
    cfg=7.0,
    steps=20,
)
PLAYGROUND = replace(
    SDXL,
    name="Stable Diffusion XL, Playground 2.5",
    sigmas=(0.002, 80.0),
    latents=Latents((-1.6574, 1.886, -1.383, 2.5155), (8.4927, 5.9022, 6.5498, 5.2299), 0.5),
    prediction="edm",
    cfg=3.0,
)
CONTINUOUS: Mapping[Predicted, Family] = {"v": COSXL, "edm": PLAYGROUND}
"""Built as Stable Diffusion XL, but trained on a continuum of noise levels (see `edm`)."""

EXTRA_INPUTS: Mapping[int, str] = {
    4: "",
    5: "depth",
    7: "upscaling",
    8: "instruct-pix2pix",
    9: "inpainting",
}
"""What a U-Net is given, by the number of its input channels, beside the noisy latent."""
EMBEDDED = "unCLIP"
"""Or else a picture's vector, as those of the unCLIP family are."""

OTHERS: Mapping[tuple[int, int | None], str] = {
    (320, 1280): "latent diffusion, text to image (1.45 billion parameters)",
    (192, 640): "latent diffusion, text to image of 256 pixels",
    (192, 512): "latent diffusion of ImageNet's classes",
    (256, 512): "latent diffusion of ImageNet's classes",
    (256, None): "latent diffusion, inpainting",
    (160, None): "latent diffusion, super-resolution",
    (128, None): "latent diffusion, semantic synthesis",
    (224, None): "latent diffusion without conditions",
    (192, None): "latent diffusion without conditions",
}
"""By width and context: what can be told, but not be drawn with."""


@dataclass(frozen=True)
class Smaller:
    """A U-Net of Stable Diffusion XL that was distilled to fewer blocks, told by how many."""

    name: str
    blocks: int
    """Residual blocks a level."""
    depths: tuple[int, ...]
    middle_blocks: int
    cfg: float


SMALLER = (
    Smaller("SSD-1B", 2, (0, 2, 4), 1, cfg=9.0),
    Smaller("Segmind Vega", 2, (0, 1, 2), 1, cfg=9.0),
    Smaller("KOALA 700M", 1, (0, 2, 5), 0, cfg=5.0),
    Smaller("KOALA 1B", 1, (0, 2, 6), 2, cfg=5.0),
)
"""Sources: the model cards of SSD-1B, Segmind Vega and KOALA, whose pipeline guides by 5."""


def smaller(family: Family, unet: UNetConfig) -> Smaller | None:
    """What its blocks tell; None: as many as others of its family have, or unheard-of."""
    if family is not SDXL:
        return None
    told = (unet.blocks, unet.depths, unet.middle_blocks)
    alike = (one for one in SMALLER if told == (one.blocks, one.depths, one.middle_blocks))
    return next(alike, None)


def called(family: Family, unet: UNetConfig, extra: str) -> str:
    """Such as "Stable Diffusion 1, inpainting" or "Stable Diffusion XL, SSD-1B"."""
    cut = smaller(family, unet)
    lcm = "LCM" if unet.guidance_dim else ""
    words = (cut.name if cut else "", "" if family is UPSCALER else extra, lcm)
    return ", ".join(filter(None, (family.name, *words)))


@dataclass(frozen=True)
class CheckpointConfig:
    """Everything about a model from a checkpoint but its weights."""

    name: str
    family: Family
    unet: UNetConfig
    autoencoder: AutoencoderKLConfig
    text_encoders: tuple[ClipConfig, ...]
    prediction: str
    schedule: Schedule
    latent_mean: tuple[float, ...]
    latent_std: tuple[float, ...]
    defaults: Defaults
    extra: str = ""
    """What the U-Net is given beside the noisy latent, one of EXTRA_INPUTS, or EMBEDDED."""
    image_encoder: ClipImageConfig | None = None
    found: str = ""
    """What is found out that it predicts, where the user decided otherwise; empty: `prediction`."""
    max_side: int = MAX_SIDE
    size_multiple: int = SIZE_MULTIPLE

    @property
    def factor(self) -> int:
        """Pixels per latent cell, each way."""
        return self.autoencoder.factor
