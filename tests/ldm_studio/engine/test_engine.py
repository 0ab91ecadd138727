"""The engine without Qt: a fake pipeline on one side, a mailbox read by the test on the other."""

from __future__ import annotations

import errno
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ImageError, MemoryShortage, ModelError
from core.images.generated_image import GeneratedImage
from core.images.preview import Preview
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import (
    Cancelled,
    Failed,
    Finished,
    LoadFailed,
    Loading,
    ModelOffloaded,
    NotSaved,
    Progress,
    Ready,
    Started,
)
from ldm_studio.engine.mailbox import Mailbox
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.run_record import Record
from tests.ldm_studio.engine_events import new_job
from tests.ldm_studio.fakes import FakePipeline
from tests.waiting import HANG_SECONDS


def test_the_model_is_loaded_once_and_jobs_run_in_order(run, reader, saver) -> None:
    engine = run(FakePipeline())
    engine.warm_up()
    engine.submit(new_job(1, seed=5))
    engine.submit(new_job(2, seed=9))
    events = reader.until_over(1, 2)
    assert sum(isinstance(event, Loading) for event in events) == 1
    assert sum(isinstance(event, Ready) for event in events) == 1
    assert [event.id for event in events if isinstance(event, Finished)] == [1, 2]
    assert saver.saved == [5, 9]


def test_a_model_offloaded_during_a_run_is_reported_at_once(run, reader) -> None:
    pipeline = FakePipeline(before_step=lambda step: make_room() if step == 2 else None)

    def make_room() -> None:
        assert pipeline.info is not None
        pipeline.info = replace(pipeline.info, plan="one at a time")

    run(pipeline).submit(new_job(steps=4))
    events = reader.until_idle()
    (reported,) = (event for event in events if isinstance(event, ModelOffloaded))
    assert str(reported.model.plan) == "one at a time"
    kinds = [type(event) for event in events]
    assert kinds.count(Ready) == 1
    assert kinds.index(ModelOffloaded) < kinds.index(Finished)


def test_a_batch_runs_image_by_image_with_consecutive_seeds(run, reader, saver) -> None:
    engine = run(FakePipeline())
    engine.submit(new_job(count=3, seed=7))
    events = reader.until_idle()
    begun = [event for event in events if isinstance(event, Started)]
    assert [(event.index, event.count, event.request.count) for event in begun] == [
        (0, 3, 1),
        (1, 3, 1),
        (2, 3, 1),
    ]
    assert saver.saved == [7, 8, 9]


def test_an_image_is_saved_before_it_is_reported(run, reader, saver) -> None:
    engine = run(FakePipeline())
    engine.submit(new_job(seed=3))
    events = reader.until(lambda event: isinstance(event, Finished))
    (finished,) = [event for event in events if isinstance(event, Finished)]
    assert finished.path == Path("/pictures/3.png")
    assert saver.saved == [3]


def test_progress_reaches_the_last_step_with_a_preview(run, reader) -> None:
    engine = run(FakePipeline())
    engine.submit(new_job(steps=50))
    events = reader.until_idle()
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert (last.step, last.steps) == (50, 50)
    assert last.preview is not None


def test_the_sampler_never_waits_for_a_reader(run, reader, saver) -> None:
    previews = 0

    class Counting(FakePipeline):
        def begin(self, request, inputs=None, **more):
            run = super().begin(request, inputs, **more)
            draw = run.preview

            def preview(step: int) -> Preview:
                nonlocal previews
                previews += 1
                return draw(step)

            run.preview = preview  # type: ignore[method-assign]
            return run

    done = threading.Event()
    mailbox = Mailbox(lambda: None)

    def save(image: GeneratedImage, model: ModelInfo, record: Record) -> Path:
        done.set()
        return Path("x.png")

    engine = Engine(Counting(), mailbox, save, preview_interval=0.0)
    engine.submit(new_job(steps=200))
    assert done.wait(HANG_SECONDS)
    engine.close()
    assert engine.join(HANG_SECONDS)
    assert previews == 2  # the first, which was not read, and the last


def test_cancel_ends_within_one_step_and_the_engine_continues(run, reader, gate, saver) -> None:
    pipeline = FakePipeline(before_step=gate)
    engine = run(pipeline)
    engine.submit(new_job(1, steps=100))
    gate.let(3)
    gate.wait_at(4)
    engine.cancel(1)
    gate.let(1)
    reader.until(lambda event: isinstance(event, Cancelled))
    assert gate.reached == 4
    assert saver.saved == []
    reader.until_idle()
    reader.forget()
    gate.open()
    engine.submit(new_job(2))
    reader.until(lambda event: isinstance(event, Finished) and event.id == 2)


