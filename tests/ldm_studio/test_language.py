"""Changing the language while the program runs: a new window in the same state."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

import pytest

from tools.translations import tool

ROOT = Path(__file__).parents[2]
TEXTS = {"Actions": {"&Quit": "退出"}, "RunButton": {"Cancel": "取消"}}

SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from ldm_studio import app, translation
from ldm_studio.engine.engine_bridge import EngineBridge
from tests.ldm_studio.fakes import FakePipeline, Gate

translation.FOLDER = Path(sys.argv[1])
windows = []
show = app.Application.show

def show_and_act(application):
    show(application)
    windows.append(application)
    first, *_ = windows
    if application is first:
        application.bridge.ready.connect(lambda event: QTimer.singleShot(0, draw))
    else:
        application.bridge.progress.connect(look)
        application.bridge.idle.connect(end)

app.Application.show = show_and_act

def draw():
    application = windows[0]
    print("first", application.window.actions_by_id["quit"].text())
    application.window.prompt.prompt.setPlainText("a cat in two languages")
    application.store.seed, application.store.seed_locked = 7, True
    application.studio.generate()
    application.store.prompt = "a dog behind it"
    application.studio.generate()
    application.bridge.progress.connect(switch)
    gate.let(3)

def switch(event):
    application = windows[0]
    if event.step < 3 or not application.bridge.waiting:
        return
    application.bridge.progress.disconnect(switch)
    application.history_controller.show_history()
    application.auxiliary_windows.open_settings("look")
    application.preferences.change("look", language="zh_CN")

close = EngineBridge.close

def close_and_go_on(bridge):
    close(bridge)
    gate.open()  # the step that is being drawn, and all that follow

EngineBridge.close = close_and_go_on

looks = []

def look(event):
    application = windows[1]
    if not looks:
        looks.append(event.step)
        print("second", application.window.actions_by_id["quit"].text())
        print("button", application.window.run_area.button.text().split(" ")[0])
        print("step", event.step > 3)
        print("prompt", application.store.prompt)
        shows_settings = application.auxiliary_windows.settings is not None
        print("pages", application.history_controller.is_open, shows_settings)
        print("notice", application.window.notice.text())
        print("loads", len(loads))

def end():
    application = windows[1]
    strip = application.window.strip.entries
    prompts = [strip.entry(row).image.request.prompt for row in range(strip.rowCount())]
    print("drawn", "; ".join(prompts))
    print("left", len(application.bridge.waiting))
    print("windows", sum(w.isVisible() for w in QApplication.topLevelWidgets()
                         if w is application.window or w is windows[0].window))
    application.window.close()

gate = Gate()
loads = []
pipeline = FakePipeline(before_step=gate, before_load=lambda: loads.append(1))
sys.exit(app.run([], pipeline))
"""


@pytest.fixture
def chinese(tmp_path: Path) -> Path:
    """A folder with a language of a few texts."""
    root = Element("TS", version="2.1", language="zh_CN", sourcelanguage="en")
    for name, texts in TEXTS.items():
        context = SubElement(root, "context")
        SubElement(context, "name").text = name
        for source, said in texts.items():
            message = SubElement(context, "message")
            SubElement(message, "source").text = source
            SubElement(message, "translation").text = said
    ElementTree(root).write(tmp_path / "few.ts", encoding="utf-8", xml_declaration=True)
    made = tmp_path / "ldm_studio_zh_CN.qm"
    command = [tool("lrelease"), "-silent", str(tmp_path / "few.ts"), "-qm", str(made)]
    subprocess.run(command, check=True)
    return tmp_path


def test_the_language_changes_during_a_run(studio_home: Path, chinese: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", SCRIPT, str(chinese)],
        cwd=ROOT,
        env={**os.environ, "LDM_STUDIO_HOME": str(studio_home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    parts = [line.partition(" ") for line in done.stdout.splitlines()]
    said = {what: rest for what, _, rest in parts}
    assert said == {
        "first": "&Quit",
        "second": "退出",
        "button": "取消",
        "step": "True",
        "prompt": "a dog behind it",
        "pages": "True True",
        "notice": "",
        "loads": "1",
        "drawn": "a dog behind it; a cat in two languages",
        "left": "0",
        "windows": "1",
    }
    complaints = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]
    assert [line for line in complaints if "raise()" not in line] == []
