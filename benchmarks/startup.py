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
from dataclasses import dataclass

from core.errors import StudioError

from .record import Options

MOMENTS = ("window", "ready", "picture")


@dataclass(frozen=True)
class StartupResult:
    """Medians over `runs`, in seconds since the process was started; of the first run, which finds
    the least in the system's caches, the window. The bundled program's, where one was given.
    """

    window_s: float
    ready_s: float
    picture_s: float
    first_window_s: float
    runs: int
    bundle_window_s: float | None = None
    bundle_ready_s: float | None = None
    bundle_picture_s: float | None = None
    bundle_first_window_s: float | None = None

    def line(self) -> str:
        line = _words(self.window_s, self.ready_s, self.picture_s, self.first_window_s)
        bundle = (
            self.bundle_window_s,
            self.bundle_ready_s,
            self.bundle_picture_s,
            self.bundle_first_window_s,
        )
        times = [moment for moment in bundle if moment is not None]
        return f"{line}; the bundle: {_words(*times)}" if times else line


def measure(options: Options) -> StartupResult:
    """Raises StudioError when a run fails."""
    runs = options.times(5)
    source = _medians([sys.executable, "-m", "ldm_studio"], options, runs)
    bundle = _medians([str(options.program)], options, runs) if options.program else ()
    return StartupResult(*source, runs, *bundle)


def _words(window: float, ready: float, picture: float, first: float) -> str:
    return (
        f"window after {window:.2f} s ({first:.2f} s the first time), model ready after "
        f"{ready:.2f} s, first picture after {picture:.2f} s"
    )


def _medians(program: Sequence[str], options: Options, runs: int) -> list[float]:
    """Of the three moments; then the window of the first run."""
    times = [_start(program, options) for _ in range(runs)]
    return [*map(statistics.median, zip(*times, strict=True)), times[0][0]]


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
