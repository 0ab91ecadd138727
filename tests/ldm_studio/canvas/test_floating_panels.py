"""Floating panels leave the image free where possible, and never cover much of it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.images.outpainting import Border
from core.request.parameters import Inpaint
from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.document.mask_usage import MaskUsage
from ldm_studio.canvas.document.mask_views import MaskView
from ldm_studio.canvas.tools.tools import Tool
from tests.ldm_studio.canvas.canvas_actions import LEFT


@pytest.fixture
def panel(qtbot):
    made = CanvasPanel()
    qtbot.addWidget(made)
    made.resize(900, 600)
    with qtbot.waitExposed(made):
        made.show()
    return made


def show(panel, qtbot, room: tuple[int, int], image: tuple[int, int]) -> None:
    """A masked image of that width and height, in this much room for the whole panel."""
    panel.resize(*room)
    panel.view.set_image(np.zeros((image[1], image[0], 3), np.uint8))
    panel.view.fill_mask()
    with qtbot.waitSignal(panel.view.mask_views.changed):
        panel.view.mask_views.use(MaskUsage(Inpaint(), (64, 64), 8))
    panel.view_switch.show()
    panel.view_switch.show_state()


@pytest.mark.parametrize(
    ("room", "image", "seen"),
    [
        ((1200, 500), (64, 64), 3),  # beside it there is room for a row
        ((700, 500), (64, 64), 3),  # for a column
        ((500, 700), (128, 64), 3),  # above it
        ((640, 620), (64, 64), 1),
    ],
)
def test_the_view_switch_leaves_the_image_free_or_is_small(panel, qtbot, room, image, seen) -> None:
    show(panel, qtbot, room, image)
    switch = panel.view_switch
    assert sum(button.isVisibleTo(switch) for button in switch.buttons.values()) == seen
    qtbot.waitUntil(lambda: switch.width() <= switch.sizeHint().width())
    covered = panel.view.target().toRect().intersected(switch.geometry())
    assert covered.width() * covered.height() <= (0 if seen == 3 else 100 * 40)


def test_the_small_switch_cycles_through_views(panel, qtbot) -> None:
    show(panel, qtbot, (640, 620), (64, 64))
    views, buttons = panel.view.mask_views, panel.view_switch.buttons
    for before, after in (
        (MaskView.PAINTED, MaskView.LATENT),
        (MaskView.LATENT, MaskView.BLEND),
        (MaskView.BLEND, MaskView.PAINTED),
    ):
        qtbot.mouseClick(buttons[before], LEFT)
        assert views.view is after
        assert buttons[after].isVisible()
        assert not buttons[before].isVisible()


def test_candidates_shorten_the_texts(panel, qtbot) -> None:
    show(panel, qtbot, (900, 600), (64, 64))
    panel.badge.show_text("1,000 pixels changed, all inside the mask", "1,000")
    assert panel.badge.label.text().endswith("inside the mask")
    panel.resize(700, 600)
    assert panel.badge.label.text().endswith("inside the mask")
    panel.candidates.show_place(0, 4)
    assert panel.badge.label.text() == "1,000"
    panel.resize(420, 600)
    assert not panel.badge.isVisible()
    panel.candidates.show_place(0, 0)
    assert panel.badge.isVisible()
    assert panel.badge.accessibleName().endswith("inside the mask")


def test_with_little_room_a_button_opens_the_outpainting_numbers(panel, qtbot) -> None:
    show(panel, qtbot, (1200, 600), (64, 64))
    panel.view.set_tool(Tool.EXTEND)
    bar, popup = panel.extend_bar, panel.extend_bar.popup
    fields = bar.fields
    assert fields.fill.isVisible()
    assert not bar.numbers.isVisible()
    panel.resize(420, 400)
    qtbot.waitUntil(lambda: not fields.fill.isVisible())
    assert bar.extend.isVisible()
    assert bar.geometry().right() <= panel.view.width()
    bar.numbers.setFocus()
    qtbot.keyClick(bar.numbers, Qt.Key.Key_Space)
    qtbot.waitUntil(popup.isVisible)
    left, top = popup.fields.sides["left"], popup.fields.sides["top"]
    qtbot.waitUntil(left.hasFocus)
    qtbot.keyClicks(left, "12")
    qtbot.keyClick(left, Qt.Key.Key_Tab)
    assert top.hasFocus()
    qtbot.keyClicks(top, "7")
    qtbot.keyClick(top, Qt.Key.Key_Return)
    assert not popup.isVisible()
    assert panel.view.outpaint_frame.extension.border == Border(left=12, top=7)
    assert bar.result.text() == "76 × 71"
    with qtbot.waitSignal(panel.view.extended):
        qtbot.keyClick(bar.extend, Qt.Key.Key_Space)
    assert panel.focusWidget() is panel.view
    panel.view.undo()
    panel.view.set_tool(Tool.EXTEND)
    panel.resize(1200, 600)
    qtbot.waitUntil(lambda: fields.fill.isVisible() and fields.sides["left"].isVisible())
    assert not bar.numbers.isVisible()
