"""Unused init images are removed; used ones stay."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.images.image_digest import digest
from core.request.request import Change, Request
from core.runtime.environment import Environment
from ldm_studio.images.input_cleanup import GRACE_DAYS, clean_inputs
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.job_files import JobStore, StoredJob
from ldm_studio.images.trajectory_store import Trajectories, Trajectory

LONG_AGO = time.time() - (GRACE_DAYS + 1) * 86_400


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    return tmp_path / "inputs"


def keep(inputs: Path, seed: int, used: float = LONG_AGO) -> str:
    """The digest of a stored image."""
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    path = InputStore(inputs).keep(digest(pixels), pixels)
    os.utime(path, (used, used))
    return digest(pixels)


def kept(inputs: Path) -> set[str]:
    return {path.stem for path in inputs.rglob("*.png")}


def request(**changes: object) -> str:
    return replace(Request(), **changes).to_json()


def test_unreferenced_images_are_removed(inputs):
    start, mask, later, lonely = (keep(inputs, seed) for seed in range(4))
    change = Change(3, init=later, mask=later)
    named = [request(init=start, mask=mask, strength=0.5), request(changes=(change,))]
    cleaned = clean_inputs(inputs, named, [])
    assert kept(inputs) == {start, mask, later}
    assert (cleaned.files, cleaned.size > 0) == (1, True)
    assert lonely not in kept(inputs)


def test_recently_used_images_stay(inputs):
    lately = keep(inputs, 1, time.time() - 86_400 * (GRACE_DAYS - 1))
    assert clean_inputs(inputs, [], []).files == 0
    assert kept(inputs) == {lately}


def test_storing_again_counts_as_use(inputs):
    keep(inputs, 1)
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    InputStore(inputs).keep(digest(pixels), pixels)
    assert clean_inputs(inputs, [], []).files == 0


def test_images_of_jobs_journals_and_steps_stay(inputs, tmp_path):
    queue, damaged, steps, state, lonely = (keep(inputs, seed) for seed in range(5))
    jobs = JobStore(tmp_path / "queue")
    jobs.open()
    jobs.write(jobs.new_key(), StoredJob(Request(init=queue, strength=0.5)))
    jobs.close()
    (tmp_path / "queue" / "damaged" / "1").mkdir(parents=True)
    (tmp_path / "queue" / "damaged" / "1" / "job.json").write_text(f'{{"init": "{damaged}", ')
    made = Trajectory(
        Request(init=steps, strength=0.5), Environment(), 1, np.zeros((2, 4, 1, 1), np.float16)
    )
    Trajectories(tmp_path / "trajectories", 2**20).keep("0" * 64, made)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "session.json").write_text(json.dumps({"parameters": {"init": state}}))
    others = [tmp_path / name for name in ("queue", "trajectories", "state", "not there")]
    assert clean_inputs(inputs, [], others).files == 1
    assert kept(inputs) == {queue, damaged, steps, state}
    assert lonely not in kept(inputs)


def test_the_cleanup_without_a_folder_does_nothing(inputs):
    assert clean_inputs(inputs, [], []).files == 0
