"""Jobs in the window: steered, paused, queued, live."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from core.errors import RequestError
from core.request.request import Change, Request
from ldm_studio import paths
from ldm_studio.controllers import live_controller
from ldm_studio.controllers.queue_controller import interrupted_text
from ldm_studio.draw.run.step_timeline import Mark
from ldm_studio.engine.events import QueueChanged, QueueItem, SteerRefused
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import disc, entries, make, until_idle
from tests.narrowing import present
from tests.waiting import HANG_SECONDS


def begin(application, qtbot, gate, **parameters: object) -> None:
    """Generates, and waits until the first step is done and the second waits."""
    for name, value in parameters.items():
        setattr(application.store, name, value)
    with qtbot.waitSignal(application.bridge.progress):
        application.studio.generate()
        gate.let(1)
    gate.wait_at(2)


# --- steering ---


def test_apply_is_offered_while_the_panels_differ_from_the_running_image(
    start, qtbot, gate
) -> None:
    application = start(FakePipeline(before_step=gate))
    area, store = application.window.run_area, application.store
    begin(application, qtbot, gate, prompt="a cat", steps=10)
    assert not area.apply.isVisible()
    store.steps = 30
    assert not area.apply.isVisible(), "steps cannot change while it runs"
    store.prompt = "a dog"
    assert area.apply.isVisible()
    assert "Prompt “a dog”" in area.apply.toolTip()
    store.prompt = "a cat"
    assert not area.apply.isVisible()


def test_an_applied_change_is_in_the_recipe_and_on_the_timeline(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    window, store = application.window, application.store
    begin(application, qtbot, gate, prompt="a cat", steps=10)
    store.prompt, store.cfg = "a dog", 9.0
    with qtbot.waitSignal(application.bridge.steered) as steered:
        window.run_area.apply.click()
        assert not window.run_area.apply.isEnabled()
        gate.let(1)
    step = steered.args[0].change.step
    assert f"Applied after step {step}" in window.status.currentMessage()
    assert not window.run_area.apply.isVisible()
    words = f"Changed after step {step}: Prompt “a dog”, CFG scale 9"
    assert window.timeline.ticks.marks == (Mark(step, words),)
    with until_idle(application.bridge, qtbot):
        gate.open()
    (entry,) = entries(application)
    assert entry.image.request.changes == (Change(step, prompt="a dog", cfg=9.0),)
    assert window.timeline.ticks.marks == (Mark(step, words),)


def test_apply_has_a_key(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    prompt = application.window.prompt.prompt
    begin(application, qtbot, gate, prompt="a cat", steps=10)
    with qtbot.waitActive(application.window):
        application.window.activateWindow()
    prompt.setFocus()
    qtbot.keyClicks(prompt, " 3d ")
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(application.bridge.steered):
        qtbot.keyClick(prompt, Qt.Key.Key_Return, both)
        gate.let(1)


def test_a_refused_change_is_reported_and_the_offer_stays(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    begin(application, qtbot, gate, prompt="a cat", steps=10)
    application.store.prompt = "a dog"
    application.studio.steering_controller.apply()
    (job_id,) = application.bridge.waiting
    error = RequestError("changes", "It comes too late.")
    application.bridge.steer_refused.emit(SteerRefused(job_id, error))
    assert "too late" in application.window.notice.text()
    assert application.window.run_area.apply.isEnabled()


def test_an_update_is_only_offered_during_a_run(application, qtbot) -> None:
    make(application, qtbot, prompt="a cat")
    application.store.prompt = "a dog"
    assert not application.window.run_area.apply.isVisible()
    assert not application.window.actions_by_id["apply"].isEnabled()


# --- pausing ---


def test_pause_and_resume_a_running_image(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    area = application.window.run_area
    begin(application, qtbot, gate, prompt="a cat", steps=10)
    with qtbot.waitSignal(application.bridge.paused):
        area.pause.click()
        gate.let(1)
    qtbot.waitUntil(lambda: "Resume" in area.button.text())
    assert "Paused" in application.window.status.state.text()
    assert not area.pause.isVisible()
    assert entries(application) == []
    with until_idle(application.bridge, qtbot):
        area.button.click()
        gate.open()
    assert len(entries(application)) == 1
    assert area.button.text() == "Generate"


def test_a_paused_image_can_be_cancelled(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    area = application.window.run_area
    begin(application, qtbot, gate, steps=10)
    with qtbot.waitSignal(application.bridge.paused):
        application.window.actions_by_id["pause"].trigger()
        gate.let(1)
    qtbot.waitUntil(area.cancel.isVisible)
    with qtbot.waitSignal(application.bridge.cancelled):
        area.cancel.click()
    qtbot.waitUntil(lambda: area.button.text() == "Generate")
    gate.open()
    make(application, qtbot)
    assert len(entries(application)) == 1, "the next press draws at once"


def test_a_steered_image_keeps_its_changes_after_a_pause(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    window = application.window
    begin(application, qtbot, gate, prompt="a cat", steps=10)
    application.store.prompt = "a dog"
    with qtbot.waitSignal(application.bridge.steered):
        application.studio.steering_controller.apply()
        gate.let(1)
    with qtbot.waitSignal(application.bridge.paused):
        application.studio.queue_controller.toggle_pause()
        gate.let(1)
    qtbot.waitUntil(lambda: application.store.run.paused)
    with qtbot.waitSignal(application.bridge.progress):
        application.studio.queue_controller.toggle_pause()
        gate.let(1)
    assert len(window.timeline.ticks.marks) == 1
    assert not window.run_area.apply.isVisible()


# --- the queue ---


def three(application, qtbot) -> None:
    for prompt in ("one", "two", "three"):
        application.store.prompt = prompt
        application.studio.generate()
    model = application.window.run_area.queue.model
    qtbot.waitUntil(lambda: len(model.items) == 3 and model.items[0].state == "running")


def prompts(application) -> list[str]:
    return [item.request.prompt for item in application.window.run_area.queue.model.items]


def test_the_queue_is_hidden_until_a_job_is_queued(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    area, actions = application.window.run_area, application.window.actions_by_id
    assert not area.waiting.isVisible()
    assert not actions["show_queue"].isEnabled()
    three(application, qtbot)
    assert area.waiting.isVisible()
    assert not area.queue.isVisible()
    actions["show_queue"].trigger()
    assert area.queue.isVisible()
    with until_idle(application.bridge, qtbot):
        gate.open()
    qtbot.waitUntil(lambda: not area.queue.isVisible())
    assert not area.waiting.isVisible()


def test_queued_jobs_are_reordered_and_removed(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    area = application.window.run_area
    three(application, qtbot)
    area.waiting.click()
    area.queue.choose(2)
    qtbot.keyClick(area.queue.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: prompts(application) == ["one", "three", "two"])
    assert area.queue.current().request.prompt == "three", "it stays chosen"
    qtbot.keyClick(area.queue.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: prompts(application) == ["one", "two"])
    with until_idle(application.bridge, qtbot):
        gate.open()
    made = [entry.image.request.prompt for entry in entries(application)]
    assert made == ["two", "one"]


LEFT = QueueItem(900, Request(prompt="a fox"), "interrupted", step=5, steps=20)
WAITS = QueueItem(901, Request(), "waiting")


def test_interrupted_jobs_are_summarised(qapp) -> None:
    assert interrupted_text([LEFT]) == "An image (“a fox”) was interrupted at step 5 of 20."
    assert interrupted_text([LEFT, LEFT]) == "2 images were interrupted."
    assert interrupted_text([WAITS]) == "1 image in the queue."
    both = "An image (“a fox”) was interrupted at step 5 of 20. 2 more in the queue."
    assert interrupted_text([LEFT, WAITS, WAITS]) == both


def test_an_interrupted_image_is_offered_without_blocking(application, qtbot, monkeypatch) -> None:
    notice, bridge = application.window.notice, application.bridge
    bridge.queue_changed.emit(QueueChanged((LEFT,), paused=False))
    assert "interrupted at step 5 of 20" in notice.text()
    assert (notice.action.text(), notice.second_action.text()) == ("Resume", "Discard")
    assert application.window.run_area.waiting.text() == "1 interrupted"
    discarded: list[int] = []
    monkeypatch.setattr(bridge, "discard_item", discarded.append)
    notice.second_action.click()
    assert discarded == [900]


def test_an_image_of_the_last_session_is_resumed(start, qtbot, gate) -> None:
    pipeline = FakePipeline(before_step=gate)
    first = start(pipeline)
    begin(first, qtbot, gate, prompt="a fox", steps=10)
    first.bridge.close()
    gate.let(1)
    assert first.bridge.join(HANG_SECONDS)
    second = start(FakePipeline())
    notice = second.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert not notice.is_error
    with until_idle(second.bridge, qtbot):
        notice.action.click()
    (entry,) = entries(second)
    assert entry.image.request.prompt == "a fox"


# --- live ---


def live(application, qtbot, **parameters: object) -> None:
    """Edits, and waits for the image."""
    with qtbot.waitSignal(application.studio.live.shown):
        for name, value in parameters.items():
            setattr(application.store, name, value)


def test_live_mode_generates_every_change_and_saves_nothing(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    window = application.window
    with qtbot.waitSignal(application.studio.live.shown):
        window.run_area.live.click()
    live(application, qtbot, prompt="a cat")
    live(application, qtbot, cfg=7.0)
    assert (pipeline.begun[-1].prompt, pipeline.begun[-1].cfg) == ("a cat", 7.0)
    assert len({request.seed for request in pipeline.begun}) == 1
    assert entries(application) == []
    assert not paths.output_dir().exists()
    assert application.studio.view.document.preview is not None
    assert "Live" in window.status.state.text()


def test_keeping_a_live_image_reproduces_it_exactly(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    with qtbot.waitSignal(application.studio.live.shown) as shown:
        application.studio.set_live(True)
    button = application.window.run_area.button
    assert button.text() == "Keep this image"
    with until_idle(application.bridge, qtbot):
        button.click()
    (entry,) = entries(application)
    assert present(entry.path).exists()
    assert np.array_equal(entry.image.rgb, shown.args[0].image.rgb)
    assert pipeline.begun[0] == pipeline.begun[-1]


def test_only_the_newest_change_is_shown(start, qtbot, gate) -> None:
    pipeline = FakePipeline(before_step=gate)
    application = start(pipeline)
    application.studio.set_live(True)
    with qtbot.waitSignal(application.bridge.progress):
        gate.let(1)
    gate.wait_at(2)
    application.store.prompt = "new"
    qtbot.waitUntil(lambda: len(application.bridge.waiting) == 2)
    with qtbot.waitSignal(application.bridge.cancelled):
        gate.let(1)
    assert application.studio.canvas_controller.shown is None
    with qtbot.waitSignal(application.studio.live.shown) as shown:
        gate.open()
    assert shown.args[0].image.request.prompt == "new"


def test_simultaneous_changes_are_generated_once(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    with qtbot.waitSignal(application.studio.live.shown):
        application.studio.set_live(True)
    before = len(pipeline.begun)
    live(application, qtbot, prompt="a", cfg=2.0, steps=5)
    assert len(pipeline.begun) == before + 1


def test_turning_live_off_keeps_the_visible_image(start, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(live_controller, "DELAY_MS", 0)
    application = start(FakePipeline())
    make(application, qtbot, prompt="a cat")
    application.studio.set_live(True)
    live(application, qtbot, prompt="a dog", seed=77)
    seen = application.studio.canvas_controller.shown.image.rgb
    application.window.actions_by_id["live"].trigger()
    view = application.studio.view
    assert view.document.preview is None
    assert np.array_equal(view.image(), seen)
    application.store.prompt = "a cow"
    QApplication.processEvents()  # by then it would be submitted
    assert application.bridge.waiting == ()


def test_turning_live_off_during_a_run_discards_it(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    timeline, document = application.window.timeline, application.studio.view.document
    application.studio.set_live(True)
    with qtbot.waitSignal(application.studio.live.previewed):
        gate.let(3)
    assert timeline.ticks.count
    assert document.preview is not None
    application.studio.set_live(False)
    assert document.preview is None
    with until_idle(application.bridge, qtbot):
        gate.open()
    assert not timeline.ticks.count
    assert document.preview is None


def test_a_live_image_can_be_painted_on(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat")
    application.studio.set_live(True)
    live(application, qtbot, prompt="a dog", seed=77)
    seen = application.studio.canvas_controller.shown.image.rgb
    with qtbot.waitSignal(application.studio.live.shown):
        application.studio.view.set_mask(disc())
    assert application.store.mode is Mode.INPAINT
    assert np.array_equal(present(pipeline.images[-1]), seen)
    assert np.array_equal(present(pipeline.masks[-1]), disc())


def test_an_image_to_keep_comes_before_live_ones(start, qtbot, gate) -> None:
    pipeline = FakePipeline(before_step=gate)
    application = start(pipeline)
    begin(application, qtbot, gate, prompt="a cat")
    application.studio.set_live(True)
    application.store.prompt = "a dog"
    with qtbot.waitSignal(application.studio.live.shown):
        gate.open()
    assert [request.prompt for request in pipeline.begun] == ["a cat", "a dog"]
    assert len(entries(application)) == 1


# --- what is seen of it ---


def test_live_mode_with_a_mask_shows_only_the_region(start, qtbot, gate) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, seed=1, seed_locked=True)
    document = application.studio.view.document
    application.studio.view.set_mask(disc())
    pipeline.before_step = gate
    begin(application, qtbot, gate, seed=2)
    assert document.part == (45, 45, 39, 39)
    changes: list[object] = []
    document.changed.connect(changes.append)
    with until_idle(application.bridge, qtbot):
        gate.open()
    assert set(changes) == {(45, 45, 39, 39)}
    assert document.preview is None
