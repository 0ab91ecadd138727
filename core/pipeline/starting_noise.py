"""The noise that a trajectory starts from."""

from __future__ import annotations

from torch import Tensor

from ..request.request import Request
from ..sampling import noise
from ..sampling.noise_profiles import A1111_CPU, A1111_NV


def starting_noise(request: Request, shape: tuple[int, int, int]) -> Tensor:
    """Unit noise [1, C, h, w] on the CPU, from the seed and, if requested, a variation seed."""
    unit = noise.profile_initial_noise(request.noise, request.seed, shape)
    variation = request.variation
    if variation.strength:
        other = noise.profile_initial_noise(request.noise, variation.seed, shape)
        by_column = request.noise in (A1111_CPU, A1111_NV)
        turn = noise.slerp_by_column if by_column else noise.slerp
        unit = turn(unit, other, variation.strength)
    return unit[None]
