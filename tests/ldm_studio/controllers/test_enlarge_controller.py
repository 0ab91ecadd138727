"""Upscaling: the dialog, its requests and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox

from ldm_studio.draw.sampling.enlarge_dialog import EnlargeDialog
from ldm_studio.store.model_limits import enlarged_size, enlarging_problem
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.window_actions import entries, make, until_idle
from tests.narrowing import present


def open_dialog(application, qtbot) -> EnlargeDialog:
    application.window.actions_by_id["enlarge"].trigger()
    (dialog,) = application.window.findChildren(EnlargeDialog)
    with qtbot.waitExposed(dialog):
        pass
    return dialog


def test_upscaling_runs_in_tiles_from_the_canvas_image(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    assert not application.window.actions_by_id["enlarge"].isEnabled()
    make(application, qtbot, prompt="a moth")
    before = application.store.saved()
    dialog = open_dialog(application, qtbot)
    qtbot.mouseClick(dialog.factor.button(3), Qt.MouseButton.LeftButton)
    dialog.strength.set_value(0.25)
    with until_idle(application.bridge, qtbot):
        qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    request = pipeline.begun[-1]
    assert (request.width, request.height, request.tile) == (384, 384, 128)
    assert (request.prompt, request.strength, request.mask) == ("a moth", 0.25, "")
    assert present(pipeline.images[-1]).shape == (384, 384, 3)
    assert application.studio.view.image().shape == (384, 384, 3)
    assert present(entries(application)[0].inputs.image).shape == (384, 384, 3)
    assert application.store.saved() == before
    assert application.store.mode is Mode.TEXT


def test_the_buttons_have_our_texts_and_no_icons_of_the_platform(application, qtbot) -> None:
    make(application, qtbot)
    dialog = open_dialog(application, qtbot)
    assert [button.text() for button in dialog.buttons.buttons()] == ["Enlarge", "Cancel"]
    assert dialog.buttons.standardButtons() == QDialogButtonBox.StandardButton.NoButton
    dialog.close()


def test_upscaling_can_be_cancelled(start, qtbot, gate) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot)
    pipeline.before_step = gate
    dialog = open_dialog(application, qtbot)
    with qtbot.waitSignal(application.bridge.started):
        qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(application.bridge.cancelled):
        application.studio.run_state.cancel()
        gate.open()
    assert application.studio.view.image().shape == (128, 128, 3)


def test_the_dialog_explains_result_and_model(application, qtbot) -> None:
    make(application, qtbot)
    dialog = open_dialog(application, qtbot)
    assert "From 128 × 128 to 256 × 256" in dialog.words.text()
    assert f"{MODEL.name} was made for images of 128 × 128" in dialog.words.text()
    dialog.reject()


def test_an_output_that_is_too_large_is_refused_with_a_message(qtbot, application) -> None:
    dialog = EnlargeDialog((4096, 4096), MODEL, application.window)
    qtbot.addWidget(dialog)
    assert dialog.go.isEnabled()
    dialog.factor.set_value(3)
    assert not dialog.go.isEnabled()
    assert "12288 × 12288 is more than" in dialog.problem.text()


@pytest.mark.parametrize(
    ("size", "factor", "expected"),
    [((128, 128), 2, (256, 256)), ((100, 50), 3, (304, 144)), ((4, 4), 2, (16, 16))],
)
def test_output_sizes_are_multiples_for_the_model(size, factor, expected) -> None:
    assert enlarged_size(size, factor, MODEL) == expected


def test_a_side_that_is_too_long_is_refused() -> None:
    assert enlarging_problem((16384, 16)) == ""
    assert enlarging_problem((16400, 16)) != ""


def test_candidates_enable_their_commands(application, qtbot) -> None:
    actions = application.window.actions_by_id
    make(application, qtbot)
    assert not actions["keep_candidate"].isEnabled()
    mask = np.zeros((128, 128), np.uint8)
    mask[50:70, 50:70] = 255
    application.studio.view.set_mask(mask)
    make(application, qtbot, count=2)
    actions["next_candidate"].trigger()
    assert application.studio.canvas_controller.shown is entries(application)[1]
    actions["keep_candidate"].trigger()
    assert not actions["keep_candidate"].isEnabled()
