"""The machine's cores and memory. Imports no torch."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path


def physical_cores() -> int:
    """Physical cores this process may use; 0 if the system does not report them."""
    if sys.platform != "linux":
        return 0
    cores: set[str] = set()
    for cpu in os.sched_getaffinity(0):
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text())
        except OSError:
            return 0
    return len(cores)


def memory_in_use() -> int:
    """Bytes of memory of this process; 0 if the system does not report it."""
    if sys.platform != "linux":
        return 0
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class PeakMemory:
    """The peak of memory that is allocated from now on; only one can be watched at a time."""

    def __init__(self, device: str = "cpu") -> None:
        """`device`: torch's name."""
        self._gpu = device if device.startswith("cuda") else ""
        if self._gpu:
            import torch

            torch.cuda.reset_peak_memory_stats(self._gpu)
            self._before = torch.cuda.memory_allocated(self._gpu)
            return
        self._before = 0
        if sys.platform == "linux":
            _give_back()
            with contextlib.suppress(OSError):  # an old system, or no permission
                Path("/proc/self/clear_refs").write_text("5")
                self._before = _status("VmRSS")

    def read(self) -> int | None:
        """Bytes; None if the system does not report them."""
        if self._gpu:
            import torch

            return torch.cuda.max_memory_allocated(self._gpu) - self._before
        return max(0, _status("VmHWM") - self._before) if self._before else None


def _give_back() -> None:
    """Returns freed memory to the system; otherwise its reuse would not be seen."""
    with contextlib.suppress(OSError, AttributeError):  # a C library without it
        ctypes.CDLL(None).malloc_trim(0)


def _status(name: str) -> int:
    """Bytes, from a line of Linux's status of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
