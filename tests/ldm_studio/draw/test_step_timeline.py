"""The step timeline: pointer, keys, marks, and texts."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from ldm_studio.draw.run.step_timeline import EMPTY, Mark, StepTimeline

WIDTH = 800


@pytest.fixture
def timeline(qtbot) -> StepTimeline:
    timeline = StepTimeline()
    qtbot.addWidget(timeline)
    timeline.resize(WIDTH, 40)
    with qtbot.waitExposed(timeline):
        timeline.show()
    return timeline


@pytest.fixture
def looked(timeline) -> list[int]:
    """The requested steps, newest last."""
    seen: list[int] = []
    timeline.step_shown.connect(seen.append)
    return seen


def at(timeline: StepTimeline, step: int) -> QPoint:
    """The middle of a step's tick."""
    QApplication.processEvents()  # the text beside the ticks may be longer now
    ticks = timeline.ticks
    return QPointF((ticks.place_of(step - 1) + ticks.place_of(step)) / 2, 8).toPoint()


def test_an_empty_timeline_explains_what_it_shows(timeline) -> None:
    assert timeline.label.text() == ""
    assert timeline.ticks.accessibleDescription() == EMPTY
    assert not timeline.branch.isEnabled()
    assert not timeline.ticks.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_steps_of_a_running_image_cannot_be_viewed(timeline, looked, qtbot) -> None:
    timeline.show_run(7, 20)
    assert timeline.label.text() == "Step 7 of 20"
    qtbot.mouseMove(timeline.ticks, at(timeline, 3))
    qtbot.mouseClick(timeline.ticks, Qt.MouseButton.LeftButton, pos=at(timeline, 3))
    assert looked == []
    assert not timeline.branch.isEnabled()


def test_hovering_shows_a_step_and_leaving_shows_the_image(timeline, looked, qtbot) -> None:
    timeline.show_image(20, (), kept=True)
    assert timeline.label.text() == "20 steps"
    qtbot.mouseMove(timeline.ticks, at(timeline, 7))
    assert looked == [7]
    assert timeline.label.text() == "Step 7 of 20"
    assert not timeline.branch.isEnabled(), "a look is no choice"
    timeline.ticks.leaveEvent(None)
    assert looked == [7, 0]
    assert timeline.label.text() == "20 steps"


def test_a_click_holds_a_step_and_another_releases_it(timeline, looked, qtbot) -> None:
    timeline.show_image(20, (), kept=True)
    qtbot.mouseClick(timeline.ticks, Qt.MouseButton.LeftButton, pos=at(timeline, 7))
    timeline.ticks.leaveEvent(None)
    assert looked == [7]
    with qtbot.waitSignal(timeline.branch_requested) as asked:
        qtbot.mouseClick(timeline.branch, Qt.MouseButton.LeftButton)
    assert asked.args == [7]
    assert timeline.branch.text() == "Branch from step 7"
    qtbot.mouseClick(timeline.ticks, Qt.MouseButton.LeftButton, pos=at(timeline, 7))
    assert looked == [7, 0]
    assert not timeline.branch.isEnabled()


def test_dragging_scrubs_through_the_steps(timeline, looked, qtbot) -> None:
    timeline.show_image(10, (), kept=True)
    qtbot.mousePress(timeline.ticks, Qt.MouseButton.LeftButton, pos=at(timeline, 2))
    for step in (3, 5):
        point = QPointF(at(timeline, step))
        timeline.ticks.mouseMoveEvent(moved(point))
    qtbot.mouseRelease(timeline.ticks, Qt.MouseButton.LeftButton, pos=at(timeline, 5))
    timeline.ticks.leaveEvent(None)
    assert looked == [2, 3, 5]
    assert timeline.ticks.chosen == 5


def moved(point: QPointF):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    left = Qt.MouseButton.LeftButton
    return QMouseEvent(
        QEvent.Type.MouseMove, point, point, left, left, Qt.KeyboardModifier.NoModifier
    )


def test_keys_step_through_and_request_a_branch(timeline, looked, qtbot) -> None:
    timeline.show_image(20, (), kept=True)
    timeline.show_chosen_step()
    key = Qt.Key
    for pressed in (key.Key_Left, key.Key_Left, key.Key_Right, key.Key_PageUp, key.Key_Home):
        qtbot.keyClick(timeline.ticks, pressed)
    assert looked == [19, 18, 19, 15, 1]
    with qtbot.waitSignal(timeline.branch_requested) as asked:
        qtbot.keyClick(timeline.ticks, key.Key_Return)
    assert asked.args == [1]
    qtbot.keyClick(timeline.ticks, key.Key_Escape)
    assert looked[-1] == 0


def test_the_last_step_is_the_image_and_cannot_be_branched(timeline, looked, qtbot) -> None:
    timeline.show_image(20, (), kept=True)
    qtbot.mouseClick(timeline.ticks, Qt.MouseButton.LeftButton, pos=at(timeline, 20))
    assert looked == []
    assert not timeline.can_branch


def test_viewing_ends_when_the_focus_leaves(qtbot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    timeline, other = StepTimeline(), QLineEdit()
    column.addWidget(timeline)
    column.addWidget(other)
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    timeline.show_image(20, (), kept=True)
    timeline.show_chosen_step()
    qtbot.keyClick(timeline.ticks, Qt.Key.Key_Left)
    timeline.branch.setFocus()
    assert timeline.ticks.shown == 19, "the button belongs to it"
    other.setFocus()
    assert timeline.ticks.shown == 0


def test_unsaved_steps_can_be_counted_and_branched_from(timeline, qtbot) -> None:
    timeline.show_image(20, (), kept=False)
    assert timeline.label.text() == "20 steps (not saved)"
    assert "not saved" in timeline.label.toolTip()
    qtbot.mouseClick(timeline.ticks, Qt.MouseButton.LeftButton, pos=at(timeline, 4))
    assert timeline.label.text() == "Step 4 of 20 (not saved)"
    assert timeline.can_branch


def test_marks_describe_changes(timeline) -> None:
    words = "Changed after step 7: prompt “a dog”"
    timeline.show_image(20, [Mark(7, words)], kept=True)
    assert timeline.ticks.hint_at(timeline.ticks.place_of(7)) == words
    assert words not in timeline.ticks.hint_at(timeline.ticks.place_of(12))
    assert words in timeline.ticks.accessibleDescription()


def test_another_image_starts_with_no_step_chosen(timeline, looked, qtbot) -> None:
    timeline.show_image(20, (), kept=True)
    timeline.ticks.choose(5)
    timeline.show_image(20, (), kept=True)
    assert looked == [5, 0]


def test_a_thousand_steps_are_distinguishable(timeline, looked) -> None:
    timeline.show_image(1000, (), kept=True)
    ticks = timeline.ticks
    assert [ticks.step_at(ticks.place_of(step) - 0.1) for step in (1, 500, 1000)] == [1, 500, 1000]
    timeline.grab()


def test_with_little_room_the_button_shows_only_its_icon(timeline) -> None:
    timeline.show_image(20, (), kept=True)
    timeline.resize(280, 40)
    timeline.ticks.choose(7)
    assert timeline.width() == 280
    assert timeline.branch.text() == ""
    assert timeline.branch.accessibleName() == "Branch from here"
    timeline.resize(WIDTH, 40)
    assert timeline.branch.text() == "Branch from step 7"
