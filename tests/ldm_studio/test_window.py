"""The whole window with a fake pipeline: what a user does, and what the user then sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from core.errors import ModelError
from core.request import Request
from ldm_studio import images, paths
from ldm_studio.app import Application
from ldm_studio.store import Mode
from tests.ldm_studio.fakes import MODEL, FakePipeline, Gate

SIDE = 128


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def start(qapp, qtbot, gate) -> Iterator[Callable[[FakePipeline], Application]]:
    """Shows the window of an application over a pipeline and waits for the model."""
    running: list[Application] = []

    def start(pipeline: FakePipeline, *, ready: bool = True) -> Application:
        application = Application(qapp, pipeline)
        running.append(application)
        application.show()
        qtbot.waitExposed(application.window)
        if ready:
            with qtbot.waitSignal(application.bridge.ready, timeout=5000):
                application.bridge.warm_up()
        return application

    yield start
    gate.open()
    for application in running:
        application.bridge.close()
        assert application.bridge.join(10)
        application.commands.close()
        application.collector.close()
        application.window.allow_close()
        application.window.close()
        application.window.deleteLater()
        application.deleteLater()


@pytest.fixture
def application(start) -> Application:
    return start(FakePipeline())


def make(application: Application, qtbot, **parameters: object) -> None:
    """Generate with these parameters and wait until nothing is left to do."""
    for name, value in parameters.items():
        setattr(application.store, name, value)
    with qtbot.waitSignal(application.bridge.idle, timeout=10_000):
        application.studio.generate()


def entries(application: Application) -> list:
    model = application.window.strip.entries
    return [model.entry(row) for row in range(model.rowCount())]


def disc() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.where((x - 64) ** 2 + (y - 64) ** 2 < 400, 255, 0).astype(np.uint8)


# --- generating ----------------------------------------------------------------------------------


def test_type_press_generate_and_see_the_picture(application, qtbot) -> None:
    window = application.window
    qtbot.keyClicks(window.prompt.prompt, "a red heart")
    with qtbot.waitSignal(application.bridge.idle, timeout=10_000):
        qtbot.mouseClick(window.prompt.button, Qt.MouseButton.LeftButton)
    (entry,) = entries(application)
    assert entry.picture.request.prompt == "a red heart"
    assert np.array_equal(window.canvas.view.picture(), entry.picture.rgb)
    assert entry.path.parent == paths.output_dir()
    assert images.read_request(entry.path) == entry.picture.request


def test_previews_are_seen_while_the_picture_forms(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    application.store.steps = 10
    application.studio.generate()
    with qtbot.waitSignal(application.bridge.progressed, timeout=5000):
        gate.let(1)
    view, button = application.window.canvas.view, application.window.prompt.button
    assert view.document.preview is not None
    assert "1/10" in button.text()
    assert "step 1/10" in application.window.status.state.text()
    with qtbot.waitSignal(application.bridge.idle, timeout=5000):
        gate.open()
    assert view.document.preview is None
    assert button.text() == "Generate"


def test_generate_is_queued_while_the_model_loads(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_load=gate), ready=False)
    with qtbot.waitSignal(application.bridge.loading, timeout=5000):
        application.bridge.warm_up()
    button = application.window.prompt.button
    assert "loading model" in button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "Cancel" in button.text()
    with qtbot.waitSignal(application.bridge.idle, timeout=5000):
        gate.open()
    assert len(entries(application)) == 1


def test_the_first_start_takes_the_settings_of_the_model(application) -> None:
    store = application.store
    assert (store.sampler, store.steps, store.cfg) == (MODEL.sampler, MODEL.steps, MODEL.cfg)


def test_keyboard_generates_and_cancels(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    prompt = application.window.prompt.prompt
    application.window.activateWindow()
    prompt.setFocus()
    qtbot.keyClicks(prompt, "a dog")
    with qtbot.waitSignal(application.bridge.started, timeout=5000):
        qtbot.keyClick(prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(application.bridge.cancelled, timeout=5000):
        qtbot.keyClick(prompt, Qt.Key.Key_Escape)
        gate.let(1)
    assert prompt.toPlainText() == "a dog"


def test_cancel_keeps_prompt_and_mask_and_the_canvas(start, qtbot, gate) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat")
    view = application.studio.view
    view.set_mask(disc())
    before = view.picture()
    pipeline.before_step = gate
    with qtbot.waitSignal(application.bridge.progressed, timeout=5000):
        application.studio.generate()
        gate.let(1)
    with qtbot.waitSignal(application.bridge.cancelled, timeout=5000):
        application.studio.cancel()
        assert application.window.prompt.button.text() == "Cancelling…"
        gate.let(1)
    assert application.store.prompt == "a cat"
    assert np.array_equal(view.mask(), disc())
    assert np.array_equal(view.picture(), before)
    assert view.document.preview is None


def test_several_presses_queue_up_and_cancel_ends_only_the_first(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    application.store.seed_locked = True
    window = application.window
    for seed in (1, 2, 3):
        application.store.seed = seed
        application.studio.generate()
    assert window.prompt.waiting.text() == "2 more in the queue"
    assert window.prompt.again.isVisible()
    with qtbot.waitSignal(application.bridge.cancelled, timeout=5000):
        application.studio.cancel()
        gate.let(1)
    with qtbot.waitSignal(application.bridge.idle, timeout=5000):
        gate.open()
    assert [entry.picture.request.seed for entry in entries(application)] == [3, 2]


def test_a_batch_fills_the_strip(application, qtbot) -> None:
    make(application, qtbot, count=3, seed=10, seed_locked=True)
    assert [entry.picture.request.seed for entry in entries(application)] == [12, 11, 10]


def test_seeds_are_new_each_time_unless_locked(application, qtbot) -> None:
    make(application, qtbot)
    make(application, qtbot)
    locked = application.store.seed
    make(application, qtbot, seed_locked=True)
    seeds = [entry.picture.request.seed for entry in entries(application)]
    assert seeds[0] == seeds[1] == locked
    assert seeds[2] != seeds[1]


# --- restoring -----------------------------------------------------------------------------------


def test_the_strip_restores_picture_and_every_setting(application, qtbot) -> None:
    wanted = {
        "prompt": "a green frog",
        "negative": "blurry",
        "sampler": "Euler a",
        "schedule": "SGM Uniform",
        "steps": 7,
        "cfg": 2.5,
        "seed": 2**63,
        "seed_locked": True,
        "width": 96,
        "height": 160,
    }
    make(application, qtbot, **wanted)
    make(application, qtbot, prompt="something else", negative="", sampler="DDIM", steps=9,
         schedule="Normal", cfg=6.0, seed=1, seed_locked=False, width=128, height=128)  # fmt: skip
    window, strip = application.window, application.window.strip
    strip.clicked.emit(strip.entries.index(1))
    for name, value in wanted.items():
        assert getattr(application.store, name) == value
    panel = window.sampler
    assert window.prompt.prompt.toPlainText() == "a green frog"
    assert window.prompt.negative.toPlainText() == "blurry"
    assert (panel.sampler.currentText(), panel.schedule.currentText()) == ("Euler a", "SGM Uniform")
    assert (panel.steps.value(), panel.cfg.value()) == (7, 2.5)
    assert (panel.seed.text(), panel.lock.isChecked()) == (str(2**63), True)
    assert (panel.width_field.value(), panel.height_field.value()) == (96, 160)
    assert panel.mode.value() == Mode.TEXT
    assert np.array_equal(application.studio.view.picture(), entries(application)[1].picture.rgb)


def test_the_same_settings_again_give_the_same_request(application, qtbot) -> None:
    make(application, qtbot, prompt="a snail")
    strip = application.window.strip
    strip.clicked.emit(strip.entries.index(0))
    make(application, qtbot)
    first, second = entries(application)
    assert first.picture.request == second.picture.request


# --- starting from pictures ----------------------------------------------------------------------


def test_painting_a_mask_switches_to_inpainting_and_reaches_the_model(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot)
    view, store, panel = application.studio.view, application.store, application.window.sampler
    assert not panel.strength.isEnabled()
    before = view.picture()
    view.set_mask(disc())
    assert store.mode is Mode.INPAINT
    assert panel.mode.button(Mode.INPAINT).isChecked()
    assert panel.strength.isEnabled()
    make(application, qtbot)
    assert pipeline.begun[-1].mask
    assert pipeline.begun[-1].init
    assert np.array_equal(pipeline.masks[-1], disc())
    assert np.array_equal(pipeline.images[-1], before)
    kept = disc() == 0
    assert np.array_equal(view.picture()[kept], before[kept])
    assert np.array_equal(view.mask(), disc())


def test_painting_with_the_mouse_counts_as_a_mask(application, qtbot) -> None:
    make(application, qtbot)
    view = application.studio.view
    middle = view.rect().center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(view, pos=middle)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
    assert application.store.mode is Mode.INPAINT
    assert application.studio.start is not None
    view.undo()
    assert application.store.mode is Mode.TEXT


def test_another_press_varies_the_same_start_and_painting_moves_it(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot)
    view = application.studio.view
    original = view.picture()
    view.set_mask(disc())
    make(application, qtbot)
    make(application, qtbot)
    assert np.array_equal(pipeline.images[-1], original)
    result = view.picture()
    view.set_mask(np.roll(disc(), 20, 0))
    make(application, qtbot)
    assert np.array_equal(pipeline.images[-1], result)


def test_a_result_of_inpainting_restores_its_start_and_mask(start, qtbot) -> None:
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
    assert np.array_equal(pipeline.images[-1], first_image)
    assert np.array_equal(pipeline.masks[-1], first_mask)


def test_a_picture_of_the_strip_becomes_the_start(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, width=96, height=64)
    application.store.width = application.store.height = 128
    (entry,) = entries(application)
    menu = application.window.strip.menu_for(entry)
    next(a for a in menu.actions() if a.text() == "Use as Start Picture").trigger()
    menu.close()
    store = application.store
    assert (store.mode, store.width, store.height) == (Mode.IMAGE, 96, 64)
    make(application, qtbot)
    assert np.array_equal(pipeline.images[-1], entry.picture.rgb)


def test_a_dropped_picture_is_fitted_and_the_change_is_said(application, qtbot, aio) -> None:
    image = QImage(500, 301, QImage.Format.Format_RGB32)
    image.fill(0xFF336699)
    view, notice = application.studio.view, application.window.notice
    view.picture_dropped.emit(image)
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)
    assert view.picture().shape == (160, 256, 3)
    assert (view.picture() == (0x33, 0x66, 0x99)).all()
    assert "256 × 160" in notice.text()
    assert notice.isVisible()
    assert not notice.is_error


def test_one_of_our_own_pictures_offers_its_settings(application, qtbot, aio) -> None:
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


def test_a_file_that_is_no_picture_is_refused_in_words(application, qtbot, aio, tmp_path) -> None:
    path = tmp_path / "fake.png"
    path.write_bytes(b"not a picture")
    application.commands.open(str(path))
    notice = application.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert notice.is_error
    assert application.store.mode is Mode.TEXT


def test_copy_and_paste(application, qtbot, aio) -> None:
    make(application, qtbot)
    application.window.actions_by_id["copy_picture"].trigger()
    copied = application.studio.view.picture()
    application.window.actions_by_id["paste_picture"].trigger()
    qtbot.waitUntil(lambda: application.store.mode is Mode.IMAGE)
    assert np.array_equal(application.studio.view.picture(), copied)


def test_a_picture_pasted_into_the_prompt_goes_to_the_canvas(application, qtbot, aio) -> None:
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
        assert images.read_request(path).prompt == "a pear"
    assert QImage(str(tmp_path / "sticker.png")).pixelColor(0, 0).alpha() == 0
    assert QImage(str(tmp_path / "plain.png")).pixelColor(0, 0).alpha() == 255


def test_image_to_image_without_a_picture_says_what_is_missing(application) -> None:
    application.store.mode = Mode.IMAGE
    application.studio.generate()
    assert "no picture to start from" in application.window.notice.text()
    assert application.bridge.waiting == ()


# --- errors --------------------------------------------------------------------------------------


def test_a_bad_size_is_shown_at_its_field_before_anything_runs(application) -> None:
    panel = application.window.sampler
    panel.width_field.setValue(130)
    assert panel.problem.isVisible()
    assert "128 or 144" in panel.problem.text()
    application.studio.generate()
    assert application.bridge.waiting == ()
    panel.width_field.setValue(144)
    assert not panel.problem.isVisible()


def test_an_error_is_shown_in_words_and_the_next_picture_takes_it_away(start, qtbot) -> None:
    pipeline = FakePipeline(begin_error=MemoryError())
    application = start(pipeline)
    notice = application.window.notice
    make(application, qtbot)
    assert notice.is_error
    assert "not enough memory" in notice.text()
    assert "smaller size" in notice.text()
    make(application, qtbot)
    assert not notice.isVisible()
    assert len(entries(application)) == 1


def test_a_bug_offers_its_report(start, qtbot) -> None:
    application = start(FakePipeline(begin_error=ZeroDivisionError("oops")))
    make(application, qtbot)
    notice = application.window.notice
    assert notice.action.isVisible()
    qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    assert "ZeroDivisionError: oops" in copied
    assert "Python" in copied


def test_a_full_disk_is_told_and_the_picture_stays(application, qtbot, monkeypatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    make(application, qtbot)
    notice = application.window.notice
    assert notice.is_error
    assert "No space left on device" in notice.text()
    (entry,) = entries(application)
    assert entry.path is None
    assert np.array_equal(application.studio.view.picture(), entry.picture.rgb)
    assert application.window.actions_by_id["save_as"].isEnabled()


def test_a_damaged_model_is_told_and_can_be_tried_again(start, qtbot) -> None:
    broken = True

    def load() -> None:
        if broken:
            raise ModelError("unet.safetensors is damaged.", "Download it again.")

    application = start(FakePipeline(before_load=load), ready=False)
    with qtbot.waitSignal(application.bridge.load_failed, timeout=5000):
        application.bridge.warm_up()
    notice = application.window.notice
    assert "damaged" in notice.text()
    assert "Download it again." in notice.text()
    assert application.window.status.model.text() == "No model"
    broken = False
    with qtbot.waitSignal(application.bridge.ready, timeout=5000):
        qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)


# --- controls ------------------------------------------------------------------------------------


def test_every_control_has_a_name_and_a_tooltip(application) -> None:
    from PySide6.QtWidgets import (
        QAbstractButton,
        QAbstractSpinBox,
        QComboBox,
        QLineEdit,
        QPlainTextEdit,
        QSlider,
    )

    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider)
    for panel in (application.window.prompt, application.window.sampler):
        for control in (c for kind in kinds for c in panel.findChildren(kind)):
            if control.objectName().startswith("qt_"):
                continue
            name = control.accessibleName() or getattr(control, "text", lambda: "")()
            assert name, control
            assert control.toolTip(), control


def test_double_click_on_a_name_resets_the_control(application, qtbot) -> None:
    from ldm_studio.panels.fields import Caption

    application.store.steps = 99
    captions = application.window.sampler.findChildren(Caption)
    (steps,) = [caption for caption in captions if caption.text() == "Steps"]
    qtbot.mouseDClick(steps, Qt.MouseButton.LeftButton)
    assert application.store.steps == MODEL.steps


def test_example_prompts_fill_the_empty_prompt(application, qtbot) -> None:
    from PySide6.QtWidgets import QPushButton

    panel = application.window.prompt
    assert panel.examples.isVisible()
    chip = panel.examples.findChildren(QPushButton)[0]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert application.store.prompt == chip.text()
    assert not panel.examples.isVisible()


def test_dice_lock_and_typing_a_seed(application, qtbot) -> None:
    panel, store = application.window.sampler, application.store
    qtbot.mouseClick(panel.dice, Qt.MouseButton.LeftButton)
    assert store.seed_locked
    panel.lock.click()
    assert not store.seed_locked
    panel.seed.selectAll()
    qtbot.keyClicks(panel.seed, "12x34")
    assert store.seed == 1234
    assert store.seed_locked


def test_swap_and_presets(application, qtbot) -> None:
    panel, store = application.window.sampler, application.store
    panel.preset.setCurrentText("Portrait")
    panel.preset.activated.emit(panel.preset.currentIndex())
    assert (store.width, store.height) == (96, 128)
    qtbot.mouseClick(panel.swap, Qt.MouseButton.LeftButton)
    assert (store.width, store.height) == (128, 96)
    assert panel.preset.currentText() == "Landscape"


def test_nothing_in_the_left_column_is_cut_off(application) -> None:
    window = application.window
    window.resize(1280, 800)
    room = window.prompt.parentWidget().parentWidget().width()
    for panel in (window.prompt, window.sampler):
        assert panel.minimumSizeHint().width() <= panel.width()
        assert panel.geometry().right() < room


def test_settings_are_kept_for_the_next_start(start, qtbot) -> None:
    first = start(FakePipeline())
    first.store.prompt, first.store.steps = "a kite", 17
    first.window.resize(1100, 700)
    first.session.save()
    second = start(FakePipeline())
    assert (second.store.prompt, second.store.steps) == ("a kite", 17)
    assert second.window.prompt.prompt.toPlainText() == "a kite"


def test_help_opens_without_stopping_anything(application, qtbot) -> None:
    from PySide6.QtWidgets import QDialog

    for name in ("shortcuts", "about"):
        application.window.actions_by_id[name].trigger()
        (dialog,) = application.window.findChildren(QDialog)
        assert dialog.isVisible()
        dialog.close()
        dialog.deleteLater()
        qtbot.waitUntil(lambda: not application.window.findChildren(QDialog))


def test_requests_of_the_window_are_valid(application) -> None:
    assert Request.from_json(application.store.snapshot().to_json())
