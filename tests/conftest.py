"""Fixtures for every test: a temporary home, no display, no modal dialog, nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from pytestqt.qtbot import QtBot

from tests.waiting import HANG_SECONDS

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# For `make check`: the same examples every time, as in "ci", but few.
settings.register_profile("quick", settings.get_profile("ci"), max_examples=10)

ENGINE_THREAD = "ldm-engine"
QT_WAITS = ("waitSignal", "waitSignals", "waitUntil", "waitCallback", "waitExposed", "waitActive")


@pytest.fixture(autouse=True)
def studio_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All folders of the program are in here."""
    home = tmp_path / "home"
    monkeypatch.setenv("LDM_STUDIO_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a Qt test that leaves an engine's thread or a top-level window behind.

    Cyclic garbage may hold widgets, so it is collected here, on the interface's thread, only.
    """
    if "qapp" not in request.fixturenames:
        yield
        threads = _engine_threads()
        assert not threads, "the engine's thread still runs"
        return
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    request.getfixturevalue("qapp")
    was_enabled = gc.isenabled()
    gc.disable()
    before = set(QApplication.topLevelWidgets())
    yield
    threads = _engine_threads()
    gc.collect(1)  # all objects younger than the test, which is quick
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [widget for widget in QApplication.topLevelWidgets() if widget not in before]
    if left:
        left.clear()
        gc.collect()
        left += [widget for widget in QApplication.topLevelWidgets() if widget not in before]
    if was_enabled:
        gc.enable()
    assert not threads, "the engine's thread still runs"
    assert not left, f"windows left behind: {left}"


def _engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == ENGINE_THREAD]


@pytest.fixture(autouse=True)
def _no_modal_dialogs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A modal dialog would wait for an answer forever."""
    if "qapp" not in request.fixturenames:
        return
    from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QMessageBox

    def refuse(*_args: object, **_options: object) -> None:
        pytest.fail("a modal dialog was opened")

    for kind in (QDialog, QMessageBox, QFileDialog, QMenu):
        monkeypatch.setattr(kind, "exec", refuse)
    for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, refuse)
    for name in ("about", "critical", "information", "question", "warning"):
        monkeypatch.setattr(QMessageBox, name, refuse)


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """pytest-qt's, with waits that end early only when their condition is met."""
    for name in QT_WAITS:
        wait = partial(getattr(qtbot, name), timeout=round(HANG_SECONDS * 1000))
        setattr(qtbot, name, wait)
    return qtbot


@pytest.fixture(scope="session")
def _qt_asyncio(qapp):  # type: ignore[no-untyped-def]  # QApplication, without importing Qt here
    """One qasync loop for the session, riding on pytest-qt's QApplication."""
    from qasync import QEventLoop

    loop = QEventLoop(qapp, already_running=True)
    asyncio.events._set_running_loop(None)  # only tests that use `aio` see it
    yield loop
    loop.stop()  # at once QApplication.exit() would end every later event loop
    loop.close()


@pytest.fixture
def aio(_qt_asyncio, qtbot):  # type: ignore[no-untyped-def]  # a qasync loop, without importing Qt here
    """asyncio on Qt for one test: slots may start tasks, and qtbot's waits drive them."""
    loop = _qt_asyncio
    errors: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _loop, context: errors.append(context))
    asyncio.events._set_running_loop(loop)
    try:
        yield loop
        _cancel_tasks(loop, qtbot)
        gc.collect()  # surfaces "Task exception was never retrieved"
        assert not errors, errors
    finally:
        asyncio.events._set_running_loop(None)
        loop.set_exception_handler(None)


def _cancel_tasks(loop: asyncio.AbstractEventLoop, qtbot: QtBot) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    qtbot.waitUntil(lambda: all(task.done() for task in tasks))  # none may ignore it
