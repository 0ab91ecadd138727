"""Images of unsupported size: the offered fixes, and their effects."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.window_actions import make
from tests.narrowing import present

LARGE = np.full((301, 500, 3), (20, 120, 200), np.uint8)


def press(qtbot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def open_large(application, qtbot) -> None:
    from ldm_studio.canvas.document.qimage import to_qimage

    application.commands.open(to_qimage(LARGE))
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)


def test_a_large_image_stays_unchanged_and_fixes_are_offered(application, qtbot, aio) -> None:
    open_large(application, qtbot)
    notice = application.window.notice
    assert np.array_equal(application.studio.view.image(), LARGE)
    assert "500 × 301" in notice.text()
    assert "at most 256" in notice.text()
    press(qtbot, notice.second_action)
    qtbot.waitUntil(
        lambda: application.studio.canvas_controller.start.shape == (160, MODEL.max_side, 3)
    )
    assert "scaled down from 500 × 301" in notice.text()


def test_tiles_allow_an_image_of_any_size(start, qtbot, aio) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    open_large(application, qtbot)
    press(qtbot, application.window.notice.action)
    qtbot.waitUntil(lambda: application.studio.canvas_controller.start.shape == (304, 512, 3))
    assert application.store.tile == MODEL.width
    make(application, qtbot)
    assert (pipeline.begun[-1].tile, pipeline.begun[-1].width) == (MODEL.width, 512)


def test_generate_explains_the_problem_and_offers_the_same_fixes(application, qtbot, aio) -> None:
    open_large(application, qtbot)
    notice = application.window.notice
    notice.dismiss()
    application.studio.generate()
    assert notice.is_error
    assert "Width can be at most 256" in notice.text()
    assert notice.action.text() == "Process in Tiles"
    assert application.bridge.waiting == ()


def test_a_size_that_is_too_large_offers_the_models_size(application, qtbot, aio) -> None:
    store, notice = application.store, application.window.notice
    qtbot.waitUntil(lambda: store.run.model is not None)
    store.width = 2 * MODEL.max_side
    application.studio.generate()
    assert notice.is_error
    assert "enlarge the image" in notice.text()
    assert application.bridge.waiting == ()
    press(qtbot, notice.action)
    assert (store.width, store.height) == (MODEL.width, MODEL.height)


def test_fixing_the_size_removes_the_notice(application, qtbot, aio) -> None:
    store, notice = application.store, application.window.notice
    qtbot.waitUntil(lambda: store.run.model is not None)
    store.width = 2 * MODEL.max_side
    application.studio.generate()
    store.width = MODEL.width
    assert notice.text() == ""
    store.width = 2 * MODEL.max_side
    application.studio.generate()
    notice.show_info("something else")
    store.width = MODEL.width
    assert notice.text() == "something else"


def test_painting_on_a_large_image_redraws_the_masked_part(start, qtbot, aio) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    open_large(application, qtbot)
    mask = np.zeros(LARGE.shape[:2], np.uint8)
    mask[100:140, 200:260] = 255
    application.studio.view.set_mask(mask)
    assert application.store.area == "masked"
    make(application, qtbot)
    request = pipeline.begun[-1]
    assert (request.width, request.height, request.inpaint.area) == (500, 301, "masked")
    assert np.array_equal(present(pipeline.masks[-1]), mask)


def test_inpainting_the_whole_of_a_large_image_offers_the_part(application, qtbot, aio) -> None:
    open_large(application, qtbot)
    application.studio.view.set_mask(np.full(LARGE.shape[:2], 255, np.uint8))
    application.store.area = "whole"
    application.studio.generate()
    notice = application.window.notice
    assert notice.is_error
    press(qtbot, notice.action)
    assert application.store.area == "masked"
    assert application.store.problem() == ""


@pytest.mark.parametrize("side", [96, 112])
def test_an_unsupported_size_for_the_part_is_refused(application, side) -> None:
    store = application.store
    store.mode, store.area, store.area_width = Mode.INPAINT, "masked", side + 1
    application.studio.generate()
    assert "Width must be" in application.window.notice.text()
