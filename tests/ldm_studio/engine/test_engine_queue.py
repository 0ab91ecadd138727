"""The queue: queued, paused, and restored at the next start; over a fake pipeline."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import Message
from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.engine.events import (
    Cancelled,
    Failed,
    Finished,
    Idle,
    Job,
    Paused,
    Progress,
    QueueChanged,
    Ready,
    Resumed,
    Started,
    Warned,
)
from ldm_studio.engine.job_queue import MAX_JOBS
from ldm_studio.images.run_record import Parent
from tests.ldm_studio.engine_events import Reader, end, new_job
from tests.ldm_studio.fakes import FakePipeline


def states(reader: Reader) -> list[tuple[int, str]]:
    return [(item.id, item.state) for item in reader.queue()]


def left_on_disk() -> list[Path]:
    return sorted(paths.queue_dir().glob("*/*/job.json"))


# --- pausing -----------------------------------------------------------------------------------


def test_a_paused_job_stops_after_its_step_and_resumes(run, reader, gate, saver) -> None:
    pipeline = FakePipeline(before_step=gate)
    engine = run(pipeline, reader)
    engine.submit(new_job(1, steps=10, seed=1))
    engine.submit(new_job(2, seed=2))
    gate.let(3)
    gate.wait_at(4)
    engine.pause()
    gate.let()
    paused = reader.one(Paused)
    assert (paused.id, paused.step, paused.steps) == (1, 4, 10)
    reported = reader.one(
        QueueChanged, lambda event: [i.state for i in event.items][:1] == ["paused"]
    )
    assert reported.paused
    assert [(item.id, item.step, item.steps) for item in reported.items] == [(1, 4, 10), (2, 0, 0)]
    assert not reader.all(Idle)
    assert saver.saved == []
    reader.forget()
    gate.open()
    engine.resume()
    reader.until_over(1, 2)
    assert min(event.step for event in reader.all(Progress) if event.id == 1) > 4
    assert reader.one(Resumed).id == 1
    assert saver.saved == [1, 2]
    record = reader.all(Finished)[0].record
    assert record is not None
    assert len(record.steps) == 10


def test_a_paused_queue_starts_no_job(run, reader, saver) -> None:
    engine = run(FakePipeline(), reader)
    engine.pause()
    engine.submit(new_job(1, seed=1))
    reader.one(QueueChanged, lambda event: len(event.items) == 1)
    engine.warm_up()
    reader.one(Ready)
    assert not reader.all(Started)
    engine.resume()
    reader.until_idle()
    assert saver.saved == [1]


def test_a_batch_can_be_paused_between_two_images(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    engine.submit(new_job(1, steps=1, count=3, seed=5))
    gate.let(1)
    reader.one(Started, lambda event: event.index == 1)
    engine.pause()
    gate.let(1)
    reader.one(Paused)
    engine.resume()
    gate.open()
    reader.until_idle()
    assert saver.saved == [5, 6, 7]


def test_a_paused_job_can_be_cancelled(run, reader, gate) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    engine.submit(new_job(1, steps=10))
    gate.let(1)
    gate.wait_at(2)
    engine.pause()
    gate.let(1)
    reader.one(Paused)
    reader.one(QueueChanged, lambda event: [i.state for i in event.items] == ["paused"])
    engine.cancel(1)
    reader.one(Cancelled)
    end(engine)
    assert left_on_disk() == []


# --- order -------------------------------------------------------------------------------------


def test_queued_jobs_can_be_moved_and_removed(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    for number in range(1, 6):
        engine.submit(new_job(number, seed=number))
    reader.one(Started)
    engine.move(4, 0)
    engine.move(2, 99)
    engine.move(1, 2)  # it runs
    engine.cancel(5)
    reader.one(Cancelled)
    assert states(reader) == [(1, "running"), (4, "waiting"), (3, "waiting"), (2, "waiting")]
    gate.open()
    reader.until_over(1, 4, 3, 2)
    assert saver.saved == [1, 4, 3, 2]


def test_the_queue_has_a_maximum_length(run, reader) -> None:
    engine = run(FakePipeline(), reader)
    engine.pause()
    for number in range(1, MAX_JOBS + 2):
        engine.submit(new_job(number))
    failed = reader.one(Failed)
    assert failed.id == MAX_JOBS + 1
    assert str(MAX_JOBS) in str(failed.error.message)
    engine.cancel(1)
    engine.submit(new_job(1000))
    reader.one(QueueChanged, lambda event: event.items[-1:] and event.items[-1].id == 1000)


# --- the next start ----------------------------------------------------------------------------


def test_queued_jobs_are_restored_in_order_and_paused(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    parent = Parent("a" * 64, "00001-7.png", 3)
    engine.submit(new_job(1, steps=10, seed=1))
    engine.submit(new_job(2, seed=2))
    engine.submit(replace(new_job(3, seed=3), parent=parent))
    gate.let(3)
    gate.wait_at(4)
    engine.move(3, 0)
    engine.close()
    gate.let(1)
    end(engine)
    reader.events += reader.mailbox.drain()
    assert {event.id for event in reader.all(Cancelled)} == {1, 2, 3}
    assert saver.saved == []

    again = Reader()
    engine = run(FakePipeline(), again)
    reported = again.one(QueueChanged)
    assert reported.paused
    assert [(i.request.seed, i.state, i.step, i.steps) for i in reported.items] == [
        (1, "paused", 4, 10),
        (3, "waiting", 0, 0),
        (2, "waiting", 0, 0),
    ]
    engine.resume()
    again.until_idle()
    assert saver.saved == [1, 3, 2]
    first = reported.items[0].id
    assert min(event.step for event in again.all(Progress) if event.id == first) > 4
    records = [event.record for event in again.all(Finished)]
    assert [record.parent for record in records if record] == [None, parent, None]


def test_a_restored_job_does_not_block_a_new_one(run, reader, saver) -> None:
    engine = run(FakePipeline(), reader)
    engine.pause()
    engine.submit(new_job(1, seed=1))
    end(engine)
    (job,) = left_on_disk()  # as a crash leaves it
    job.write_text(json.dumps({**json.loads(job.read_text()), "state": "running"}))

    again = Reader()
    engine = run(FakePipeline(), again)
    reported = again.one(QueueChanged)
    assert [item.state for item in reported.items] == ["interrupted"]
    assert not reported.paused
    engine.submit(new_job(2, seed=2))
    again.until_idle()
    assert saver.saved == [2]
    engine.resume_item(reported.items[0].id)
    again.one(Finished, lambda event: event.id == reported.items[0].id)
    assert saver.saved == [2, 1]


def test_finished_images_of_a_batch_are_not_made_again(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    engine.submit(new_job(1, steps=2, count=3, seed=5))
    gate.let(3)
    reader.one(Progress, lambda event: event.step == 1 and len(saver.saved) == 1)
    engine.close()
    gate.let(1)
    end(engine)
    again = Reader()
    engine = run(FakePipeline(), again)
    (item,) = again.one(QueueChanged).items
    assert item.done in (1, 2)
    engine.resume()
    again.until_idle()
    assert saver.saved == [5, 6, 7]
    assert [event.index for event in again.all(Finished)] == list(range(item.done, 3))


def test_input_images_are_restored(run, reader) -> None:
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    mask = np.full((128, 128), 255, np.uint8)
    engine = run(FakePipeline(), reader)
    engine.pause()
    engine.submit(Job(1, Request(steps=2), Inputs(image, mask)))
    end(engine)
    again, pipeline = Reader(), FakePipeline()
    engine = run(pipeline, again)
    again.one(QueueChanged)
    engine.resume()
    again.until_idle()
    (first,), (second,) = pipeline.images, pipeline.masks
    assert first is not None
    assert second is not None
    assert np.array_equal(first, image)
    assert np.array_equal(second, mask)


def test_a_missing_input_image_is_reported(run, reader) -> None:
    engine = run(FakePipeline(), reader)
    engine.submit(Job(1, Request(init="0" * 64)))
    assert "no longer stored" in str(reader.one(Failed).error.message)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 1}', "null"])
def test_a_damaged_job_is_set_aside_and_the_others_are_restored(run, reader, text) -> None:
    engine = run(FakePipeline(), reader)
    engine.pause()
    engine.submit(new_job(1, seed=1))
    engine.submit(new_job(2, seed=2))
    end(engine)
    left_on_disk()[0].write_text(text)
    again = Reader()
    run(FakePipeline(), again)
    reported = again.one(QueueChanged)
    assert [item.request.seed for item in reported.items] == [2]
    aside = next(iter((paths.queue_dir() / "damaged").iterdir()))
    assert str(aside) in str(again.one(Warned).error.message)


def test_the_queue_of_a_running_process_is_not_taken_over(run, reader, saver) -> None:
    first = run(FakePipeline(), reader)
    first.pause()
    first.submit(new_job(1, seed=1))
    reader.one(QueueChanged, lambda event: len(event.items) == 1)
    other = Reader()
    second = run(FakePipeline(), other)
    second.submit(new_job(1, seed=7))
    other.until_idle()
    assert saver.saved == [7]
    first.resume()
    reader.until_idle()
    assert saver.saved == [7, 1]


def test_a_state_file_can_be_resumed(run, reader, saver, tmp_path) -> None:
    pipeline = FakePipeline()
    half = pipeline.begin(Request(steps=8, seed=4))
    half.save(
        tmp_path / "half.safetensors", 5, step_digests=[half.step_digest(n) for n in range(1, 6)]
    )
    engine = run(pipeline, reader)
    engine.submit(Job(1, half.request, resume=tmp_path / "half.safetensors"))
    reader.until_idle()
    assert saver.saved == [4]
    record = reader.one(Finished).record
    assert record is not None
    assert len(record.steps) == 8


def test_a_decoding_fallback_is_reported_once_for_consecutive_images(run, reader) -> None:
    pipeline = FakePipeline()

    def overflow(tiled: bool) -> None:
        overflowed = [Message("overflowed")] if pipeline.begun[-1].seed < 3 else []
        pipeline.notes = (Message("said before"), *overflowed)

    pipeline.before_finish = overflow
    pipeline.notes = (Message("said before"),)
    engine = run(pipeline, reader)
    engine.submit(new_job(1, count=3, seed=1))
    reader.until_over(1)
    reported = [str(event.error.message) for event in reader.all(Warned)]
    assert reported == ["said before", "overflowed"]
    reader.forget()
    engine.submit(new_job(2, seed=1))
    reader.until_over(2)
    assert [str(event.error.message) for event in reader.all(Warned)] == ["overflowed"]


# --- disks that are full -----------------------------------------------------------------------


def test_a_full_disk_is_reported_once_and_the_run_continues(run, reader, saver) -> None:
    def full(step: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/data/queue/x")

    engine = run(FakePipeline(before_save=full), reader)
    engine.submit(new_job(1, steps=5, count=2, seed=1))
    reader.until_idle()
    assert saver.saved == [1, 2]
    (warned,) = reader.all(Warned)
    assert "No space left" in str(warned.error.message)
    assert "/data/queue" in str(warned.error.message)
    assert "lost" in str(warned.error.hint)


def test_a_state_that_cannot_be_written_is_finished_instead_of_paused(
    run, reader, gate, saver
) -> None:
    def full(step: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    engine = run(FakePipeline(before_step=gate, before_save=full), reader)
    engine.submit(new_job(1, steps=3, seed=1))
    engine.submit(new_job(2, seed=2))
    gate.let(1)
    gate.wait_at(2)
    engine.pause()
    gate.open()
    reader.one(Finished)
    assert saver.saved == [1]
    assert reader.all(Warned)


def test_an_unwritable_queue_does_not_stop_the_engine(run, reader, saver) -> None:
    paths.data_dir().mkdir(parents=True)
    paths.queue_dir().write_text("in the way")
    engine = run(FakePipeline(), reader)
    engine.submit(new_job(1, seed=1))
    reader.until_idle()
    assert saver.saved == [1]
    assert len(reader.all(Warned)) == 1
