"""Images of every origin, opened in the window."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.window_actions import make

FOREIGN = (
    "a blue whale, 3d\nNegative prompt: ugly\nSteps: 33, Sampler: DPM++ 2M Karras, CFG scale: 6.5, "
    "Seed: 77, Size: 64x96, Model: sd15, Clip skip: 2"
)


@pytest.fixture
def foreign(tmp_path):
    """An image of another program."""
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", FOREIGN)
    path = tmp_path / "foreign.png"
    Image.new("RGB", (64, 96), "blue").save(path, pnginfo=info)
    return path


def test_the_settings_of_another_program_are_offered(application, qtbot, aio, foreign) -> None:
    application.window.activateWindow()
    application.window.prompt.prompt.setFocus()
    application.commands.open(str(foreign))
    notice, store = application.window.notice, application.store
    qtbot.waitUntil(notice.isVisible)
    assert "a blue whale, 3d" in notice.text()
    make(application, qtbot)
    assert notice.isVisible(), "an offer outlives the next image"
    qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    assert (store.prompt, store.negative, store.seed) == ("a blue whale, 3d", "ugly", 77)
    assert (store.steps, store.cfg, store.width, store.height) == (33, 6.5, 64, 96)
    assert (store.sampler, store.schedule) == ("DPM++ 2M", "Karras")
    assert "Clip skip: 2" in notice.text()
    assert "Model: sd15" in notice.text()
    assert application.window.prompt.prompt.hasFocus()
    make(application, qtbot)
    assert not notice.isVisible()


def test_an_error_disappears_when_the_next_image_opens(application, qtbot, aio, tmp_path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    Image.new("RGB", (64, 64), "red").save(tmp_path / "good.png")
    notice = application.window.notice
    application.commands.open(str(tmp_path / "bad.png"))
    qtbot.waitUntil(notice.isVisible)
    application.commands.open(str(tmp_path / "good.png"))
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)
    assert not notice.isVisible()


def test_an_image_opened_before_the_model_is_fitted_later(start, qtbot, gate, aio) -> None:
    application = start(FakePipeline(before_load=gate), ready=False)
    application.bridge.warm_up()
    image = QImage(250, 150, QImage.Format.Format_RGB32)
    image.fill(0xFF336699)
    application.commands.open(image)
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)
    assert application.studio.canvas_controller.start.shape == (150, 250, 3)
    gate.open()
    qtbot.waitUntil(
        lambda: application.studio.canvas_controller.start.shape == (160, MODEL.max_side, 3)
    )
    assert (application.store.width, application.store.height) == (256, 160)
    assert "padded to" in application.window.notice.text()


def test_the_strip_marks_no_entry_while_another_image_is_shown(application, qtbot, aio) -> None:
    make(application, qtbot)
    strip = application.window.strip
    assert strip.current() is not None
    application.studio.use_start(np.zeros((64, 64, 3), np.uint8))
    assert strip.current() is None
