"""Only changed pixels are repainted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.canvas.document.undo_tiles import TILE
from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
from tests.ldm_studio.canvas.canvas_actions import LEFT, Repaints, drag, place, shot


def test_a_dab_repaints_only_its_surroundings(qtbot, view):
    view.adjust(size=10)
    qtbot.mouseMove(view, place(view, 40, 40))
    QApplication.processEvents()
    repaints = Repaints()
    view.installEventFilter(repaints)
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 40))
    qtbot.waitUntil(lambda: repaints.rects != [])
    qtbot.mouseRelease(view, LEFT, pos=place(view, 40, 40))
    assert all(rect.width() < 40 and rect.height() < 40 for rect in repaints.rects)
    assert any(rect.contains(place(view, 40, 40)) for rect in repaints.rects)


def test_partial_repaints_equal_a_full_one(qtbot, view):
    """At an odd zoom, where interpolation reaches over the edges of what changed."""
    noise = np.random.default_rng(1).integers(0, 256, (100, 200, 3), np.uint8)
    view.set_image(noise)
    view.zoom_to(2.37)
    view.adjust(size=9)
    QApplication.processEvents()
    drag(qtbot, view, (60, 30), (120, 70), (90, 20))
    QApplication.processEvents()
    shown = from_qimage(view.screen().grabWindow(view.winId()).toImage()).astype(int)
    # Qt interpolates in fixed point from the left edge of what it repaints: a level or two
    assert np.abs(shown - from_qimage(shot(view))).max() <= 3


def repainted(view: CanvasView, act: Callable[[], object]) -> list[QRect]:
    """The area that `act` repaints."""
    QApplication.processEvents()
    repaints = Repaints()
    view.installEventFilter(repaints)
    act()
    QApplication.processEvents()
    view.removeEventFilter(repaints)
    return repaints.rects


@pytest.mark.parametrize("zoom", [0.1, 0.4, 1.0, 6.0])
def test_a_stroke_on_a_large_canvas_repaints_only_its_path(qtbot, view, zoom):
    view.set_image(np.zeros((2048, 2048, 3), np.uint8))
    view.zoom_to(zoom)
    view.adjust(size=max(1, round(10 / zoom)))
    at = QPoint(200, 150)
    qtbot.mouseMove(view, at - QPoint(60, 60))
    qtbot.mouseMove(view, at)
    qtbot.mousePress(view, LEFT, pos=at)
    QApplication.processEvents()
    rects = repainted(view, lambda: qtbot.mouseMove(view, at + QPoint(30, 0)))
    qtbot.mouseRelease(view, LEFT, pos=at + QPoint(30, 0))
    assert rects
    around = QRect(at - QPoint(40, 40), QSize(110, 80))
    assert all(around.contains(rect) for rect in rects)


def test_the_end_of_a_stroke_repaints_no_more_than_the_stroke(qtbot, view):
    at = place(view, 60, 50)
    qtbot.mousePress(view, LEFT, pos=at)
    rects = repainted(view, lambda: qtbot.mouseRelease(view, LEFT, pos=at))
    assert rects
    assert all(rect.width() < 60 and rect.height() < 60 for rect in rects)


def test_undo_repaints_only_changed_tiles(qtbot, view):
    view.set_image(np.zeros((2048, 2048, 3), np.uint8))
    view.actual_size()
    view.pan_by(10_000, 10_000)
    qtbot.mouseMove(view, QPoint(390, 10))
    corner = view.to_widget(0, 0).toPoint()
    spot = corner + QPoint(20, 20)
    qtbot.mousePress(view, LEFT, pos=spot)
    qtbot.mouseRelease(view, LEFT, pos=spot)
    qtbot.mouseMove(view, QPoint(390, 10))
    rects = repainted(view, view.undo)
    tile = QRect(corner, QSize(TILE, TILE)).adjusted(-4, -4, 4, 4)
    assert any(rect.contains(spot) for rect in rects)
    assert all(tile.contains(rect) for rect in rects)


def test_a_rubber_band_repaints_only_itself(qtbot, view):
    view.set_tool(Tool.RECTANGLE)
    qtbot.mousePress(view, LEFT, pos=place(view, 20, 20))
    qtbot.mouseMove(view, place(view, 60, 50))
    rects = repainted(view, lambda: qtbot.mouseMove(view, place(view, 70, 55)))
    band = QRect(place(view, 20, 20), place(view, 70, 55)).adjusted(-6, -6, 6, 6)
    assert rects
    assert all(band.contains(rect) for rect in rects)
    qtbot.mouseRelease(view, LEFT, pos=place(view, 70, 55))


def test_a_lasso_repaints_only_its_last_side(qtbot, view):
    view.set_tool(Tool.LASSO)
    way = [(20, 20), (180, 30), (40, 80), (150, 10), (60, 90), (100, 50)]
    qtbot.mousePress(view, LEFT, pos=place(view, *way[0]))
    for point in way[1:]:
        qtbot.mouseMove(view, place(view, *point))
        QApplication.processEvents()
    rects = repainted(view, lambda: qtbot.mouseMove(view, place(view, 104, 53)))
    assert rects
    assert all(rect.width() < 20 and rect.height() < 20 for rect in rects)
    shown = from_qimage(view.screen().grabWindow(view.winId()).toImage()).astype(int)
    assert np.abs(shown - from_qimage(shot(view))).max() <= 3
    on_the_first_side = place(view, 100, 25)
    around = QRect(on_the_first_side - QPoint(3, 3), QSize(7, 7))
    bare = CanvasView.grab(view, around).toImage()
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert CanvasView.grab(view, around).toImage() != bare
    qtbot.mouseRelease(view, LEFT, pos=place(view, 104, 53))


def test_a_lasso_follows_panning(qtbot, view):
    view.set_tool(Tool.LASSO)
    for corner in ((20, 20), (120, 30), (40, 80)):
        qtbot.mouseClick(view, LEFT, pos=place(view, *corner))
    at_first = shot(view)
    view.pan_by(15, 10)
    QApplication.processEvents()
    shown = from_qimage(view.screen().grabWindow(view.winId()).toImage()).astype(int)
    assert np.abs(shown - from_qimage(shot(view))).max() <= 3
    view.pan_by(-15, -10)
    assert shot(view) == at_first
    qtbot.keyClick(view, Qt.Key.Key_Escape)


@pytest.mark.parametrize("zoom", [0.11, 0.3])
def test_reduced_masks_are_correct_after_every_change(qtbot, view, zoom):
    """Their reduced copy is updated in parts."""
    view.set_image(np.zeros((1500, 1300, 3), np.uint8))
    view.tint = QColor(255, 255, 255), 1.0
    view.zoom_to(zoom)
    view.adjust(size=90)
    drag(qtbot, view, (300, 300), (900, 700), (400, 1200))
    view.invert_mask()
    drag(qtbot, view, (1200, 100), (1200, 1400))
    view.undo()
    view.set_tool(Tool.PAN)  # no ring
    seen = from_qimage(shot(view))
    view.tint = QColor(255, 255, 254), 1.0  # another overlay, with no copy yet
    assert np.abs(seen.astype(int) - from_qimage(shot(view))).max() <= 2
