"""Switching back to a recently used model reads no file, while there is room."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from core.checkpoints import load_model as loading
from core.errors import ModelError
from core.request.request import Request
from ldm_studio.engine import recent_models
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.hardware import Memory
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise

GB = 1_000_000_000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sd1") / "a.safetensors"
    save_file(original(made("SD1", randomise)), path)
    return path


@pytest.fixture
def files(written: Path, tmp_path: Path) -> tuple[str, str]:
    one, other = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    shutil.copy(written, one)
    shutil.copy(written, other)
    return str(one), str(other)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that models are read from."""
    names: list[str] = []
    load = loading.load_model

    def noted(path: Path, *args, **kwargs):
        names.append(path.stem)
        return load(path, *args, **kwargs)

    monkeypatch.setattr(loading, "load_model", noted)
    return names


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Free main memory, in one settable entry."""
    bytes_: list[int | None] = [64 * GB]
    monkeypatch.setattr(recent_models, "memory", lambda: Memory(128 * GB, bytes_[0]))
    return bytes_


def test_switching_back_reads_no_file(files, read, free) -> None:
    one, other = files
    pipeline = CorePipeline(device="cpu")
    first = pipeline.load(one)
    pipeline.load(other)
    again = pipeline.load(one)
    assert read == ["a", "b"]
    assert again == first
    assert pipeline.holds(one)
    request = Request(prompt="a cat", model=one, steps=1, width=64, height=64)
    run = pipeline.begin(request)
    [step] = run.steps()
    assert run.finish(step).request.model_digest == pipeline.digest()


def test_no_model_is_cached_if_memory_is_short_or_unknown(files, read, free) -> None:
    one, other = files
    pipeline = CorePipeline(device="cpu")
    for amount in (1 * GB, None):
        free[0] = amount
        for name in (one, other):
            pipeline.load(name)
    assert read == ["a", "b", "a", "b"]


def test_a_changed_file_is_read_again(files, read, free) -> None:
    one, other = files
    pipeline = CorePipeline(device="cpu")
    pipeline.load(one)
    pipeline.load(other)
    status = os.stat(one)
    os.utime(one, ns=(status.st_atime_ns, status.st_mtime_ns + GB))
    pipeline.load(one)
    assert read == ["a", "b", "a"]


def test_a_model_that_fails_to_load_restores_the_cached_one(files, read, free, monkeypatch) -> None:
    one, other = files
    pipeline = CorePipeline(device="cpu")
    info = pipeline.load(one)

    def broken(*_, **__):
        raise ModelError("broken")

    monkeypatch.setattr(loading, "load_model", broken)
    with pytest.raises(ModelError, match="broken"):
        pipeline.load(other)
    assert pipeline.info == info
    assert pipeline.holds(one)
    assert read == ["a"]


def test_a_model_replaced_while_loading_is_read_again(files, read, free) -> None:
    one, other = files
    pipeline = CorePipeline(device="cpu")
    pipeline.load(one)
    shutil.copy(other, one)  # overwritten, not replaced
    assert not pipeline.holds(one)
    pipeline.load(one)
    assert read == ["a", "a"]
    assert pipeline.holds(one)


@pytest.mark.parametrize("change", ["gone", "damaged", "cut"])
def test_a_model_deleted_while_loading_still_finishes_the_image(change, files, read, free) -> None:
    one, _ = files
    pipeline = CorePipeline(device="cpu")
    info = pipeline.load(one)
    request = Request(prompt="a cat", model=one, steps=2, width=64, height=64)
    whole = pipeline.begin(request)
    *_, expected = whole.steps()
    run = pipeline.begin(request)
    steps = run.steps()
    next(steps)
    if change == "gone":
        Path(one).unlink()
    else:
        Path(one).write_bytes(b"damaged" if change == "damaged" else Path(one).read_bytes()[:999])
    last = next(steps)
    assert np.array_equal(run.finish(last).rgb, whole.finish(expected).rgb)
    with pytest.raises(ModelError, match=r"a\.safetensors"):
        pipeline.load(one)
    assert pipeline.info == info
    assert read == ["a"]
