"""The steps of an image in the window: viewed, branched, replayed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.errors import Message, StudioError
from core.images.image_digest import digest
from core.request.request import Change
from ldm_studio.engine.events import Replayed, ReplayFailed, ReplayProgress
from ldm_studio.images import image_files
from ldm_studio.images.replay import Verdict
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import disc, entries, make, until_idle
from tests.narrowing import present


def look(application, qtbot, step: int) -> None:
    """Chooses a step by key and waits until it is visible."""
    timeline = application.window.timeline
    with qtbot.waitSignal(application.bridge.step_viewed):
        timeline.ticks.choose(step)


def preview(application):
    return application.studio.view.document.preview


def test_the_timeline_fills_and_then_shows_any_step(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    timeline = application.window.timeline
    application.store.steps = 10
    application.studio.generate()
    with qtbot.waitSignal(application.bridge.progress):
        gate.let(1)
    assert timeline.label.text() == "Step 1 of 10"
    with until_idle(application.bridge, qtbot):
        gate.open()
    assert timeline.label.text() == "10 steps"
    assert preview(application) is None
    look(application, qtbot, 3)
    assert preview(application) is not None
    assert timeline.label.text() == "Step 3 of 10"
    timeline.release()
    assert preview(application) is None


def test_a_viewed_step_is_cached(application, qtbot) -> None:
    make(application, qtbot, steps=5)
    look(application, qtbot, 2)
    timeline = application.window.timeline
    timeline.release()
    with qtbot.assertNotEmitted(application.bridge.step_viewed):
        timeline.ticks.choose(2)
        assert preview(application) is not None


def test_ctrl_t_focuses_the_steps(application, qtbot) -> None:
    make(application, qtbot, steps=5)
    window = application.window
    with qtbot.waitActive(window):
        window.activateWindow()
    qtbot.keyClick(window.prompt.prompt, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert window.timeline.ticks.hasFocus()
    with qtbot.waitSignal(application.bridge.step_viewed):
        qtbot.keyClick(window.timeline.ticks, Qt.Key.Key_Left)
    assert window.timeline.label.text() == "Step 4 of 5"


def test_dropped_steps_are_reported(application, qtbot) -> None:
    make(application, qtbot, steps=5)
    (entry,) = entries(application)
    present(entry.trajectory).unlink()
    application.studio.show_entry(entry)
    assert application.window.timeline.label.text() == "5 steps (not saved)"


def test_steps_are_saved_by_default(application, qtbot) -> None:
    keep = application.window.actions_by_id["keep_steps"]
    assert keep.isChecked()
    keep.trigger()
    make(application, qtbot, steps=5)
    assert application.window.timeline.label.text() == "5 steps (not saved)"
    assert application.settings.steps.trajectory_mib == 0
    keep.trigger()
    make(application, qtbot)
    assert application.window.timeline.label.text() == "5 steps"


def test_a_branch_applies_edited_settings_from_its_step(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat", steps=8, cfg=3.0, seed_locked=False)
    (parent,) = entries(application)
    window, store = application.window, application.store
    store.prompt = "something else"
    window.timeline.ticks.choose(5)
    window.actions_by_id["branch"].trigger()
    assert window.banner.isVisible()
    assert present(parent.path).name in window.banner.text()
    assert "step 5" in window.banner.text()
    assert store.prompt == "a cat", "the panels hold what the image was made with"
    assert [mark.step for mark in window.timeline.ticks.marks] == [5]
    make(application, qtbot, prompt="a dog", cfg=6.0)
    child = entries(application)[0]
    request = parent.image.request
    assert child.image.request.changes == (Change(5, prompt="a dog", cfg=6.0),)
    assert child.image.request.changed(Change(0, steps=8)).seed == request.seed
    origin = present(present(child.record).parent)
    assert origin.picture == digest(parent.image.rgb)
    assert (
        present(present(child.record).parent).name,
        present(present(child.record).parent).step,
    ) == (present(parent.path).name, 5)
    assert (
        present(image_files.read_record(present(child.path))).parent == present(child.record).parent
    )
    texts = [mark.text for mark in window.timeline.ticks.marks]
    assert any("a dog" in text for text in texts)
    assert any(present(parent.path).name in text for text in texts)


def test_a_step_can_be_branched_several_times(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat", steps=8)
    seed = application.store.seed
    window = application.window
    window.timeline.ticks.choose(3)
    window.timeline.branch.click()
    make(application, qtbot, prompt="a dog")
    make(application, qtbot, prompt="a cow")
    assert [request.changes[0].prompt for request in pipeline.begun[-2:]] == ["a dog", "a cow"]
    assert {request.seed for request in pipeline.begun} == {seed}
    window.banner.action.click()
    assert not window.banner.isVisible()
    make(application, qtbot)
    assert pipeline.begun[-1].changes == ()
    assert pipeline.begun[-1].prompt == "a cow"


def test_a_mask_painted_in_a_branch_starts_from_the_image(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat", steps=8)
    (parent,) = entries(application)
    application.window.timeline.ticks.choose(3)
    application.window.timeline.branch.click()
    application.studio.view.set_mask(disc())
    assert application.store.mode is Mode.TEXT
    make(application, qtbot, prompt="a hat")
    (change,) = pipeline.begun[-1].changes
    named = digest(parent.image.rgb), digest(disc())
    assert (change.step, change.init, change.mask, change.prompt) == (3, *named, "a hat")
    child = entries(application)[0]
    assert set(child.inputs.images) == set(named)
    assert np.array_equal(present(child.start_at()), parent.image.rgb)
    assert np.array_equal(present(child.mask_at(3)), disc())
    application.studio.branch_controller.leave()
    assert application.store.mode is Mode.INPAINT, "what is painted counts again"


def test_a_branch_of_a_branch_keeps_earlier_changes(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat", steps=8)
    timeline = application.window.timeline
    timeline.ticks.choose(3)
    timeline.branch.click()
    make(application, qtbot, prompt="a dog")
    timeline.ticks.choose(6)
    timeline.branch.click()
    assert application.store.prompt == "a dog"
    make(application, qtbot, cfg=9.0)
    assert pipeline.begun[-1].changes == (Change(3, prompt="a dog"), Change(6, cfg=9.0))


def test_a_branch_without_changes_is_refused_with_a_message(application, qtbot) -> None:
    make(application, qtbot, steps=8)
    application.window.timeline.ticks.choose(3)
    application.window.timeline.branch.click()
    application.studio.generate()
    assert "Nothing has changed yet" in application.window.notice.text()
    assert application.bridge.waiting == ()


def test_settings_that_a_branch_cannot_change_are_reported(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    make(application, qtbot, prompt="a cat", steps=8)
    application.window.timeline.ticks.choose(3)
    application.window.timeline.branch.click()
    application.store.seed = 12345
    application.store.prompt = "a dog"
    application.studio.generate()
    assert "keeps its Seed" in application.window.notice.text()
    with until_idle(application.bridge, qtbot):
        pass
    assert pipeline.begun[-1].seed != 12345


def test_choosing_another_image_ends_the_branch(application, qtbot) -> None:
    make(application, qtbot, steps=8)
    application.window.timeline.ticks.choose(3)
    application.window.timeline.branch.click()
    application.studio.show_entry(entries(application)[0])
    assert application.studio.branch_controller.branch is None
    assert not application.window.banner.isVisible()


SAME = Verdict(True, None, True, (), (), 20)
OTHER = Verdict(False, 7, False, (Message("PyTorch: 2.6 when it was made, 2.7 here"),), (), 20)


@pytest.mark.parametrize(
    ("verdict", "words", "is_error"),
    [
        (SAME, "identical, 20 steps and all pixels", False),
        (OTHER, "step 7 of 20 is the first that differs; the final image differs too", True),
        (OTHER, "Possible causes: PyTorch: 2.6", True),
    ],
)
def test_a_replay_reports_its_result(application, qtbot, verdict, words, is_error) -> None:
    make(application, qtbot)
    (entry,) = entries(application)
    bridge, notice = application.bridge, application.window.notice
    bridge.replay_progress.emit(ReplayProgress(present(entry.path), 3, 20))
    assert "step 3 of 20" in application.window.status.currentMessage()
    bridge.replayed.emit(Replayed(present(entry.path), verdict))
    assert application.window.status.currentMessage() == ""
    assert present(entry.path).name in notice.text()
    assert words in notice.text()
    assert notice.is_error is is_error


def test_an_impossible_replay_is_explained(application, qtbot) -> None:
    make(application, qtbot)
    (entry,) = entries(application)
    error = StudioError("This needs the model 'big'.", "Download it.")
    application.bridge.replay_failed.emit(ReplayFailed(present(entry.path), error))
    assert "needs the model 'big'" in application.window.notice.text()


def test_an_image_is_replayed_from_its_menu(application, qtbot) -> None:
    make(application, qtbot, steps=4)
    (entry,) = entries(application)
    menu = application.window.strip.menu_for(entry)
    (replay,) = [action for action in menu.actions() if action.text() == "Replay"]
    bridge = application.bridge
    with qtbot.waitSignal(bridge.replayed) as answer:
        replay.trigger()
    menu.close()
    assert answer.args[0].path == entry.path
    assert "Replayed" in application.window.notice.text()


def test_escape_stops_a_replay(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    cancel = application.window.actions_by_id["cancel"]
    gate.open()
    make(application, qtbot, steps=4)
    assert not cancel.isEnabled()
    gate.close()
    bridge = application.bridge
    with qtbot.waitSignal(bridge.replay_progress):
        application.window.actions_by_id["replay"].trigger()
        gate.let(1)
    assert cancel.isEnabled()
    with qtbot.waitSignal(bridge.replay_failed) as answer:
        cancel.trigger()
        gate.open()
    assert answer.args[0].error is None
    assert application.window.status.currentMessage() == "The replay was stopped."
    assert not cancel.isEnabled()


def test_the_view_menu_shows_transparency(application) -> None:
    rgb, alpha = np.full((16, 16, 3), 255, np.uint8), np.zeros((16, 16), np.uint8)
    view = application.window.canvas.view
    view.set_image(rgb, alpha)
    plain = view.grab().toImage()
    application.window.actions_by_id["transparency"].trigger()
    assert view.grab().toImage() != plain
    application.window.actions_by_id["transparency"].trigger()
    assert view.grab().toImage() == plain
