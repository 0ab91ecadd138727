"""A whole application over a fake pipeline, its window shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.ldm_studio.fakes import FakePipeline, Gate
from tests.waiting import HANG_SECONDS

if TYPE_CHECKING:
    from ldm_studio.app import Application


@pytest.fixture(autouse=True)
def _english(request: pytest.FixtureRequest) -> Iterator[None]:
    """English plurals: "1 step", not "1 steps"."""
    if "qapp" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("qapp")
    from PySide6.QtCore import QCoreApplication, QTranslator

    from ldm_studio.translation import FOLDER

    plurals = QTranslator()
    assert plurals.load("ldm_studio_en", str(FOLDER))
    QCoreApplication.installTranslator(plurals)
    yield
    QCoreApplication.removeTranslator(plurals)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def start(qapp, qtbot, gate, monkeypatch) -> Iterator[Callable[[FakePipeline], Application]]:
    """Shows the window of an application over a pipeline and waits for the model.

    The window does not load the chosen model and open the history a moment later by itself: a test
    does, when it needs them.
    """
    from PySide6.QtCore import QTimer

    from ldm_studio import app
    from ldm_studio.app import Application

    later = type("NothingLater", (QTimer,), {"singleShot": staticmethod(lambda *_: None)})
    monkeypatch.setattr(app, "QTimer", later)
    running: list[Application] = []

    def start(pipeline: FakePipeline, *, ready: bool = True) -> Application:
        application = Application(qapp, pipeline)
        running.append(application)
        with qtbot.waitExposed(application.window):
            application.show()
        if ready:
            with qtbot.waitSignal(application.bridge.ready):
                application.bridge.warm_up()
        return application

    yield start
    gate.open()
    for application in running:
        application.bridge.close()
        assert application.bridge.join(HANG_SECONDS)
        application.commands.close()
        application.history_controller.close()
        application.library.close()
        application.collector.close()
        application.window.allow_close()
        application.window.close()
        application.window.deleteLater()
        application.deleteLater()


@pytest.fixture
def application(start) -> Application:
    return start(FakePipeline())
