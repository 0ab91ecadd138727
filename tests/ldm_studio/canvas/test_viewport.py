"""The viewport: fit, zoom at a point, pan, and screens of any scaling."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldm_studio.canvas.view.viewport import GRIP, ZOOM_MAX, ZOOM_MIN, Viewport

ratios = st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0])
sides = st.integers(1, 5000)


def viewport(dpr: float = 1.0, image: tuple[int, int] = (128, 128)) -> Viewport:
    view = Viewport()
    view.resize(800, 600, dpr)
    view.show(*image)
    return view


@settings(deadline=None)
@given(ratios, sides, sides)
def test_fit_centres_the_whole_image(dpr, width, height):
    view = viewport(dpr, (width, height))
    if ZOOM_MIN < view.zoom < ZOOM_MAX:
        left, top = view.to_widget(0, 0)
        right, bottom = view.to_widget(width, height)
        assert left >= 0
        assert top >= 0
        assert right <= 800
        assert bottom <= 600
        assert left + right == pytest.approx(800, abs=2)
        assert top + bottom == pytest.approx(600, abs=2)


@settings(deadline=None)
@given(ratios, st.floats(0.01, 64), st.floats(0, 800), st.floats(0, 600))
def test_zooming_keeps_the_point_under_the_pointer(dpr, zoom, x, y):
    view = viewport(dpr)
    at = view.to_image(x, y)
    inside = 0 <= at[0] <= 128 and 0 <= at[1] <= 128
    view.zoom_to(zoom, x, y)
    assert view.zoom == pytest.approx(zoom)
    if inside and view.scale * 128 > 2 * GRIP:
        assert view.to_widget(*at) == pytest.approx((x, y), abs=1.0)


@settings(deadline=None)
@given(ratios, st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_image_and_widget_coordinates_are_inverse(dpr, dx, dy):
    view = viewport(dpr)
    view.zoom_to(3.3, 100, 100)
    view.pan_by(dx, dy)
    assert view.to_image(*view.to_widget(17.25, 90.5)) == pytest.approx((17.25, 90.5))


@settings(deadline=None)
@given(ratios, st.floats(-9000, 9000), st.floats(-9000, 9000))
def test_panning_keeps_the_image_visible_and_aligned_to_device_pixels(dpr, dx, dy):
    view = viewport(dpr)
    view.zoom_to(2.0, 400, 300)
    view.pan_by(dx, dy)
    left, top = view.to_widget(0, 0)
    right, bottom = view.to_widget(128, 128)
    assert right >= GRIP - 1
    assert bottom >= GRIP - 1
    assert left <= 800 - GRIP + 1
    assert top <= 600 - GRIP + 1
    assert left * dpr == pytest.approx(round(left * dpr))


def test_actual_size_is_one_device_pixel_per_image_pixel():
    view = viewport(dpr=2.0)
    view.zoom_to(1.0, 400, 300)
    assert view.scale == 0.5
    left, _ = view.to_widget(0, 0)
    right, _ = view.to_widget(128, 0)
    assert right - left == 64


def test_zoom_has_limits():
    view = viewport()
    view.zoom_to(1e9, 0, 0)
    assert view.zoom == ZOOM_MAX
    view.zoom_to(0, 0, 0)
    assert view.zoom == ZOOM_MIN


def test_resizing_fits_again_or_keeps_zoom_and_centre():
    view = viewport()
    fitted = view.zoom
    view.resize(400, 300, 1.0)
    assert view.zoom < fitted
    view.zoom_to(3.0, 200, 150)
    middle = view.to_image(200, 150)
    view.resize(500, 350, 1.0)
    assert view.zoom == 3.0
    assert view.to_image(250, 175) == pytest.approx(middle, abs=0.5)
    view.resize(500, 350, 2.0)  # moved to a denser screen
    assert view.zoom == 3.0
    assert view.to_image(250, 175) == pytest.approx(middle, abs=0.5)
