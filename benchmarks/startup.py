"""Start-up: time until the window, until the model is ready, until the first image.

Each run is a new process, `ldm-studio self-test`, which reports its times on a shared clock. The
first is cold: the files are evicted from the page cache before it, as far as no other process uses
them.
"""

from __future__ import annotations

import compileall
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import StudioError

from .record import Options

MOMENTS = ("window", "ready", "picture")
ROOT = Path(__file__).parents[1]
SOURCES = (
    *(ROOT / name for name in ("ldm_studio", "core", "resources")),
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platlib")),
)
"""What is read when the source tree starts."""


@dataclass(frozen=True)
class Start:
    """Medians over the warm runs, in seconds since the process was started."""

    window_s: float
    ready_s: float
    picture_s: float
    cold_window_s: float
    """Of the first run, which reads from disk; like the others if files cannot be evicted."""

    def words(self) -> str:
        return (
            f"window after {self.window_s:.2f} s ({self.cold_window_s:.2f} s cold), "
            f"model ready after {self.ready_s:.2f} s, first image after {self.picture_s:.2f} s"
        )


@dataclass(frozen=True)
class StartupResult(Start):
    """Of the source tree."""

    runs: int
    bundle: Start | None
    """Of the bundled program, if given."""

    def line(self) -> str:
        return self.words() + (f"; the bundle: {self.bundle.words()}" if self.bundle else "")


def measure(options: Options) -> StartupResult:
    """Raises StudioError if a run fails."""
    runs = options.times(5)
    # As installed: compiling to bytecode first takes twice as long.
    for package in ("ldm_studio", "core"):
        compileall.compile_dir(ROOT / package, quiet=1)
    source = _medians([sys.executable, "-m", "ldm_studio"], SOURCES, options, runs)
    bundle = None
    if options.program:
        program = options.program.resolve()
        bundle = _medians([str(program)], [program.parent], options, runs)
    return StartupResult(**asdict(source), runs=runs, bundle=bundle)


def _medians(program: Sequence[str], folders: Iterable[Path], options: Options, runs: int) -> Start:
    for folder in folders:
        put_out_of_memory(folder)
    cold = _start(program, options)
    times = [_start(program, options) for _ in range(runs)]
    window, ready, picture = map(statistics.median, zip(*times, strict=True))
    return Start(window, ready, picture, cold_window_s=cold[0])


def put_out_of_memory(folder: Path) -> None:
    """Evicts files that no process has mapped from the page cache; Linux only."""
    if sys.platform != "linux":
        return
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


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
        raise StudioError("The program did not start: {reason}", reason=reason)
    moments = json.loads(done.stdout.splitlines()[-1])
    return tuple(moments[name] - began for name in MOMENTS)
