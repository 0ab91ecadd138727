"""The self-test, in its own process, leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from ldm_studio.exit_codes import Exit
from tests.tiny_recipe import write_model

ROOT = Path(__file__).parents[3]


def test_the_self_test_passes(tmp_path: Path, studio_home: Path) -> None:
    model = write_model(tmp_path / "model")
    shot = tmp_path / "shot.png"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ldm_studio", "self-test", "--steps", "2"),
            *("--model", str(model), "--shot", str(shot)),
        ],
        env={name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
        | {"DISPLAY": "", "WAYLAND_DISPLAY": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    moments = [line.split() for line in done.stdout.splitlines()]
    assert [" ".join(words[:2]) for words in moments] == [
        "window painted",
        "model ready",
        "first image",
    ]
    seconds = [float(words[-2]) for words in moments]
    assert seconds == sorted(seconds)
    assert QImage(str(shot)).width() >= 640
    assert not studio_home.exists()  # nothing of it belongs to the user


def test_the_self_test_reports_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ldm_studio", "self-test", "--model", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "model" in done.stderr.splitlines()[-1]


WINDOWED = """
import sys
from pathlib import Path
sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
from ldm_studio.__main__ import main
status, sys.argv = Path(sys.argv[1]), sys.argv[1:]
status.write_text(str(main()))
"""


@pytest.mark.parametrize("steps", ["2", "no number"])
def test_the_self_test_needs_no_terminal(tmp_path: Path, steps: str) -> None:
    """On Windows, a program with a window has neither stdout nor stderr."""
    model, status = write_model(tmp_path / "model"), tmp_path / "status"
    arguments = ["self-test", "--steps", steps, "--model", str(model)]
    done = subprocess.run([sys.executable, "-c", WINDOWED, str(status), *arguments], cwd=ROOT)
    if steps == "2":
        assert status.read_text() == "0"
    assert done.returncode == (0 if steps == "2" else Exit.USAGE)
