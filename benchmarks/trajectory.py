"""The cost of a trajectory in addition to its steps: journal, saved estimates, live mode."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch

from core.checkpoints.load_model import load_model
from core.pipeline import state_file
from core.pipeline.prepared_run import description
from core.pipeline.text_to_image import prepare
from core.request.request import Request
from core.sampling.trajectory import State, Step, digest
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.core_run import CoreRun
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.engine_storage import Storage
from ldm_studio.engine.events import Event, Failed, Finished, Job, LoadFailed, Progress
from ldm_studio.engine.mailbox import Mailbox
from ldm_studio.engine.running_image import RunningImage
from ldm_studio.engine_protocol import Run
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.job_files import JobStore, Journal
from ldm_studio.images.run_record import STEP_DIGEST_LENGTH
from ldm_studio.images.trajectory_store import Trajectories

from .picture import default_request
from .record import Options, use_cores

SD_LATENT = (1, 4, 64, 64)
SD_STEP_MS = 100.0
"""About the time of a Stable Diffusion step on a good graphics card of some years ago."""
PROMPTS = ("a red heart", "a red heart with", "a red heart with a", "a red heart with a smile")
SECONDS = 600.0


@dataclass(frozen=True)
class TrajectoryResult:
    """Medians; ms in addition to each step, and the same in per cent of it."""

    step_ms: float
    journal_ms: float
    """Computing a step's digest and writing its state."""
    keep_ms: float
    """Saving its estimate in addition."""
    percent_of_step: float
    """Both together."""
    sd_journal_ms: float
    """At Stable Diffusion's latent size, with a multistep sampler."""
    sd_keep_ms: float
    sd_percent_of_step: float
    """Both together, of a step of SD_STEP_MS."""
    state_kib: float
    trajectory_kib: float
    """The saved steps of a whole image."""
    live_preview_ms: float
    """From a change of the prompt to the first preview."""
    live_ms: float
    """To the finished image."""
    pictures: int

    def line(self) -> str:
        return (
            f"journal and kept steps {self.journal_ms + self.keep_ms:.2f} ms, "
            f"{self.percent_of_step:.1f} % of a step of {self.step_ms:.1f} ms "
            f"({self.sd_journal_ms + self.sd_keep_ms:.2f} ms at SD's size, "
            f"{self.sd_percent_of_step:.1f} % of {SD_STEP_MS:.0f} ms); "
            f"{self.trajectory_kib:.0f} KiB an image; live {self.live_preview_ms:.0f} ms to the "
            f"first preview, {self.live_ms:.0f} to the image"
        )


@dataclass(frozen=True)
class Costs:
    """Of one run."""

    step_ms: float
    journal_ms: float
    keep_ms: float
    state_bytes: int
    trajectory_bytes: int


def measure(options: Options) -> TrajectoryResult:
    use_cores()
    pictures = options.times(5)
    model = load_model(options.model)
    request = default_request(model, options.steps)
    with tempfile.TemporaryDirectory() as folder:
        ours = _costs(lambda: CoreRun(prepare(model, request)), Path(folder), pictures)
        sd = _costs(lambda: SdRun(request), Path(folder), pictures)
        previews, finished = _live(options, request, Path(folder), pictures)
    return TrajectoryResult(
        step_ms=ours.step_ms,
        journal_ms=ours.journal_ms,
        keep_ms=ours.keep_ms,
        percent_of_step=100 * (ours.journal_ms + ours.keep_ms) / ours.step_ms,
        sd_journal_ms=sd.journal_ms,
        sd_keep_ms=sd.keep_ms,
        sd_percent_of_step=100 * (sd.journal_ms + sd.keep_ms) / SD_STEP_MS,
        state_kib=ours.state_bytes / 1024,
        trajectory_kib=ours.trajectory_bytes / 1024,
        live_preview_ms=1000 * statistics.median(previews),
        live_ms=1000 * statistics.median(finished),
        pictures=pictures,
    )


