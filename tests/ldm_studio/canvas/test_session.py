"""The canvas of a whole application, across a restart."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt, QUrl

from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.canvas.tools import drag_out
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import disc, entries, make, until_idle


def test_image_mask_and_tools_are_restored(start, qtbot, aio) -> None:
    first = start(FakePipeline())
    rgb = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    first.studio.use_start(rgb)
    mask = np.zeros((64, 96), np.uint8)
    mask[10:30, 20:50] = 180
    first.window.canvas.view.set_mask(mask)
    first.window.canvas.view.adjust(size=51)
    first.store.strength = 0.4
    first.canvas_store.close()
    first.session.save()

    second = start(FakePipeline())
    view = second.window.canvas.view
    qtbot.waitUntil(lambda: view.masked)
    assert np.array_equal(view.image(), rgb)
    assert np.array_equal(view.mask(), mask)
    assert view.options.size == 51
    assert second.store.mode is Mode.INPAINT
    assert second.store.strength == 0.4
    assert not view.undo_stack.canUndo()


def test_problems_of_a_mask_file_are_shown(application, qtbot, aio, tmp_path) -> None:
    application.studio.use_start(np.zeros((64, 64, 3), np.uint8))
    (tmp_path / "broken.png").write_bytes(b"no image")
    canvas = application.window.canvas
    with qtbot.waitSignal(canvas.problem):
        canvas.use_as_mask(str(tmp_path / "broken.png"))
    assert application.window.notice.is_error


def test_undoing_an_image_makes_it_the_init_image(application, qtbot, aio) -> None:
    first, second = np.full((2, 64, 64, 3), [[[[10]]], [[[200]]]], np.uint8)
    studio, view = application.studio, application.window.canvas.view
    studio.use_start(first)
    studio.use_start(second)
    view.undo()
    assert np.array_equal(view.image(), first)
    assert np.array_equal(studio.canvas_controller.start, first)
    assert studio.canvas_controller.shown is None
    view.redo()
    assert np.array_equal(studio.canvas_controller.start, second)


def test_dragging_out_uses_the_saved_image(application, qtbot, monkeypatch) -> None:
    carried = []
    monkeypatch.setattr(drag_out, "run", lambda drag: carried.append(drag.mimeData().urls()))
    view = application.studio.view
    make(application, qtbot, seed=1, seed_locked=True)
    view.begin_drag_out()
    assert carried[0] == [QUrl.fromLocalFile(str(entries(application)[0].path))]
    view.set_mask(disc())
    make(application, qtbot, count=2, seed=50)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    first = entries(application)[1]
    view.begin_drag_out()
    assert carried[1] == [QUrl.fromLocalFile(str(first.path))]
    assert np.array_equal(from_qimage(view.visible_rgb()), first.image.rgb)


def test_painting_sets_full_strength_and_clearing_restores_it(application, qtbot) -> None:
    view, store = application.studio.view, application.store
    make(application, qtbot, seed=1, strength=0.6)
    view.set_mask(disc())
    assert store.strength == 1.0
    view.clear_mask()
    assert store.strength == 0.6
    view.set_mask(disc())
    store.strength = 0.8
    view.clear_mask()
    assert store.strength == 0.8


@pytest.mark.parametrize(("chosen", "expected"), [(0.75, 1.0), (0.6, 0.6)])
def test_painting_keeps_the_strength_if_inpaint_was_chosen_before(
    application, qtbot, chosen: float, expected: float
) -> None:
    view, store = application.studio.view, application.store
    make(application, qtbot, seed=1)
    store.mode, store.strength = Mode.IMAGE, chosen
    store.mode = Mode.INPAINT
    view.set_mask(disc())
    assert store.strength == expected
    store.strength = 0.75  # from now on it is chosen
    view.set_mask(np.roll(disc(), 9))
    assert store.strength == 0.75


def test_a_result_becomes_the_init_image_if_the_mode_was_chosen_meanwhile(
    start, qtbot, gate
) -> None:
    application = start(FakePipeline(before_step=gate))
    with qtbot.waitSignal(application.bridge.progress):
        application.studio.generate()
        gate.let(1)
    application.store.mode = Mode.IMAGE
    canvas = application.studio.canvas_controller
    assert canvas.start is None
    with until_idle(application.bridge, qtbot):
        gate.open()
    (drawn,) = entries(application)
    assert np.array_equal(application.studio.canvas_controller.start, drawn.image.rgb)
    make(application, qtbot)
    assert entries(application)[0].image.request.init
