"""Lint, types and a representative part of the tests in parallel: `make check`.

It takes under a minute on two idle cores, so it can run before every commit; `make test` runs
everything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

QUICK_TESTS = (
    "tests/core/sampling",  # the mathematics, against k-diffusion and diffusers
    "tests/core/test_own_networks.py",  # the whole pipeline
    "tests/core/test_front_door.py",
    "tests/core/request",
    "tests/ldm_studio/canvas",
    "tests/ldm_studio/images",  # files and their metadata
    "tests/ldm_studio/prompts",
    "tests/ldm_studio/store",
    "tests/test_check.py",
    "tests/test_docs.py",
    "tests/test_glossary.py",
    "tests/test_version.py",
)
"""They cost about 40 seconds of one core; `pytest --durations=0` says which of them are slow."""

PYTHON = sys.executable
QUICKLY = ("--numprocesses=auto", "--hypothesis-profile=quick")
CHECKS = {
    "style": (PYTHON, "-m", "ruff", "check", "."),
    "format": (PYTHON, "-m", "ruff", "format", "--check", "."),
    "imports": (str(Path(PYTHON).with_name("lint-imports")), "--no-cache"),
    "types": (PYTHON, "-m", "basedpyright", "--pythonpath", PYTHON),
    "tests": (PYTHON, "-m", "pytest", "--quiet", *QUICKLY, *QUICK_TESTS),
}


def run_checks(checks: Mapping[str, Sequence[str]]) -> list[str]:
    """Runs commands in parallel, prints the output of each failure, and returns the names of the
    failed ones."""
    failed: list[str] = []
    with ThreadPoolExecutor(len(checks)) as pool:
        running = {pool.submit(_run, command): name for name, command in checks.items()}
        for future in as_completed(running):
            name, (code, output, seconds) = running[future], future.result()
            print(f"{name}: {'failed' if code else 'ok'} ({seconds:.0f} s)", flush=True)
            if code:
                failed.append(name)
                print(output, flush=True)
    return failed


def _run(command: Sequence[str]) -> tuple[int, str, float]:
    """Its exit code, its output and its seconds."""
    start = time.monotonic()
    environ = {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", **os.environ}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - start


if __name__ == "__main__":
    sys.exit(bool(run_checks(CHECKS)))
