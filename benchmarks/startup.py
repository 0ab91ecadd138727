"""From starting the program to its window, to the model being ready, to the first picture.

Each run is a new process, `ldm-studio self-test`, which tells its moments on the clock that the
processes share.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from core.errors import StudioError

from .record import Options

MOMENTS = ("window", "ready", "picture")


@dataclass(frozen=True)
class Start:
    """Medians over all runs, in seconds since the process was started."""

    window_s: float
    ready_s: float
    picture_s: float
    first_window_s: float
    """Of the first run, which finds the least in the system's caches."""

    def words(self) -> str:
        return (
            f"window after {self.window_s:.2f} s ({self.first_window_s:.2f} s the first time), "
            f"model ready after {self.ready_s:.2f} s, first picture after {self.picture_s:.2f} s"
        )


@dataclass(frozen=True)
class StartupResult(Start):
    """Of the source tree."""

    runs: int
    bundle: Start | None
    """Of the bundled program, where one was given."""

    def line(self) -> str:
        return self.words() + (f"; the bundle: {self.bundle.words()}" if self.bundle else "")


def measure(options: Options) -> StartupResult:
    """Raises StudioError when a run fails."""
    runs = options.times(5)
    source = _medians([sys.executable, "-m", "ldm_studio"], options, runs)
    bundle = _medians([str(options.program)], options, runs) if options.program else None
    return StartupResult(**asdict(source), runs=runs, bundle=bundle)


def _medians(program: Sequence[str], options: Options, runs: int) -> Start:
    times = [_start(program, options) for _ in range(runs)]
    window, ready, picture = map(statistics.median, zip(*times, strict=True))
    return Start(window, ready, picture, first_window_s=times[0][0])


def _start(program: Sequence[str], options: Options) -> tuple[float, ...]:
    arguments = [
        "self-test",
        "--json",
        "--model",
        str(options.model),
        "--steps",
        str(options.steps),
    ]
    began = time.monotonic()
    done = subprocess.run([*program, *arguments], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise StudioError(f"The program did not start: {reason}")
    moments = json.loads(done.stdout.splitlines()[-1])
    return tuple(moments[name] - began for name in MOMENTS)
