"""Size conditioning of SDXL: sizes, crops and an aesthetic score.

Source: Podell et al. 2023, "SDXL", section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from ..networks.cond import Cond
from ..networks.layers import timestep_embedding
from ..request.conditions import Numbers

Number = Literal["original", "crop", "target", "score"]

NUMBER_WIDTH = 256
"""Width of the sinusoids of each number."""
COUNTS: Mapping[Number, int] = {"original": 2, "crop": 2, "target": 2, "score": 1}
"""How many numbers each name stands for: height before width, top before left."""
GOOD_SCORE, POOR_SCORE = 6.0, 2.5
"""The refiner's aesthetic scores, for the prompt and for the negative prompt."""


@dataclass(frozen=True)
class NumbersConditioner:
    """Numbers -> sinusoids that follow the pooled text."""

    names: tuple[Number, ...]
    device: torch.device

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return ()

    def numbers(self, width: int, height: int, *, negative: bool = False) -> Numbers:
        """The numbers of an uncropped image of this size in pixels."""
        size = float(height), float(width)
        score = POOR_SCORE if negative else GOOD_SCORE
        values = {"original": size, "crop": (0.0, 0.0), "target": size, "score": (score,)}
        return Numbers(tuple(value for name in self.names for value in values[name]))

    def __call__(self, condition: Numbers) -> Cond:
        """n numbers -> vector [1, 256 n]."""
        values = torch.tensor(condition.values, device=self.device)
        return Cond(vector=timestep_embedding(values, NUMBER_WIDTH).flatten()[None])
