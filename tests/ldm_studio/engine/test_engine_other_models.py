"""A change of the model during a run: the engine loads the second next to the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from core.errors import ModelError
from core.request.request import Change, Request
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.core_run import CoreRun
from tests.tiny_recipe import write_model

REQUEST = Request(prompt="red square", steps=4, width=32, height=32, seed=3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models with the same latents and other weights."""
    folder = tmp_path_factory.mktemp("models")
    first, second = write_model(folder / "first"), write_model(folder / "second")
    weights = load_file(second / "unet.safetensors")
    save_file({name: value * 1.1 for name, value in weights.items()}, second / "unet.safetensors")
    return first, second


@pytest.fixture
def pipeline(folders: tuple[Path, Path]) -> CorePipeline:
    pipeline = CorePipeline(folders[0], "cpu")
    pipeline.load()
    return pipeline


def drawn(run: CoreRun) -> np.ndarray:
    *_, last = run.steps()
    return run.finish(last).rgb


def test_a_second_model_continues_replays_and_resumes(
    pipeline: CorePipeline, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    handed = replace(REQUEST, changes=(Change(2, model=str(folders[1])),))
    run = pipeline.begin(handed)
    done = run.steps()
    kept = [next(done) for _ in range(3)]
    run.save(tmp_path / "state.safetensors", kept[-1])
    image = run.finish(next(done))
    second = CorePipeline(folders[1], "cpu").load().digest
    [change] = image.request.changes
    assert change.model_digest == second
    assert change.model_digest != image.request.model_digest
    again = pipeline.begin(image.request)
    assert (drawn(again) == image.rgb).all()
    resumed = pipeline.resume(tmp_path / "state.safetensors")
    assert resumed.done == 3
    assert (drawn(resumed) == image.rgb).all()
    assert (drawn(pipeline.begin(REQUEST)) != image.rgb).any()


def test_a_run_is_steered_to_another_model(
    pipeline: CorePipeline, folders: tuple[Path, Path]
) -> None:
    handed = replace(REQUEST, changes=(Change(2, model=str(folders[1])),))
    run = pipeline.begin(REQUEST)
    steps = run.steps()
    next(steps)
    next(steps)
    run.steer(Change(2, model=str(folders[1])), {})
    *_, last = steps
    assert (run.finish(last).rgb == drawn(pipeline.begin(handed))).all()


def test_the_same_model_is_not_loaded_again(
    pipeline: CorePipeline, folders: tuple[Path, Path]
) -> None:
    same = replace(REQUEST, changes=(Change(2, model=str(folders[0])),))
    assert (drawn(pipeline.begin(same)) == drawn(pipeline.begin(REQUEST))).all()


def test_a_missing_model_is_named(pipeline: CorePipeline, tmp_path: Path) -> None:
    gone = replace(REQUEST, changes=(Change(2, model=str(tmp_path / "gone")),))
    with pytest.raises(ModelError, match="gone"):
        pipeline.begin(gone)
    drawn(pipeline.begin(REQUEST))
