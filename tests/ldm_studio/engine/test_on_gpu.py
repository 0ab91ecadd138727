"""The window's pipeline on a GPU: added networks go there too."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from core.request.request import Change, Request
from ldm_studio import hardware
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.paths import models_dir
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise
from tests.core.fake_gpu import pretended_gpu
from tests.ldm_studio.models.test_addons import embedding, lora, vae

REQUEST = Request(
    prompt="a cat <lora:detail:0.8> style",
    model="first.safetensors",
    vae="other.safetensors",
    steps=2,
    cfg=3.0,
    width=64,
    height=64,
    seed=1,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    weights = original(made("SD1", randomise))
    save_file(weights, folder / "first.safetensors")
    save_file(
        {name: value * 1.01 for name, value in weights.items()}, folder / "second.safetensors"
    )
    lora(folder / "Lora" / "detail.safetensors")
    embedding(folder / "embeddings" / "style.safetensors")
    vae(folder / "VAE" / "other.safetensors")
    return folder


@pytest.fixture(autouse=True)
def folder(written: Path) -> None:
    shutil.copytree(written, models_dir(), dirs_exist_ok=True)


def drawn(pipeline: CorePipeline, request: Request) -> tuple[np.ndarray, tuple[str, ...]]:
    run = pipeline.begin(request)
    last = None
    for last in run.steps():
        run.preview(last)
    return run.finish(last).rgb, tuple(map(str, run.notes))


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one.astype(int) - other).max() <= 4)


@pytest.mark.parametrize(
    "request_",
    [
        REQUEST,
        replace(REQUEST, changes=(Change(1, prompt="a dog"),)),
        replace(REQUEST, changes=(Change(1, model="second.safetensors"),)),
    ],
    ids=["additions", "steered", "handed over"],
)
def test_an_image_runs_on_the_fastest_device(request_: Request) -> None:
    with pretended_gpu():
        pipeline = CorePipeline()
        info = pipeline.load(request_.model, request_.vae)
        assert info.device == "Pretended GPU, float16"
        assert info.torch_device == "cuda"
        assert str(info.plan).startswith("all on the GPU")
        image, notes = drawn(pipeline, request_)
        assert notes == ()
    on_cpu = CorePipeline(device="cpu")
    on_cpu.load(request_.model, request_.vae)
    assert alike(image, drawn(on_cpu, request_)[0])


def test_switched_models_leave_no_gpu_memory() -> None:
    with pretended_gpu(total=600_000_000) as gpu:
        pipeline = CorePipeline()
        for name in ("first.safetensors", "second.safetensors", "first.safetensors"):
            pipeline.load(name)
            drawn(pipeline, replace(REQUEST, model=name, vae=""))
        assert gpu.most < 600_000_000
        del pipeline
        assert gpu.taken == 0


def test_the_model_info_names_the_gpu() -> None:
    with pretended_gpu(total=24 * 10**9):
        _, gpu = hardware.devices()
    assert (gpu.name, gpu.title) == ("cuda:0", "Pretended GPU")
    assert gpu.memory == hardware.Memory(24 * 10**9, 24 * 10**9)
    assert gpu.precisions == hardware.PRECISIONS


@pytest.mark.parametrize("name", ["cuda:3", "mps"])
def test_a_missing_device_is_replaced(name: str) -> None:
    with pretended_gpu():
        assert CorePipeline(device=name).load("first.safetensors").torch_device == "cuda"
    assert CorePipeline(device=name).load("first.safetensors").torch_device == "cpu"
