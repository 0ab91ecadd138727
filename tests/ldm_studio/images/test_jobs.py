"""The queue on disk, the step log, and saved steps of finished images."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import StateError
from core.request.request import Change, Request
from core.runtime.environment import Environment
from ldm_studio.images.job_files import JobStore, StoredJob
from ldm_studio.images.run_record import Parent
from ldm_studio.images.step_log import StepLog
from ldm_studio.images.trajectory_store import Trajectories, Trajectory, read

JOB = StoredJob(
    Request(prompt="ein Fuchs\0🦊", changes=(Change(2, cfg=3.0),), count=4),
    "paused",
    2,
    Parent("b" * 64, "00007-3.png", 5),
    "/somewhere/a state.safetensors",
)


def estimate(step: int) -> np.ndarray:
    return np.full((4, 3, 2), step / 7, np.float16)


# --- jobs --------------------------------------------------------------------------------------


def test_jobs_are_restored_in_order(tmp_path) -> None:
    store = JobStore(tmp_path)
    assert store.open() == ([], [])
    keys = [store.new_key() for _ in range(3)]
    assert keys == sorted(keys)
    for number, key in enumerate(keys):
        store.write(key, replace(JOB, done=number))
    store.order([keys[2], keys[0], keys[1]])
    store.close()
    found, problems = JobStore(tmp_path).open()
    assert [job.job for job in found] == [replace(JOB, done=n) for n in (2, 0, 1)]
    assert problems == []


def test_a_job_missing_from_the_order_comes_last(tmp_path) -> None:
    store = JobStore(tmp_path)
    store.open()
    first, second, third = (store.new_key() for _ in range(3))
    for key in (first, second, third):
        store.write(key, JOB)
    store.order([second, first])
    store.close()
    found, _ = JobStore(tmp_path).open()
    assert [job.key for job in found] == [second, first, third]


def test_a_damaged_order_loses_no_job(tmp_path) -> None:
    store = JobStore(tmp_path)
    store.open()
    key = store.new_key()
    store.write(key, JOB)
    store.order([key])
    store.close()
    (order,) = tmp_path.glob("*/order.json")
    order.write_text('{"order": 7}')
    found, _ = JobStore(tmp_path).open()
    assert [job.key for job in found] == [key]


def test_an_empty_queue_leaves_no_files(tmp_path) -> None:
    store = JobStore(tmp_path)
    store.open()
    key = store.new_key()
    store.write(key, JOB)
    store.remove(key)
    store.remove(key)
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_jobs_of_a_running_process_are_not_taken_over(tmp_path) -> None:
    living = JobStore(tmp_path)
    living.open()
    living.write(living.new_key(), JOB)
    other = JobStore(tmp_path)
    assert other.open() == ([], [])
    other.close()
    living.close()
    found, _ = JobStore(tmp_path).open()
    assert len(found) == 1


def test_a_finished_job_is_not_restored(tmp_path) -> None:
    store = JobStore(tmp_path)
    store.open()
    store.write(store.new_key(), replace(JOB, done=JOB.request.count))
    store.close()
    again = JobStore(tmp_path)
    assert again.open() == ([], [])
    again.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"state": "asleep"},
        {"done": -1},
        {"done": 5},
        {"done": 1.5},
        {"more": 1},
        {"parent": {}},
        {"request": {"steps": 0}},
    ],
)
def test_an_unusable_job_is_reported(change) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        StoredJob.from_json({**JOB.to_json(), **change})


def test_progress_is_read_without_torch(tmp_path) -> None:
    store = JobStore(tmp_path)
    store.open()
    key = store.new_key()
    store.write(key, JOB)
    journal = store.journal(key, JOB.done)
    for step in (5, 6):  # a crash may leave two
        state = safetensors.numpy.save({"index": np.array(step)})
        journal.state_after(step).write_bytes(state)
    journal.log.append(20, estimate(6))
    journal.log.close()
    store.close()
    ((found,), problems) = JobStore(tmp_path).open()
    assert (found.step, found.steps) == (6, 20)
    assert problems == []


@pytest.mark.parametrize("data", [b"", b"\0" * 20, b"not one of these"])
def test_a_damaged_state_is_reported_and_the_job_is_restored_without_it(tmp_path, data) -> None:
    store = JobStore(tmp_path)
    store.open()
    key = store.new_key()
    store.write(key, JOB)
    store.journal(key, JOB.done).state_after(3).write_bytes(data)
    store.close()
    again = JobStore(tmp_path)
    ((found,), (problem,)) = again.open()
    assert (found.job, found.step) == (JOB, 0)
    assert "is restarted" in str(problem)
    assert again.journal(key, JOB.done).states() == []


# --- the log of steps --------------------------------------------------------------------------


def test_steps_are_read_up_to_the_resumed_one(tmp_path) -> None:
    log = StepLog(tmp_path / "log")
    for step in range(1, 6):
        log.append(9, estimate(step))
    assert log.total() == 9
    kept = log.read(3)
    assert np.array_equal(kept, [estimate(step) for step in (1, 2, 3)])
    log.append(8, estimate(4))
    log.close()
    assert log.total() == 8
    assert np.array_equal(StepLog(tmp_path / "log").read(4)[3], estimate(4))


def test_without_estimates_only_the_number_of_steps_is_known(tmp_path) -> None:
    log = StepLog(tmp_path / "log")
    log.append(9)
    log.append(9)
    assert log.total() == 9
    assert log.read(2) == []


def test_a_log_with_missing_steps_is_dropped(tmp_path) -> None:
    log = StepLog(tmp_path / "log")
    log.append(9, estimate(1))
    assert log.read(2) == []
    assert not log.path.exists()
    assert log.total() == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=100), length=st.integers(0, 200))
def test_a_damaged_log_is_dropped_at_worst(tmp_path: Path, data, length) -> None:
    log = StepLog(tmp_path / "log")
    log.path.unlink(missing_ok=True)
    log.append(9, estimate(1))
    log.close()
    whole = log.path.read_bytes()
    log.path.write_bytes(data + whole[len(data) : length])
    log.total()
    assert len(log.read(1)) in (0, 1)


# --- finished images -------------------------------------------------------------------------


def trajectory(steps: int = 3, first: int = 1) -> Trajectory:
    estimates = np.stack([estimate(step) for step in range(1, steps + 1)])
    return Trajectory(Request(prompt="fox", steps=steps), Environment(torch="2"), first, estimates)


def test_saved_steps_are_read_back(tmp_path) -> None:
    path = Trajectories(tmp_path, 2**20).keep("a" * 64, trajectory(first=2))
    assert path == Trajectories(tmp_path, 0).path("a" * 64)
    assert path is not None
    kept = read(path)
    assert (kept.request, kept.environment) == (trajectory().request, Environment(torch="2"))
    assert np.array_equal(kept.estimate(2), estimate(1))
    assert np.array_equal(kept.estimate(4), estimate(3))
    for missing in (0, 1, 5):
        with pytest.raises(StateError, match="2 to 4"):
            kept.estimate(missing)


def test_the_oldest_steps_are_dropped_to_make_room(tmp_path) -> None:
    one = Trajectories(tmp_path, 2**20).keep("0" * 64, trajectory())
    assert one is not None
    size = one.stat().st_size
    os.utime(one, (1, 1))
    kept = Trajectories(tmp_path, 2 * size + size // 2)
    for name in "123":
        path = kept.keep(name * 64, trajectory())
        assert path is not None
        os.utime(path, (1 + int(name), 1 + int(name)))
    assert sorted(path.name[0] for path in tmp_path.iterdir()) == ["2", "3"]
    kept.set_budget(size)
    assert [path.name[0] for path in tmp_path.iterdir()] == ["3"]
    kept.set_budget(0)
    assert list(tmp_path.iterdir()) == []
    assert kept.keep("4" * 64, trajectory()) is None
    assert list(tmp_path.iterdir()) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60), length=st.integers(0, 2000))
def test_a_damaged_file_is_reported(tmp_path: Path, data, length) -> None:
    path = Trajectories(tmp_path, 2**20).keep("a" * 64, trajectory())
    assert path is not None
    whole = path.read_bytes()
    path.write_bytes(data + whole[len(data) : length])
    with suppress(StateError):  # and nothing else
        read(path)


def test_dropped_steps_are_reported(tmp_path) -> None:
    with pytest.raises(StateError, match="no longer stored"):
        read(tmp_path / "nothing")
