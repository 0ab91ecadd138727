"""Few-step distilled models, recognised by file name: nothing else in a file shows it.

Sources: the model cards of SD-Turbo, SDXL-Turbo, LCM, SDXL-Lightning, KOALA-Lightning,
Hyper-SD and DMD2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """How a distilled model is drawn with."""

    name: str
    pattern: str
    """A regular expression for a name in which separators are blanks."""
    sampler: str
    schedule: str = "SGM Uniform"
    """They were trained on levels from pure noise on, the cleanest left out."""
    steps: int = 4
    cfg: float = 1.0
    side: int | None = None
    """Pixels, where it is not that of its family."""


VARIANTS = (
    Variant("Lightning", r"koala lightning", "Euler", steps=10, cfg=3.5),
    Variant("Lightning", r"lightning", "Euler"),
    Variant("Hyper", r"hyper ?(sd|xl|vae|inpaint|\d)", "Euler", steps=8),
    Variant("DMD2", r"dmd ?2", "LCM"),
    Variant("LCM", r"lcm\b", "LCM", cfg=1.5),
    Variant("Turbo", r"\b(sd|sdxl|sd xl) turbo", "Euler a", side=512),
    Variant("Turbo", r"turbo", "DPM++ SDE", "Karras", steps=6, cfg=2.0),
)
"""The first whose pattern is found counts. Those that are merely made with a Turbo model are drawn
with as their makers do: some more steps, and a little guidance."""
WHOLE_LCM = Variant("LCM", "", "LCM", cfg=8.0)
"""Recognised by its U-Net, which has a layer for the guidance scale."""

_STEPS = re.compile(r"(?<!\d)(\d{1,2}) ?steps?\b")
_SAYING = ("modelspec.title", "modelspec.tags", "ss_output_name")
"""Where metadata may tell it."""


def variant_of(name: str, metadata: Mapping[str, str]) -> tuple[Variant, int] | None:
    """What the name of a file and its metadata tell, and how many steps they speak of; None: a
    model like others."""
    for said in (name, *(metadata.get(key, "") for key in _SAYING)):
        words = re.sub(r"[^a-z0-9]+", " ", said.casefold())
        for variant in VARIANTS:
            if re.search(variant.pattern, words):
                steps = _STEPS.search(words)
                return variant, max(1, int(steps[1])) if steps else variant.steps
    return None
