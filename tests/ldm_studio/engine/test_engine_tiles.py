"""Cancelling, pausing and closing between the tiles of a large image's step."""

from __future__ import annotations

import numpy as np
import pytest

from ldm_studio.engine.events import Cancelled, Finished, Paused, Progress, QueueChanged, Resumed
from tests.ldm_studio.engine_events import Reader, new_job
from tests.ldm_studio.fakes import FakePipeline, Gate
from tests.waiting import HANG_SECONDS

TILES = 9


@pytest.fixture
def pipeline(gate: Gate) -> FakePipeline:
    """Waits after each tile."""
    return FakePipeline(tiles=TILES, before_tile=gate)


def in_the_second_step(gate: Gate, reader: Reader) -> None:
    """Waits until the first step and some tiles of the second are done."""
    gate.let(TILES + 2)
    gate.wait(TILES + 3)
    reader.one(Progress)


def test_a_cancelled_job_ends_with_its_tile(run, reader, gate, pipeline) -> None:
    engine = run(pipeline, reader)
    engine.submit(new_job())
    in_the_second_step(gate, reader)
    engine.cancel(1)
    gate.let()  # the tile in progress, no more
    assert reader.one(Cancelled).id == 1
    assert len(reader.all(Progress)) == 1
    assert gate.reached == 2


def test_a_pause_takes_effect_with_the_tile_and_the_step_is_repeated(
    run, reader, gate, pipeline
) -> None:
    whole = run(FakePipeline(), reader)
    whole.submit(new_job(5))
    expected = reader.one(Finished).image
    whole.close()
    assert whole.join(HANG_SECONDS)
    reader.forget()
    engine = run(pipeline, reader)
    engine.submit(new_job())
    in_the_second_step(gate, reader)
    engine.pause()
    gate.let()
    paused = reader.one(Paused)
    assert (paused.step, paused.steps) == (1, 4)
    gate.open()
    engine.resume()
    reader.one(Resumed)
    finished = reader.one(Finished)
    assert np.array_equal(finished.image.rgb, expected.rgb)
    assert [event.step for event in reader.all(Progress)][-1] == 4


def test_closing_keeps_the_last_complete_step(run, reader, gate, pipeline) -> None:
    engine = run(pipeline, reader)
    engine.submit(new_job())
    in_the_second_step(gate, reader)
    engine.close()
    gate.let()
    assert engine.join(HANG_SECONDS)
    gate.open()
    again, drawn = Reader(), list[int]()
    engine = run(FakePipeline(before_step=drawn.append), again)
    again.one(QueueChanged, lambda event: bool(event.items))
    engine.resume()
    again.one(Finished)
    assert drawn == [2, 3, 4]


def test_on_a_full_disk_a_paused_job_finishes(run, reader, gate, pipeline) -> None:
    def full(step: int) -> None:
        raise OSError(28, "No space left on device")

    pipeline.before_save = full
    engine = run(pipeline, reader)
    engine.submit(new_job())
    in_the_second_step(gate, reader)
    engine.pause()
    gate.open()
    assert reader.one(Finished).path is not None
    assert not reader.all(Paused)


def test_a_job_can_be_cancelled_while_it_is_decoded(run, reader, gate) -> None:
    decoding = Gate()
    pipeline = FakePipeline(tiles=2, before_decoding=decoding)
    engine = run(pipeline, reader)
    engine.submit(new_job())
    reader.one(Progress, lambda event: event.step == 4)
    decoding.wait()
    engine.cancel(1)
    decoding.open()
    reader.one(Cancelled)
    assert not reader.all(Finished)
