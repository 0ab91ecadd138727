"""Accuracy of estimates after one image: time and memory of other images."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import torch

from core.request.request import Request
from core.runtime.device import PeakMemory
from core.runtime.forecast import MIN_MEMORY, estimate
from ldm_studio.controllers.forecast_controller import Run, task_of
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.events import ModelInfo

from .record import Options, use_cores
from .reference import FULL, NARROW, stable_diffusion

PROMPT = "a red cat in the snow"
SIDE, FULL_SIDE = 256, 512
"""Pixels, of what a narrow model draws and one of the published width."""


@dataclass(frozen=True)
class Case:
    """Shares are relative to the measurement: 1 is an exact estimate."""

    what: str
    seconds: float
    """CPU time: other processes cannot be predicted."""
    seconds_share: float
    memory_mb: float | None
    """In addition to the weights."""
    memory_share: float | None
    """None if so little was needed that no estimate is shown."""


@dataclass(frozen=True)
class ForecastResult:
    cases: list[dict[str, object]]
    worst_seconds: float
    """The largest error, as a share."""
    worst_memory: float

    def line(self) -> str:
        each = ", ".join(
            f"{case['what']} {case['seconds_share']:.2f}"
            + (f" (memory {case['memory_share']:.2f})" if case["memory_share"] else "")
            for case in self.cases
        )
        return (
            f"forecast by measured after one image: {each}; at worst off by "
            f"{100 * self.worst_seconds:.0f} % in time, {100 * self.worst_memory:.0f} % in memory"
        )


def measure(options: Options) -> ForecastResult:
    """Raises StudioError if diffusers is missing."""
    use_cores()
    cases: list[Case] = []
    repeats = options.times(1 if options.full else 3)
    side = FULL_SIDE if options.full else SIDE
    name = "SD1" if options.full else "narrow SD1"
    own = CorePipeline(options.model, "cpu")
    cases += _cases("default model", own, own.load(), _settings(own.load()), repeats)
    with tempfile.TemporaryDirectory() as folder:
        stable_diffusion(FULL if options.full else NARROW).save_pretrained(folder)
        other = CorePipeline(device="cpu")
        info = other.load(folder)
        base = replace(
            _settings(info), model=folder, sampler="Euler", schedule="Normal", steps=4,
            width=side, height=side,
        )  # fmt: skip
        cases += _cases(name, other, info, base, repeats)
    shares = [case.seconds_share for case in cases]
    memory = [case.memory_share for case in cases if case.memory_share is not None]
    return ForecastResult(
        [asdict(case) for case in cases],
        max(abs(1 - share) for share in shares),
        max((abs(1 - share) for share in memory), default=0.0),
    )


def _settings(info: ModelInfo) -> Request:
    return Request(
        prompt=PROMPT, sampler=info.sampler, schedule=info.schedule, steps=info.steps,
        cfg=info.cfg, width=info.width, height=info.height,
    )  # fmt: skip


def _changed(request: Request, largest: int) -> Iterator[tuple[str, Request]]:
    """Typical changes between one image and the next."""
    yield "the same", request
    yield "twice the steps", replace(request, steps=2 * request.steps)
    yield "two evaluations a step", replace(request, sampler="Heun")
    yield "without guidance", replace(request, cfg=1.0)
    if request.width * 3 // 2 <= largest:
        yield (
            "2.25 times the area",
            replace(request, width=request.width * 3 // 2, height=request.height * 3 // 2),
        )


def _cases(
    name: str, pipeline: CorePipeline, info: ModelInfo, request: Request, repeats: int
) -> Iterator[Case]:
    _drawn(pipeline, info, request)  # what is only done once is no part of a forecast
    run, now, memory = _drawn(pipeline, info, request)
    task = task_of(request, info, (request.width, request.height))
    assert task is not None
    known = run.measured(task, now, memory)
    for what, changed in _changed(request, info.max_side):
        task = task_of(changed, info, (changed.width, changed.height))
        assert task is not None
        forecast = estimate(task, info.load, known)
        drawn = [_drawn(pipeline, info, replace(changed, seed=i)) for i in range(repeats)]
        seconds = sorted(now - run.began for run, now, _ in drawn)[repeats // 2]
        taken = [memory for _, _, memory in drawn if memory is not None]
        most = max(taken, default=None)
        is_shown = most is not None and most > MIN_MEMORY and forecast.memory is not None
        yield Case(
            f"{name}, {what}",
            seconds,
            forecast.seconds / seconds,
            None if most is None else most / 1e6,
            (forecast.memory or 0) / most if is_shown and most else None,
        )


def _drawn(
    pipeline: CorePipeline, info: ModelInfo, request: Request
) -> tuple[Run, float, int | None]:
    """As in the engine, without previews: the run, its end time, and its memory."""
    peak = PeakMemory(info.torch_device)
    drawing = pipeline.begin(request)
    run = Run(request, _clock())
    last = None
    for step in drawing.steps():
        run, last = run.stepped(_clock()), step
    drawing.finish(last)
    return run, _clock(), peak.read()


def _clock() -> float:
    return time.process_time() / torch.get_num_threads()
