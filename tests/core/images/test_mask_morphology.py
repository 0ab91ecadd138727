"""Growing, shrinking and feathering masks, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.images.mask_morphology import BLOCK, feather, grow, shrink


def disc(radius: int) -> np.ndarray:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= radius * radius


def blobs(width: int, height: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random((height, width))
    return np.clip(ndimage.gaussian_filter(noise, 4) * 4000 - 1950, 0, 255).astype(np.uint8)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 12), st.integers(0, 99))
def test_growing_is_a_dilation_by_a_disc(width, height, radius, seed):
    mask = blobs(width, height, seed)
    footprint = disc(radius)
    grown = ndimage.grey_dilation(mask, footprint=footprint, mode="constant", cval=0)
    assert np.array_equal(grow(mask, radius), grown)
    shrunk = ndimage.grey_erosion(mask, footprint=footprint, mode="constant", cval=255)
    assert np.array_equal(shrink(mask, radius), shrunk)


def test_tiles_leave_no_seams():
    mask = np.zeros((BLOCK + 40, 2 * BLOCK + 7), np.uint8)
    mask[BLOCK - 3 : BLOCK + 2, BLOCK - 60 : BLOCK + 9] = 200
    mask[2, 2 * BLOCK + 1] = 255
    assert np.array_equal(
        grow(mask, 30), ndimage.grey_dilation(mask, footprint=disc(30), mode="constant")
    )


def test_feathering_is_a_gaussian_of_half_the_radius():
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 50:110] = 255
    expected = ndimage.gaussian_filter(mask.astype(float), 6, mode="nearest")
    assert np.abs(feather(mask, 12) - expected).max() < 6
    assert np.array_equal(feather(np.full((50, 50), 255, np.uint8), 12), np.full((50, 50), 255))


@pytest.mark.parametrize("change", [grow, shrink, feather])
def test_radii_are_limited_and_the_mask_is_not_modified(change):
    mask = blobs(30, 30, 1)
    before = mask.copy()
    change(mask, 3)
    assert np.array_equal(mask, before)
    for radius in 0, 257:
        with pytest.raises(ValueError, match="1 to 256"):
            change(mask, radius)
