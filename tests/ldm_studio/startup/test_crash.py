"""Crashed runs are noticed; a read-only folder is handled."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

from ldm_studio.startup.crash_handler import CrashReporter

ROOT = Path(__file__).parents[3]
KILLED = """
import os, pathlib, signal, sys
from ldm_studio.startup.crash_handler import CrashReporter
crash = CrashReporter(pathlib.Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_is_reported_once(qapp, tmp_path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=ROOT, check=False)
    for expected in (True, False):
        crash = CrashReporter(tmp_path)
        assert crash.crashed_before is expected
        crash.close()


def test_concurrent_programs_do_not_report_each_other_as_crashed(qapp, tmp_path) -> None:
    first = CrashReporter(tmp_path)
    second = CrashReporter(tmp_path)
    assert not second.crashed_before
    second.close()
    first.close()
    third = CrashReporter(tmp_path)
    assert not third.crashed_before
    third.close()


def test_without_a_log_folder_the_program_runs_and_says_why(qapp, tmp_path) -> None:
    (tmp_path / "file").write_text("not a folder")
    crash = CrashReporter(tmp_path / "file" / "logs")
    assert crash.problem
    assert not crash.crashed_before
    crash.close()


def test_a_log_on_a_full_disk_is_silent(qapp, tmp_path, capsys, monkeypatch) -> None:
    def full(text: str) -> None:
        raise OSError(28, "No space left on device")

    crash = CrashReporter(tmp_path)
    assert isinstance(crash._handler, logging.StreamHandler)
    monkeypatch.setattr(crash._handler.stream, "write", full)
    logging.getLogger("test").warning("something")
    assert capsys.readouterr().err == ""
    crash.close()
