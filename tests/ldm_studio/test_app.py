"""The whole program, each time in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(script: str, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", script],
        cwd=ROOT,
        env={**os.environ, "LDM_STUDIO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def complaints(stderr: str) -> list[str]:
    """The output on stderr, except for the usual messages of the offscreen platform."""
    return [line for line in stderr.splitlines() if "propagateSizeHints" not in line]


def test_the_window_is_painted_before_torch_is_imported(studio_home) -> None:
    script = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from ldm_studio.app import Application
from ldm_studio.engine.core_pipeline import CorePipeline

class Painted(QObject):
    seen = False
    def eventFilter(self, watched, event):
        self.seen = self.seen or event.type() == QEvent.Type.Paint
        return False

app = QApplication([])
application = Application(app, CorePipeline())
painted = Painted()
application.window.centralWidget().installEventFilter(painted)
application.show()
while not painted.seen:
    app.processEvents()
print("torch" in sys.modules)
application.bridge.close()
assert application.bridge.join(None)
"""
    done = run(script, studio_home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False"]


LATER = (
    "torch",
    "safetensors",
    "tokenizers",
    "sqlite3",
    "yaml",
    "tqdm",
    "email",
    "importlib.metadata",
    "plistlib",
    "urllib.request",
    "PIL.ImageFile",
    "PIL.PngImagePlugin",
    "core.pipeline.text_to_image",
    "core.checkpoints.load_model",
    "core.model.model",
    "ldm_studio.command_line.generate_command",
    "ldm_studio.diagnostics",
    "ldm_studio.help.about",
    "ldm_studio.help.documentation",
    "ldm_studio.help.problem_report",
    "ldm_studio.history_page.history_page",
    "ldm_studio.history.program_metadata",
    "ldm_studio.history.query_language",
    "ldm_studio.history.history_store",
    "ldm_studio.draw.sampling.enlarge_dialog",
    "ldm_studio.draw.prompt.style_dialogs",
    "ldm_studio.settings_dialog",
)
"""Modules that are not imported before the first paint: they are imported on demand, or
afterwards."""


def test_the_first_paint_imports_only_what_is_visible(studio_home) -> None:
    script = """
import sys
from ldm_studio.command_line import cli
from ldm_studio import app

show = app.Application.show

def show_and_tell(application):
    from ldm_studio.scripted_app import FirstPaint
    def tell():
        print(*sys.modules)
        application.window.close()
    application.painted = FirstPaint(application.window, tell)
    show(application)

app.Application.show = show_and_tell
sys.exit(cli.main([]))
"""
    done = run(script, studio_home)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "ldm_studio.main_window" in loaded
    assert loaded.intersection(LATER) == set()


def test_closing_while_the_model_loads_does_not_crash(
    studio_home,
) -> None:
    script = """
import sys
from PySide6.QtCore import QTimer
from ldm_studio.command_line import cli
from ldm_studio import app

app.CLOSE_SECONDS = 0.0  # as if it took longer
show = app.Application.show

def show_and_close(application):
    def close():
        if "core.checkpoints.load_model" in sys.modules:
            watch.stop()
            application.window.close()
    watch = QTimer(application, interval=1)
    watch.timeout.connect(close)
    watch.start()
    show(application)

app.Application.show = show_and_close
sys.exit(cli.main([]))
"""
    done = run(script, studio_home)
    assert done.returncode == 0, done.stderr
    assert complaints(done.stderr) == []
    assert (studio_home / "state" / "session.json").exists()


IN_A_RUNNING_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from ldm_studio import app
from tests.ldm_studio.fakes import FakePipeline, Gate

def in_turn(application, *acts):
    "Each in a slot of its own, as the user's actions are."
    act, *rest = acts
    if rest:
        QTimer.singleShot(0, lambda: in_turn(application, *rest))
    act(application)

show = app.Application.show

def show_and_act(application):
    show(application)
    application.bridge.ready.connect(lambda event: in_turn(application, *ACTS))

app.Application.show = show_and_act
"""


def test_closing_during_a_run_ends_cleanly_and_keeps_the_session(studio_home) -> None:
    script = """
def generate(application):
    application.window.prompt.prompt.setPlainText("a cat that takes its time")
    application.studio.generate()
    application.studio.generate()

def close(application):
    if not (application.store.run.busy and gate.reached):
        QTimer.singleShot(10, lambda: close(application))
        return
    application.window.close()
    application.window.close()
    gate.let(1)

gate = Gate()
ACTS = (generate, close)
sys.exit(app.run([], FakePipeline(before_step=gate)))
"""
    done = run(IN_A_RUNNING_PROGRAM + script, studio_home, "-X", "dev")
    assert done.returncode == 0, done.stderr
    assert complaints(done.stderr) == []
    session = json.loads((studio_home / "state" / "session.json").read_text())
    assert session["parameters"]["prompt"] == "a cat that takes its time"
    assert session["geometry"]
    assert not (studio_home / "state" / "logs" / "crash.log").exists()


def test_a_termination_signal_closes_like_a_user(studio_home) -> None:
    script = """
import os, signal

def interrupt(application):
    application.store.prompt = "a pause"
    os.kill(os.getpid(), signal.SIGTERM)

ACTS = (interrupt,)
sys.exit(app.run([], FakePipeline()))
"""
    done = run(IN_A_RUNNING_PROGRAM + script, studio_home)
    assert done.returncode == 0, done.stderr
    session = json.loads((studio_home / "state" / "session.json").read_text())
    assert session["parameters"]["prompt"] == "a pause"


def test_an_uncaught_error_is_shown_and_logged_and_the_program_continues(studio_home) -> None:
    script = """
def fail(application):
    raise KeyError("nobody expects this")

def look(application):
    dialog = application.errors.dialog
    if dialog is None:
        QTimer.singleShot(10, lambda: look(application))
        return
    print(dialog.summary.text())
    dialog.close_button.click()
    assert application.errors.dialog is None
    application.window.close()

ACTS = (fail, look)
sys.exit(app.run([], FakePipeline()))
"""
    done = run(IN_A_RUNNING_PROGRAM + script, studio_home)
    assert done.returncode == 0, done.stderr
    assert "nobody expects this" in done.stdout
    log = (studio_home / "state" / "logs" / "ldm-studio.log").read_text()
    assert "Traceback" in log
