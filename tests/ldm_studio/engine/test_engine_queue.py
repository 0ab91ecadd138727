"""What waits, stands still, survives the program, and is shown live: over a fake pipeline."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.request import Change, Request
from ldm_studio import paths
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import (
    Cancelled,
    Failed,
    Finished,
    Idle,
    LoadFailed,
    Paused,
    Progress,
    QueueChanged,
    Ready,
    Resumed,
    Started,
    Steered,
    SteerRefused,
    Warned,
    Work,
)
from ldm_studio.engine.queue import MAX_JOBS
from ldm_studio.pictures.record import Parent
from tests.ldm_studio.fakes import FakePipeline, Gate, Saver
from tests.ldm_studio.reading import SECONDS, Reader, work


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def saver() -> Saver:
    return Saver()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def start(saver: Saver, gate: Gate) -> Iterator[Callable[..., Engine]]:
    engines: list[Engine] = []

    def start(pipeline: FakePipeline, reader: Reader) -> Engine:
        engines.append(Engine(pipeline, reader.mailbox, saver, preview_interval=0.0))
        return engines[-1]

    yield start
    gate.open()
    for engine in engines:
        end(engine)


def end(engine: Engine) -> None:
    engine.close()
    assert engine.join(SECONDS)


def states(reader: Reader) -> list[tuple[int, str]]:
    return [(item.id, item.state) for item in reader.queue()]


def left_on_disk() -> list[Path]:
    return sorted(paths.queue_dir().glob("*/*/job.json"))


# --- pausing -----------------------------------------------------------------------------------


def test_a_paused_job_stands_still_after_its_step_and_goes_on(start, reader, gate, saver) -> None:
    pipeline = FakePipeline(before_step=gate)
    engine = start(pipeline, reader)
    engine.submit(work(1, steps=10, seed=1))
    engine.submit(work(2, seed=2))
    gate.let(3)
    reader.one(Progress, lambda event: event.step == 3)
    engine.pause()
    gate.let()
    paused = reader.one(Paused)
    assert (paused.id, paused.step, paused.steps) == (1, 4, 10)
    told = reader.one(QueueChanged, lambda event: [i.state for i in event.items][:1] == ["paused"])
    assert told.paused
    assert [(item.id, item.step, item.steps) for item in told.items] == [(1, 4, 10), (2, 0, 0)]
    assert not reader.all(Idle)
    assert saver.saved == []
    reader.forget()
    gate.open()
    engine.resume()
    reader.until_idle()
    assert min(event.step for event in reader.all(Progress) if event.id == 1) > 4
    assert reader.one(Resumed).id == 1
    assert saver.saved == [1, 2]
    record = reader.all(Finished)[0].record
    assert record is not None
    assert len(record.steps) == 10


def test_while_paused_nothing_new_starts(start, reader, saver) -> None:
    engine = start(FakePipeline(), reader)
    engine.pause()
    engine.submit(work(1, seed=1))
    reader.one(QueueChanged, lambda event: len(event.items) == 1)
    engine.warm_up()
    reader.one(Ready)
    assert not reader.all(Started)
    engine.resume()
    reader.until_idle()
    assert saver.saved == [1]


def test_a_batch_stands_still_between_two_pictures_too(start, reader, gate, saver) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    engine.submit(work(1, steps=1, count=3, seed=5))
    gate.let(1)
    reader.one(Started, lambda event: event.index == 1)
    engine.pause()
    gate.let(1)
    reader.one(Paused)
    engine.resume()
    gate.open()
    reader.until_idle()
    assert saver.saved == [5, 6, 7]


def test_a_paused_job_can_be_cancelled(start, reader, gate) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    engine.submit(work(1, steps=10))
    gate.let(1)
    reader.one(Progress)
    engine.pause()
    gate.let(1)
    reader.one(Paused)
    reader.one(QueueChanged, lambda event: [i.state for i in event.items] == ["paused"])
    engine.cancel(1)
    reader.one(Cancelled)
    end(engine)
    assert left_on_disk() == []


# --- order -------------------------------------------------------------------------------------


def test_what_waits_can_be_moved_and_removed(start, reader, gate, saver) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    for number in range(1, 6):
        engine.submit(work(number, seed=number))
    reader.one(Started)
    engine.move(4, 0)
    engine.move(2, 99)
    engine.move(1, 2)  # it runs
    engine.cancel(5)
    reader.one(Cancelled)
    assert states(reader) == [(1, "running"), (4, "waiting"), (3, "waiting"), (2, "waiting")]
    gate.open()
    reader.until_idle()
    assert saver.saved == [1, 4, 3, 2]


def test_there_are_only_so_many(start, reader) -> None:
    engine = start(FakePipeline(), reader)
    engine.pause()
    for number in range(1, MAX_JOBS + 2):
        engine.submit(work(number))
    failed = reader.one(Failed)
    assert failed.id == MAX_JOBS + 1
    assert str(MAX_JOBS) in failed.error.message
    engine.cancel(1)
    engine.submit(work(1000))
    reader.one(QueueChanged, lambda event: event.items[-1:] and event.items[-1].id == 1000)


# --- the next start ----------------------------------------------------------------------------


def test_what_waits_is_there_again_in_its_order_and_paused(start, reader, gate, saver) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    parent = Parent("a" * 64, "00001-7.png", 3)
    engine.submit(work(1, steps=10, seed=1))
    engine.submit(work(2, seed=2))
    engine.submit(replace(work(3, seed=3), parent=parent))
    gate.let(3)
    reader.one(Progress, lambda event: event.step == 3)
    engine.move(3, 0)
    engine.close()
    gate.let(1)
    end(engine)
    reader.events += reader.mailbox.drain()
    assert {event.id for event in reader.all(Cancelled)} == {1, 2, 3}
    assert saver.saved == []

    again = Reader()
    engine = start(FakePipeline(), again)
    told = again.one(QueueChanged)
    assert told.paused
    assert [(i.request.seed, i.state, i.step, i.steps) for i in told.items] == [
        (1, "paused", 4, 10),
        (3, "waiting", 0, 0),
        (2, "waiting", 0, 0),
    ]
    engine.resume()
    again.until_idle()
    assert saver.saved == [1, 3, 2]
    assert again.all(Progress)[0].step > 4 or again.all(Progress)[0].id != told.items[0].id
    records = [event.record for event in again.all(Finished)]
    assert [record.parent for record in records if record] == [None, parent, None]


def test_a_job_of_the_last_time_does_not_hold_up_a_new_one(start, reader, saver) -> None:
    engine = start(FakePipeline(), reader)
    engine.pause()
    engine.submit(work(1, seed=1))
    end(engine)
    (job,) = left_on_disk()  # as a crash leaves it
    job.write_text(json.dumps({**json.loads(job.read_text()), "state": "running"}))

    again = Reader()
    engine = start(FakePipeline(), again)
    told = again.one(QueueChanged)
    assert [item.state for item in told.items] == ["interrupted"]
    assert not told.paused
    engine.submit(work(2, seed=2))
    again.until_idle()
    assert saver.saved == [2]
    engine.resume_item(told.items[0].id)
    again.one(Finished, lambda event: event.id == told.items[0].id)
    assert saver.saved == [2, 1]


def test_pictures_of_a_batch_that_are_done_are_not_made_again(start, reader, gate, saver) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    engine.submit(work(1, steps=2, count=3, seed=5))
    gate.let(3)
    reader.one(Progress, lambda event: event.step == 1 and len(saver.saved) == 1)
    engine.close()
    gate.let(1)
    end(engine)
    again = Reader()
    engine = start(FakePipeline(), again)
    (item,) = again.one(QueueChanged).items
    assert item.done in (1, 2)
    engine.resume()
    again.until_idle()
    assert saver.saved == [5, 6, 7]
    assert [event.index for event in again.all(Finished)] == list(range(item.done, 3))


def test_the_pictures_it_starts_from_are_there_again(start, reader) -> None:
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    mask = np.full((128, 128), 255, np.uint8)
    engine = start(FakePipeline(), reader)
    engine.pause()
    engine.submit(Work(1, Request(steps=2), image, mask))
    end(engine)
    again, pipeline = Reader(), FakePipeline()
    engine = start(pipeline, again)
    again.one(QueueChanged)
    engine.resume()
    again.until_idle()
    (first,), (second,) = pipeline.images, pipeline.masks
    assert first is not None
    assert second is not None
    assert np.array_equal(first, image)
    assert np.array_equal(second, mask)


def test_a_picture_it_started_from_that_is_gone_is_told(start, reader) -> None:
    engine = start(FakePipeline(), reader)
    engine.submit(Work(1, Request(init="0" * 64)))
    assert "no longer kept" in reader.one(Failed).error.message


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 1}', "null"])
def test_a_damaged_job_is_put_aside_and_told_and_the_others_are_there(start, reader, text) -> None:
    engine = start(FakePipeline(), reader)
    engine.pause()
    engine.submit(work(1, seed=1))
    engine.submit(work(2, seed=2))
    end(engine)
    left_on_disk()[0].write_text(text)
    again = Reader()
    start(FakePipeline(), again)
    told = again.one(QueueChanged)
    assert [item.request.seed for item in told.items] == [2]
    aside = next(iter((paths.queue_dir() / "damaged").iterdir()))
    assert str(aside) in again.one(Warned).error.message


def test_a_queue_of_a_running_process_is_left_to_it(start, reader, saver) -> None:
    first = start(FakePipeline(), reader)
    first.pause()
    first.submit(work(1, seed=1))
    reader.one(QueueChanged, lambda event: len(event.items) == 1)
    other = Reader()
    second = start(FakePipeline(), other)
    second.submit(work(1, seed=7))
    other.until_idle()
    assert saver.saved == [7]
    first.resume()
    reader.until_idle()
    assert saver.saved == [7, 1]


def test_a_state_file_can_be_gone_on_from(start, reader, saver, tmp_path) -> None:
    pipeline = FakePipeline()
    run = pipeline.begin(Request(steps=8, seed=4), None, None)
    run.save(tmp_path / "half.safetensors", 5, marks=[run.mark(n) for n in range(1, 6)])
    engine = start(pipeline, reader)
    engine.submit(Work(1, run.request, resume=tmp_path / "half.safetensors"))
    reader.until_idle()
    assert saver.saved == [4]
    record = reader.one(Finished).record
    assert record is not None
    assert len(record.steps) == 8


# --- disks that are full -----------------------------------------------------------------------


def test_a_disk_that_is_full_is_told_once_and_drawing_goes_on(start, reader, saver) -> None:
    def full(step: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/data/queue/x")

    engine = start(FakePipeline(before_save=full), reader)
    engine.submit(work(1, steps=5, count=2, seed=1))
    reader.until_idle()
    assert saver.saved == [1, 2]
    (warned,) = reader.all(Warned)
    assert "No space left" in warned.error.message
    assert "/data/queue" in warned.error.message
    assert "lost" in warned.error.hint


def test_what_cannot_be_written_is_not_paused_but_finished(start, reader, gate, saver) -> None:
    def full(step: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    engine = start(FakePipeline(before_step=gate, before_save=full), reader)
    engine.submit(work(1, steps=3, seed=1))
    engine.submit(work(2, seed=2))
    gate.let(1)
    reader.one(Progress)
    engine.pause()
    gate.open()
    reader.one(Finished)
    assert saver.saved == [1]
    assert reader.all(Warned)


def test_a_queue_that_cannot_be_written_does_not_stop_anything(start, reader, saver) -> None:
    paths.data_dir().mkdir(parents=True)
    paths.queue_dir().write_text("in the way")
    engine = start(FakePipeline(), reader)
    engine.submit(work(1, seed=1))
    reader.until_idle()
    assert saver.saved == [1]
    assert len(reader.all(Warned)) == 1


# --- steering ----------------------------------------------------------------------------------


def test_a_change_is_made_before_the_next_step_and_is_in_the_recipe(start, reader, gate) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    engine.submit(work(1, steps=5))
    gate.let(2)
    reader.one(Progress, lambda event: event.step == 2)
    engine.steer(1, Change(0, prompt="a dog"), {})
    gate.let(1)
    steered = reader.one(Steered)
    assert steered.change == Change(steered.change.step, prompt="a dog")
    assert steered.change.step in (2, 3)
    gate.open()
    assert reader.one(Finished).picture.request.changes == (steered.change,)


def test_what_is_over_cannot_be_steered(start, reader) -> None:
    engine = start(FakePipeline(), reader)
    engine.submit(work(1))
    reader.until_idle()
    engine.steer(1, Change(0, cfg=2.0), {})
    assert reader.one(SteerRefused).id == 1


def test_a_change_that_comes_too_late_is_refused_and_the_picture_is_finished(
    start, reader, saver
) -> None:
    def at_the_last(step: int) -> None:
        if step == 2:
            engine.steer(1, Change(0, cfg=2.0), {})

    engine = start(FakePipeline(before_step=at_the_last), reader)
    engine.submit(work(1, steps=2))
    reader.until_idle()
    assert reader.one(SteerRefused).id == 1
    assert len(saver.saved) == 1


def test_a_change_that_comes_while_it_is_decoded_is_refused(start, reader, saver) -> None:
    def decoding(tiled: bool) -> None:
        engine.steer(1, Change(0, cfg=2.0), {})

    engine = start(FakePipeline(before_finish=decoding), reader)
    engine.submit(work(1, steps=2, count=2))
    reader.until_idle()
    assert len(reader.all(SteerRefused)) == 2
    assert all(event.picture.request.changes == () for event in reader.all(Finished))


def test_a_paused_job_can_be_steered(start, reader, gate) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    engine.submit(work(1, steps=5))
    gate.let(1)
    reader.one(Progress)
    engine.pause()
    gate.let(1)
    reader.one(Paused)
    reader.one(QueueChanged, lambda event: [i.state for i in event.items] == ["paused"])
    engine.steer(1, Change(0, cfg=2.0), {})
    engine.resume()
    gate.open()
    assert reader.one(Finished).picture.request.changes == (Change(2, cfg=2.0),)


# --- live --------------------------------------------------------------------------------------


def live(number: int, **settings: object) -> Work:
    return replace(work(number, **settings), live=True)


def test_a_live_picture_is_neither_saved_nor_queued_nor_on_disk(start, reader, saver) -> None:
    engine = start(FakePipeline(), reader)
    engine.submit(live(1))
    finished = reader.one(Finished)
    assert finished.live
    assert finished.path is finished.record is finished.trajectory is None
    reader.until_idle()
    end(engine)
    assert saver.saved == []
    assert not reader.all(QueueChanged)
    assert not list(paths.queue_dir().glob("**/*.safetensors"))


def test_a_newer_live_work_replaces_the_ones_before_it(start, reader, gate) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    engine.submit(live(1, steps=50))
    gate.let(1)
    reader.one(Progress)
    engine.submit(live(2))
    engine.submit(live(3))
    reader.one(Cancelled, lambda event: event.id == 2)
    gate.let(1)
    reader.one(Cancelled, lambda event: event.id == 1)
    gate.open()
    reader.one(Finished, lambda event: event.id == 3)
    assert [event.id for event in reader.all(Started)] == [1, 3]


def test_live_works_come_first_and_also_while_paused(start, reader, gate, saver) -> None:
    engine = start(FakePipeline(before_step=gate), reader)
    engine.submit(work(1, seed=1))
    reader.one(Started)
    engine.submit(work(2, seed=2))
    engine.submit(live(3))
    gate.open()
    reader.until_idle()
    assert [event.id for event in reader.all(Finished)] == [1, 3, 2]
    reader.forget()
    engine.pause()
    engine.submit(live(4))
    reader.one(Finished)


# --- models ------------------------------------------------------------------------------------


def named(number: int, model: str) -> Work:
    return Work(number, Request(steps=2, model=model))


def test_another_model_is_loaded_when_a_work_asks_for_it(start, reader) -> None:
    (paths.models_dir() / "mine").mkdir(parents=True)
    engine = start(FakePipeline(), reader)
    for number, model in enumerate(("default", "mine", "mine", "default"), 1):
        engine.submit(named(number, model))
    reader.until_idle()
    assert [event.model.name for event in reader.all(Ready)] == ["fake", "mine", "fake"]
    assert len(reader.all(Finished)) == 4


@pytest.mark.parametrize("name", ["nowhere", "~nobody-of-that-name/model", "x" * 5000])
def test_a_model_that_is_missing_fails_its_own_work_alone(start, reader, name) -> None:
    engine = start(FakePipeline(), reader)
    engine.warm_up(name)
    engine.submit(named(1, name))
    engine.submit(named(2, "default"))
    reader.until_idle()
    assert reader.one(Failed).id == 1
    assert [event.id for event in reader.all(Finished)] == [2]


def test_a_model_that_cannot_be_loaded_keeps_what_waits(start, reader) -> None:
    def broken() -> None:
        raise OSError("damaged")

    engine = start(FakePipeline(before_load=broken), reader)
    engine.pause()
    engine.submit(work(1))
    engine.submit(work(2))
    engine.resume()
    reader.one(LoadFailed)
    reader.one(Cancelled)
    reader.one(QueueChanged, lambda event: event.paused and [i.id for i in event.items] == [2])
    end(engine)
    (job,) = left_on_disk()
    assert json.loads(job.read_text())["state"] == "waiting"
