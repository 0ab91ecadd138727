"""Options of benchmarks, and their JSON records with machine facts."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import Field, asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from core.runtime.device import physical_cores


@dataclass(frozen=True)
class Options:
    """`repeats` None: the benchmark's own number."""

    model: Path
    steps: int = 20
    repeats: int | None = None
    full: bool = False
    """Networks of the published width, for benchmarks that make their own."""
    family: str = "SD1"
    """Of the networks that a benchmark makes: SD1 or SDXL."""
    precision: str = "float32"
    """A torch dtype."""
    minutes: float = 1.0
    """Of benchmarks that go on as long as one likes."""
    program: Path | None = None
    """An installed or bundled program to start in addition to the source tree."""

    def times(self, usual: int) -> int:
        return self.repeats or usual


class Result(Protocol):
    """The result of a benchmark: a frozen dataclass of numbers, and a line of text."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def line(self) -> str: ...


@dataclass(frozen=True)
class Machine:
    """The machine of the measurement. Numbers of different machines are not comparable."""

    cpu: str
    cores: int
    """Physical cores available to this process."""
    threads: int
    """Torch's threads."""
    torch: str
    python: str
    system: str


def machine() -> Machine:
    import torch

    return Machine(
        cpu=cpu_model(),
        cores=physical_cores() or os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
    )


def cpu_model() -> str:
    """The processor's name as reported by the system."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def use_cores() -> None:
    """Uses as many threads as the application, unless OMP_NUM_THREADS is set."""
    import torch

    if "OMP_NUM_THREADS" not in os.environ and (cores := physical_cores()):
        torch.set_num_threads(cores)


def to_json(name: str, result: Result, options: Options, machine: Machine) -> str:
    """One line of JSON."""
    record = {
        "benchmark": name,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "steps": options.steps,
        **asdict(result),
        "machine": asdict(machine),
    }
    return json.dumps(record)
