"""The cost of a live preview compared with the step that it shows."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from core.checkpoints.load_model import load_model
from core.pipeline.previews import preview
from core.pipeline.text_to_image import prepare, steps

from .picture import default_request
from .record import Options, use_cores


@dataclass(frozen=True)
class PreviewResult:
    """Medians over all steps of `pictures`."""

    preview_ms: float
    step_ms: float
    percent_of_step: float
    pictures: int

    def line(self) -> str:
        return (
            f"{self.percent_of_step:.1f} % of the step time "
            f"({self.preview_ms:.1f} of {self.step_ms:.1f} ms)"
        )


def measure(options: Options) -> PreviewResult:
    use_cores()
    model = load_model(options.model)
    previews: list[float] = []
    between: list[float] = []
    pictures = options.times(3)
    for number in range(pictures + 1):
        job = prepare(model, default_request(model, options.steps))
        began = time.perf_counter()
        for step in steps(job):
            stepped = time.perf_counter()
            preview(job, step)
            shown = time.perf_counter()
            if number:  # the first image is only a warm-up
                between.append(stepped - began)
                previews.append(shown - stepped)
            began = shown
    preview_ms, step_ms = (1000 * statistics.median(times) for times in (previews, between))
    return PreviewResult(preview_ms, step_ms, 100 * preview_ms / step_ms, pictures)
