"""The engine's thread keeps the window responsive; each test in its own process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LINUX = sys.platform == "linux"
"""On other systems both do nothing."""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_torchs_libraries_are_loaded_before_torch_is_imported() -> None:
    code = """
import sys
from ldm_studio.engine.torch_libraries import open_torch_libraries
open_torch_libraries()
maps = open("/proc/self/maps").read() if sys.platform == "linux" else ""
print("libtorch_python" in maps, "torch" in sys.modules)
"""
    assert run(code) == f"{LINUX} False"


def test_threads_inherit_a_lowered_priority() -> None:
    code = """
import os, sys, threading
from ldm_studio.threads.priority import NICENESS, lower_priority

def nice():
    linux = sys.platform == "linux"
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if linux else NICENESS

def engine():
    lower_priority()
    worker = threading.Thread(target=lambda: seen.append(nice()))
    worker.start()
    worker.join()

seen, before = [], nice()
thread = threading.Thread(target=engine)
thread.start()
thread.join()
print(seen == [max(before, NICENESS)], nice() == before)
"""
    assert run(code) == "True True"
