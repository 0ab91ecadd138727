"""The reported cores and memory of the machine."""

from __future__ import annotations

import gc
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.runtime.device import PeakMemory, memory_in_use, physical_cores

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")


@linux
def test_allocated_memory_is_measured() -> None:
    gc.collect()  # garbage of other tests would be freed meanwhile
    before = memory_in_use()
    with mmap.mmap(-1, 64_000_000) as fresh:  # not what an earlier test left in the heap
        taken = np.frombuffer(fresh, np.uint8)
        taken[:] = 1
        after = memory_in_use()
        size = taken.nbytes
        del taken
    assert 0.9 < (after - before) / size < 1.5


@linux
def test_physical_cores_are_at_most_the_processors() -> None:
    is_known = Path("/sys/devices/system/cpu/cpu0/topology").exists()  # not in some containers
    assert is_known <= physical_cores() <= len(os.sched_getaffinity(0))


def test_importing_device_needs_no_torch() -> None:
    code = "import sys, core.runtime.device; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@linux
def test_the_peak_includes_freed_memory() -> None:
    peak = PeakMemory()
    block = bytearray(64 * 2**20)
    block[::4096] = b"x" * len(block[::4096])  # only written pages count
    del block
    found = peak.read()
    assert found is not None
    assert 60 * 2**20 <= found <= 100 * 2**20
    again = PeakMemory().read()
    assert again is not None
    assert again < 32 * 2**20
