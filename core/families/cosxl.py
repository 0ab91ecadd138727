"""CosXL and CosXL Edit: Stable Diffusion XL trained on a continuum of noise levels."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from . import stable_diffusion_xl
from .native_config import Defaults
from .stable_diffusion import SAMPLER, configure, detect_by_edm
from .stable_diffusion_xl import STABLE_DIFFUSION_XL

ARCHITECTURE = replace(
    stable_diffusion_xl.ARCHITECTURE, prediction="v", edm="v", sigmas=(0.002, 120.0)
)
COSXL = replace(
    STABLE_DIFFUSION_XL,
    name="Stable Diffusion XL, CosXL",
    detect=partial(detect_by_edm, ARCHITECTURE),
    configure=partial(configure, ARCHITECTURE, ()),
    defaults=Defaults(SAMPLER, "Exponential", 20, 7.0, 1024, 1024),
    scales_edit_latent=True,
    licence="Stability AI Non-Commercial Research Community",
)
