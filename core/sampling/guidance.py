"""Guidance: combines conditional and unconditional denoisers into one.

A combination computes one estimate from the conditional and the unconditional estimate. Functions
that take a combination refine it, so they compose: `rescale_cfg(cfg(7.5), 0.7)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .predictions import FLOW, V
from .trajectory import Denoiser

if TYPE_CHECKING:
    from torch import Tensor

CondUncond = Callable[["Tensor", float], tuple["Tensor", "Tensor"]]
"""(x, sigma) -> (conditional x0, unconditional x0); one batch can compute both."""


Combination = Callable[["Tensor", "Tensor", "Tensor", float], "Tensor"]
"""(conditional x0, unconditional x0, x, sigma) -> x0."""


def guided(cond: Denoiser, pair: CondUncond, scale: float) -> Denoiser:
    """Classifier-free guidance with a constant scale.

    With scale 1 it is the conditional denoiser itself, and `pair` is never called.
    """
    return cond if scale == 1 else combine_pair(pair, cfg(scale))


def combine_pair(pair: CondUncond, combine: Combination) -> Denoiser:
    """A denoiser that applies the combination to both estimates."""

    def denoise(x: Tensor, sigma: float) -> Tensor:
        conditional, unconditional = pair(x, sigma)
        return combine(conditional, unconditional, x, sigma)

    return denoise


def limited_interval(low: float, high: float, guided: Denoiser, plain: Denoiser) -> Denoiser:
    """Guidance for sigma in [low, high] only; outside, `plain` needs one evaluation instead of two.

    Source: Kynkaanniemi et al. 2024, "Applying Guidance in a Limited Interval".
    """

    def denoise(x: Tensor, sigma: float) -> Tensor:
        return (guided if low <= sigma <= high else plain)(x, sigma)

    return denoise


def cfg(scale: float) -> Combination:
    """Classifier-free guidance: x0 extrapolated from the unconditional to the conditional estimate.

    Source: Ho & Salimans 2022; on x0 it is the same as on eps or v.
    """

    def combine(cond: Tensor, uncond: Tensor, x: Tensor, sigma: float) -> Tensor:
        return uncond + scale * (cond - uncond)

    return combine


def cfg_zero_star(pair: CondUncond) -> CondUncond:
    """CFG-Zero*: the unconditional velocity v_u of a flow model scaled to fit the conditional v_c.

    The scale of each image is <v_c, v_u> / |v_u|^2, which leaves the least error. Source: Fan et
    al. 2025, "CFG-Zero*", equation 10.
    """

    def scaled(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        cond, uncond = pair(x, sigma)
        v_c, v_u = (FLOW.target(x0, (x - x0) / sigma, sigma) for x0 in (cond, uncond))
        across = tuple(range(1, x.ndim))
        scale = (v_c * v_u).sum(across, keepdim=True) / (v_u**2).sum(across, keepdim=True).clamp(
            min=1e-8
        )
        return cond, FLOW.to_x0(scale * v_u, x, sigma)

    return scaled


def zero_init(denoise: Denoiser, sigmas: Sequence[float], steps: int) -> Denoiser:
    """The denoiser of a flow model whose velocity is zero during the first `steps` steps.

    `sigmas` are the levels of the run. Source: Fan et al. 2025, "CFG-Zero*", section 4.2.
    """
    last = sigmas[min(steps, len(sigmas) - 1)]

    def initial(x: Tensor, sigma: float) -> Tensor:
        return FLOW.to_x0(x * 0, x, sigma) if sigma > last else denoise(x, sigma)

    return initial


def composable(conds: Sequence[Tensor], weights: Sequence[float], uncond: Tensor) -> Tensor:
    """The conditional estimate for several conditions, each with its own weight.

    Source: Liu et al. 2022, "Composable Diffusion", equation 11, on x0.
    """
    total = uncond
    for cond, weight in zip(conds, weights, strict=True):
        total = total + weight * (cond - uncond)
    return total


def cfg_plus_plus(strength: float, sigmas: Sequence[float]) -> Combination:
    """CFG++: guides the estimate, while the noise stays the unconditional one.

    `strength` is in [0, 1], the paper's lambda; `sigmas` are the levels of the run. For an Euler or
    DDIM step from sigma to the next level it equals guidance with the scale strength x sigma /
    (sigma - next). It is implemented like that, so it works, approximately, with every sampler.
    Source: Chung et al. 2024, "CFG++", algorithm 2.
    """

    def combine(cond: Tensor, uncond: Tensor, x: Tensor, sigma: float) -> Tensor:
        sigma_next = max((level for level in sigmas if level < sigma), default=0.0)
        return cfg(strength * sigma / (sigma - sigma_next))(cond, uncond, x, sigma)

    return combine


def rescale_cfg(combine: Combination, share: float = 0.7) -> Combination:
    """Rescaled CFG, against overexposure: the standard deviation of v is moved to the
    conditional's.

    `share` in [0, 1] is how far, for each image over channels and pixels. It is computed on v
    whatever the network predicts. Source: Lin et al. 2023, section 3.4.
    """

    def refine(cond: Tensor, uncond: Tensor, x: Tensor, sigma: float) -> Tensor:
        def velocity(x0: Tensor) -> Tensor:
            return V.target(x0, (x - x0) / sigma, sigma)

        v = velocity(combine(cond, uncond, x, sigma))
        ratio = _std(velocity(cond)) / _std(v).clamp(min=1e-12)
        return V.to_x0(v * (share * ratio + (1 - share)), x, sigma)

    return refine


def dynamic_thresholding(
    combine: Combination, quantile: float = 0.995, mimic: Combination | None = None
) -> Combination:
    """Dynamic thresholding: clips each image's outliers and scales its range down.

    Values beyond the quantile of |x0| are clipped to it; a range above 1 is scaled to 1, which
    suits pixels. Latents have no such range: with `mimic`, a combination of lower scale, the target
    is that one's range. Source: Saharia et al. 2022, section 2.3.
    """

    def refine(cond: Tensor, uncond: Tensor, x: Tensor, sigma: float) -> Tensor:
        x0 = combine(cond, uncond, x, sigma)
        reach = _abs_quantile(x0, quantile)
        if mimic is None:
            target = reach.new_ones(())
        else:
            target = _abs_quantile(mimic(cond, uncond, x, sigma), quantile)
        reach = reach.maximum(target)
        return x0.minimum(reach).maximum(-reach) * (target / reach)

    return refine


def dual_guidance(
    cond: Tensor, uncond: Tensor, bare: Tensor, scale: float
) -> tuple[Tensor, Tensor]:
    """Both estimates of an InstructPix2Pix model, moved away from `bare`, the one without an image.

    Guided with a scale s, they give bare + scale (uncond - bare) + s (cond - uncond). Source:
    Brooks et al. 2023, "InstructPix2Pix", equation 3.
    """
    shift = (scale - 1) * (uncond - bare)
    return cond + shift, uncond + shift


def _std(x: Tensor) -> Tensor:
    return x.std(dim=(1, 2, 3), keepdim=True)


def _abs_quantile(x0: Tensor, quantile: float) -> Tensor:
    """The quantile of |x0| of each image: [B, 1, 1, 1]."""
    return x0.abs().flatten(1).quantile(quantile, dim=1).reshape(-1, 1, 1, 1)


def masked(denoise: Denoiser, original: Tensor, mask: Tensor, noise: Tensor) -> Denoiser:
    """Inpaints where `mask` [1, 1, h, w] is 1 and keeps the original where it is 0; others blend.

    Where the original is kept, the network sees it noised to the level of x, and the estimate is
    the original. Source: Lugmayr et al. 2022, without resampling.
    """

    def blended(x: Tensor, sigma: float) -> Tensor:
        known = original + sigma * noise
        return original.lerp(denoise(known.lerp(x, mask), sigma), mask)

    return blended


def differential_diffusion(
    denoise: Denoiser,
    original: Tensor,
    mask: Tensor,
    noise: Tensor,
    remaining: Callable[[float], float],
) -> Denoiser:
    """Inpaints with a strength for each cell: `mask` [1, 1, h, w] in [0, 1].

    A cell of strength 0.3 stays the original, noised to the level of x, until 0.3 of the run is
    left, and is denoised from there on; a cell of strength 0 never changes. `remaining` maps sigma
    to the share that is left. Source: Levin & Fried 2023, "Differential Diffusion", algorithm 1,
    except that a cell takes no part in the step before it starts.
    """

    def blended(x: Tensor, sigma: float) -> Tensor:
        free = (mask >= max(remaining(sigma), 1e-3)).to(x)
        known = original + sigma * noise
        return original.lerp(denoise(known.lerp(x, free), sigma), free)

    return blended
