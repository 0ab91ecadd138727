"""The mask: operations, and the tiles that undo stores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldm_studio.canvas.document.mask import Mask
from ldm_studio.canvas.document.undo_tiles import TILE, tile_rect, unite


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def painted(pixels: np.ndarray) -> Mask:
    mask = Mask(pixels.shape[1], pixels.shape[0])
    mask.touch(mask.bounds)[...] = pixels
    return mask


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 600), st.integers(1, 600), st.integers(0, 2), st.integers(0, 2))
def test_a_difference_applied_twice_restores_the_mask(width, height, first, second):
    kinds = [np.zeros((height, width), np.uint8), noise(width, height), noise(width, height, 1)]
    mask, other = painted(kinds[first]), kinds[second]
    change = mask.become(other)
    assert bool(change) == (first != second)
    assert np.array_equal(mask.pixels, other)
    mask.apply(change)
    assert np.array_equal(mask.pixels, kinds[first])
    mask.apply(change)
    assert np.array_equal(mask.pixels, other)


def test_evenly_changed_tiles_are_stored_as_one_number():
    mask = Mask(3 * TILE, TILE)
    assert mask.become(255) == {(0, 0): 255, (1, 0): 255, (2, 0): 255}
    mask.become(0)
    mask.touch((0, 0, 5, 5))[...] = 9
    change = mask.become(0)
    assert set(change) == {(0, 0)}
    assert isinstance(change[0, 0], np.ndarray)
    mask.apply(change)
    mask.apply(mask.inversion())
    assert mask.pixels[2, 2] == 246
    assert mask.pixels[9, 9] == 255


def test_emptiness_and_coverage_are_computed():
    mask = Mask(40, 30)
    assert mask.is_empty
    assert mask.coverage() == 0
    mask.become(255)
    assert not mask.is_empty
    assert mask.coverage() == 1
    mask.become(0)
    assert mask.is_empty


def test_the_coverage_of_a_large_mask_is_accurate_to_a_percent():
    mask = Mask(3000, 2500)
    mask.touch((0, 0, 1000, 2500))[...] = 255
    assert mask.coverage() == pytest.approx(1 / 3, abs=0.01)


def test_a_mask_of_another_size_is_refused():
    mask = Mask(40, 30)
    with pytest.raises(ValueError, match=r"\(30, 40\)"):
        mask.check(np.zeros((40, 30), np.uint8))
    with pytest.raises(ValueError, match="float64"):
        mask.check(np.zeros((30, 40)))
    with pytest.raises(ValueError, match="at least one pixel"):
        Mask(0, 10)


def test_recording_stores_only_touched_tiles():
    mask = Mask(4 * TILE, 3 * TILE + 10)
    mask.record()
    mask.touch((TILE - 20, 100, 60, 10))[...] = 255
    kept = mask.recorded()
    assert set(kept) == {(0, 0), (1, 0)}
    assert not any(tile.any() for tile in kept.values())
    assert tile_rect(mask.pixels, (3, 3)) == (3 * TILE, 3 * TILE, TILE, 10)


def test_rectangles_are_united():
    assert unite(None, None) is None
    assert unite(None, (1, 2, 3, 4)) == (1, 2, 3, 4)
    assert unite((0, 0, 2, 2), (5, 1, 2, 3)) == (0, 0, 7, 4)


@pytest.mark.parametrize("value", [0, 255])
def test_filling_with_one_value_can_be_reverted(value):
    mask = Mask(600, 300)
    pixels = np.random.default_rng(0).integers(0, 256, (300, 600), np.uint8)
    pixels[:256, :256] = 0
    pixels[:256, 256:512] = 255
    mask.become(pixels)
    differences = mask.become(value)
    assert (mask.pixels == value).all()
    assert len(differences) == 5  # a tile that already has the value is unchanged
    mask.apply(differences)
    assert np.array_equal(mask.pixels, pixels)
