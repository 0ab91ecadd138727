"""Steering, live mode, and other models: over a fake pipeline."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.request.request import Change, Request
from ldm_studio import paths
from ldm_studio.engine.events import (
    Cancelled,
    Failed,
    Finished,
    Job,
    LoadFailed,
    Paused,
    QueueChanged,
    Ready,
    Started,
    Steered,
    SteerRefused,
)
from tests.ldm_studio.engine_events import end, new_job
from tests.ldm_studio.fakes import FakePipeline


def left_on_disk() -> list[Path]:
    return sorted(paths.queue_dir().glob("*/*/job.json"))


# --- steering ----------------------------------------------------------------------------------


def test_a_change_applies_before_the_next_step_and_is_in_the_recipe(run, reader, gate) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    engine.submit(new_job(1, steps=5))
    gate.let(2)
    gate.wait_at(3)
    engine.steer(1, Change(0, prompt="a dog"), {})
    gate.let(1)
    steered = reader.one(Steered)
    assert steered.change == Change(3, prompt="a dog")
    gate.open()
    assert reader.one(Finished).image.request.changes == (steered.change,)


def test_a_finished_job_cannot_be_steered(run, reader) -> None:
    engine = run(FakePipeline(), reader)
    engine.submit(new_job(1))
    reader.until_idle()
    engine.steer(1, Change(0, cfg=2.0), {})
    assert reader.one(SteerRefused).id == 1


def test_a_late_change_is_refused_and_the_image_is_finished(run, reader, saver) -> None:
    def at_the_last(step: int) -> None:
        if step == 2:
            engine.steer(1, Change(0, cfg=2.0), {})

    engine = run(FakePipeline(before_step=at_the_last), reader)
    engine.submit(new_job(1, steps=2))
    reader.until_idle()
    assert reader.one(SteerRefused).id == 1
    assert len(saver.saved) == 1


def test_a_change_during_decoding_is_refused(run, reader, saver) -> None:
    def decoding(tiled: bool) -> None:
        engine.steer(1, Change(0, cfg=2.0), {})

    engine = run(FakePipeline(before_finish=decoding), reader)
    engine.submit(new_job(1, steps=2, count=2))
    reader.until_idle()
    assert len(reader.all(SteerRefused)) == 2
    assert [event.image.request.changes for event in reader.all(Finished)] == [(), ()]


def test_a_paused_job_can_be_steered(run, reader, gate) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    engine.submit(new_job(1, steps=5))
    gate.let(1)
    gate.wait_at(2)
    engine.pause()
    gate.let(1)
    reader.one(Paused)
    reader.one(QueueChanged, lambda event: [i.state for i in event.items] == ["paused"])
    engine.steer(1, Change(0, cfg=2.0), {})
    engine.resume()
    gate.open()
    assert reader.one(Finished).image.request.changes == (Change(2, cfg=2.0),)


# --- live --------------------------------------------------------------------------------------


def live(number: int, **settings: int) -> Job:
    return replace(new_job(number, **settings), live=True)


def test_a_live_image_is_neither_saved_nor_queued(run, reader, saver) -> None:
    engine = run(FakePipeline(), reader)
    engine.submit(live(1))
    finished = reader.one(Finished)
    assert finished.live
    assert finished.path is finished.record is finished.trajectory is None
    reader.until_idle()
    end(engine)
    assert saver.saved == []
    assert not reader.all(QueueChanged)
    assert not list(paths.queue_dir().glob("**/*.safetensors"))


def test_a_newer_live_job_replaces_earlier_ones(run, reader, gate) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    engine.submit(live(1, steps=50))
    gate.let(1)
    gate.wait_at(2)
    engine.submit(live(2))
    engine.submit(live(3))
    reader.one(Cancelled, lambda event: event.id == 2)
    gate.let(1)
    reader.one(Cancelled, lambda event: event.id == 1)
    gate.open()
    reader.one(Finished, lambda event: event.id == 3)
    assert [event.id for event in reader.all(Started)] == [1, 3]


def test_live_jobs_come_first_even_while_paused(run, reader, gate, saver) -> None:
    engine = run(FakePipeline(before_step=gate), reader)
    engine.submit(new_job(1, seed=1))
    reader.one(Started)
    engine.submit(new_job(2, seed=2))
    engine.submit(live(3))
    gate.open()
    reader.until_over(1, 3, 2)
    assert [event.id for event in reader.all(Finished)] == [1, 3, 2]
    reader.forget()
    engine.pause()
    engine.submit(live(4))
    reader.one(Finished)


# --- models ------------------------------------------------------------------------------------


def named(number: int, model: str) -> Job:
    return Job(number, Request(steps=2, model=model))


def test_another_model_is_loaded_for_its_job(run, reader) -> None:
    (paths.models_dir() / "mine").mkdir(parents=True)
    engine = run(FakePipeline(), reader)
    for number, model in enumerate(("default", "mine", "mine", "default"), 1):
        engine.submit(named(number, model))
    reader.until_over(1, 2, 3, 4)
    assert [event.model.name for event in reader.all(Ready)] == ["fake", "mine", "fake"]
    assert len(reader.all(Finished)) == 4


@pytest.mark.parametrize("name", ["nowhere", "~nobody-of-that-name/model", "x" * 5000])
def test_a_missing_model_fails_only_its_own_job(run, reader, name) -> None:
    engine = run(FakePipeline(), reader)
    engine.warm_up(name)
    engine.submit(named(1, name))
    engine.submit(named(2, "default"))
    reader.until_over(1, 2)
    assert reader.one(Failed).id == 1
    assert [event.id for event in reader.all(Finished)] == [2]


def test_a_model_that_cannot_be_loaded_keeps_queued_jobs(run, reader) -> None:
    def broken() -> None:
        raise OSError("damaged")

    engine = run(FakePipeline(before_load=broken), reader)
    engine.pause()
    engine.submit(new_job(1))
    engine.submit(new_job(2))
    engine.resume()
    reader.one(LoadFailed)
    reader.one(Cancelled)
    reader.one(QueueChanged, lambda event: event.paused and [i.id for i in event.items] == [2])
    end(engine)
    (job,) = left_on_disk()
    assert json.loads(job.read_text())["state"] == "waiting"
