"""The queue panel: what it shows, and its requests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt

from core.request.request import Request
from ldm_studio.draw.run.queue_panel import QueuePanel, details
from ldm_studio.engine.events import QueueItem

RUNS = QueueItem(1, Request(prompt="one"), "running", step=7, steps=20)
ITEMS = (RUNS, *(QueueItem(number, Request(prompt=str(number)), "waiting") for number in (2, 3, 4)))
LEFT = QueueItem(9, Request(prompt="nine"), "interrupted", step=5, steps=20)


@pytest.fixture
def panel(qtbot) -> QueuePanel:
    panel = QueuePanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_queue(ITEMS, paused=False)
    return panel


def test_the_queue_model_follows_qts_model_rules(panel, qtmodeltester) -> None:
    qtmodeltester.check(panel.model)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((), ""),
        (ITEMS[:1], ""),
        (ITEMS[:2], "1 more in the queue"),
        ((*ITEMS, LEFT), "4 more in the queue"),
        ((LEFT,), "1 interrupted"),
        ((ITEMS[1], LEFT), "2 in the queue"),
    ],
)
def test_a_summary_appears_for_jobs_besides_the_running_one(panel, items, words) -> None:
    panel.show_queue(items, paused=False)
    assert panel.summary() == words


def test_each_job_shows_its_progress() -> None:
    batch = QueueItem(5, Request(count=4), "waiting")
    assert details(RUNS) == "128 × 128 · step 7 of 20"
    assert details(batch) == "128 × 128 · 4 images · queued"
    assert details(replace(batch, state="paused", done=2)) == "128 × 128 · 2 of 4 done · paused"
    assert details(LEFT) == "128 × 128 · interrupted at step 5 of 20"


def test_progress_keeps_the_selection(panel) -> None:
    panel.choose(2)
    panel.show_progress(1, 8, 20)
    assert panel.model.items[0].step == 8
    assert panel.current().id == 3
    panel.show_queue(ITEMS[1:], paused=False)
    assert panel.current().id == 3, "also when the rows change"


@pytest.mark.parametrize(("row", "key", "place"), [(2, Qt.Key.Key_Up, 0), (2, Qt.Key.Key_Down, 2)])
def test_alt_and_arrows_request_a_move(panel, qtbot, row, key, place) -> None:
    panel.choose(row)
    with qtbot.waitSignal(panel.move_requested) as asked:
        qtbot.keyClick(panel.list, key, Qt.KeyboardModifier.AltModifier)
    assert asked.args == [3, place]


def test_moves_stop_at_the_ends_of_the_queue(panel) -> None:
    panel.choose(1)
    assert not panel.up.isEnabled()
    assert panel.down.isEnabled()
    panel.choose(3)
    assert not panel.down.isEnabled()
    panel.choose(0)
    assert not panel.up.isEnabled()
    assert not panel.down.isEnabled(), "what runs, runs"


@pytest.mark.parametrize(
    ("row", "before", "asked"), [(3, 1, [4, 0]), (1, 4, [2, 2]), (3, 0, [4, 0])]
)
def test_dragging_requests_a_move(panel, qtbot, row, before, asked) -> None:
    with qtbot.waitSignal(panel.move_requested) as wish:
        panel.model.moveRow(QModelIndex(), row, QModelIndex(), before)
    assert wish.args == asked
    assert [item.id for item in panel.model.items] == [1, 2, 3, 4], "until the engine says so"


def test_delete_removes_a_job_or_discards_an_interrupted_one(panel, qtbot) -> None:
    panel.choose(1)
    with qtbot.waitSignal(panel.remove_requested) as removed:
        qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert removed.args == [2]
    panel.show_queue((LEFT,), paused=False)
    panel.choose(0)
    with qtbot.waitSignal(panel.discard_requested) as discarded:
        panel.remove.click()
    assert discarded.args == [9]
    with qtbot.waitSignal(panel.resume_requested) as resumed:
        panel.resume.click()
    assert resumed.args == [9]


def test_the_menu_offers_possible_commands(panel) -> None:
    panel.choose(1)
    menu = panel.menu()
    can = {action.text(): action.isEnabled() for action in menu.actions()}
    assert can == {"Move Up": False, "Move Down": True, "Remove": True}
    menu.close()
    panel.show_queue((LEFT,), paused=False)
    panel.choose(0)
    menu = panel.menu()
    assert [action.text() for action in menu.actions()] == ["Resume", "Discard"]
    menu.close()


def test_the_running_job_keeps_its_progress_when_the_queue_changes(panel) -> None:
    panel.show_progress(1, 8, 20)
    begun = replace(RUNS, step=0, steps=0)  # the queue has no progress
    panel.show_queue((begun, *ITEMS[2:]), paused=False)
    assert panel.model.items[0].step == 8
    panel.show_queue((replace(begun, done=1),), paused=False)
    assert panel.model.items[0].step == 0, "the next image of the batch"
