"""`make check` runs its checks and reports failures."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.waiting import HANG_SECONDS
from tools.check import QUICK_TESTS, ROOT, run_checks


@pytest.mark.parametrize("path", QUICK_TESTS)
def test_every_quick_test_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_only_the_output_of_failures_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    good = (sys.executable, "-c", "print('all is well')")
    bad = (sys.executable, "-c", "print('a line is too long'); raise SystemExit(3)")
    assert run_checks({"good": good, "bad": bad}) == ["bad"]
    shown = capsys.readouterr().out
    assert "good: ok" in shown
    assert "bad: failed" in shown
    assert "a line is too long" in shown
    assert "all is well" not in shown


def test_checks_run_in_parallel(tmp_path: Path) -> None:
    """Each waits for a file of the other."""
    code = (
        "import pathlib, sys, time; mine, other = map(pathlib.Path, sys.argv[1:]); mine.touch()\n"
        f"end = time.monotonic() + {HANG_SECONDS}\n"
        "while not other.exists(): assert time.monotonic() < end"
    )
    files = [str(tmp_path / "a"), str(tmp_path / "b")]
    checks = {
        "a": (sys.executable, "-c", code, *files),
        "b": (sys.executable, "-c", code, *reversed(files)),
    }
    assert run_checks(checks) == []


def test_the_ruff_hook_has_the_locked_version() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    lock = (ROOT / "requirements-test.lock").read_text(encoding="utf-8")
    locked = re.search(r"^ruff==(\S+)", lock, re.MULTILINE)
    hook = re.search(r"ruff-pre-commit\n\s+rev: v(\S+)", hooks)
    assert locked is not None
    assert hook is not None
    assert hook[1] == locked[1]
