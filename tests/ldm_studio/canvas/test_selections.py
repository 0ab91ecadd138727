"""Selections: outlines, gradients and colours, against independent references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from ldm_studio.canvas.document.selections import (
    Selection,
    connected_to,
    gradient,
    polygon,
    rectangle,
    same_colour,
)
from tests.narrowing import present

pytestmark = pytest.mark.usefixtures("qapp")


def laid(selection: Selection | None, width: int, height: int) -> np.ndarray:
    """uint8 [height, width]"""
    made = np.zeros((height, width), np.uint8)
    if selection:
        x, y, w, h = selection.rect
        made[y : y + h, x : x + w] = selection.values
    return made


def test_a_rectangle_selects_every_pixel_it_touches():
    made = laid(rectangle((30.2, 20.9), (10.5, 5.0), 50, 40), 50, 40)
    expected = np.zeros((40, 50), np.uint8)
    expected[5:21, 10:31] = 255
    assert np.array_equal(made, expected)
    assert rectangle((60, 5), (70, 9), 50, 40) is None
    assert (laid(rectangle((-9, -9), (99, 99), 50, 40), 50, 40) == 255).all()


def test_a_polygon_covers_its_area_with_smooth_edges():
    corners = [(5.0, 5.0), (60.0, 20.0), (30.0, 70.0)]
    made = laid(polygon(corners, 80, 80), 80, 80)
    fine = np.mgrid[0 : 80 * 8, 0 : 80 * 8] / 8 + 1 / 16
    inside = np.ones(fine[0].shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        inside &= (x1 - x0) * (fine[0] - y0) - (y1 - y0) * (fine[1] - x0) >= 0
    expected = inside.reshape(80, 8, 80, 8).mean((1, 3)) * 255
    assert np.abs(made - expected).max() <= 12
    assert len(np.unique(made)) > 20


def test_outlines_use_the_winding_rule_and_are_clipped():
    star = [
        (50 + 45 * np.sin(4 * np.pi * i / 5), 50 - 45 * np.cos(4 * np.pi * i / 5)) for i in range(5)
    ]
    assert laid(polygon(star, 100, 100), 100, 100)[50, 50] == 255
    assert (
        laid(polygon([(-50, -50), (300, -50), (300, 300), (-50, 300)], 80, 80), 80, 80) == 255
    ).all()
    assert polygon([(200, 0), (300, 0), (250, 9)], 100, 100) is None


corners = st.tuples(st.floats(-10, 50), st.floats(-10, 40))


@given(st.lists(corners, min_size=3, max_size=9))
def test_an_outline_fills_areas_with_a_nonzero_winding_number(outline):
    """Against the winding numbers of many points in each pixel."""
    found = laid(polygon(outline, 40, 30), 40, 30)
    points = (np.arange(8) + 0.5) / 8
    xs = (np.arange(40)[:, None] + points).ravel()
    ys = (np.arange(30)[:, None] + points).ravel()
    winding = np.zeros((len(ys), len(xs)), int)
    for (x0, y0), (x1, y1) in zip(outline, outline[1:] + outline[:1], strict=True):
        if y0 != y1:
            crossed = ((y0 <= ys) != (y1 <= ys))[:, None]
            left_of = x0 + (ys - y0) * (x1 - x0) / (y1 - y0)
            winding += (crossed & (xs[None] >= left_of[:, None])) * (1 if y1 > y0 else -1)
    blocks = winding.reshape(30, 8, 40, 8)
    # Where a pixel contains both directions a sum cannot distinguish them; such pixels are only at
    # crossings.
    clear = (blocks.min(axis=(1, 3)) >= 0) | (blocks.max(axis=(1, 3)) <= 0)
    clear &= np.abs(blocks).max(axis=(1, 3)) <= 1
    share = (blocks != 0).mean(axis=(1, 3))
    assert np.abs(found / 255 - share)[clear].max(initial=0) <= 0.13
    whole = np.abs(blocks).min(axis=(1, 3)) > 0
    same = (blocks > 0).all(axis=(1, 3)) | (blocks < 0).all(axis=(1, 3))
    assert (found[whole & same] >= 0.87 * 255).all()


def test_a_million_self_crossings_cost_no_extra_time():
    wild = np.random.default_rng(0).uniform(0, 1024, (1500, 2))
    made = polygon([(x, y) for x, y in wild], 1024, 1024)
    assert present(made).values.mean() > 200


def test_a_linear_gradient_fades_evenly_along_its_line():
    values = gradient((10.5, 0), (30.5, 0), 40, 5).values
    assert (values == values[0]).all()
    assert (values[0, :11] == 255).all()
    assert (values[0, 30:] == 0).all()
    assert values[0, 20] == 128
    assert np.ptp(np.diff(values[0, 11:30].astype(int))) <= 1


def test_a_radial_gradient_ends_at_its_circle():
    values = gradient((50.5, 50.5), (80.5, 50.5), 101, 101, radial=True).values
    assert values[50, 50] == 255
    rows, columns = np.mgrid[0:101, 0:101]
    distance = np.hypot(rows - 50, columns - 50)
    expected = 255 * np.clip(1 - distance / 30, 0, 1)
    assert np.abs(values - expected).max() <= 1


def test_a_gradient_of_zero_length_is_a_hard_edge():
    assert set(np.unique(gradient((5, 5), (5, 5), 20, 20).values)) <= {0, 255}


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0.2, 0.9))
def test_contiguous_areas_are_found(width, height, seed, share):
    rng = np.random.default_rng(seed)
    inside = rng.random((height, width)) < share
    x, y = int(rng.integers(width)), int(rng.integers(height))
    labels = np.zeros(inside.shape, np.int32)
    ndimage.label(inside, output=labels)
    expected = (labels == labels[y, x]) & inside[y, x]
    assert np.array_equal(connected_to(inside, x, y), expected)


def test_a_spiral_is_contiguous():
    spiral = np.zeros((61, 61), bool)
    x, y, dx, dy = 0, 0, 1, 0
    spiral[0, 0] = True
    for length in [60, 60, 60, *(n for n in range(58, 0, -2) for _ in range(2))]:
        for _ in range(length):
            x, y = x + dx, y + dy
            spiral[y, x] = True
        dx, dy = -dy, dx
    assert np.array_equal(connected_to(spiral, 0, 0), spiral)


def test_colours_within_the_tolerance_are_selected_in_every_channel():
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[:] = (100, 100, 100)
    rgb[:, 2] = (125, 100, 75)
    rgb[:, 4] = (100, 127, 100)
    selected = same_colour(rgb, 0, 0, 0.1, connected=False).values
    assert (selected[:, [0, 1, 2, 3, 5]] == 255).all()
    assert (selected[:, 4] == 0).all()
    connected = same_colour(rgb, 0, 0, 0.1).values
    assert (connected[:, :4] == 255).all()
    assert (connected[:, 4:] == 0).all()
    assert (same_colour(rgb, 0, 0, 1.0).values == 255).all()