def test_cancel_after_the_last_step_still_cancels(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate))
    engine.submit(new_job(1, steps=2))
    gate.let(1)
    gate.wait_at(2)
    engine.cancel(1)
    engine.cancel(1)
    gate.let(1)
    reader.until(lambda event: isinstance(event, Cancelled))
    assert saver.saved == []


def test_cancel_while_queued_is_immediate(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate))
    engine.submit(new_job(1, seed=1))
    engine.submit(new_job(2, seed=2))
    engine.submit(new_job(3, seed=3))
    reader.until(lambda event: isinstance(event, Started))
    engine.cancel(2)
    reader.until(lambda event: isinstance(event, Cancelled) and event.id == 2)
    gate.open()
    reader.until_over(1, 3)
    assert saver.saved == [1, 3]


def test_cancelling_an_unknown_job_does_nothing(run, reader, saver) -> None:
    engine = run(FakePipeline())
    engine.cancel(99)
    engine.submit(new_job(1))
    events = reader.until_idle()
    assert not any(isinstance(event, Cancelled) for event in events)


def test_cancel_during_loading_prevents_the_run(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_load=gate))
    engine.submit(new_job(1))
    reader.until(lambda event: isinstance(event, Loading))
    engine.cancel(1)
    gate.open()
    reader.until(lambda event: isinstance(event, Ready))
    events = reader.until(lambda event: isinstance(event, Cancelled))
    assert not any(isinstance(event, Started) for event in events)


def test_a_bug_is_reported_with_its_traceback_and_the_next_job_runs(run, reader) -> None:
    engine = run(FakePipeline(begin_error=ZeroDivisionError("oops")))
    engine.submit(new_job(1))
    events = reader.until_idle()
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert "ZeroDivisionError: oops" in str(failed.error.message)
    assert "Traceback" in failed.report
    reader.forget()
    engine.submit(new_job(2))
    reader.until(lambda event: isinstance(event, Finished))


def test_an_error_below_exception_does_not_end_the_engine(run, reader) -> None:
    engine = run(FakePipeline(begin_error=SystemExit(3)))
    engine.submit(new_job(1))
    reader.until(lambda event: isinstance(event, Failed))
    engine.submit(new_job(2))
    reader.until(lambda event: isinstance(event, Finished))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory"
        ),
    ],
)
def test_running_out_of_memory_is_reported_with_advice(run, reader, error) -> None:
    engine = run(FakePipeline(begin_error=error))
    engine.submit(new_job(1))
    events = reader.until_idle()
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert isinstance(failed.error, MemoryShortage)
    assert "smaller size" in str(failed.error.hint)
    assert failed.report == ""


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/pictures/1.png"), "/pictures"),
        (ImageError("/pictures/1.png cannot be saved: No space left on device."), "/pictures"),
    ],
)
def test_a_full_disk_is_reported_and_the_image_is_not_lost(
    run, reader, saver, error, place
) -> None:
    saver.error = error
    engine = run(FakePipeline())
    engine.submit(new_job(1, count=3))
    reported = reader.one(NotSaved)
    (finished,) = reader.all(Finished)
    assert finished.path is None
    assert finished.image.rgb.shape == (128, 128, 3)
    assert place in str(reported.error.message)
    assert "No space left" in str(reported.error.message)
    assert "Save Image As" in str(reported.error.hint)
    assert reader.events.index(finished) < reader.events.index(reported)


def test_a_damaged_model_is_reported_and_loading_can_be_retried(run, reader) -> None:
    broken = True

    def load() -> None:
        if broken:
            raise ModelError("unet.safetensors is damaged.", "Download it again.")

    engine = run(FakePipeline(before_load=load))
    engine.submit(new_job(1))
    events = reader.until(lambda event: isinstance(event, Cancelled))
    (failed,) = [event for event in events if isinstance(event, LoadFailed)]
    assert str(failed.error.hint) == "Download it again."
    assert failed.report == ""
    broken = False
    reader.forget()
    engine.submit(new_job(2))
    reader.until(lambda event: isinstance(event, Finished) and event.id == 2)


def test_closing_during_a_run_ends_the_thread(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate))
    engine.submit(new_job(1, steps=1000))
    engine.submit(new_job(2))
    gate.let(2)
    gate.wait_at(3)
    engine.close()
    gate.let(1)
    assert engine.join(HANG_SECONDS)
    assert gate.reached == 3
    reader.until(lambda event: isinstance(event, Cancelled) and event.id == 2)
    reader.until(lambda event: isinstance(event, Cancelled) and event.id == 1)
    with pytest.raises(RuntimeError):
        engine.submit(new_job(3))


def test_closing_during_loading_and_closing_twice_end_the_thread(run, reader, gate) -> None:
    engine = run(FakePipeline(before_load=gate))
    engine.warm_up()
    reader.until(lambda event: isinstance(event, Loading))
    engine.close()
    engine.close()
    gate.open()
    assert engine.join(HANG_SECONDS)
