"""Inpainting: finds the region to sample from a painted mask, and pastes the result back.

A chain of masks, each a function of the previous one, so the mask that is shown is the one that is
used:

    painted mask -> blend alpha (inverted, grown, blurred as requested)
                 -> region (the whole image, or the part around the alpha)
                 -> latent mask (8-pixel cells of the region at the size it is sampled in)

Where the blend alpha is 0, the finished image equals the original to the bit. Imports no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from ..errors import RequestError
from ..images import mask_morphology
from ..request.parameters import Inpaint
from ..sampling.conventions import A1111, STUDIO

SEAM_DEVIATION = 3.0
"""Standard deviation, in pixels, of the colour correction at the border of a pasted patch."""

SOFT_EDGE = 0.25
"""Soft masks: an alpha below this fades into the original."""


@dataclass(frozen=True)
class Region:
    """The part of an image that is sampled, in pixels; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self.right - self.left, self.bottom - self.top

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """The part of [H, W, ...]; a view."""
        return pixels[self.top : self.bottom, self.left : self.right]


def bounds(alpha: np.ndarray) -> Region | None:
    """The smallest region that holds all nonzero pixels of [H, W]; None if there are none."""
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return None
    return Region(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def redrawn(mask: np.ndarray, inpaint: Inpaint) -> np.ndarray:
    """The mask as requested: painted uint8 [H, W] -> uint8 [H, W]; 255 redraws a pixel fully.

    Inverted, then grown (or shrunk), then blurred.
    """
    result = 255 - mask if inpaint.invert else mask
    if inpaint.grow > 0:
        result = mask_morphology.grow(result, inpaint.grow)
    elif inpaint.grow < 0:
        result = mask_morphology.shrink(result, -inpaint.grow)
    if inpaint.blur > 0:
        blurred = Image.fromarray(result).filter(ImageFilter.GaussianBlur(inpaint.blur))
        result = np.asarray(blurred).copy()
    return result


def blend_alpha(redrawn: np.ndarray, inpaint: Inpaint) -> np.ndarray:
    """How much of the result is pasted: uint8 [H, W] -> uint8 [H, W].

    A soft mask says when a pixel joins the sampling, not how much of it is shown, so only its faint
    outer part fades.
    """
    if not inpaint.soft:
        return redrawn
    faded = redrawn.astype(np.float32) / SOFT_EDGE
    return np.ceil(faded.clip(0, 255)).astype(np.uint8)


def region(
    redrawn: np.ndarray, inpaint: Inpaint, drawn: tuple[int, int], conventions: str = STUDIO
) -> Region:
    """The region that is sampled at the size `drawn` (width, height).

    The masked part, padded and extended to the aspect ratio of `drawn` if the image is large
    enough; the longer side is rounded up, by the conventions of AUTOMATIC1111 down. Raises
    RequestError if nothing is painted.
    """
    height, width = redrawn.shape
    if inpaint.area == "whole":
        return Region(0, 0, width, height)
    painted = bounds(redrawn)
    if painted is None:
        raise RequestError("mask", "The mask is empty.", "Paint over the area to change.")
    left, right = _padded(painted.left, painted.right, inpaint.padding, width)
    top, bottom = _padded(painted.top, painted.bottom, inpaint.padding, height)
    aspect, whole = drawn[0] / drawn[1], math.floor if conventions == A1111 else math.ceil
    left, right = _widened(left, right, whole((bottom - top) * aspect), width)
    top, bottom = _widened(top, bottom, whole((right - left) / aspect), height)
    return Region(left, top, right, bottom)


def _padded(low: int, high: int, padding: int, length: int) -> tuple[int, int]:
    return max(0, low - padding), min(length, high + padding)


def _widened(low: int, high: int, wanted: int, length: int) -> tuple[int, int]:
    """At least `wanted` long, around the same centre, within [0, length]."""
    wanted = min(max(wanted, high - low), length)
    start = min(max(0, low - (wanted - (high - low)) // 2), length - wanted)
    return start, start + wanted


def drawn_image(image: np.ndarray, region: Region, drawn: tuple[int, int]) -> np.ndarray:
    """The region of [H, W, 3] or [H, W], resized to the size it is sampled in."""
    part = region.of(image)
    if region.size == drawn:
        return part
    kind = Image.Resampling.LANCZOS if image.ndim == 3 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(np.ascontiguousarray(part)).resize(drawn, kind))


def cells(mask: np.ndarray, factor: int = 8) -> np.ndarray:
    """The latent mask: uint8 [H, W] -> float32 [H/8, W/8] in [0, 1].

    A cell is redrawn as much as the most painted of its pixels, so that every painted pixel can
    change fully; the pixels that were not painted are put back after decoding.
    """
    height, width = mask.shape
    blocks = mask.reshape(height // factor, factor, width // factor, factor)
    return blocks.max(axis=(1, 3)).astype(np.float32) / 255


def pasted(
    image: np.ndarray,
    alpha: np.ndarray,
    region: Region,
    drawn: np.ndarray,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """The image with the sampled region in it: uint8 [H, W, 3]; see `patched`."""
    result = image.copy()
    region.of(result)[...] = patched(image, alpha, region, drawn, kept)
    return result


def patched(
    image: np.ndarray,
    alpha: np.ndarray,
    region: Region,
    drawn: np.ndarray,
    kept: np.ndarray | None = None,
) -> np.ndarray:
    """The region with the result in it: uint8, of the region's size.

    `alpha` is the blend alpha of the whole image; `drawn` is uint8 [h, w, 3] of any size. Given
    `kept`, bool [h / 8, w / 8], the cells of the latent that were not redrawn, the colours of the
    patch are matched at the border first: see `matched`.
    """
    size = region.size
    patch = drawn
    if (drawn.shape[1], drawn.shape[0]) != size:
        patch = np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.LANCZOS))
    original, opacity = region.of(image), region.of(alpha)
    patch = patch.astype(np.float32)
    if kept is not None:
        large = Image.fromarray(kept.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
        patch = matched(patch, original, opacity == 0, np.asarray(large) > 0)
    weight = opacity.astype(np.float32)[..., None] / 255
    blended = (original + (patch - original) * weight).round().clip(0, 255).astype(np.uint8)
    return np.where(opacity[..., None] == 0, original, blended)


def matched(
    patch: np.ndarray, original: np.ndarray, outside: np.ndarray, kept: np.ndarray
) -> np.ndarray:
    """The patch without the two differences that make a seam: float32 [H, W, 3].

    Where the latent was kept (bool [H, W]) the patch should equal the original: its difference is
    the decoder's shift in colour, which is subtracted everywhere. The remaining difference at the
    border to the outside (bool [H, W]) is spread over the nearest pixels only, so that the result
    keeps its own colours.
    """
    patch = patch + spread(original - patch, (kept & outside).astype(np.float32))
    near = Image.fromarray((255 * outside).astype(np.uint8))
    blurred = np.asarray(near.filter(ImageFilter.GaussianBlur(SEAM_DEVIATION))).astype(np.float32)
    falling = (blurred / 127.5).clip(0, 1)[..., None]
    return patch + falling * spread(original - patch, outside.astype(np.float32))


def filled(image: np.ndarray, redrawn: np.ndarray) -> np.ndarray:
    """The image with the masked part filled smoothly from its surroundings: uint8 [H, W, 3]."""
    outside = 1 - redrawn.astype(np.float32) / 255
    smooth = spread(image.astype(np.float32), outside)
    weight = outside[..., None]
    return (image * weight + smooth * (1 - weight)).round().clip(0, 255).astype(np.uint8)


def spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Interpolates values smoothly from known to unknown pixels.

    float32 [H, W, C] and the certainty float32 [H, W] in [0, 1] -> float32 [H, W, C]; 0 if nothing
    is known. Push-pull: averages of known values at ever coarser scales fill the gaps at finer
    ones. Source: Gortler et al. 1996, "The Lumigraph", section 3.4.
    """
    if min(known.shape) <= 1:
        total = known.sum()
        mean = (values * known[..., None]).sum(axis=(0, 1)) / total if total > 0 else 0.0
        coarse = np.broadcast_to(np.float32(mean), values.shape)
    else:
        weights = _halved(known[..., None])
        sums = _halved(values * known[..., None])
        means = sums / np.maximum(weights, 1e-6)
        coarse = _doubled(spread(means, np.minimum(1, 4 * weights[..., 0])), known.shape)
    share = known[..., None]
    return (values * share + coarse * (1 - share)).astype(np.float32)


def _halved(values: np.ndarray) -> np.ndarray:
    """Means of 2 x 2; an odd last row or column is repeated."""
    height, width, _ = values.shape
    even = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    pairs = even[0::2] + even[1::2]
    return (pairs[:, 0::2] + pairs[:, 1::2]) / 4


def _doubled(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Twice as large, bilinearly, cropped to `shape`."""
    for axis in (0, 1):
        ends = [(1, 1) if i == axis else (0, 0) for i in range(3)]
        padded = np.moveaxis(np.pad(values, ends, mode="edge"), axis, 0)
        before, here, after = padded[:-2], padded[1:-1], padded[2:]
        twice = np.empty((2 * len(here), *here.shape[1:]), np.float32)
        twice[0::2] = 0.75 * here + 0.25 * before
        twice[1::2] = 0.75 * here + 0.25 * after
        values = np.moveaxis(twice, 0, axis)
    return values[: shape[0], : shape[1]]
