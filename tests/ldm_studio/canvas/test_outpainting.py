"""Outpainting: by edges, by numbers, and undone."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.images.outpainting import Border, extended
from ldm_studio.canvas.bars.outpaint_bar import OutpaintBar
from ldm_studio.canvas.tools.tools import Tool
from tests.ldm_studio.canvas.canvas_actions import drag

WIDTH, HEIGHT = 200, 100


@pytest.fixture
def extending(view):
    """The view of these tests, 200 x 100 pixels, with the tool selected and room around it."""
    view.outpaint_frame.unit = 16
    view.fit()
    view.set_tool(Tool.EXTEND)
    return view


def border(view) -> Border:
    return view.outpaint_frame.extension.border


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((200, 50), (236, 50), Border(right=40)),  # 240 is a multiple of 16
        ((0, 50), (-20, 90), Border(left=24)),
        ((100, 0), (100, -30), Border(top=28)),  # 128
        ((100, 100), (400, 125), Border(bottom=28)),
        ((200, 100), (236, 125), Border(right=40, bottom=28)),
        ((0, 0), (-20, -30), Border(left=24, top=28)),
        ((200, 50), (120, 50), Border()),  # never into the image
        ((100, 50), (180, 50), Border()),  # nothing is grabbed in the middle
    ],
)
def test_edges_and_corners_snap_to_multiples(extending, qtbot, start, end, expected) -> None:
    drag(qtbot, extending, start, end)
    assert border(extending) == expected


def test_an_edge_can_be_dragged_back(extending, qtbot) -> None:
    drag(qtbot, extending, (200, 50), (240, 50))
    drag(qtbot, extending, (240, 50), (202, 50))
    assert border(extending) == Border()


def test_the_view_zooms_out_to_make_room_and_back(view) -> None:
    view.fit()
    zoom = view.zoom
    view.set_tool(Tool.EXTEND)
    assert view.zoom < zoom
    view.set_tool(Tool.BRUSH)
    assert view.fitting
    view.zoom_to(3.0)
    view.set_tool(Tool.EXTEND)
    assert view.zoom == 3.0  # the user zooms in


def test_escape_cancels_and_enter_extends(extending, qtbot, rgb) -> None:
    drag(qtbot, extending, (200, 50), (240, 50))
    qtbot.keyClick(extending, Qt.Key.Key_Escape)
    assert border(extending) == Border()
    drag(qtbot, extending, (200, 50), (240, 50))
    with qtbot.waitSignal(extending.extended):
        qtbot.keyClick(extending, Qt.Key.Key_Return)
    image, mask = extended(rgb, Border(right=40), "edge", overlap=8)
    assert np.array_equal(extending.image(), image)
    assert np.array_equal(extending.mask(), mask)
    assert border(extending) == Border()


def test_extending_is_one_undo_step(extending, qtbot, rgb) -> None:
    before = np.zeros((HEIGHT, WIDTH), np.uint8)
    before[10:20, 10:20] = 255
    extending.set_mask(before)
    steps = extending.undo_stack.count()
    extending.outpaint_frame.set_side("left", 56)
    with qtbot.waitSignal(extending.extended):
        extending.extend()
    after = extending.mask()
    assert extending.undo_stack.count() == steps + 1
    extending.undo()
    assert np.array_equal(extending.image(), rgb)
    assert np.array_equal(extending.mask(), before)
    extending.redo()
    assert extending.image().shape == (HEIGHT, WIDTH + 56, 3)
    assert np.array_equal(extending.mask(), after)


@pytest.fixture
def bar(extending, qtbot) -> OutpaintBar:
    made = OutpaintBar(extending)
    qtbot.addWidget(made)
    return made


def test_numbers_and_frame_agree(extending, bar, qtbot) -> None:
    assert bar.isVisible()
    assert not bar.extend.isEnabled()
    drag(qtbot, extending, (200, 50), (240, 50))
    assert bar.fields.sides["right"].value() == 40
    assert bar.result.text() == "240 × 100"
    bar.fields.sides["top"].setValue(9)
    assert border(extending) == Border(top=9, right=40)  # a typed number is not changed
    bar.fields.fill.setCurrentIndex(bar.fields.fill.findData("noise"))
    bar.fields.overlap.setValue(3)
    with qtbot.waitSignal(extending.extended):
        qtbot.mouseClick(bar.extend, Qt.MouseButton.LeftButton)
    assert extending.image().shape == (109, 240, 3)
    assert (extending.mask() > 0)[12:].sum() == 97 * (40 + 3)
    assert not bar.isVisible()


def test_the_frame_is_visible_only_with_the_tool(extending, bar) -> None:
    extending.set_tool(Tool.PAN)
    assert not bar.isVisible()
    extending.set_tool(Tool.EXTEND)
    assert bar.isVisible()
    assert all(box.accessibleName() for box in bar.fields.sides.values())
