"""The brush against a reference that only knows distances."""

from __future__ import annotations

from time import thread_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldm_studio.canvas.document.brush import Brush, Stroke
from ldm_studio.canvas.document.mask import Mask


def draw(
    mask: Mask, brush: Brush, *points: tuple[float, float] | tuple[float, float, float]
) -> None:
    stroke = Stroke(mask, brush)
    for point in points:
        stroke.move_to(*point)
    stroke.finish()


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


def curve(path: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The smooth path of a stroke through pointer events: quadratic splines through the
    midpoints, straight at sharp corners; as a fine polyline."""
    corners = [np.array(point) for point in path]
    way = [corners[0]]
    for i in range(1, len(corners) - 1):
        a, b, c = corners[i - 1 : i + 2]
        middle = (b + c) / 2
        if np.dot(b - a, c - b) < 0:
            way += [b, middle]
        else:
            start = way[-1] if i > 1 else (a + b) / 2
            shares = np.linspace(0, 1, 100)[:, None]
            way += list(
                (1 - shares) ** 2 * start + 2 * shares * (1 - shares) * b + shares**2 * middle
            )
    return [(float(x), float(y)) for x, y in [*way, corners[-1]]]


points = st.tuples(st.floats(-40, 140), st.floats(-40, 110))


@settings(deadline=None)
@given(st.lists(points, min_size=1, max_size=5), st.floats(2, 30))
def test_a_stroke_covers_exactly_its_radius(path, radius):
    mask = Mask(100, 70)
    draw(mask, Brush(radius), *path)
    distance = distance_to_path(mask, curve(path))
    # 1.2: the antialiased edge, a quarter pixel of scallop, and the grid that dabs sit on; the
    # outside of a sharp bend may keep a trace of the scallop
    assert (mask.pixels[distance < radius - 1.2] >= 240).all()
    assert (mask.pixels[distance > radius + 1.2] == 0).all()


def test_a_stroke_from_outside_has_no_gap_at_the_edge():
    mask = Mask(100, 70)
    draw(mask, Brush(2), (-12, 2), (-11, 0), (3, 0))
    assert (mask.pixels[0, :4] == 255).all()


def test_a_fast_stroke_has_no_gaps():
    mask = Mask(2000, 40)
    draw(mask, Brush(2), (5, 20), (1995, 20))
    assert (mask.pixels[20, 5:1995] == 255).all()


def test_a_stroke_does_not_depend_on_the_number_of_events():
    once, often = Mask(300, 300), Mask(300, 300)
    draw(once, Brush(12, 0.5), (20, 30), (270, 230))
    draw(often, Brush(12, 0.5), *((20 + 2.5 * i, 30 + 2 * i) for i in range(101)))
    assert np.abs(once.pixels.astype(int) - often.pixels).max() <= 40  # a quarter pixel at the edge
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


def test_erasing_removes_a_stroke():
    mask = Mask(64, 64)
    mask.touch(mask.bounds)[...] = 255
    draw(mask, Brush(10, erase=True), (32, 32))
    assert mask.pixels[32, 32] == 0
    assert mask.pixels[5, 5] == 255
    assert mask.pixels[32, 50] == 255


def test_strokes_outside_mask_nothing_and_strokes_across_the_edge_mask_the_inside():
    mask = Mask(50, 50)
    assert Stroke(mask, Brush(10)).move_to(-100, 20) is None
    assert Stroke(mask, Brush(10)).move_to(20, 900) is None
    assert mask.is_empty
    touched = Stroke(mask, Brush(10)).move_to(0, 50)
    x, y, width, height = touched or pytest.fail("the corner is inside")
    assert x == 0
    assert y + height == 50
    assert 10 <= width <= 12
    assert mask.pixels[49, 0] == 255
    draw(mask, Brush(3), (-1e5, 25), (1e5, 25))
    assert (mask.pixels[25] == 255).all()


@settings(deadline=None)
@given(
    st.lists(points, min_size=1, max_size=4),
    st.floats(0.5, 20),
    st.floats(0, 1),
    st.sampled_from([1.0, 0.3]),
)
def test_the_reported_rectangle_contains_every_changed_pixel(path, radius, hardness, flow):
    mask = Mask(100, 70)
    stroke = Stroke(mask, Brush(radius, hardness, flow))
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


def test_pressing_harder_in_place_widens_the_dab():
    mask = Mask(100, 100)
    draw(mask, Brush(30), (50, 50, 0.2), (50, 50, 1.0))
    assert mask.pixels[50, 78] == 255


def test_a_quick_curve_is_round():
    """Eight points of a circle: the stroke is closer to it than the polygon."""
    mask = Mask(400, 400)
    angles = np.linspace(0, 2 * np.pi, 9)
    reports = [(200 + 150 * np.cos(a), 200 + 150 * np.sin(a)) for a in angles]
    draw(mask, Brush(3), *reports)
    rows, columns = np.nonzero(mask.pixels > 127)
    angle = np.arctan2(rows - 199.5, columns - 199.5)
    distance = np.hypot(rows - 199.5, columns - 199.5)
    inner = distance[np.abs(angle) > 0.5]  # away from where it begins and ends
    assert inner.max() - inner.min() < 25  # a polygon's sides sag by 11, its corners stand out


def test_low_flow_builds_up_over_several_strokes():
    mask = Mask(60, 60)
    seen = [0]
    for _ in range(40):
        draw(mask, Brush(10, 1.0, flow=0.2), (30, 30))
        seen.append(int(mask.pixels[30, 30]))
    assert seen[1] == pytest.approx(51, abs=1)
    assert seen == sorted(seen)
    assert seen[-1] >= 250
    assert mask.pixels[30, 45] == 0


def test_low_flow_does_not_depend_on_the_number_of_events():
    once, often = Mask(300, 100), Mask(300, 100)
    brush = Brush(12, 0.5, flow=0.1)
    draw(once, brush, (20, 50), (270, 50))
    draw(often, brush, *((20 + 2.5 * i, 50) for i in range(101)))
    assert np.abs(once.pixels.astype(int) - often.pixels)[:, 30:250].max() <= 3


def test_low_flow_erases_gradually():
    mask = Mask(60, 60)
    mask.touch(mask.bounds)[...] = 255
    draw(mask, Brush(10, 1.0, flow=0.5, erase=True), (30, 30))
    assert mask.pixels[30, 30] == pytest.approx(128, abs=1)
    assert mask.pixels[5, 5] == 255


def test_dabs_too_light_for_eight_bits_add_up():
    """Back and forth between two places: the product of what each dab leaves."""
    places, turns, flow = (40.0, 47.5), 40, 0.02
    mask = Mask(90, 80)
    stroke = Stroke(mask, Brush(30, 0.0, flow))
    for i in range(turns):
        stroke.move_to(places[i % 2], 40)
    stroke.finish()
    left = np.ones(mask.pixels.shape)
    for place in places:
        one = Mask(90, 80)
        draw(one, Brush(30, 0.0), (place, 40))
        left *= (1 - flow * one.pixels / 255) ** (turns / 2)
    assert np.abs(mask.pixels - 255 * (1 - left)).max() < 4


def test_large_dabs_are_fast_enough_for_a_pen():
    """A pen's pressure changes the radius with every report."""
    mask = Mask(1200, 1200)
    start = thread_time()
    for step in range(1, 33):
        Stroke(mask, Brush(500)).move_to(600, 600, step / 32)
    assert (thread_time() - start) / 32 < 0.1
