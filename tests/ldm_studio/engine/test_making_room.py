"""Models that share a device without room for both; the CPU simulates a GPU of any size."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

import core.runtime.offload
from core.checkpoints import load_model as loading
from core.request.request import Change, Request
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
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Free bytes on the device, in one settable entry."""
    bytes_ = [4 * GB]
    for module in (loading, core.runtime.offload):
        monkeypatch.setattr(module, "free_memory", lambda device: bytes_[0])
    monkeypatch.setattr(recent_models, "memory", lambda: Memory(64 * GB, 64 * GB))
    return bytes_


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


def test_an_offloaded_model_that_returns_has_the_device_to_itself(free: list[int]) -> None:
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
    read: list[str] = []
    load = loading.load_model

    def noted(path: Path, *args, **kwargs):
        read.append(path.stem)
        return load(path, *args, **kwargs)

    monkeypatch.setattr(loading, "load_model", noted)
    pipeline = CorePipeline(device="cpu")
    for name in ("first", "second", "first"):
        pipeline.load(f"{name}.safetensors")
    assert read == ["first", "second", "first"]
