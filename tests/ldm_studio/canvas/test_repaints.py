"""Only what changed is painted again."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QApplication

from ldm_studio.canvas.compose import from_qimage
from tests.ldm_studio.canvas.driving import (
    LEFT,
    Repaints,
    drag,
    place,
    shot,
)


def test_a_dab_repaints_its_surroundings_only(qtbot, view):
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


def test_partial_repaints_add_up_to_the_whole(qtbot, view):
    """At an odd zoom, where interpolation reaches over the edges of what changed."""
    noise = np.random.default_rng(1).integers(0, 256, (100, 200, 3), np.uint8)
    view.set_picture(noise)
    view.zoom_to(2.37)
    view.adjust(size=9)
    QApplication.processEvents()
    drag(qtbot, view, (60, 30), (120, 70), (90, 20))
    QApplication.processEvents()
    shown = from_qimage(view.screen().grabWindow(view.winId()).toImage()).astype(int)
    # Qt interpolates in fixed point from the left edge of what it repaints: a level or two
    assert np.abs(shown - from_qimage(shot(view))).max() <= 3
