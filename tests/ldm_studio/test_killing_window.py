"""The whole program is killed once user actions are saved; the next start restores them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from ldm_studio.canvas.document import canvas_store
from ldm_studio.startup import session

ROOT = Path(__file__).parents[2]

START = """
import json
import os
import signal
import sys
from functools import partial

import numpy as np
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest

from core.images.image_digest import digest
from ldm_studio import app, paths
from tests.ldm_studio.canvas.canvas_actions import place
from tests.ldm_studio.fakes import FakePipeline, Gate

show = app.Application.show

queue = []

def show_and_act(application):
    application.bridge.queue_changed.connect(lambda event: queue.append(event.items))
    show(application)
    application.bridge.ready.connect(lambda event: QTimer.singleShot(0, partial(act, application)))

app.Application.show = show_and_act

def seen(application):
    store, view = application.store, application.window.canvas.view
    mask = view.mask()
    return {
        "prompt": store.prompt,
        "negative": store.negative,
        "steps": store.steps,
        "mode": store.mode,
        "height": application.window.height(),
        "brush": view.options.size,
        "picture": "" if view.image() is None else digest(view.image()),
        "mask": "" if mask is None else digest(mask),
        "painted": 0 if mask is None else int((mask > 0).sum()),
    }
"""

KILLED = (
    START
    + """
def act(application):
    window, store, view = application.window, application.store, application.window.canvas.view
    window.resize(window.width(), 701)
    window.prompt.prompt.setPlainText("a fox 🦊 in the snow")
    window.prompt.negative.setPlainText("blurry")
    store.steps = 7
    application.studio.use_start(np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8))
    view.adjust(size=23)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place(view, 40, 40))
    QTest.mouseMove(view, place(view, 80, 60))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place(view, 80, 60))
    application.bridge.progress.connect(partial(progressed, application))
    for _ in range(3):
        application.studio.generate()
    gate.let(3)

def progressed(application, event):
    if event.step == 3:
        print(json.dumps(seen(application)), flush=True)
        kill_when_saved(application)

def kill_when_saved(application):
    "That happens by itself, within seconds, on a thread for the canvas and one for the queue."
    delayed = (application.session._timer, application.canvas_store._timer)
    jobs = list(paths.queue_dir().glob("*/*/job.json"))
    if any(timer.isActive() for timer in delayed) or len(jobs) < 3:
        QTimer.singleShot(10, partial(kill_when_saved, application))
        return
    application.window.canvas.view.document.background.wait()
    os.kill(os.getpid(), signal.SIGKILL)

gate = Gate()
app.run([], FakePipeline(before_step=gate))
"""
)

AFTER = (
    START
    + """
def act(application):
    notice, view = application.window.notice, application.window.canvas.view
    if "canvas" not in notice.text() or not queue:
        QTimer.singleShot(10, partial(act, application))
        return
    items = [[item.state, item.request.prompt, item.step] for item in queue[0]]
    print(json.dumps(seen(application) | {"notice": notice.text(), "queue": items}))
    notice.action.click()
    application.bridge.idle.connect(application.window.close)

sys.exit(app.run([], FakePipeline()))
"""
)


def run(script: str, home: Path) -> tuple[dict[str, Any], int]:
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "LDM_STUDIO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode


def test_everything_is_restored_after_a_kill(studio_home) -> None:
    assert max(session.DELAY_MS, canvas_store.DELAY_MS) <= 1000
    before, code = run(KILLED, studio_home)
    assert code == -signal.SIGKILL
    assert before["prompt"] == "a fox 🦊 in the snow"
    assert before["painted"] > 500
    assert before["height"] == 701
    after, code = run(AFTER, studio_home)
    assert code == 0
    notice, queue = after.pop("notice"), after.pop("queue")
    assert after == before
    assert notice.startswith("LDM Studio closed unexpectedly the last time.")
    assert "interrupted at step 3 of 7. 2 more in the queue" in notice
    assert "Recovered: your prompt and settings, the image on the canvas and its mask" in notice
    assert queue == [
        ["interrupted", before["prompt"], 3],
        ["waiting", before["prompt"], 0],
        ["waiting", before["prompt"], 0],
    ]
    assert len(list((studio_home / "Pictures").glob("*/*/*.png"))) == 3
