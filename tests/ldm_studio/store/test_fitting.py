from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldm_studio.store.model_limits import fit
from tests.ldm_studio.fakes import MODEL


@given(st.integers(1, 700), st.integers(1, 700))
def test_every_image_is_fitted_and_a_fitting_one_is_unchanged(width: int, height: int) -> None:
    rgb = np.full((height, width, 3), 77, np.uint8)
    fitted, note = fit(rgb, MODEL)
    for side in fitted.shape[:2]:
        assert side % MODEL.size_multiple == 0
        assert 0 < side <= MODEL.max_side
    assert (fitted == 77).all()
    assert (note == "") == (fitted is rgb)


@pytest.mark.parametrize(
    ("size", "fitted", "words"),
    [
        ((1024, 1024), (256, 256), "scaled down from 1024 × 1024 to 256 × 256"),
        ((100, 50), (112, 64), "padded to 112 × 64"),
    ],
)
def test_fitting_is_described(size, fitted, words) -> None:
    image, note = fit(np.zeros((size[1], size[0], 3), np.uint8), MODEL)
    assert image.shape[1::-1] == fitted
    assert words in note
