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
    """The settings of a distilled model."""

    name: str
    pattern: str
    """A regular expression for a name whose separators are replaced by blanks."""
    sampler: str
    schedule: str = "SGM Uniform"
    """They were trained on levels from pure noise on, without the cleanest."""
    steps: int = 4
    cfg: float = 1.0
    side: int | None = None
    """Pixels, if it differs from that of its family."""


VARIANTS = (
    Variant("Lightning", r"koala lightning", "Euler", steps=10, cfg=3.5),
    Variant("Lightning", r"lightning", "Euler"),
    Variant("Hyper", r"hyper ?(sd|xl|vae|inpaint|\d)", "Euler", steps=8),
    Variant("DMD2", r"dmd ?2", "LCM"),
    Variant("LCM", r"lcm\b", "LCM", cfg=1.5),
    Variant("Turbo", r"\b(sd|sdxl|sd xl) turbo", "Euler a", side=512),
    Variant("Turbo", r"turbo", "DPM++ SDE", "Karras", steps=6, cfg=2.0),
)
"""The first match counts. Models that are only merged with a Turbo model have the settings that
their makers recommend: a few more steps, and some guidance."""
WHOLE_LCM = Variant("LCM", "", "LCM", cfg=8.0)
"""Recognised by its U-Net, which embeds the guidance scale."""

_STEPS = re.compile(r"(?<!\d)(\d{1,2}) ?steps?\b")
_SAYING = ("modelspec.title", "modelspec.tags", "ss_output_name")
"""Metadata keys that may name the variant."""


def variant_of(name: str, metadata: Mapping[str, str]) -> tuple[Variant, int] | None:
    """The variant and its number of steps, from the file's name and metadata; None: an ordinary
    model."""
    for said in (name, *(metadata.get(key, "") for key in _SAYING)):
        words = re.sub(r"[^a-z0-9]+", " ", said.casefold())
        for variant in VARIANTS:
            if re.search(variant.pattern, words):
                steps = _STEPS.search(words)
                return variant, max(1, int(steps[1])) if steps else variant.steps
    return None
