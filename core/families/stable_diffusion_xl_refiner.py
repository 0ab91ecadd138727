"""The refiner of Stable Diffusion XL, made for the last steps of an image."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from .stable_diffusion import OPEN_CLIP_BIG_G, Architecture, configure, detect
from .stable_diffusion_xl import STABLE_DIFFUSION_XL

ARCHITECTURE = Architecture(
    context_dim=1280,
    linear_projection=True,
    text_encoders=(OPEN_CLIP_BIG_G,),
    adds="vector",
)
STABLE_DIFFUSION_XL_REFINER = replace(
    STABLE_DIFFUSION_XL,
    name="Stable Diffusion XL refiner",
    detect=partial(detect, ARCHITECTURE),
    configure=partial(configure, ARCHITECTURE, ()),
    text_width=1280,
    size_numbers=("original", "crop", "score"),
)
