"""Conversions between numpy and Qt, and the tint of the mask."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtGui import QColor, QImage

from ldm_studio.canvas.document.qimage import Pyramid, cut_out, from_qimage, to_qimage

rgbs = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))
rgbas = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(4)))


@settings(deadline=None)
@given(rgbs)
def test_rgb_round_trips_exactly(rgb):
    image = to_qimage(rgb)
    assert image.format() == QImage.Format.Format_RGB32
    assert np.array_equal(from_qimage(image), rgb)


@settings(deadline=None)
@given(rgbas)
def test_straight_alpha_is_composited_on_white(rgba):
    image = to_qimage(rgba)
    color = image.pixelColor(0, 0)
    assert image.format() == QImage.Format.Format_ARGB32
    assert [color.red(), color.green(), color.blue(), color.alpha()] == list(rgba[0, 0])
    alpha = rgba[..., 3:] / 255
    on_white = rgba[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(from_qimage(image) - on_white).max() <= 1.01


@settings(deadline=None)
@given(rgbas)
def test_cutting_out_removes_the_white(rgba):
    alpha = rgba[..., 3]
    share = alpha[..., None] / 255
    on_white = np.rint(rgba[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
    assert np.array_equal(from_qimage(cut_out(on_white, alpha)), on_white)


@pytest.mark.parametrize(
    "layout", ["Format_RGB888", "Format_Grayscale8", "Format_RGBA8888", "Format_RGB16"]
)
def test_rows_of_any_stride_are_read(layout):
    image = QImage(5, 3, getattr(QImage.Format, layout))  # 5 pixels: rows are padded
    image.fill(QColor(255, 255, 255))
    image.setPixelColor(4, 2, QColor(0, 0, 0))
    pixels = from_qimage(image)
    assert pixels.shape == (3, 5, 3)
    assert pixels[2, 4].tolist() == [0, 0, 0]
    assert pixels[:2].min() >= 248


def test_the_qimage_outlives_the_array():
    rgb = np.full((64, 64, 3), 77, np.uint8)
    image = to_qimage(rgb)
    rgb[:] = 0
    del rgb
    gc.collect()
    assert image.pixelColor(63, 63) == QColor(77, 77, 77)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_other_arrays_are_refused(pixels):
    with pytest.raises(ValueError, match="expected uint8"):
        to_qimage(pixels)


def test_a_null_image_is_refused():
    with pytest.raises(ValueError, match="could not be read"):
        from_qimage(QImage())


def test_a_pyramid_leaves_at_most_half_to_shrink():
    pyramid = Pyramid(to_qimage(np.zeros((600, 1000, 3), np.uint8)))
    assert pyramid.at(3.0).width() == 1000
    assert pyramid.at(0.5).width() == 1000
    assert pyramid.at(0.3).width() == 500
    assert pyramid.at(0.1).width() == 125
    assert pyramid.at(0.1) is pyramid.at(0.12)
    assert pyramid.at(1e-6).height() >= 1
