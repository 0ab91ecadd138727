"""From starting the program to its window, to the model being ready, to the first picture.

Each run is a new process (`python -m benchmarks.startup MODEL STEPS`), which tells its moments on
the clock that the processes share.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import StudioError

from .record import Options

PROMPT = "a red heart with a smile"
MOMENTS = ("window", "ready", "picture")


@dataclass(frozen=True)
class StartupResult:
    """Medians over `runs`, in seconds since the process was started."""

    window_s: float
    ready_s: float
    picture_s: float
    runs: int

    def line(self) -> str:
        return (
            f"window after {self.window_s:.2f} s, model ready after {self.ready_s:.2f} s, "
            f"first picture after {self.picture_s:.2f} s"
        )


def measure(options: Options) -> StartupResult:
    """Raises StudioError when a run fails."""
    runs = options.times(5)
    medians = [statistics.median(times) for times in zip(*_runs(options, runs), strict=True)]
    return StartupResult(*medians, runs=runs)


def _runs(options: Options, count: int) -> list[tuple[float, ...]]:
    command = [sys.executable, "-m", "benchmarks.startup", str(options.model), str(options.steps)]
    found: list[tuple[float, ...]] = []
    for _ in range(count):
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StudioError(f"The program did not start: {reason}")
        moments = json.loads(done.stdout.splitlines()[-1])
        found.append(tuple(moments[name] - began for name in MOMENTS))
    return found


def _child(model: Path, steps: int) -> None:
    # Imported late, as in the program itself: this is part of what is measured.
    from ldm_studio.app import Application

    from .window import FirstPaint, generate, model_ready, with_window

    moments: dict[str, float] = {}

    def note(name: str) -> None:
        moments[name] = time.monotonic()

    async def scenario(application: Application) -> None:
        painted = FirstPaint(application.window, lambda: note("window"))
        application.show()
        await model_ready(application)
        note("ready")
        application.store.steps = steps
        await generate(application, PROMPT)
        note("picture")
        painted.deleteLater()

    with_window(model, scenario)
    print(json.dumps(moments))


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]))
