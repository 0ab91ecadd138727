"""Stable Diffusion 2 (2.0, 2.1), its inpainting and depth models, and 2.1 unCLIP."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from .family import EMBEDDED, Conditions, Family
from .native_config import Defaults
from .stable_diffusion import (
    OPEN_CLIP_H,
    SAMPLER,
    Architecture,
    configure,
    detect,
    find_autoencoder,
)
from .stable_diffusion_1 import LATENTS

ARCHITECTURE = Architecture(
    context_dim=1024,
    linear_projection=True,
    text_encoders=(OPEN_CLIP_H,),
    v_deviation=0.09,
    v_side=768,
)
UNCLIP_ARCHITECTURE = Architecture(
    context_dim=1024,
    linear_projection=True,
    text_encoders=(OPEN_CLIP_H,),
    adds="image",
    prediction="v",
)
STABLE_DIFFUSION_2 = Family(
    name="Stable Diffusion 2",
    detect=partial(detect, ARCHITECTURE),
    configure=partial(configure, ARCHITECTURE, ()),
    find_autoencoder=find_autoencoder,
    latents=LATENTS,
    defaults=Defaults(SAMPLER, "Karras", 25, 7.0, 512, 512),
    takes=Conditions(control_images=("depth", "instruct-pix2pix")),
    text_width=1024,
    licence="CreativeML Open RAIL++-M",
)
STABLE_DIFFUSION_2_UNCLIP = replace(
    STABLE_DIFFUSION_2,
    detect=partial(detect, UNCLIP_ARCHITECTURE),
    configure=partial(configure, UNCLIP_ARCHITECTURE, ()),
    defaults=Defaults(SAMPLER, "Karras", 25, 10.0, 768, 768, noise_level=0),
    takes=Conditions(control_images=(EMBEDDED,)),
)
