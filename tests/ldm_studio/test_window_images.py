"""Init images: masks, files, the clipboard, the strip."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog

from ldm_studio.images import image_files
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import disc, entries, make
from tests.narrowing import present


def test_painting_a_mask_switches_to_inpainting(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot)
    view, store, panel = application.studio.view, application.store, application.window.sampler
    assert not panel.field("strength").isEnabled()
    before = view.image()
    view.set_mask(disc())
    assert store.mode is Mode.INPAINT
    assert panel.mode.button(Mode.INPAINT).isChecked()
    assert panel.field("strength").isEnabled()
    make(application, qtbot)
    assert pipeline.begun[-1].mask
    assert pipeline.begun[-1].init
    assert np.array_equal(present(pipeline.masks[-1]), disc())
    assert np.array_equal(present(pipeline.images[-1]), before)
    kept = disc() == 0
    assert np.array_equal(view.image()[kept], before[kept])
    assert np.array_equal(view.mask(), disc())


def test_painting_with_the_mouse_makes_a_mask(application, qtbot) -> None:
    make(application, qtbot)
    view = application.studio.view
    middle = view.rect().center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(view, pos=middle)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
    assert application.store.mode is Mode.INPAINT
    assert application.studio.canvas_controller.start is not None
    view.undo()
    assert application.store.mode is Mode.TEXT


def test_another_press_varies_the_same_init_image_and_painting_moves_it(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot)
    view = application.studio.view
    original = view.image()
    view.set_mask(disc())
    make(application, qtbot)
    make(application, qtbot)
    assert np.array_equal(present(pipeline.images[-1]), original)
    result = view.image()
    view.set_mask(np.roll(disc(), 20, 0))
    make(application, qtbot)
    assert np.array_equal(present(pipeline.images[-1]), result)


def test_an_inpainting_result_restores_its_init_image_and_mask(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot)
    application.studio.view.set_mask(disc())
    make(application, qtbot, strength=0.5)
    first_image, first_mask = pipeline.images[-1], pipeline.masks[-1]
    application.studio.view.clear_mask()
    make(application, qtbot, strength=0.9)
    assert pipeline.begun[-1].mask == ""
    strip = application.window.strip
    strip.clicked.emit(strip.entries.index(1))
    assert application.store.mode is Mode.INPAINT
    assert application.store.strength == 0.5
    make(application, qtbot)
    assert np.array_equal(present(pipeline.images[-1]), present(first_image))
    assert np.array_equal(present(pipeline.masks[-1]), present(first_mask))


def test_an_image_of_the_strip_becomes_the_init_image(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, width=96, height=64)
    application.store.width = application.store.height = 128
    (entry,) = entries(application)
    menu = application.window.strip.menu_for(entry)
    next(a for a in menu.actions() if a.text() == "Use as Initial Image").trigger()
    menu.close()
    store = application.store
    assert (store.mode, store.width, store.height) == (Mode.IMAGE, 96, 64)
    make(application, qtbot)
    assert np.array_equal(present(pipeline.images[-1]), entry.image.rgb)


def test_a_dropped_image_is_fitted_with_a_notice(application, qtbot, aio) -> None:
    image = QImage(250, 150, QImage.Format.Format_RGB32)
    image.fill(0xFF336699)
    view, notice = application.studio.view, application.window.notice
    view.image_dropped.emit(image)
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)
    assert view.image().shape == (160, 256, 3)
    assert (view.image() == (0x33, 0x66, 0x99)).all()
    assert "256 × 160" in notice.text()
    assert notice.isVisible()
    assert not notice.is_error


def test_an_image_of_this_program_offers_its_settings(application, qtbot, aio) -> None:
    make(application, qtbot, prompt="a walrus", steps=5)
    path = entries(application)[0].path
    application.store.prompt = "other"
    application.commands.open(str(path))
    notice = application.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert "a walrus" in notice.text()
    qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    assert application.store.prompt == "a walrus"
    assert not notice.isVisible()


def test_a_file_that_is_not_an_image_is_refused_with_a_message(
    application, qtbot, aio, tmp_path
) -> None:
    path = tmp_path / "fake.png"
    path.write_bytes(b"not an image")
    application.commands.open(str(path))
    notice = application.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert notice.is_error
    assert application.store.mode is Mode.TEXT


def test_copying_and_pasting_an_image(application, qtbot, aio) -> None:
    make(application, qtbot)
    application.window.actions_by_id["copy_picture"].trigger()
    copied = application.studio.view.image()
    application.window.actions_by_id["paste_picture"].trigger()
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)
    assert np.array_equal(application.studio.view.image(), copied)


def test_an_image_pasted_into_the_prompt_goes_to_the_canvas(application, qtbot, aio) -> None:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(0xFF112233)
    QApplication.clipboard().setImage(image)
    prompt = application.window.prompt.prompt
    prompt.setFocus()
    qtbot.keyClick(prompt, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)
    assert prompt.toPlainText() == ""
    QApplication.clipboard().setText("a goat")
    qtbot.keyClick(prompt, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert application.store.prompt == "a goat"


def test_saving_under_another_name_keeps_the_settings(application, qtbot, aio, tmp_path) -> None:
    make(application, qtbot, prompt="a pear")
    (entry,) = entries(application)
    for transparent, name in ((False, "plain.png"), (True, "sticker.png")):
        path = tmp_path / name
        application.commands._spawn(application.commands._write(entry, path, transparent))
        qtbot.waitUntil(path.exists)
        assert present(image_files.read_request(path)).prompt == "a pear"
    assert QImage(str(tmp_path / "sticker.png")).pixelColor(0, 0).alpha() == 0
    assert QImage(str(tmp_path / "plain.png")).pixelColor(0, 0).alpha() == 255


def test_image_to_image_without_an_image_is_explained(application) -> None:
    application.store.mode = Mode.IMAGE
    application.studio.generate()
    assert "no image to start from" in application.window.notice.text()
    assert application.bridge.waiting == ()


def test_a_transparent_image_is_copied_without_its_white_background(application, qtbot) -> None:
    make(application, qtbot)
    (entry,) = entries(application)
    application.window.actions_by_id["copy_picture"].trigger()
    copied = QApplication.clipboard().image()
    assert copied.pixelColor(0, 0).alpha() == 0
    middle = copied.pixelColor(64, 64)
    rgb = (middle.red(), middle.green(), middle.blue())
    assert (*rgb, middle.alpha()) == (*entry.image.rgb[64, 64], 255)


def test_a_copied_image_outlives_the_program() -> None:
    script = (
        "import numpy; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
        "from ldm_studio.controllers.command_controller import _to_clipboard;"
        "_to_clipboard(numpy.zeros((8, 8, 3), numpy.uint8))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_image_of_the_strip_is_dragged_out_as_its_file(application, qtbot) -> None:
    make(application, qtbot)
    (entry,) = entries(application)
    strip = application.window.strip
    index = strip.entries.index(0)
    assert strip.dragEnabled()
    assert strip.entries.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    data = strip.entries.mimeData([index])
    assert [url.toLocalFile() for url in data.urls()] == [str(entry.path)]
    assert data.imageData().size().width() == 128


@pytest.mark.parametrize("name", ["fox.webp", "fox.jpg"])
def test_other_formats_are_saved_with_their_settings(
    application, qtbot, aio, tmp_path, name
) -> None:
    make(application, qtbot, prompt="a fox")
    (entry,) = entries(application)
    path = tmp_path / name
    application.commands._spawn(application.commands._write(entry, path, False))
    qtbot.waitUntil(path.exists)
    application.store.prompt = "other"
    application.commands.open(str(path))
    notice = application.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert "a fox" in notice.text()
    qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    assert application.store.prompt == "a fox"


def test_the_save_dialog_offers_the_formats(application, qtbot) -> None:
    make(application, qtbot)
    application.window.actions_by_id["save_as"].trigger()
    (dialog,) = application.window.findChildren(QFileDialog)
    suffixes = []
    for chosen in dialog.nameFilters():
        dialog.selectNameFilter(chosen)
        dialog.filterSelected.emit(chosen)
        suffixes.append(dialog.defaultSuffix())
    assert suffixes == ["png", "webp", "jpg"]
    dialog.reject()


def test_of_an_animation_the_first_frame_is_used_with_a_notice(
    application, qtbot, aio, tmp_path
) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    path = tmp_path / "x.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    application.commands.open(str(path))
    notice = application.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert "The first of its 3 images is used." in notice.text()
    assert tuple(application.studio.view.image()[5, 5]) == (255, 0, 0)


def test_settings_of_another_program_in_a_jpeg_are_offered(
    application, qtbot, aio, tmp_path
) -> None:
    text = "a heron\nSteps: 31, Sampler: Euler a, CFG scale: 6, Seed: 5, Clip skip: 2"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    path = tmp_path / "heron.jpg"
    Image.new("RGB", (64, 64)).save(path, exif=exif.tobytes())
    application.commands.open(str(path))
    notice = application.window.notice
    qtbot.waitUntil(notice.isVisible)
    qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    store = application.store
    assert (store.prompt, store.steps, store.sampler, store.seed) == ("a heron", 31, "Euler a", 5)
