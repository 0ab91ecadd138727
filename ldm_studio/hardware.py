"""The computer's hardware: processors, GPUs, memory, and supported precisions.

Importing this imports no torch; its functions do.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.runtime.device import physical_cores

if TYPE_CHECKING:
    import torch

PRECISIONS = ("float32", "bfloat16", "float16")
GIB = 2**30
TIMED = 512
"""Rows and columns of the matrices that are timed."""


@dataclass(frozen=True)
class Memory:
    """In bytes; None if the system does not say."""

    total: int | None = None
    free: int | None = None
    """Available to programs."""

    def __str__(self) -> str:
        known = [
            f"{amount / GIB:.1f} GiB{word}"
            for amount, word in ((self.total, ""), (self.free, " free"))
            if amount is not None
        ]
        return ", ".join(known) or "unknown"


@dataclass(frozen=True)
class Device:
    """A device that networks can run on."""

    name: str
    """A torch device: cpu, cuda:0, mps."""
    title: str
    memory: Memory
    precisions: tuple[str, ...]
    """Those in which a convolution works."""
    cores: int = 1
    """For a processor."""
    prefers_bfloat16: bool = False
    """For a processor: whether bfloat16 is faster than float32."""


def memory() -> Memory:
    """Of the computer."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        pairs = (line.split()[:2] for line in meminfo.read_text().splitlines() if ":" in line)
        kib = {name.rstrip(":"): int(amount) for name, amount in pairs}
        free = kib.get("MemAvailable", kib.get("MemFree", 0))
        return Memory(1024 * kib["MemTotal"], 1024 * free)
    if sys.platform == "win32":
        return _windows_memory()
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return Memory(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return Memory()


def devices() -> tuple[Device, ...]:
    """The processor, then GPUs. Imports torch; raises ImportError or OSError if that fails."""
    import torch

    cores = physical_cores() or os.cpu_count() or 1
    cpu = torch.device("cpu")
    found = [Device("cpu", _processor(), memory(), precisions(cpu), cores, prefers_bfloat16())]
    for index in range(torch.cuda.device_count()):
        name = f"cuda:{index}"
        free, total = torch.cuda.mem_get_info(index)
        gpu = torch.cuda.get_device_name(index)
        found.append(Device(name, gpu, Memory(total, free), precisions(torch.device(name))))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU", memory(), precisions(torch.device("mps"))))
    return tuple(found)


def precisions(device: torch.device) -> tuple[str, ...]:
    """Tested, because drivers promise more than they support."""
    import torch

    works: list[str] = []
    for name in PRECISIONS:
        try:
            dtype = getattr(torch, name)
            ones = torch.ones(1, 4, 8, 8, dtype=dtype, device=device)
            kernel = torch.ones(4, 4, 3, 3, dtype=dtype, device=device)
            made = torch.nn.functional.conv2d(ones, kernel)
            if bool((made.float() == 36).all()):
                works.append(name)
        except RuntimeError:  # "not implemented for", "no kernel image", out of memory
            continue
    return tuple(works)


def prefers_bfloat16() -> bool:
    """Whether the processor multiplies at least 1.5 times as fast in bfloat16 as in float32.

    Timed for some milliseconds: processors that emulate it are slower.
    """
    import torch

    def seconds(dtype: torch.dtype) -> float:
        numbers = torch.ones(TIMED, TIMED, dtype=dtype)
        taken: list[float] = []
        for _ in range(5):
            began = time.perf_counter()
            numbers.mm(numbers)
            taken.append(time.perf_counter() - began)
        return min(taken)

    return 1.5 * seconds(torch.bfloat16) < seconds(torch.float32)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine() or "CPU"


def _windows_memory() -> Memory:
    import ctypes

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("total", ctypes.c_uint64),
            ("free", ctypes.c_uint64),
            ("rest", ctypes.c_uint64 * 5),
        )

    status = Status(length=ctypes.sizeof(Status))
    windll = getattr(ctypes, "windll")  # noqa: B009  # Windows alone has it
    if not windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return Memory()
    return Memory(status.total, status.free)
