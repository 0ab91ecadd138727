"""Stable Diffusion XL, and the smaller models that were distilled from it.

Sources: the published configuration, and the model cards of SSD-1B, Segmind Vega and KOALA, whose
pipeline uses a guidance scale of 5.
"""

from __future__ import annotations

from functools import partial

from .family import Conditions, Family, LatentFormat
from .native_config import Defaults
from .stable_diffusion import (
    OPEN_CLIP_BIG_G,
    SAMPLER,
    Architecture,
    DistilledUNet,
    configure,
    detect_by_edm,
    find_autoencoder,
    openai_clip,
)

ARCHITECTURE = Architecture(
    context_dim=2048,
    linear_projection=True,
    text_encoders=(openai_clip(skip=1, normalised=False), OPEN_CLIP_BIG_G),
    adds="vector",
)
DISTILLED = (
    DistilledUNet("SSD-1B", 2, (0, 2, 4), 1, cfg=9.0),
    DistilledUNet("Segmind Vega", 2, (0, 1, 2), 1, cfg=9.0),
    DistilledUNet("KOALA 700M", 1, (0, 2, 5), 0, cfg=5.0),
    DistilledUNet("KOALA 1B", 1, (0, 2, 6), 2, cfg=5.0),
)
LATENTS = LatentFormat("Stable Diffusion XL", channels=4, factor=8, scale=0.13025)
STABLE_DIFFUSION_XL = Family(
    name="Stable Diffusion XL",
    detect=partial(detect_by_edm, ARCHITECTURE),
    configure=partial(configure, ARCHITECTURE, DISTILLED),
    find_autoencoder=find_autoencoder,
    latents=LATENTS,
    defaults=Defaults(SAMPLER, "Karras", 25, 6.0, 1024, 1024),
    takes=Conditions(control_images=("depth", "instruct-pix2pix")),
    text_width=2048,
    size_numbers=("original", "crop", "target"),
    overflows=True,
    licence="CreativeML Open RAIL++-M",
)
