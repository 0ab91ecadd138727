"""The system clock is changed by years while the program runs."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from core.request.request import Request
from core.runtime.environment import Environment
from ldm_studio import paths
from ldm_studio.history.thumbnails import Thumbnails
from ldm_studio.images.image_files import read_request, save_next
from ldm_studio.images.job_files import JobStore, StoredJob
from ldm_studio.images.trajectory_store import SUFFIX, Trajectories, Trajectory
from tests.narrowing import present

YEAR = 365 * 86_400


class Clock:
    """The offset of the time."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seconds = 0
        real = time.time_ns
        patch.setattr(time, "time_ns", lambda: real() + self.seconds * 10**9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_queue_keeps_its_order_when_the_clock_is_set_back(tmp_path: Path, clock: Clock) -> None:
    keys = []
    store = JobStore(tmp_path)
    store.open()
    for years in (0, -10, 5, -20):
        clock.seconds = years * YEAR
        keys.append(store.new_key())
        store.write(keys[-1], StoredJob(Request(prompt=f"{years}")))
    store.close()
    clock.seconds = -30 * YEAR
    later = JobStore(tmp_path)
    found, problems = later.open()
    assert problems == []
    assert [job.key for job in found] == keys
    new = later.new_key()
    later.write(new, StoredJob(Request(prompt="new")))
    later.close()
    found, _ = JobStore(tmp_path).open()
    assert [job.key for job in found] == [*keys, new]


def test_the_newest_steps_are_kept_after_a_clock_change(tmp_path: Path) -> None:
    steps = Trajectory(Request(), Environment(), 1, np.zeros((4, 4, 16, 16), np.float16))
    size = present(Trajectories(tmp_path, 2**30).keep("first", steps)).stat().st_size
    store = Trajectories(tmp_path, 3 * size + 100)
    future = time.time() + 10 * YEAR
    os.utime(tmp_path / f"first{SUFFIX}", (future, future))  # until here the clock was wrong
    for name in ("second", "third", "fourth", "fifth"):
        kept = store.keep(name, steps)
        assert kept is not None
        assert kept.is_file()
    assert {path.stem for path in tmp_path.iterdir()} == {"third", "fourth", "fifth"}


def test_no_image_overwrites_another(studio_home: Path) -> None:
    """Dates and their folders repeat."""
    request = Request(width=8, height=8, seed=1)
    pixels = np.zeros((8, 8, 3), np.uint8)
    days = [date(2026, 11, 23), date(2016, 11, 23), date(2026, 11, 23), date(2099, 1, 1)]
    made = [save_next(paths.output_dir(day), pixels, request, "Tiny", "f" * 64) for day in days]
    assert len(set(made)) == len(days)
    assert all(read_request(path) is not None for path in made)


def test_thumbnails_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    with Thumbnails(tmp_path) as thumbnails:
        thumbnails.put([("digest", b"webp")])
    for years in (-50, 50):
        moment = time.time() + years * YEAR
        os.utime(tmp_path / "thumbnails.sqlite3", (moment, moment))
        with Thumbnails(tmp_path) as thumbnails:
            assert thumbnails.get("digest") == b"webp"
