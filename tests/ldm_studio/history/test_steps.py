"""Saved steps: the index follows the engine's folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.images.image_digest import digest
from core.request.request import Request
from core.runtime.environment import Environment
from ldm_studio.history import steps_on_disk
from ldm_studio.history.image_reader import scan
from ldm_studio.history.query_language import parse
from ldm_studio.images.trajectory_store import Trajectories, Trajectory
from tests.ldm_studio.history.files import noise, ours

REQUEST = Request(prompt="a fox", width=8, height=8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "trajectories"


def keep(folder: Path, seed: int, count: int = 5, first: int = 1) -> Path:
    """The steps of the image `noise(seed=seed)`."""
    estimates = np.zeros((count, 4, 2, 2), np.float16)
    made = Trajectory(REQUEST, Environment("1"), first, estimates)
    path = Trajectories(folder, 2**30).keep(digest(noise(seed=seed)), made)
    assert path is not None
    return path


def found(reader, text: str = "has:steps") -> list[str]:
    return [image.path.name for image in reader.pages(parse(text))]


@pytest.fixture
def images(tmp_path: Path, history) -> None:
    paths = [ours(tmp_path / f"{seed}.png", REQUEST, seed=seed) for seed in range(3)]
    history.put([scan(path) for path in paths]).result()


def test_images_with_saved_steps_are_found(images, folder, history, reader):
    keep(folder, 1, count=7, first=3)
    steps_on_disk.follow(history, folder)
    assert found(reader) == ["1.png"]
    assert sorted(found(reader, "-has:steps")) == ["0.png", "2.png"]
    (image,) = reader.pages(parse("has:steps"))
    kept = reader.details(image.id).kept_steps
    assert (kept.first, kept.count, kept.last) == (3, 7, 9)


def test_dropped_and_new_steps_are_noticed(images, folder, history, reader):
    path = keep(folder, 1)
    keep(folder, 2)
    steps_on_disk.follow(history, folder)
    path.unlink()
    keep(folder, 2, count=9)
    steps_on_disk.follow(history, folder)
    assert found(reader) == ["2.png"]
    (image,) = reader.pages(parse("has:steps"))
    assert reader.details(image.id).kept_steps.count == 9


def test_files_that_are_not_steps_are_skipped(images, folder, history, reader):
    steps_on_disk.follow(history, folder)  # it is not there yet
    good = keep(folder, 0)
    (folder / "notes.safetensors").write_bytes(b"nothing")
    for seed, data in ((1, b""), (2, b"\xff" * 50)):
        (folder / f"{digest(noise(seed=seed))}.safetensors").write_bytes(data)
    (folder / f"{'0' * 64}.safetensors").write_bytes(good.read_bytes()[:40])
    steps_on_disk.follow(history, folder)
    assert found(reader) == ["0.png"]
