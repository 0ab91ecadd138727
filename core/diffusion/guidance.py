"""Guidance: functions from denoisers to a denoiser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .trajectory import Denoiser

if TYPE_CHECKING:
    from torch import Tensor

Pair = Callable[["Tensor", float], tuple["Tensor", "Tensor"]]
"""(x, sigma) -> (conditional x0, unconditional x0), so that one batch can make both."""


def guided(cond: Denoiser, pair: Pair, scale: float) -> Denoiser:
    """Classifier-free guidance: x0 moved from the unconditional through the conditional.

    Scale 1 is the conditional denoiser itself, and `pair` is never called.
    Source: Ho & Salimans 2022, on x0, which is the same as on eps or v.
    """
    if scale == 1:
        return cond

    def denoise(x: Tensor, sigma: float) -> Tensor:
        conditional, unconditional = pair(x, sigma)
        return unconditional + scale * (conditional - unconditional)

    return denoise


def masked(denoise: Denoiser, original: Tensor, mask: Tensor, noise: Tensor) -> Denoiser:
    """Redraw only where `mask` [1, 1, h, w] is 1; keep where it is 0; values between blend.

    The network sees the original latent, noised to the level of x, where it is kept, and its
    estimate there is the original. Source: Lugmayr et al. 2022, without resampling.
    """

    def blended(x: Tensor, sigma: float) -> Tensor:
        known = original + sigma * noise
        return original.lerp(denoise(known.lerp(x, mask), sigma), mask)

    return blended
