"""All families, in the order in which they are tried and listed.

A new family is a file in this folder, its networks, and a line here.
"""

from __future__ import annotations

from .cosxl import COSXL
from .family import Family, Match
from .header import Header
from .native import NATIVE
from .playground import PLAYGROUND
from .stable_diffusion_1 import STABLE_DIFFUSION_1
from .stable_diffusion_2 import STABLE_DIFFUSION_2, STABLE_DIFFUSION_2_UNCLIP
from .stable_diffusion_x4_upscaler import STABLE_DIFFUSION_X4_UPSCALER
from .stable_diffusion_xl import STABLE_DIFFUSION_XL
from .stable_diffusion_xl_refiner import STABLE_DIFFUSION_XL_REFINER

FAMILIES: tuple[Family, ...] = (
    NATIVE,
    STABLE_DIFFUSION_1,
    STABLE_DIFFUSION_2,
    STABLE_DIFFUSION_2_UNCLIP,
    STABLE_DIFFUSION_XL,
    STABLE_DIFFUSION_XL_REFINER,
    COSXL,
    PLAYGROUND,
    STABLE_DIFFUSION_X4_UPSCALER,
)


def detect_family(header: Header) -> Family | None:
    """The first family whose published models have these widths, or else the first with the same
    structure.

    Raises UnreadableError for impossible networks.
    """
    matches = [(family.detect(header), family) for family in FAMILIES]
    for wanted in Match:
        for match, family in matches:
            if match is wanted:
                return family
    return None


def family_of_width(width: int | None) -> Family | None:
    """The first family whose published networks attend to vectors of this width."""
    if width is None:
        return None
    return next((family for family in FAMILIES if family.text_width == width), None)
