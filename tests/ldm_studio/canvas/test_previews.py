"""Previews in place: only the inpainted region is replaced and repainted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect

from core.images.preview import Preview
from ldm_studio.canvas.document.qimage import from_qimage
from tests.ldm_studio.canvas.canvas_actions import color, shot
from tests.ldm_studio.canvas.test_repaints import repainted

RED, BLUE = (255, 0, 0), (0, 0, 255)


def part(ground: np.ndarray, colour=RED, left=40, top=20, width=60, height=30) -> Preview:
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[...] = colour
    return Preview(rgb, ground, left, top)


def place(view, preview: Preview) -> QRect:
    """Its rectangle in the widget."""
    height, width = preview.rgb.shape[:2]
    corners = (
        view.to_widget(preview.left, preview.top),
        view.to_widget(preview.left + width, preview.top + height),
    )
    return QRect(corners[0].toPoint(), corners[1].toPoint())


def test_a_partial_preview_is_shown_in_place_within_the_image(view, rgb):
    view.show_preview(part(rgb))
    assert color(view, 41, 21) == color(view, 98, 48) == RED
    assert color(view, 38, 30) == tuple(rgb[30, 38])
    assert color(view, 102, 30) == tuple(rgb[30, 102])
    view.set_preview(None)
    assert color(view, 60, 30) == tuple(rgb[30, 60])


def test_the_next_preview_repaints_only_its_place(view, rgb):
    for zoom in (0.3, 1.0, 2.5):
        view.zoom_to(zoom)
        view.show_preview(part(rgb))
        rects = repainted(view, lambda: view.show_preview(part(rgb, BLUE)))
        around = place(view, part(rgb)).adjusted(-8, -8, 8, 8)
        assert rects
        assert all(around.contains(rect) for rect in rects)
        shown = from_qimage(view.screen().grabWindow(view.winId()).toImage()).astype(int)
        assert np.abs(shown - from_qimage(shot(view))).max() <= 3


def test_a_preview_elsewhere_repaints_only_both_places(view, rgb):
    first, second = part(rgb), part(rgb, left=150, top=60, width=30, height=20)
    view.show_preview(first)
    rects = repainted(view, lambda: view.show_preview(second))
    both = place(view, first).united(place(view, second)).adjusted(-4, -4, 4, 4)
    assert rects
    assert all(both.contains(rect) for rect in rects)
    assert color(view, 60, 30) == tuple(rgb[30, 60])
    assert color(view, 160, 70) == RED


def test_a_result_of_the_same_image_repaints_only_where_it_differs(view, rgb):
    result = part(rgb, BLUE).whole()
    view.set_image(result)
    view.show_preview(part(rgb))
    assert view.document.part == (40, 20, 60, 30)
    assert color(view, 60, 30) == RED


def test_over_another_image_the_whole_preview_is_shown(view, rgb):
    other = 255 - rgb
    view.set_image(other)
    view.show_preview(part(rgb))
    assert view.document.part is None
    assert color(view, 10, 10) == tuple(rgb[10, 10])
    assert color(view, 60, 30) == RED
    view.set_preview(None)
    assert color(view, 10, 10) == tuple(other[10, 10])


def test_over_an_image_of_another_size_the_preview_has_its_own_frame(view, rgb):
    view.set_image(np.zeros((50, 60, 3), np.uint8))
    view.show_preview(part(rgb))
    assert view.document.frame == (200, 100)


def test_a_result_ends_the_preview(view, rgb):
    view.show_preview(part(rgb))
    view.set_image(part(rgb, BLUE).whole())
    assert view.document.preview is None
    assert color(view, 60, 30) == BLUE
    rects = repainted(view, lambda: view.set_preview(part(rgb).whole()))
    assert rects[0].contains(place(view, part(rgb)))


def test_a_part_of_a_huge_image_keeps_the_rest_at_full_detail(view):
    huge = np.random.default_rng(0).integers(0, 256, (3000, 3000, 3), np.uint8)
    view.set_image(huge)
    view.actual_size()
    view.show_preview(part(huge, left=1480, top=1480))
    assert color(view, 1450, 1500) == tuple(huge[1500, 1450])
    assert color(view, 1500, 1500) == RED
