"""Stateless seeded noise: every draw is a function of (seed, step, draw).

An image's noise is drawn on the CPU in float32 for that image alone, so it depends neither on the
device nor on the rest of the batch.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import InvalidError
from .noise_profiles import A1111_CPU, A1111_NV, COMFYUI, STUDIO
from .philox import cuda_normal
from .trajectory import Noise


def initial_noise(seed: int, shape: Sequence[int]) -> Tensor:
    """The unit noise that an image starts from, float32 on the CPU: torch's generator with `seed`.

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
    return initial_noise(hashed, shape)


def profile_initial_noise(profile: str, seed: int, shape: Sequence[int]) -> Tensor:
    """The unit noise that an image of `shape` [C, h, w] starts from, by a profile of `PROFILES`."""
    return nvidia_noise(seed, shape) if profile == A1111_NV else initial_noise(seed, shape)


def initial_scale(profile: str, sigma: float) -> float:
    """The factor of the unit noise for an image that starts from pure noise of level sigma."""
    return math.sqrt(1 + sigma**2) if profile == COMFYUI else sigma


def profile_step_noise(
    profile: str,
    seed: int,
    shape: Sequence[int],
    device: str | torch.device,
    *,
    delta: int = 0,
    draws: int = 1,
) -> Noise:
    """Step noise for one image of `shape` [C, h, w]: [1, C, h, w] on `device`.

    Other programs draw from one stream, whose position is known for samplers with a fixed number of
    `draws` a step; further draws are ours in every profile. A `delta` other than 0, A1111's ENSD,
    is added to the seed, and the stream begins anew.
    """
    seed = (seed + delta) % 2**64
    # A1111 has drawn the first noise from the same stream, unless it was seeded again.
    drawn = int(profile in (A1111_CPU, A1111_NV) and not delta)

    def noise(step: int, draw: int) -> Tensor:
        before = draws * step + draw + drawn
        if draw >= draws or profile == STUDIO:
            unit = step_noise(seed, step, draw, shape)
        elif profile == A1111_CPU:
            unit = _draw_from_stream(seed, before, shape)
        else:
            unit = nvidia_noise(seed, shape, before)
        return unit[None].to(device)

    return noise


def pasted_noise(noise: Tensor, around: Tensor) -> Tensor:
    """`around` [C, h, w] with the noise of an image of another size in its middle, cropped to fit.

    This is A1111's "Resize seed from": the image resembles the one of that size.
    """
    result = around.clone()
    outer: list[slice] = []
    inner: list[slice] = []
    for whole, part in zip(around.shape[1:], noise.shape[1:], strict=True):
        at = (whole - part) // 2
        size = part + 2 * min(0, at)
        outer.append(slice(max(0, at), max(0, at) + size))
        inner.append(slice(max(0, -at), max(0, -at) + size))
    result[:, outer[0], outer[1]] = noise[:, inner[0], inner[1]]
    return result


def _draw_from_stream(seed: int, before: int, shape: Sequence[int]) -> Tensor:
    generator = torch.Generator("cpu").manual_seed(seed)
    for _ in range(before):
        torch.randn(tuple(shape), generator=generator)
    return torch.randn(tuple(shape), generator=generator)


def batch_step_noise(
    seeds: Sequence[int], shape: Sequence[int], device: str | torch.device
) -> Noise:
    """Step noise for a batch of images of `shape` [C, h, w]: [B, C, h, w] on `device`."""

    def noise(step: int, draw: int) -> Tensor:
        return torch.stack([step_noise(seed, step, draw, shape) for seed in seeds]).to(device)

    return noise


def nvidia_noise(seed: int, shape: Sequence[int], offset: int = 0) -> Tensor:
    """The noise that an image starts from on an NVIDIA GPU, float32 on the CPU.

    This is A1111's "NV", and its "GPU" for latents of up to some ten thousand numbers. `offset`
    counts the earlier draws; ancestral samplers make one a step. `seed` is in [0, 2^64).
    """
    return torch.as_tensor(cuda_normal(seed, math.prod(shape), offset)).reshape(tuple(shape))


def slerp(noise: Tensor, other: Tensor, strength: float) -> Tensor:
    """One image's noise [C, h, w] turned towards another's by `strength` of the angle between them.

    Unlike a linear blend, the result is still unit noise. Strength 0 is `noise`, 1 is `other`; the
    angle is exact for noises of equal length, as long vectors nearly are. Raises ValueError for a
    strength outside [0, 1]. Source: Shoemake 1985, on the image as one vector; A1111's variant, for
    each column of each channel, is `slerp_by_column`.
    """
    if not 0.0 <= strength <= 1.0:
        raise InvalidError("strength is {strength}, outside [0, 1].", strength=strength)
    a, b = noise.double(), other.double()
    cosine = float((a * b).sum() / ((a * a).sum() * (b * b).sum()).sqrt())
    angle = math.acos(max(-1.0, min(1.0, cosine)))
    if math.sin(angle) < 1e-4:  # the same noise, or its opposite: there is no arc to follow
        return noise.lerp(other, strength)
    turned = math.sin((1 - strength) * angle) * a + math.sin(strength * angle) * b
    return (turned / math.sin(angle)).to(noise)


def slerp_by_column(noise: Tensor, other: Tensor, strength: float) -> Tensor:
    """`slerp` for each column of each channel by itself, as A1111 does it; [C, h, w]."""
    columns = zip(noise.unbind(2), other.unbind(2), strict=True)
    turned = [
        torch.stack([slerp(a, b, strength) for a, b in zip(one, two, strict=True)])
        for one, two in columns
    ]
    return torch.stack(turned, dim=2)
