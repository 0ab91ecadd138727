"""The noise that a trajectory starts from."""

from __future__ import annotations

from torch import Tensor

from ..request.request import Request
from ..sampling import noise
from ..sampling.noise_profiles import A1111_CPU, A1111_NV


def starting_noise(request: Request, shape: tuple[int, int, int], factor: int) -> Tensor:
    """Unit noise [1, C, h, w] on the CPU, from the seed and, if requested, a variation seed and the
    size of an image that it resembles; `factor` is the side of a latent cell in pixels."""
    variation = request.variation
    drawn = shape
    if variation.from_width and variation.from_height:
        drawn = (shape[0], variation.from_height // factor, variation.from_width // factor)
    unit = noise.profile_initial_noise(request.noise, request.seed, drawn)
    if variation.strength:
        other = noise.profile_initial_noise(request.noise, variation.seed, drawn)
        by_column = request.noise in (A1111_CPU, A1111_NV)
        turn = noise.slerp_by_column if by_column else noise.slerp
        unit = turn(unit, other, variation.strength)
    if drawn != shape:
        around = noise.profile_initial_noise(request.noise, request.seed, shape)
        unit = noise.pasted_noise(unit, around)
    return unit[None]
