"""Seeded noise without streams: every draw is a function of (seed, step, draw).

An image's noise is drawn on the CPU in float32 for that image alone, so that neither the device
nor the rest of the batch changes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from .trajectory import Noise


def initial(seed: int, shape: Sequence[int]) -> Tensor:
    """Unit noise an image starts from, float32 on the CPU: torch's generator, seeded with `seed`.

    `seed` is in [0, 2^64), of which torch's CPU generator uses the low 32 bits.
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float32, device="cpu")


def step_noise(seed: int, step: int, draw: int, shape: Sequence[int]) -> Tensor:
    """Unit noise for one draw of one step, float32 on the CPU.

    The generator's seed is the first 8 bytes, big-endian, of the SHA-256 of the ASCII text
    "seed,step,draw" in decimal; where its low 32 bits are those of `seed`, which would repeat
    the initial noise, they are inverted.
    """
    key = hashlib.sha256(f"{seed},{step},{draw}".encode("ascii")).digest()
    hashed = int.from_bytes(key[:8], "big")
    if (hashed ^ seed) & 0xFFFF_FFFF == 0:
        hashed ^= 0xFFFF_FFFF
    return initial(hashed, shape)


def seeded(seeds: Sequence[int], shape: Sequence[int], device: str | torch.device) -> Noise:
    """Step noise for a batch of images of `shape` [C, h, w]: [B, C, h, w] on `device`."""

    def noise(step: int, draw: int) -> Tensor:
        return torch.stack([step_noise(seed, step, draw, shape) for seed in seeds]).to(device)

    return noise
