from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.request.request import Change, Request
from ldm_studio.engine.engine_bridge import FRAME_MS, EngineBridge
from ldm_studio.engine.events import Progress
from tests.ldm_studio.fakes import FakePipeline, Gate
from tests.ldm_studio.window_actions import until_idle
from tests.waiting import HANG_SECONDS


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def start(qapp, gate) -> Iterator[Callable[[FakePipeline], EngineBridge]]:
    bridges: list[EngineBridge] = []

    def start(pipeline: FakePipeline) -> EngineBridge:
        bridges.append(EngineBridge(pipeline, lambda image, model, record: Path("picture.png")))
        return bridges[-1]

    yield start
    gate.open()
    for bridge in bridges:
        bridge.close()
        assert bridge.join(HANG_SECONDS)


def test_many_quick_steps_are_merged_and_the_last_is_delivered(start, qtbot) -> None:
    bridge = start(FakePipeline())
    seen: list[Progress] = []
    bridge.progress.connect(seen.append)
    start_time = time.monotonic()
    with until_idle(bridge, qtbot):
        bridge.submit(Request(steps=400, width=8, height=8))
    frames = (time.monotonic() - start_time) * 1000 / (FRAME_MS - 1)
    assert seen[-1].step == 400
    assert len(seen) <= frames + 1


def test_a_busy_interface_gets_one_progress_and_every_other_event(start, qtbot) -> None:
    drawn = threading.Event()
    bridge = start(FakePipeline(before_finish=lambda tiled: drawn.set()))
    order: list[str] = []
    bridge.started.connect(lambda event: order.append("started"))
    bridge.progress.connect(lambda event: order.append(f"step {event.step}"))
    bridge.finished.connect(lambda event: order.append("finished"))
    bridge.idle.connect(lambda: order.append("idle"))
    with until_idle(bridge, qtbot):
        bridge.submit(Request(steps=30, width=8, height=8))
        assert drawn.wait(HANG_SECONDS)  # the interface is blocked: no event loop turns here
    assert order == ["started", "step 30", "finished", "idle"]


def test_no_preview_of_a_cancelled_job_arrives(start, qtbot, gate) -> None:
    bridge = start(FakePipeline(before_step=gate))
    with qtbot.waitSignal(bridge.progress):
        job = bridge.submit(Request(steps=10))
        gate.let(1)
    gate.wait_at(2)
    seen: list[Progress] = []
    bridge.progress.connect(seen.append)
    with qtbot.waitSignal(bridge.cancelled):
        bridge.cancel(job)
        gate.let(1)
    assert seen == []
    assert bridge.waiting == ()


def test_waiting_lists_unfinished_jobs(start, qtbot, gate) -> None:
    bridge = start(FakePipeline(before_step=gate))
    first, second = bridge.submit(Request()), bridge.submit(Request())
    assert bridge.waiting == (first, second)
    with until_idle(bridge, qtbot):
        gate.open()
    assert bridge.waiting == ()


def test_queued_jobs_are_listed_in_running_order(start, qtbot, gate) -> None:
    bridge = start(FakePipeline(before_step=gate))
    with qtbot.waitSignal(bridge.started):
        first, second, third = (bridge.submit(Request()) for _ in range(3))
    with qtbot.waitSignal(
        bridge.queue_changed,
        check_params_cb=lambda event: [i.id for i in event.items] == [first, third, second],
    ):
        bridge.move(third, 0)
    assert bridge.waiting == (first, third, second)


def test_pausing_steering_and_resuming(start, qtbot, gate) -> None:
    bridge = start(FakePipeline(before_step=gate))
    with qtbot.waitSignal(bridge.progress):
        job = bridge.submit(Request(steps=5))
        gate.let(1)
    gate.wait_at(2)
    with qtbot.waitSignal(bridge.paused) as paused:
        bridge.pause()
        gate.let(1)
    assert (paused.args[0].id, paused.args[0].step) == (job, 2)
    assert bridge.waiting == (job,)
    bridge.steer(job, Change(0, cfg=2.0))
    signals = [bridge.resumed, bridge.steered, bridge.finished, bridge.idle]
    with qtbot.waitSignals(signals, order="strict"):
        bridge.resume()
        gate.open()
    assert bridge.waiting == ()


def test_steering_a_finished_job_is_refused(start, qtbot) -> None:
    bridge = start(FakePipeline())
    with qtbot.waitSignal(bridge.steer_refused):
        bridge.steer(77, Change(0, cfg=2.0))


def test_a_live_image_ends_though_it_is_not_saved(start, qtbot) -> None:
    bridge = start(FakePipeline())
    with qtbot.waitSignal(bridge.ended) as ended:
        job = bridge.submit(Request(), live=True)
    assert ended.args == [job]
    assert bridge.waiting == ()


def test_no_preview_of_an_older_live_image_arrives(start, qtbot, gate) -> None:
    bridge = start(FakePipeline(before_step=gate))
    with qtbot.waitSignal(bridge.progress):
        bridge.submit(Request(steps=50), live=True)
        gate.let(1)
    gate.wait_at(2)
    seen: list[Progress] = []
    bridge.progress.connect(seen.append)
    with until_idle(bridge, qtbot):
        newer = bridge.submit(Request(steps=3), live=True)
        gate.open()
    assert {event.id for event in seen} == {newer}


def test_interrupted_jobs_are_reported_at_the_next_start(start, qtbot) -> None:
    bridge = start(FakePipeline())
    bridge.pause()
    with qtbot.waitSignal(
        bridge.queue_changed, check_params_cb=lambda event: len(event.items) == 1
    ):
        bridge.submit(Request(prompt="a fox"))
    bridge.close()
    assert bridge.join(HANG_SECONDS)
    again = start(FakePipeline())
    with qtbot.waitSignal(again.queue_changed) as signal:
        pass
    (item,) = signal.args[0].items
    assert item.request.prompt == "a fox"
    assert again.waiting == (item.id,)
    assert again.submit(Request()) != item.id
    with qtbot.waitSignal(again.finished):
        again.resume()


def test_steps_of_a_finished_image_can_be_viewed(start, qtbot, tmp_path) -> None:
    bridge = start(FakePipeline())
    with qtbot.waitSignal(bridge.finished) as finished:
        bridge.submit(Request(steps=4))
    trajectory = finished.args[0].trajectory
    with qtbot.waitSignal(bridge.step_viewed) as looked:
        bridge.view_step(trajectory, 2)
    assert looked.args[0].step == 2
    with qtbot.waitSignal(bridge.step_view_failed):
        bridge.view_step(trajectory, 5)
    with qtbot.waitSignal(bridge.replay_failed):
        bridge.replay(tmp_path / "none.png")
