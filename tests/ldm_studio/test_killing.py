"""A process is killed during a run; the next one resumes with identical results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.images.image_digest import digest
from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import Finished, QueueChanged, Resumed, Started, Warned
from ldm_studio.images import image_files
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.trajectory_store import read
from tests.ldm_studio.engine_events import Reader
from tests.narrowing import present
from tests.tiny_recipe import write_model
from tests.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[2]
STEPS = 30
REQUEST = Request(prompt="red square", sampler="DPM++ 2M SDE", steps=STEPS, width=64, height=64)

DRAWING = """
import sys
import threading
from pathlib import Path
import numpy as np
from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import Progress, Job
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.images.image_saving import ImageSaver
from tests.ldm_studio.engine_events import Reader

model, request, inputs, last = sys.argv[1:]

class NeverEnding(CorePipeline):
    "Stops at the step `last`: the kill may come late."

    def begin(self, request, inputs=None, **more):
        run = super().begin(request, inputs, **more)
        walk = run.steps

        def steps():
            for done, step in enumerate(walk(), 1):
                yield step
                if done == int(last):
                    threading.Event().wait()

        run.steps = steps
        return run

images = np.load(inputs)
reader = Reader()
engine = Engine(NeverEnding(Path(model)), reader.mailbox, ImageSaver().save_image)
engine.submit(Job(1, Request.from_json(request), Inputs(images["image"], images["mask"])))
engine.submit(Job(2, Request(prompt="waits")))
seen = 0
while True:
    seen = reader.one(Progress, lambda event: event.step > seen).step
    reader.events.clear()
    print(seen, flush=True)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("killing") / "model")


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    running: list[Engine] = []
    yield running
    for engine in running:
        engine.close()
        assert engine.join(HANG_SECONDS)


def inputs() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (64, 64, 3), np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[8:40, 16:] = 255
    return image, mask


def uninterrupted(model: Path) -> tuple[np.ndarray, Request]:
    pipeline = CorePipeline(model)
    pipeline.load()
    run = pipeline.begin(REQUEST, Inputs(*inputs()))
    *_, last = run.steps()
    return run.finish(last).rgb, run.request


def killed_after(step: int, model: Path, folder: Path) -> None:
    """Generates in a separate process until `step` is done, and kills it."""
    image, mask = inputs()
    np.savez(folder / "inputs.npz", image=image, mask=mask)
    arguments = [str(model), REQUEST.to_json(), str(folder / "inputs.npz"), str(step + 5)]
    process = subprocess.Popen(
        [sys.executable, "-c", DRAWING, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= step:
                process.kill()
                break
    if sys.platform != "win32":
        assert process.returncode == -signal.SIGKILL


def start(model: Path, reader: Reader, engines: list[Engine]) -> Engine:
    from ldm_studio.images.image_saving import ImageSaver

    engines.append(Engine(CorePipeline(model), reader.mailbox, ImageSaver().save_image))
    return engines[-1]


def test_a_killed_job_is_offered_and_resumes_with_identical_bits(model, engines, tmp_path) -> None:
    killed_after(8, model, tmp_path)
    reader = Reader()
    engine = start(model, reader, engines)
    reported = reader.one(QueueChanged)
    interrupted, waiting = reported.items
    assert reported.paused  # nothing starts by itself
    assert (interrupted.state, waiting.state) == ("interrupted", "waiting")
    assert 8 <= interrupted.step < STEPS
    assert interrupted.steps == STEPS
    assert interrupted.request.prompt == "red square"
    assert waiting.request.prompt == "waits"
    assert not reader.all(Started)
    engine.cancel(waiting.id)
    engine.resume_item(interrupted.id)
    finished = reader.one(Finished)
    rgb, request = uninterrupted(model)
    assert np.array_equal(finished.image.rgb, rgb)
    assert reader.one(Resumed).id == interrupted.id
    record, path = finished.record, finished.path
    assert record is not None
    assert path is not None
    assert len(record.steps) == STEPS
    assert record.pixels == digest(rgb)
    assert image_files.read_record(path) == record
    assert image_files.read_request(path) == request
    assert finished.trajectory is not None
    assert len(read(finished.trajectory).estimates) == STEPS
    reader.until_idle()
    engine.close()
    assert engine.join(HANG_SECONDS)
    assert not any(item.is_dir() for item in paths.queue_dir().iterdir())


def test_a_damaged_state_is_reported_and_restarted(model, engines, tmp_path) -> None:
    killed_after(5, model, tmp_path)
    for state in paths.queue_dir().glob("*/*/0-*.safetensors"):
        os.truncate(state, state.stat().st_size // 2)
    reader = Reader()
    engine = start(model, reader, engines)
    interrupted, waiting = reader.one(QueueChanged).items
    assert (interrupted.state, interrupted.step) == ("interrupted", 0)
    assert "is restarted" in str(reader.one(Warned).error.message)
    engine.cancel(waiting.id)
    engine.resume_item(interrupted.id)
    assert np.array_equal(reader.one(Finished).image.rgb, uninterrupted(model)[0])


def test_a_state_of_another_model_is_reported_and_restarted(model, engines, tmp_path) -> None:
    killed_after(5, model, tmp_path)
    import torch
    from safetensors.torch import load_file, save_file

    other = write_model(tmp_path / "other")
    tensors = load_file(other / "unet.safetensors")
    name = next(iter(tensors))
    save_file({**tensors, name: torch.zeros_like(tensors[name])}, other / "unet.safetensors")
    reader = Reader()
    engine = start(other, reader, engines)
    interrupted, waiting = reader.one(QueueChanged).items
    assert interrupted.step >= 5
    engine.cancel(waiting.id)
    engine.resume_item(interrupted.id)
    assert "is restarted" in str(reader.one(Warned).error.message)
    assert np.array_equal(reader.one(Finished).image.rgb, uninterrupted(other)[0])


def test_a_discarded_job_leaves_only_its_input_images(model, engines, tmp_path) -> None:
    killed_after(1, model, tmp_path)
    reader = Reader()
    engine = start(model, reader, engines)
    interrupted, _ = reader.one(QueueChanged).items
    engine.discard_item(interrupted.id)
    reader.one(QueueChanged, lambda event: len(event.items) == 1)
    engine.close()
    assert engine.join(HANG_SECONDS)
    assert len(list(paths.queue_dir().glob("*/*/job.json"))) == 1
    assert not list(paths.queue_dir().glob("**/*.safetensors"))
    store = InputStore(paths.inputs_dir())
    for pixels in inputs():
        assert np.array_equal(present(store.find(digest(pixels))), pixels)
