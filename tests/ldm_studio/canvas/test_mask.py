"""The mask document: what a brush marks, against a reference that knows only distances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldm_studio.canvas.mask import TILE, Brush, Mask, Stroke, unite


def draw(
    mask: Mask, brush: Brush, *points: tuple[float, float] | tuple[float, float, float]
) -> None:
    stroke = Stroke(mask, brush)
    for point in points:
        stroke.move_to(*point)


def distance_to_path(mask: Mask, points: list[tuple[float, float]]) -> np.ndarray:
    """float [H, W]: from each pixel's centre to the nearest point of the polyline."""
    rows, columns = np.mgrid[0 : mask.height, 0 : mask.width] + 0.5
    nearest = np.full(mask.pixels.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        dx, dy = x1 - x0, y1 - y0
        share = ((columns - x0) * dx + (rows - y0) * dy) / max(dx * dx + dy * dy, 1e-12)
        share = np.clip(share, 0, 1)
        nearest = np.minimum(nearest, np.hypot(columns - x0 - share * dx, rows - y0 - share * dy))
    return nearest


points = st.tuples(st.floats(-40, 140), st.floats(-40, 110))


@settings(deadline=None)
@given(st.lists(points, min_size=1, max_size=5), st.floats(2, 30))
def test_a_stroke_covers_what_lies_within_its_radius_and_nothing_else(path, radius):
    mask = Mask(100, 70)
    draw(mask, Brush(radius), *path)
    distance = distance_to_path(mask, path)
    # 1.2: the antialiased edge, a quarter pixel of scallop, and the grid that dabs sit on
    assert (mask.pixels[distance < radius - 1.2] == 255).all()
    assert (mask.pixels[distance > radius + 1.2] == 0).all()


def test_a_fast_stroke_has_no_gaps():
    mask = Mask(2000, 40)
    draw(mask, Brush(2), (5, 20), (1995, 20))
    assert (mask.pixels[20, 5:1995] == 255).all()


def test_a_stroke_does_not_depend_on_how_many_events_report_it():
    once, often = Mask(300, 300), Mask(300, 300)
    draw(once, Brush(12, 0.5), (20, 30), (270, 230))
    draw(often, Brush(12, 0.5), *((20 + 2.5 * i, 30 + 2 * i) for i in range(101)))
    assert np.abs(once.pixels.astype(int) - often.pixels).max() <= 40  # a quarter pixel at the rim
    assert abs(once.coverage() - often.coverage()) < 1e-3


def test_a_one_pixel_brush_fills_the_pixel_it_is_in():
    mask = Mask(8, 8)
    draw(mask, Brush(0.5), (3.9, 5.1))
    assert mask.pixels[5, 3] == 255
    assert np.count_nonzero(mask.pixels) == 1


def test_a_soft_brush_fades_evenly_and_overlaps_do_not_build_up():
    mask = Mask(101, 101)
    draw(mask, Brush(40, 0.0), (50.5, 50.5))
    ray = mask.pixels[50, 50:].astype(int)
    assert ray[0] == 255
    assert (np.diff(ray) <= 0).all()
    assert 90 < ray[20] < 165
    before = mask.pixels.copy()
    draw(mask, Brush(40, 0.0), (50.5, 50.5))
    assert np.array_equal(mask.pixels, before)


def test_erasing_takes_away_what_the_brush_put_there():
    mask = Mask(64, 64)
    mask.fill()
    draw(mask, Brush(10, erase=True), (32, 32))
    assert mask.pixels[32, 32] == 0
    assert mask.pixels[5, 5] == 255
    assert mask.pixels[32, 50] == 255


def test_strokes_outside_mark_nothing_and_strokes_across_the_edge_mark_the_inside():
    mask = Mask(50, 50)
    assert mask.stamp(-100, 20, Brush(10)) is None
    assert mask.stamp(20, 900, Brush(10)) is None
    assert mask.is_empty
    x, y, width, height = mask.stamp(0, 50, Brush(10)) or pytest.fail("the corner is inside")
    assert x == 0
    assert y + height == 50
    assert 10 <= width <= 12
    assert mask.pixels[49, 0] == 255
    draw(mask, Brush(3), (-1e5, 25), (1e5, 25))
    assert (mask.pixels[25] == 255).all()


@settings(deadline=None)
@given(st.lists(points, min_size=1, max_size=4), st.floats(0.5, 20), st.floats(0, 1))
def test_the_reported_rectangle_holds_every_changed_pixel(path, radius, hardness):
    mask = Mask(100, 70)
    stroke = Stroke(mask, Brush(radius, hardness))
    for point in path:
        before = mask.pixels.copy()
        x, y, width, height = stroke.move_to(*point) or (0, 0, 0, 0)
        changed = before != mask.pixels
        changed[y : y + height, x : x + width] = False
        assert not changed.any()


def test_pressure_widens_the_stroke_and_changes_evenly():
    mask = Mask(300, 100)
    draw(mask, Brush(30), (50, 50, 0.2), (250, 50, 1.0))
    widths = np.count_nonzero(mask.pixels > 127, axis=0)[50:250].astype(int)
    assert widths[0] == pytest.approx(12, abs=4)
    assert widths[-1] == pytest.approx(60, abs=4)
    assert (np.diff(widths) >= -2).all()


def test_pressing_harder_on_the_spot_widens():
    mask = Mask(100, 100)
    draw(mask, Brush(30), (50, 50, 0.2), (50, 50, 1.0))
    assert mask.pixels[50, 78] == 255


def test_whole_mask_changes():
    mask = Mask(40, 30)
    assert mask.is_empty
    assert mask.coverage() == 0
    assert mask.fill() == (0, 0, 40, 30)
    assert mask.coverage() == 1
    draw(mask, Brush(5, erase=True), (20, 15))
    before = mask.pixels.copy()
    mask.invert()
    assert np.array_equal(mask.pixels, 255 - before)
    mask.clear()
    assert mask.is_empty


def test_a_mask_of_another_size_is_refused_and_nothing_changes():
    mask = Mask(40, 30)
    with pytest.raises(ValueError, match=r"\[30, 40\]"):
        mask.replace(np.zeros((40, 30), np.uint8))
    with pytest.raises(ValueError, match="float64"):
        mask.replace(np.zeros((30, 40)))
    with pytest.raises(ValueError, match="at least one pixel"):
        Mask(0, 10)


def test_recording_remembers_the_touched_tiles_only():
    mask = Mask(4 * TILE, 3 * TILE + 10)
    mask.record()
    draw(mask, Brush(20), (TILE, 100), (TILE + 50, 100))
    kept = mask.recorded()
    assert set(kept) == {(0, 0), (1, 0)}
    assert not any(tile.any() for tile in kept.values())
    assert mask.tile_rect((3, 3)) == (3 * TILE, 3 * TILE, TILE, 10)


def test_unite():
    assert unite(None, None) is None
    assert unite(None, (1, 2, 3, 4)) == (1, 2, 3, 4)
    assert unite((0, 0, 2, 2), (5, 1, 2, 3)) == (0, 0, 7, 4)
