"""Recorded, saved and viewed steps: a tiny model, and a fake one that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DecodeError, MemoryShortage
from core.images.image_digest import digest
from core.request.inputs import Inputs
from core.request.request import Change, Request
from ldm_studio import paths
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.engine_storage import Storage
from ldm_studio.engine.events import (
    Failed,
    Finished,
    Job,
    Paused,
    Progress,
    QueueChanged,
    Replayed,
    ReplayFailed,
    ReplayProgress,
    Steered,
    StepViewed,
    StepViewFailed,
)
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.images import image_files
from ldm_studio.images.image_saving import ImageSaver
from ldm_studio.images.trajectory_store import read
from tests.ldm_studio.engine_events import Reader, end, new_job
from tests.ldm_studio.fakes import FakePipeline
from tests.tiny_recipe import write_model

REQUEST = Request(prompt="red square", sampler="DPM++ 2M", steps=5, width=32, height=32, seed=3)
BUDGET = 2**30


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("trajectories") / "model")


@pytest.fixture
def run(engines: list[Engine]) -> Callable[..., Engine]:
    def run(pipeline: Pipeline, reader: Reader, budget: int = BUDGET) -> Engine:
        storage = Storage.in_user_folders(budget)
        engines.append(Engine(pipeline, reader.mailbox, ImageSaver().save_image, storage))
        return engines[-1]

    return run


# --- records -----------------------------------------------------------------------------------


def test_an_image_contains_everything_to_reproduce_it(run, reader, model) -> None:
    engine = run(CorePipeline(model), reader)
    engine.submit(Job(1, REQUEST))
    finished = reader.one(Finished)
    path, record = finished.path, finished.record
    assert path is not None
    assert record is not None
    assert image_files.read_request(path) == finished.image.request
    assert image_files.read_record(path) == record
    assert len(record.steps) == len(set(record.steps)) == REQUEST.steps
    assert record.pixels == digest(image_files.load_image(path))
    engine.replay(path)
    assert reader.one(Replayed).verdict.identical
    assert [event.step for event in reader.all(ReplayProgress)][-1] == REQUEST.steps


def test_a_steered_image_replays(run, reader, model) -> None:
    engine = run(CorePipeline(model), reader)

    class Steering(CorePipeline):
        def begin(self, request, inputs=None, **more):
            engine.steer(1, Change(0, prompt="blue square", cfg=2.0), {})
            return super().begin(request, inputs, **more)

    end(engine)
    engine = run(Steering(model), reader)
    engine.submit(Job(1, REQUEST))
    finished = reader.one(Finished)
    change = reader.one(Steered).change
    assert change == Change(0, prompt="blue square", cfg=2.0)
    assert finished.path is not None
    recipe = image_files.read_request(finished.path)
    assert recipe is not None
    assert recipe.changes == (replace(change, addons=()),)
    engine.replay(finished.path)
    assert reader.one(Replayed).verdict.identical


def test_a_mask_added_during_a_run_is_kept_for_the_replay(run, reader, model) -> None:
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (32, 32, 3), np.uint8)
    mask = np.zeros((32, 32), np.uint8)
    mask[:16] = 255

    class Steering(CorePipeline):
        def begin(self, request, inputs=None, **more):
            engine.steer(1, Change(0, mask=digest(mask)), {digest(mask): mask})
            return super().begin(request, inputs, **more)

    engine = run(Steering(model), reader)
    engine.submit(Job(1, REQUEST, Inputs(image)))
    finished = reader.one(Finished)
    assert reader.one(Steered)
    assert np.array_equal(finished.image.rgb[16:], image[16:])
    assert finished.path is not None
    end(engine)
    again = Reader()
    run(CorePipeline(model), again).replay(finished.path)
    assert again.one(Replayed).verdict.identical


def test_an_image_that_cannot_be_replayed_is_reported(run, reader, tmp_path) -> None:
    engine = run(FakePipeline(), reader)
    engine.replay(tmp_path / "none.png")
    failed = reader.one(ReplayFailed)
    assert failed.error is not None
    assert "none.png" in str(failed.error.message)
    assert failed.report == ""


def test_a_replay_can_be_cancelled(run, reader, model, gate) -> None:
    engine = run(CorePipeline(model), reader)
    engine.submit(Job(1, REQUEST))
    path = reader.one(Finished).path
    assert path is not None
    end(engine)
    again = Reader()

    class Waiting(CorePipeline):
        def begin(self, request, inputs=None, **more):
            gate()
            return super().begin(request, inputs, **more)

    engine = run(Waiting(model), again)
    engine.replay(path)
    engine.replay(path)
    engine.stop_replay()
    gate.open()
    assert again.one(ReplayFailed).error is None
    again.until(lambda event: len(again.all(ReplayFailed) + again.all(Replayed)) == 2)


# --- going on ----------------------------------------------------------------------------------


def test_a_paused_job_resumes_after_a_restart_with_identical_bits(run, reader, model, gate) -> None:
    engine = run(CorePipeline(model), reader)
    engine.submit(Job(1, REQUEST))
    whole = reader.one(Finished)
    reader.until_idle()
    end(engine)

    class Stepping(CorePipeline):
        def begin(self, request, inputs=None, **more):
            run = super().begin(request, inputs, **more)
            walk = run.steps

            def steps():
                for step in walk():
                    gate()
                    yield step

            run.steps = steps  # type: ignore[method-assign]  # one at a time
            return run

    quitting = Reader()
    engine = run(Stepping(model), quitting)
    engine.submit(Job(1, REQUEST))
    gate.let(2)
    gate.wait(3)  # the engine sees the pause only after the third step
    engine.pause()
    gate.let(1)
    assert quitting.one(Paused).step == 3
    end(engine)

    again = Reader()
    engine = run(CorePipeline(model), again)
    again.one(QueueChanged)
    engine.resume()
    finished = again.one(Finished)
    assert np.array_equal(finished.image.rgb, whole.image.rgb)
    assert finished.record == whole.record
    assert finished.trajectory == whole.trajectory
    assert finished.trajectory is not None
    assert len(read(finished.trajectory).estimates) == REQUEST.steps


# --- looking -----------------------------------------------------------------------------------


def test_each_step_can_be_viewed_after_a_restart_too(run, reader, model) -> None:
    engine = run(CorePipeline(model), reader)
    engine.submit(Job(1, REQUEST))
    finished = reader.one(Finished)
    trajectory = finished.trajectory
    assert trajectory is not None
    reader.until_idle()
    end(engine)
    again = Reader()
    engine = run(CorePipeline(model), again)
    shown: list[np.ndarray] = []
    for step in range(1, REQUEST.steps + 1):
        engine.view_step(trajectory, step)
        looked = again.one(StepViewed, lambda event, step=step: event.step == step)
        assert looked.trajectory == trajectory
        assert looked.pixels.shape == (32, 32, 3)
        shown.append(looked.pixels)
    last = shown[-1].astype(int)
    assert abs(last - finished.image.rgb).max() <= 2  # kept in half precision
    engine.view_step(trajectory, REQUEST.steps + 1)
    assert "not among the saved" in str(again.one(StepViewFailed).error.message)


def test_steps_can_be_viewed_while_another_image_runs(run, reader, gate) -> None:
    pipeline = FakePipeline()
    engine = run(pipeline, reader)
    engine.submit(new_job(1, steps=6))
    trajectory = reader.one(Finished).trajectory
    assert trajectory is not None
    pipeline.before_step = gate
    engine.submit(new_job(2, steps=6))
    gate.wait_at(1)
    engine.view_step(trajectory, 3)
    engine.view_step(trajectory, 5)
    gate.let(1)
    looked = reader.one(StepViewed)
    assert looked.step == 5  # only the latest request is answered
    gate.open()
    reader.one(Finished, lambda event: event.id == 2)
    assert len(reader.all(StepViewed)) == 1


def test_viewing_unsaved_steps_is_reported(run, reader, tmp_path) -> None:
    engine = run(FakePipeline(), reader)
    engine.view_step(tmp_path / "gone.safetensors", 1)
    assert "no longer stored" in str(reader.one(StepViewFailed).error.message)


def test_steps_of_another_model_are_not_shown(run, reader, model) -> None:
    engine = run(CorePipeline(model), reader)
    engine.submit(Job(1, REQUEST))
    trajectory = reader.one(Finished).trajectory
    end(engine)
    again = Reader()
    run(FakePipeline(), again).view_step(trajectory, 1)
    assert "model" in str(again.one(StepViewFailed).error.message)


def test_no_steps_are_saved_if_the_user_disabled_it(run, reader, model) -> None:
    engine = run(CorePipeline(model), reader, budget=0)
    engine.submit(Job(1, REQUEST))
    finished = reader.one(Finished)
    assert finished.trajectory is None
    assert finished.record is not None
    assert len(finished.record.steps) == REQUEST.steps
    assert not list(paths.trajectories_dir().glob("*"))


# --- decoding ----------------------------------------------------------------------------------


def test_an_image_too_large_to_decode_is_decoded_in_tiles(run, reader) -> None:
    asked: list[bool] = []

    def shortage(tiled: bool) -> None:
        asked.append(tiled)
        if not tiled:
            raise RuntimeError("CUDA out of memory.")

    engine = run(FakePipeline(before_finish=shortage), reader)
    engine.submit(new_job())
    record = reader.one(Finished).record
    assert asked == [False, True]
    assert record is not None
    assert record.tiled


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("out of memory")])
def test_a_latent_that_cannot_be_decoded_is_kept_and_decoded_later(
    run, reader, model, monkeypatch, error
) -> None:
    import core.pipeline.text_to_image

    def fail(*_: object, **__: object) -> None:
        raise error

    pipeline = CorePipeline(model)
    monkeypatch.setattr(core.pipeline.text_to_image, "finish", fail)
    engine = run(pipeline, reader)
    engine.submit(Job(1, REQUEST))
    failed = reader.one(Failed)
    assert isinstance(failed.error, DecodeError)
    assert failed.report == ""
    (file,) = paths.output_dir().glob("*.safetensors")
    assert file.name == "00001-3.safetensors"
    assert f"ldm-studio resume '{file}'" in str(failed.error.hint)
    reader.until_idle()
    end(engine)
    monkeypatch.undo()
    monkeypatch.setenv("LDM_STUDIO_HOME", str(paths.data_dir().parent))
    run = pipeline.resume(file)
    assert list(run.steps()) == []
    later = run.finish(None)
    whole = pipeline.begin(REQUEST)
    *_, last = whole.steps()
    assert np.array_equal(later.rgb, whole.finish(last).rgb)


def broken(model: Path, folder: Path, network: str) -> Path:
    """The model with a network whose results overflow: its weights are as large as possible."""
    import torch
    from safetensors.torch import load_file, save_file

    write_model(folder)
    path = folder / f"{network}.safetensors"
    tensors = load_file(path)
    most = {name: value.sign() * torch.finfo(value.dtype).max for name, value in tensors.items()}
    save_file(most, path)
    return folder


def test_a_decoder_with_non_finite_output_is_reported_and_the_latent_kept(
    run, reader, model, tmp_path
) -> None:
    engine = run(CorePipeline(broken(model, tmp_path / "broken", "autoencoder")), reader)
    engine.submit(Job(1, REQUEST))
    failed = reader.one(Failed)
    assert "not finite" in str(failed.error.message)
    assert len(list(paths.output_dir().glob("*.safetensors"))) == 1


def test_diverging_latents_are_reported_at_once(run, reader, model, tmp_path) -> None:
    engine = run(CorePipeline(broken(model, tmp_path / "broken", "unet")), reader)
    engine.submit(Job(1, REQUEST))
    failed = reader.one(Failed)
    assert "after step 1" in str(failed.error.message)
    assert "CFG" in str(failed.error.hint)


def test_a_preview_without_memory_does_not_fail_the_image(run, reader) -> None:
    class NoPreview(FakePipeline):
        def begin(self, request, inputs=None, **more):
            run = super().begin(request, inputs, **more)

            def preview(step: int) -> np.ndarray:
                raise MemoryError

            run.preview = preview  # type: ignore[method-assign]
            return run

    engine = run(NoPreview(), reader)
    engine.submit(new_job())
    reader.one(Finished)
    assert {event.preview for event in reader.all(Progress)} == {None}


def test_a_live_image_that_cannot_be_decoded_leaves_nothing(run, reader) -> None:
    def shortage(tiled: bool) -> None:
        raise MemoryError

    engine = run(FakePipeline(before_finish=shortage), reader)
    engine.submit(Job(1, Request(steps=2), live=True))
    assert isinstance(reader.one(Failed).error, MemoryShortage)
    assert not paths.output_dir().exists()
