"""From an outpainting to the request for the model."""

from __future__ import annotations

import numpy as np

from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import make
from tests.narrowing import present


def extend(application, qtbot, **sides: int) -> None:
    view = application.studio.view
    view.set_tool(Tool.EXTEND)
    for side, pixels in sides.items():
        view.outpaint_frame.set_side(side, pixels)
    with qtbot.waitSignal(view.extended):
        view.extend()


def test_outpainting_generates_the_new_area_and_keeps_the_rest(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, strength=0.5)
    old = application.studio.view.image()
    extend(application, qtbot, right=64)
    store, view = application.store, application.studio.view
    assert (store.mode, store.area) == (Mode.INPAINT, "whole")
    assert (store.width, store.height) == (192, 128)
    assert store.strength == 0.9
    make(application, qtbot)
    request = pipeline.begun[-1]
    assert (request.width, request.height, request.inpaint.area) == (192, 128, "whole")
    assert present(pipeline.images[-1]).shape == (128, 192, 3)
    assert present(pipeline.masks[-1])[:, 128:].min() == 255
    assert np.array_equal(view.image()[:, :120], old[:, :120])


def test_if_the_whole_is_too_large_only_the_new_area_is_sampled(application, qtbot) -> None:
    make(application, qtbot)
    extend(application, qtbot, left=160)  # 288 wide; the model draws 256
    assert application.store.area == "masked"
    assert application.store.problem() == ""


def test_undo_restores_the_smaller_init_image(application, qtbot) -> None:
    make(application, qtbot)
    old = application.studio.view.image()
    extend(application, qtbot, top=32)
    application.studio.view.undo()
    assert np.array_equal(application.studio.view.image(), old)
    assert application.store.height == 128
    assert application.store.mode is Mode.TEXT


def test_the_frame_snaps_to_the_models_multiples(application) -> None:
    assert application.studio.view.outpaint_frame.unit == 16
