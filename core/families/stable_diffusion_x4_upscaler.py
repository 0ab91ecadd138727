"""The x4 upscaler of Stable Diffusion, which takes a small image beside the noisy latent."""

from __future__ import annotations

from functools import partial

from .family import Conditions, Family, LatentFormat
from .native_config import Defaults
from .stable_diffusion import (
    OPEN_CLIP_H,
    SAMPLER,
    Architecture,
    configure,
    detect,
    find_autoencoder,
)

ARCHITECTURE = Architecture(
    context_dim=1024,
    linear_projection=True,
    text_encoders=(OPEN_CLIP_H,),
    adds="class",
    heads=8,
    cross_levels=(1, 2),
    betas=(0.0001, 0.02),
    prediction="v",
)
STABLE_DIFFUSION_X4_UPSCALER = Family(
    name="Stable Diffusion x4 upscaler",
    detect=partial(detect, ARCHITECTURE),
    configure=partial(configure, ARCHITECTURE, ()),
    find_autoencoder=find_autoencoder,
    latents=LatentFormat("Stable Diffusion x4 upscaler", channels=4, factor=4, scale=0.08333),
    defaults=Defaults(SAMPLER, "Karras", 25, 9.0, 512, 512),
    takes=Conditions(control_images=("upscaling",)),
    text_width=1024,
    overflows=True,
    licence="CreativeML Open RAIL++-M",
)
