"""Runs the real window with a script, in a temporary home.

Used by the self-test and the benchmarks.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from core.errors import StudioError
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.events import Failed, LoadFailed

from .app import Application

T = TypeVar("T")


def with_window(model: Path, scenario: Callable[[Application], Awaitable[T]]) -> T:
    """Builds the application, runs `scenario` (which shows the window) and shuts down."""
    from qasync import QEventLoop

    with tempfile.TemporaryDirectory() as home:
        os.environ["LDM_STUDIO_HOME"] = home
        app = QApplication.instance() or QApplication(["ldm-studio"])
        assert isinstance(app, QApplication)
        app.setQuitOnLastWindowClosed(False)
        with QEventLoop(app) as loop:
            asyncio.set_event_loop(loop)
            return loop.run_until_complete(_play(app, model, scenario))


async def _play(
    app: QApplication, model: Path, scenario: Callable[[Application], Awaitable[T]]
) -> T:
    application = Application(app, CorePipeline(model, background=True))
    try:
        return await scenario(application)
    finally:
        await application.close()


async def model_ready(application: Application) -> None:
    """Waits for the model. Raises StudioError if it cannot be loaded."""
    loaded = asyncio.get_running_loop().create_future()

    def fail(event: LoadFailed) -> None:
        loaded.set_exception(StudioError(event.error.message, event.error.hint))

    application.bridge.ready.connect(loaded.set_result)
    application.bridge.load_failed.connect(fail)
    await loaded


async def generate(application: Application, prompt: str, count: int = 1) -> None:
    """Presses Generate and waits for the images. Raises StudioError if one fails."""
    done = asyncio.get_running_loop().create_future()

    def end(_work: int) -> None:
        if not done.done():
            done.set_result(None)

    def fail(event: Failed) -> None:
        if not done.done():
            done.set_exception(StudioError(event.error.message, event.error.hint))

    application.bridge.failed.connect(fail)
    application.bridge.ended.connect(end)
    application.store.prompt = prompt
    application.store.count = count
    application.studio.generate()
    try:
        await done
    finally:
        application.bridge.failed.disconnect(fail)
        application.bridge.ended.disconnect(end)


class FirstPaint(QObject):
    """Calls `painted` once, after `widget` was painted for the first time."""

    def __init__(self, widget: QWidget, painted: Callable[[], None]) -> None:
        super().__init__(widget)
        self._painted = painted
        self._waits = True
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._waits and event.type() == QEvent.Type.Paint:
            self._waits = False
            QTimer.singleShot(0, self._painted)  # after the paint event, which is yet to be handled
        return False
