"""Seconds per image: from the request to the pixels, with the model's default settings."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, replace

from core.checkpoints.load_model import load_model
from core.model.model import Model
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.request import Request

from .record import Options, use_cores


@dataclass(frozen=True)
class ImageResult:
    """Medians over `pictures`."""

    seconds_per_picture: float
    ms_per_step: float
    size: tuple[int, int]
    pictures: int

    def line(self) -> str:
        width, height = self.size
        return (
            f"{self.seconds_per_picture:.2f} s an image of {width} x {height}, "
            f"{self.ms_per_step:.1f} ms a step"
        )


def measure(options: Options) -> ImageResult:
    use_cores()
    model = load_model(options.model)
    request = default_request(model, options.steps)
    pictures: list[float] = []
    single_steps: list[float] = []
    count = options.times(5)
    for seed in range(count + 1):
        began = last_step = time.perf_counter()
        job = prepare(model, replace(request, seed=seed))
        state = job.start
        for step in steps(job):
            state = step.state
            now = time.perf_counter()
            single_steps.append(now - last_step)
            last_step = now
        finish(job, state)
        pictures.append(time.perf_counter() - began)
        if seed == 0:  # the first image is only a warm-up
            pictures.clear()
            single_steps.clear()
    return ImageResult(
        seconds_per_picture=statistics.median(pictures),
        ms_per_step=1000 * statistics.median(single_steps),
        size=(request.width, request.height),
        pictures=count,
    )


def default_request(model: Model, steps: int) -> Request:
    """A request as a new user would make it."""
    defaults = model.defaults
    return Request(
        prompt="a red heart with a smile",
        sampler=defaults.sampler,
        schedule=defaults.schedule,
        steps=steps,
        cfg=defaults.cfg,
        width=defaults.width,
        height=defaults.height,
    )
