"""Damaged files and texts for every reader: what breaks, hangs, is slow or fills the memory.

`python -m benchmarks fuzz --minutes 10`; the inputs that break something are kept in `build/fuzz`.
"""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any

from .readers import READERS, REFUSALS, Reader, mutated
from .record import Options

KEPT = Path(__file__).parents[1] / "build" / "fuzz"
MAX_SECONDS = 2.0
"""Of processor time, for an input of less than a megabyte."""
MAX_MB = 500
HANG_SECONDS = 60
MAX_ADDRESSES = 16 << 30
"""Bytes, so that a reader that asks for everything does not get it."""


@dataclass(frozen=True)
class Case:
    """One input: `mutated(reader, random.Random(f"{reader} {number}"))`."""

    reader: str
    number: int
    error: str = ""
    seconds: float = 0.0
    mb: float = 0.0
    """By how much the largest memory of the process grew."""

    @property
    def is_bad(self) -> bool:
        return bool(self.error) or self.seconds > MAX_SECONDS or self.mb > MAX_MB


@dataclass(frozen=True)
class Fuzzed:
    inputs: int = 0
    accepted: int = 0
    """The others were refused in words."""
    readers: int = len(READERS)
    slowest: Case | None = None
    largest: Case | None = None
    findings: tuple[Case, ...] = field(default=())

    def line(self) -> str:
        texts = [f"{self.inputs} inputs, {self.accepted} accepted, {len(self.findings)} findings"]
        if self.slowest and self.largest:
            texts.append(f"slowest {self.slowest.seconds:.2f} s ({_name(self.slowest)})")
            texts.append(f"largest {self.largest.mb:.0f} MB ({_name(self.largest)})")
        texts += [
            f"{_name(c)}: {c.error or f'{c.seconds} s, {c.mb:.0f} MB'}" for c in self.findings
        ]
        return "; ".join(texts)

    def with_case(self, case: Case, *, accepted: bool) -> Fuzzed:
        slowest, largest = self.slowest or case, self.largest or case
        return Fuzzed(
            self.inputs + 1,
            self.accepted + accepted,
            self.readers,
            case if case.seconds > slowest.seconds else slowest,
            case if case.mb > largest.mb else largest,
            (*self.findings, case) if case.is_bad else self.findings,
        )


def measure(options: Options) -> Fuzzed:
    """In other processes, because one may hang; a new one continues where it was killed."""
    end = time.monotonic() + 60 * options.minutes
    total = Fuzzed()
    number = random.SystemRandom().randrange(1 << 31)
    with tempfile.TemporaryDirectory() as folder:
        while (left := end - time.monotonic()) > 0:
            done, number = _in_process(Path(folder), number, left)
            total = _sum(total, done)
    return total


def run_case(reader: Reader, number: int, folder: Path) -> tuple[Case, bool]:
    """The result of one input, and whether it was accepted."""
    data = mutated(reader, random.Random(f"{reader.name} {number}"))
    path = folder / reader.file
    path.write_bytes(data)
    error, accepted = "", False
    before, began = _peak_mb(), time.thread_time()
    try:
        reader.read(path)
        accepted = True
    except REFUSALS as refusal:
        str(refusal)
    except BaseException as bug:  # also panics of libraries
        if isinstance(bug, KeyboardInterrupt | SystemExit):
            raise
        error = f"{type(bug).__name__}: {bug}"[:300]
    seconds = time.thread_time() - began
    return Case(reader.name, number, error, round(seconds, 3), _peak_mb() - before), accepted


def _peak_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


# --- processes -----------------------------------------------------------------------------------


def _in_process(folder: Path, number: int, seconds: float) -> tuple[Fuzzed, int]:
    """What a process found until its time was over, or it hung; and where to continue."""
    command = [sys.executable, "-m", f"{__package__}.fuzz", str(folder), str(number), str(seconds)]
    environment = {**os.environ, "LDM_STUDIO_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    results, now = folder / "results.json", folder / "now.json"
    now.unlink(missing_ok=True)
    results.unlink(missing_ok=True)
    while process.poll() is None:
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            age = time.time() - now.stat().st_mtime if now.exists() else 0.0
            if age > HANG_SECONDS:
                process.kill()
    done = _read(results)
    if process.returncode:
        at: dict[str, Any] = json.loads(now.read_text()) if now.exists() else {"number": number}
        reader, number = str(at.get("reader", "")), int(at["number"])
        error = f"ended with {process.returncode}, or took {HANG_SECONDS} s"
        case = Case(reader, number, error)
        _keep(case)
        done = done.with_case(case, accepted=False)
    return done, number + 1


def _read(results: Path) -> Fuzzed:
    if not results.exists():
        return Fuzzed()
    data: dict[str, Any] = json.loads(results.read_text())
    one = [Case(**data[name]) if data[name] else None for name in ("slowest", "largest")]
    findings = tuple(Case(**case) for case in data["findings"])
    return Fuzzed(data["inputs"], data["accepted"], data["readers"], one[0], one[1], findings)


def _sum(one: Fuzzed, other: Fuzzed) -> Fuzzed:
    slowest = [case.slowest for case in (one, other) if case.slowest]
    largest = [case.largest for case in (one, other) if case.largest]
    return Fuzzed(
        one.inputs + other.inputs,
        one.accepted + other.accepted,
        one.readers,
        max(slowest, key=lambda case: case.seconds, default=None),
        max(largest, key=lambda case: case.mb, default=None),
        (*one.findings, *other.findings),
    )


def _keep(case: Case) -> None:
    """Saves the input, to be looked at."""
    reader = next((one for one in READERS if one.name == case.reader), None)
    if reader is not None:
        KEPT.mkdir(parents=True, exist_ok=True)
        data = mutated(reader, random.Random(f"{reader.name} {case.number}"))
        (KEPT / _name(case).replace(" ", "_")).write_bytes(data)


def _name(case: Case) -> str:
    return f"{case.reader} {case.number}"


def _cases(first: int) -> Iterator[tuple[Reader, int]]:
    return zip(cycle(READERS), count(first), strict=False)


def main(folder: Path, first: int, seconds: float) -> None:
    """Reads until the time is over, and writes what was found every second."""
    logging.disable()
    warnings.simplefilter("ignore")
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESSES, MAX_ADDRESSES))
    inside = folder / "inside"
    end, written = time.monotonic() + seconds, 0.0
    done = Fuzzed()
    for reader, number in _cases(first):
        (folder / "now.json").write_text(json.dumps({"reader": reader.name, "number": number}))
        inside.mkdir(exist_ok=True)
        case, accepted = run_case(reader, number, inside)
        for left in inside.rglob("*"):
            if left.is_file():
                left.unlink()
        done = done.with_case(case, accepted=accepted)
        if case.is_bad:
            _keep(case)
        if time.monotonic() > min(end, written + 1):
            written = time.monotonic()
            (folder / "results.json").write_text(json.dumps(asdict(done)))
        if time.monotonic() > end:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
