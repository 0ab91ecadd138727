"""Models that share a device without room for both; the CPU simulates a GPU of any size."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import core.runtime.offload
from core.checkpoints import load_model as loading
from core.model.model import Model
from core.request.request import Change, Request
from core.runtime.offload import size_of
from ldm_studio.engine import recent_models
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.hardware import Memory
from ldm_studio.paths import models_dir
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise

MB, GB = 10**6, 10**9
REQUEST = Request(
    prompt="a cat", model="first.safetensors", steps=2, cfg=3.0, width=64, height=64, seed=1
)
HANDED = replace(REQUEST, changes=(Change(1, model="second.safetensors"),))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two")
    first, second = folder / "first.safetensors", folder / "second.safetensors"
    weights = original(made("SD1", randomise))
    save_file(weights, first)
    save_file({name: value * 1.01 for name, value in weights.items()}, second)
    return first, second


@pytest.fixture(autouse=True)
def folder(written: tuple[Path, Path]) -> Path:
    folder = models_dir()
    folder.mkdir(parents=True, exist_ok=True)
    for path in written:
        os.link(path, folder / path.name)
    return folder


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Free bytes on the device, in one settable entry."""
    bytes_: list[int | None] = [4 * GB]
    for module in (loading, core.runtime.offload):
        monkeypatch.setattr(module, "free_memory", lambda device: bytes_[0])
    monkeypatch.setattr(recent_models, "memory", lambda: Memory(64 * GB, 64 * GB))
    return bytes_


def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Model]]:
    """The files that are read from now on, and the models."""
    read: list[tuple[Path, Model]] = []
    load = loading.load_model

    def noted(path: Path, *args, **kwargs):
        read.append((path, load(path, *args, **kwargs)))
        return read[-1][1]

    monkeypatch.setattr(loading, "load_model", noted)
    return read


def drawn(pipeline: CorePipeline, request: Request) -> tuple[np.ndarray, tuple[str, ...]]:
    run = pipeline.begin(request)
    *_, last = run.steps()
    return run.finish(last).rgb, tuple(map(str, run.notes))


def test_a_first_model_is_offloaded_for_the_second(free: list[int]) -> None:
    roomy = CorePipeline(device="cpu")
    roomy.load(REQUEST.model)
    expected, quiet = drawn(roomy, HANDED)
    assert quiet == ()
    pipeline = CorePipeline(device="cpu")
    info = pipeline.load(REQUEST.model)
    assert str(info.plan).startswith("all on the GPU")
    free[0] = 200 * MB
    image, notes = drawn(pipeline, HANDED)
    assert tuple(map(str, notes)) == (
        "The GPU has no room for first and second at once: their networks take turns there.",
    )
    assert (image == expected).all()
    assert pipeline.info is not None
    assert str(pipeline.info.plan).startswith("one at a time on the GPU")
    assert replace(pipeline.info, plan=info.plan) == info
    assert (drawn(pipeline, HANDED)[0] == expected).all()
    assert (drawn(pipeline, REQUEST)[0] == drawn(roomy, REQUEST)[0]).all()


def test_a_restored_model_is_planned_without_other_models(free: list[int]) -> None:
    pipeline = CorePipeline(device="cpu")
    before = pipeline.load("first.safetensors").plan
    free[0] = 200 * MB
    drawn(pipeline, HANDED)
    pipeline.load("second.safetensors")
    free[0] = 4 * GB
    assert pipeline.load("first.safetensors").plan == before


def test_a_returning_model_is_placed_by_the_free_memory(free: list[int]) -> None:
    pipeline = CorePipeline(device="cpu")
    first = pipeline.load("first.safetensors")
    expected, _ = drawn(pipeline, REQUEST)
    pipeline.load("second.safetensors")
    free[0] = 300 * MB
    assert str(pipeline.load("first.safetensors").plan).startswith("one at a time on the GPU")
    assert (drawn(pipeline, REQUEST)[0] == expected).all()
    pipeline.load("second.safetensors")
    free[0] = 4 * GB
    assert pipeline.load("first.safetensors").plan == first.plan


def test_a_model_that_main_memory_cannot_hold_is_dropped(
    free: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        recent_models, "memory", lambda: Memory(8 * GB, recent_models.SPARE + 20 * MB)
    )
    read = loaded(monkeypatch)
    pipeline = CorePipeline(device="cpu")
    for name in ("first", "second", "first"):
        pipeline.load(f"{name}.safetensors")
    assert [path.stem for path, _ in read] == ["first", "second", "first"]


@pytest.fixture
def narrow(folder: Path) -> Path:
    """A model in float8, which computes in float32."""
    weights = load_file(folder / "first.safetensors")
    path = folder / "narrow.safetensors"
    save_file({name: value.to(torch.float8_e4m3fn) for name, value in weights.items()}, path)
    return path


@pytest.mark.parametrize(("room", "kept"), [(9.5, True), (8.5, False)])
def test_the_size_of_an_offloaded_network_is_that_of_its_file(
    room: float, kept: bool, narrow: Path, free: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading the other may take twice its file, which is 4 times as large as the one in float8."""
    left = recent_models.SPARE + round(room * narrow.stat().st_size)
    monkeypatch.setattr(recent_models, "memory", lambda: Memory(8 * GB, left))
    free[0] = 200 * MB
    read = loaded(monkeypatch)
    pipeline = CorePipeline(device="cpu")
    for name in ("narrow", "first", "narrow"):
        pipeline.load(f"{name}.safetensors")
    assert len(read) == (2 if kept else 3)


@pytest.mark.parametrize("room", [None, 4 * GB, 200 * MB])
def test_generating_does_not_change_the_memory_of_the_weights(
    room: int | None, narrow: Path, free: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the memory an image is measured to need is what it needs beside the weights."""
    free[0] = room
    read = loaded(monkeypatch)
    pipeline = CorePipeline(device="cpu")
    pipeline.load(narrow.name)
    [(_, model)] = read
    computed = size_of(*model.networks, dtype=torch.float32)
    before = size_of(*model.networks)
    assert before == (computed // 4 if model.plan.offloads else computed)
    assert model.plan.offloads == (room == 200 * MB)
    drawn(pipeline, replace(REQUEST, model=narrow.name))
    assert model.device_manager is not None
    model.device_manager.evict()
    assert size_of(*model.networks) == before
