"""Stable Diffusion 1 (1.1 to 1.5), its inpainting model, and InstructPix2Pix."""

from __future__ import annotations

from functools import partial

from .family import Conditions, Family, LatentFormat
from .native_config import Defaults
from .stable_diffusion import (
    SAMPLER,
    Architecture,
    configure,
    detect,
    find_autoencoder,
    openai_clip,
)

ARCHITECTURE = Architecture(
    context_dim=768,
    linear_projection=False,
    text_encoders=(openai_clip(skip=0, normalised=True),),
    heads=8,
)
LATENTS = LatentFormat("Stable Diffusion", channels=4, factor=8, scale=0.18215)
STABLE_DIFFUSION_1 = Family(
    name="Stable Diffusion 1",
    detect=partial(detect, ARCHITECTURE),
    configure=partial(configure, ARCHITECTURE, ()),
    find_autoencoder=find_autoencoder,
    latents=LATENTS,
    defaults=Defaults(SAMPLER, "Karras", 25, 7.0, 512, 512),
    takes=Conditions(control_images=("depth", "instruct-pix2pix"), clip_skip=True),
    text_width=768,
    licence="CreativeML Open RAIL-M",
)
