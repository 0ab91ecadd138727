"""The visible mask equals the mask that is used."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from core.pipeline.inpainting import Region
from core.request.parameters import Inpaint
from ldm_studio.canvas.document import mask_views
from ldm_studio.canvas.document.mask_usage import MaskUsage, apply_usage
from ldm_studio.canvas.document.mask_views import MaskView
from tests.ldm_studio.canvas.canvas_actions import color, drag
from tests.waiting import HANG_SECONDS

WIDTH, HEIGHT = 96, 64
WHOLE = MaskUsage(Inpaint(), (200, 96), 8)  # of the canvas in these tests, 200 x 100, nearly


def test_an_empty_mask_is_not_used() -> None:
    masked = MaskUsage(Inpaint(area="masked"), (32, 32), 8)
    assert apply_usage(np.zeros((HEIGHT, WIDTH), np.uint8), masked) is None


@pytest.fixture
def masked(view, qtbot):
    """A view whose mask is one pixel, 255, at (83, 43)."""
    pixels = np.zeros((100, 200), np.uint8)
    pixels[43, 83] = 255
    view.set_mask(pixels)
    view.tint = QColor(255, 0, 0), 1.0
    with qtbot.waitSignal(view.mask_views.changed):
        view.mask_views.use(WHOLE)
    return view


RED, GREY = (255, 0, 0), (210, 210, 210)


def test_each_view_shows_its_mask(masked, qtbot) -> None:
    views = masked.mask_views
    assert color(masked, 83, 43) == RED
    assert color(masked, 86, 43) == GREY
    with qtbot.waitSignal(views.changed):
        views.use(replace(WHOLE, inpaint=Inpaint(grow=5)))
    qtbot.waitUntil(lambda: views.used.usage.inpaint.grow == 5)
    assert color(masked, 86, 43) == GREY  # the painted mask is always visible
    views.choose(MaskView.BLEND)
    assert color(masked, 86, 43) == RED
    assert color(masked, 90, 43) == GREY
    views.choose(MaskView.LATENT)
    assert color(masked, 94, 43) != GREY  # of a cell that the grown mask touches
    assert color(masked, 99, 43) == GREY


def test_only_the_masked_region_has_a_frame_and_cells(masked, qtbot) -> None:
    views = masked.mask_views
    assert not views.is_part
    views.choose(MaskView.LATENT)
    views.use(MaskUsage(Inpaint(area="masked", padding=8), (64, 64), 8))
    qtbot.waitUntil(lambda: views.is_part)
    assert views.used.region == Region(75, 35, 92, 52)
    assert color(masked, 83, 43)[0] > 200
    assert color(masked, 83, 43)[1] < 60
    assert color(masked, 75.0, 40.5) != GREY  # the frame
    assert color(masked, 60, 43) == GREY


def test_the_view_follows_a_stroke(masked, qtbot) -> None:
    views = masked.mask_views
    views.choose(MaskView.BLEND)
    start = masked.to_widget(20, 20).toPoint()
    qtbot.mousePress(masked, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(masked, masked.to_widget(40, 20).toPoint())
    qtbot.waitUntil(lambda: views.used is not None and views.used.alpha[20, 30] == 255)
    qtbot.mouseRelease(masked, Qt.MouseButton.LeftButton, pos=masked.to_widget(40, 20).toPoint())
    qtbot.waitUntil(lambda: np.array_equal(views.used.alpha, masked.mask()))


def test_an_empty_mask_or_another_mode_ends_the_view(masked, qtbot) -> None:
    views = masked.mask_views
    masked.clear_mask()
    assert views.used is None
    masked.undo()
    qtbot.waitUntil(lambda: views.used is not None)
    views.use(None)
    assert views.used is None
    views.choose(MaskView.LATENT)
    assert color(masked, 83, 43) == RED  # only the painted mask can be shown


def test_another_image_ends_the_view(masked, qtbot) -> None:
    masked.set_image(np.full((50, 60, 3), 90, np.uint8))
    assert masked.mask_views.used is None
    assert not masked.grab().isNull()


def test_views_are_computed_in_the_background_and_the_newest_wins(
    masked, qtbot, monkeypatch
) -> None:
    threads: list[str] = []
    all_asked = threading.Event()
    real = mask_views.apply_usage

    def slow(mask: np.ndarray, usage: MaskUsage):
        threads.append(threading.current_thread().name)
        assert all_asked.wait(HANG_SECONDS)
        return real(mask, usage)

    monkeypatch.setattr(mask_views, "apply_usage", slow)
    for grow in range(1, 9):
        masked.mask_views.use(replace(WHOLE, inpaint=Inpaint(grow=grow)))
    all_asked.set()
    qtbot.waitUntil(lambda: masked.mask_views.used.usage.inpaint.grow == 8)
    assert len(threads) == 2  # those in between need not be computed
    assert threading.main_thread().name not in threads


def test_the_key_cycles_through_the_views(masked, qtbot) -> None:
    seen = []
    for _ in range(3):
        qtbot.keyClick(masked, Qt.Key.Key_V)
        seen.append(masked.mask_views.view)
    assert seen == [MaskView.LATENT, MaskView.BLEND, MaskView.PAINTED]


def test_choosing_a_view_shows_a_hidden_mask(masked, qtbot) -> None:
    masked.overlay_visible = False
    masked.mask_views.choose(MaskView.BLEND)
    assert masked.overlay_visible
    drag(qtbot, masked, (10, 10), (12, 10))
    assert masked.mask_views.view is MaskView.BLEND
