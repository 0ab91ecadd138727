"""The whole window with a fake pipeline: user actions and their visible results."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from core.errors import ModelError
from core.runtime.device import memory_in_use
from ldm_studio import paths
from ldm_studio.images import image_files
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.window_actions import disc, entries, make, until_idle
from tests.narrowing import present


def test_generating_shows_the_image(application, qtbot) -> None:
    window = application.window
    qtbot.keyClicks(window.prompt.prompt, "a red heart")
    with until_idle(application.bridge, qtbot):
        qtbot.mouseClick(window.run_area.button, Qt.MouseButton.LeftButton)
    (entry,) = entries(application)
    assert entry.image.request.prompt == "a red heart"
    assert np.array_equal(window.canvas.view.image(), entry.image.rgb)
    assert present(entry.path).parent == paths.output_dir()
    assert image_files.read_request(present(entry.path)) == entry.image.request


def test_previews_are_visible_during_a_run(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    application.store.steps = 10
    application.studio.generate()
    with qtbot.waitSignal(application.bridge.progress):
        gate.let(1)
    view, button = application.window.canvas.view, application.window.run_area.button
    assert view.document.preview is not None
    assert "1/10" in button.text()
    assert "Step 1/10" in application.window.status.state.text()
    if memory_in_use():  # where the system says
        assert re.fullmatch(r"\d+ MB", application.window.status.memory.text())
    with until_idle(application.bridge, qtbot):
        gate.open()
    assert view.document.preview is None
    assert button.text() == "Generate"


def test_generate_is_queued_while_the_model_loads(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_load=gate), ready=False)
    with qtbot.waitSignal(application.bridge.loading):
        application.bridge.warm_up()
    button = application.window.run_area.button
    assert "loading model" in button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "Cancel" in button.text()
    with until_idle(application.bridge, qtbot):
        gate.open()
    assert len(entries(application)) == 1


def test_the_first_start_applies_the_models_settings(application) -> None:
    store = application.store
    assert (store.sampler, store.steps, store.cfg) == (MODEL.sampler, MODEL.steps, MODEL.cfg)


def test_generate_and_cancel_have_keys(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    prompt = application.window.prompt.prompt
    application.window.activateWindow()
    prompt.setFocus()
    qtbot.keyClicks(prompt, "a dog")
    with qtbot.waitSignal(application.bridge.started):
        qtbot.keyClick(prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(application.bridge.cancelled):
        qtbot.keyClick(prompt, Qt.Key.Key_Escape)
        gate.let(1)
    assert prompt.toPlainText() == "a dog"


def test_cancel_keeps_prompt_mask_and_canvas(start, qtbot, gate) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat")
    view = application.studio.view
    view.set_mask(disc())
    before = view.image()
    pipeline.before_step = gate
    with qtbot.waitSignal(application.bridge.progress):
        application.studio.generate()
        gate.let(1)
    with qtbot.waitSignal(application.bridge.cancelled):
        application.studio.run_state.cancel()
        assert application.window.run_area.button.text() == "Cancelling…"
        gate.let(1)
    assert application.store.prompt == "a cat"
    assert np.array_equal(view.mask(), disc())
    assert np.array_equal(view.image(), before)
    assert view.document.preview is None


def test_several_presses_queue_up_and_cancel_ends_only_the_first(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    application.store.seed_locked = True
    window = application.window
    for seed in (1, 2, 3):
        application.store.seed = seed
        application.studio.generate()
    waiting = window.run_area.waiting
    qtbot.waitUntil(lambda: waiting.text() == "2 more in the queue")
    assert window.run_area.again.isVisible()
    with qtbot.waitSignal(application.bridge.cancelled):
        application.studio.run_state.cancel()
        gate.let(1)
    with until_idle(application.bridge, qtbot):
        gate.open()
    assert [entry.image.request.seed for entry in entries(application)] == [3, 2]


def test_a_batch_fills_the_strip(application, qtbot) -> None:
    make(application, qtbot, count=3, seed=10, seed_locked=True)
    assert [entry.image.request.seed for entry in entries(application)] == [12, 11, 10]


def test_seeds_are_random_unless_locked(application, qtbot) -> None:
    make(application, qtbot)
    make(application, qtbot)
    locked = application.store.seed
    make(application, qtbot, seed_locked=True)
    seeds = [entry.image.request.seed for entry in entries(application)]
    assert seeds[0] == seeds[1] == locked
    assert seeds[2] != seeds[1]


def test_the_strip_restores_the_image_and_every_setting(application, qtbot) -> None:
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
    assert (panel.field("sampler").currentText(), panel.field("schedule").currentText()) == (
        "Euler a",
        "SGM Uniform",
    )
    assert (panel.field("steps").value(), panel.field("cfg").value()) == (7, 2.5)
    assert (panel.field("seed").text(), panel.lock.isChecked()) == (str(2**63), True)
    assert (panel.size_row.width_field.value(), panel.size_row.height_field.value()) == (96, 160)
    assert panel.mode.value() == Mode.TEXT
    assert np.array_equal(application.studio.view.image(), entries(application)[1].image.rgb)


def test_equal_settings_make_equal_requests(application, qtbot) -> None:
    make(application, qtbot, prompt="a snail")
    strip = application.window.strip
    strip.clicked.emit(strip.entries.index(0))
    make(application, qtbot)
    first, second = entries(application)
    assert first.image.request == second.image.request


def test_an_unsupported_size_is_shown_at_its_field_before_running(application) -> None:
    panel = application.window.sampler
    panel.size_row.width_field.setValue(130)
    assert panel.size_row.problem.isVisible()
    assert "128 or 144" in panel.size_row.problem.text()
    application.studio.generate()
    assert application.bridge.waiting == ()
    panel.size_row.width_field.setValue(144)
    assert not panel.size_row.problem.isVisible()


def test_an_error_is_shown_and_the_next_image_removes_it(start, qtbot) -> None:
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


def test_a_full_disk_is_reported_and_the_image_stays(application, qtbot, monkeypatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with qtbot.waitSignal(application.bridge.not_saved):
        application.studio.generate()
    notice = application.window.notice
    assert notice.is_error
    assert "No space left on device" in notice.text()
    (entry,) = entries(application)
    assert entry.path is None
    assert np.array_equal(application.studio.view.image(), entry.image.rgb)
    assert application.window.actions_by_id["save_as"].isEnabled()
    monkeypatch.undo()
    with until_idle(application.bridge, qtbot):
        notice.action.click()
    assert notice.text().startswith("Saved now: ")
    (entry,) = entries(application)
    assert entry.path is not None
    assert entry.path.is_file()
    assert application.studio.canvas_controller.shown is entry


def test_a_damaged_model_is_reported_and_can_be_retried(start, qtbot) -> None:
    broken = True

    def load() -> None:
        if broken:
            raise ModelError("unet.safetensors is damaged.", "Download it again.")

    application = start(FakePipeline(before_load=load), ready=False)
    with qtbot.waitSignal(application.bridge.load_failed):
        application.bridge.warm_up()
    notice = application.window.notice
    assert "damaged" in notice.text()
    assert "Download it again." in notice.text()
    assert application.window.status.model.text() == "No model"
    broken = False
    with qtbot.waitSignal(application.bridge.ready):
        qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
