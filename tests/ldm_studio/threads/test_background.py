"""Background work, and windows that close while it runs."""

from __future__ import annotations

import subprocess
import sys
import threading

import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from ldm_studio.threads.background import Background
from tests.waiting import HANG_SECONDS

GOING = """
import sys
from PySide6.QtCore import QCoreApplication, QObject
from ldm_studio.threads.background import Background

application = QCoreApplication([])
sys.setswitchinterval(1e-6)  # so that threads meet wherever they can
for _ in range(500):
    window = QObject()
    for background in [Background(window) for _ in range(4)]:
        for _ in range(8):
            background.run(lambda: None, lambda future: None)
    window.deleteLater()
    del window, background
    application.processEvents()
    application.sendPostedEvents(None, 52)  # those to delete later
"""


def test_windows_may_close_while_their_work_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", GOING], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_results_and_errors_arrive_in_order(qtbot: QtBot) -> None:
    parent = QObject()
    background = Background(parent)
    found: list[object] = []
    background.run(lambda: 1, lambda future: found.append(future.result()))
    background.run(lambda: 1 // 0, lambda future: found.append(future.exception()))
    qtbot.waitUntil(lambda: len(found) == 2)
    assert found[0] == 1
    assert isinstance(found[1], ZeroDivisionError)
    background.close()


def test_forgotten_work_does_not_call_back(qtbot: QtBot) -> None:
    parent = QObject()
    background = Background(parent)
    found: list[int] = []
    forgotten = background.run(lambda: 1, lambda future: found.append(future.result()))
    background.forget(forgotten)
    background.run(lambda: 2, lambda future: found.append(future.result()))
    qtbot.waitUntil(lambda: bool(found))
    assert found == [2]
    background.close()


def test_its_threads_end_with_the_object(qtbot: QtBot) -> None:
    parent = QObject()
    background = Background(parent)
    thread = background.run(threading.current_thread).result(HANG_SECONDS)
    assert thread.is_alive()
    shiboken6.delete(parent)
    thread.join(HANG_SECONDS)
    assert not thread.is_alive()
    del background  # which is kept so long, as by a window that somebody still holds
