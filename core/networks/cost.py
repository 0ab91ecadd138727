"""The cost of networks: operations as a polynomial of the latent's size. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CostModel:
    """How long operations take, relative to a multiply-add by a weight, which is 1."""

    attention: float
    """A multiply-add of one position's query, key or value with another position's."""
    softmax: float
    """The rest of attention for each pair of positions of each head, above all the exponential."""
    weight: float
    """Reading a weight from memory, once for all cells: small images wait for that."""


COUNTED = CostModel(1.0, 0.0, 0.0)
"""Multiply-adds and nothing else."""
FLOAT32 = CostModel(1.15, 40.0, 60.0)
"""Fitted on a CPU to U-Nets of Stable Diffusion 1, narrow and of full width."""
FLOAT16 = CostModel(3.2, 110.0, 105.0)
"""In bfloat16 on a CPU that supports it: attention does not speed up, everything else does. Used
for 16 bits everywhere; GPUs were not measured."""


@dataclass(frozen=True)
class BackboneCost:
    """One evaluation of a backbone for one latent of n cells costs a n + b n^2, in multiply-adds
    by weights."""

    linear: float
    square: float
    weights: float = 0.0
    """The cost of reading the weights, independent of the batch and the number of cells."""

    def of(self, cells: int) -> float:
        return self.linear * cells + self.square * cells**2


UNKNOWN = BackboneCost(1.0, 0.0)
"""As if everything grew with the image's area."""
