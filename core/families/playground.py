"""Playground 2.5: Stable Diffusion XL trained like EDM (Karras et al. 2022)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from . import stable_diffusion_xl
from .edm_metadata import LatentStatistics
from .native_config import Defaults
from .stable_diffusion import SAMPLER, configure, detect_by_edm
from .stable_diffusion_xl import STABLE_DIFFUSION_XL

ARCHITECTURE = replace(
    stable_diffusion_xl.ARCHITECTURE, prediction="edm", edm="edm", sigmas=(0.002, 80.0)
)
PLAYGROUND = replace(
    STABLE_DIFFUSION_XL,
    name="Stable Diffusion XL, Playground 2.5",
    detect=partial(detect_by_edm, ARCHITECTURE),
    configure=partial(configure, ARCHITECTURE, ()),
    defaults=Defaults(SAMPLER, "Karras", 25, 3.0, 1024, 1024),
    statistics=LatentStatistics(
        (-1.6574, 1.886, -1.383, 2.5155), (8.4927, 5.9022, 6.5498, 5.2299), 0.5
    ),
    licence="Playground v2.5 Community",
)