class SdRun:
    """Steps that take no time, with a latent as large as that of a 512 x 512 image."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.total = request.steps
        self.done = 0
        self.step_digests: tuple[str, ...] = ()
        self._description = description(request, "cpu", "float32")

    def steps(self) -> Iterator[Step]:
        for index in range(1, self.total + 1):
            x, x0 = torch.randn(SD_LATENT), torch.randn(SD_LATENT)
            yield Step(State(index, x, (x0,)), 1.0, x0)

    def estimate(self, step: Step) -> Any:
        return step.x0[0].half().numpy()

    def step_digest(self, step: Step) -> str:
        return digest(step.state)[:STEP_DIGEST_LENGTH]

    def save(
        self,
        path: Path,
        step: Step,
        *,
        with_inputs: bool = True,
        durable: bool = True,
        step_digests: Sequence[str] = (),
    ) -> None:
        metadata = {**self._description, "marks": " ".join(step_digests)}
        state_file.save(path, step.state, {}, metadata, durable=durable)


class Timed:
    """A run with timed steps, so that the time between them is known."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self.seconds: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def steps(self) -> Iterator[Any]:
        steps = self._run.steps()
        while True:
            began = time.perf_counter()
            step = next(steps, None)
            if step is None:
                return
            self.seconds.append(time.perf_counter() - began)
            yield step


def _costs(begin: Any, folder: Path, pictures: int) -> Costs:
    """Generates each image with and without saving its estimates; the first is a warm-up."""
    steps: list[float] = []
    beside: dict[bool, list[float]] = {False: [], True: []}
    state = kept = 0
    for number in range(pictures + 1):
        for keeps in (False, True):
            run = Timed(begin())
            journal = Journal(folder, number)
            image = RunningImage(cast(Run, run), journal, _raise, keeps=keeps)
            between: list[float] = []
            began = time.perf_counter()
            for _ in image.steps():
                now = time.perf_counter()
                between.append(now - began - run.seconds[-1])
                began = now
            image.close()
            state = sum(path.stat().st_size for path in journal.states())
            kept = journal.log.path.stat().st_size
            journal.remove()
            if number:
                steps += run.seconds
                # The last step's state is written once, durably, before it is decoded.
                beside[keeps] += between[:-1] or between
    journal_ms, both_ms = (1000 * statistics.median(beside[keeps]) for keeps in (False, True))
    step_ms = 1000 * statistics.median(steps)
    return Costs(step_ms, journal_ms, max(0.0, both_ms - journal_ms), state, kept)


def _live(
    options: Options, request: Request, folder: Path, pictures: int
) -> tuple[list[float], list[float]]:
    """Seconds to the first preview and to the image, each with another prompt."""
    previews: list[float] = []
    finished: list[float] = []
    with _engine(options.model, folder) as (engine, events):
        for number in range(pictures + 1):
            prompt = PROMPTS[number % len(PROMPTS)]
            began = time.perf_counter()
            engine.submit(Job(number, replace(request, prompt=prompt), live=True))
            previewed = 0.0
            for event, at in events:
                if isinstance(event, Progress) and event.preview is not None:
                    previewed = previewed or at - began
                if isinstance(event, Finished):
                    if number:
                        previews.append(previewed)
                        finished.append(at - began)
                    break
    return previews, finished


@contextmanager
def _engine(model: Path, folder: Path) -> Iterator[tuple[Engine, Iterator[tuple[Event, float]]]]:
    news = threading.Event()
    mailbox = Mailbox(news.set)

    def events() -> Iterator[tuple[Event, float]]:
        while news.wait(SECONDS):
            news.clear()
            now = time.perf_counter()
            for event in mailbox.drain():
                if isinstance(event, Failed | LoadFailed):
                    raise event.error
                yield event, now

    def save(*_: object) -> Path:
        raise AssertionError("live images are not saved")

    storage = Storage(
        JobStore(folder / "queue"),
        InputStore(folder / "inputs"),
        Trajectories(folder / "trajectories", 0),
        _nowhere,
    )
    engine = Engine(CorePipeline(model), mailbox, save, storage)
    try:
        yield engine, events()
    finally:
        engine.close()
        engine.join(SECONDS)


@contextmanager
def _nowhere(seed: int) -> Iterator[Path]:
    raise AssertionError("live images are not kept")
    yield Path()


def _raise(error: OSError) -> None:
    raise error
