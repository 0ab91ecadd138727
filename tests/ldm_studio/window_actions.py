"""Helpers for window tests: user actions and lookups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from pytestqt.qtbot import QtBot

from ldm_studio.app import Application
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.history_page.open_history import IndexResult, Library

SIDE = 128


@contextmanager
def until_idle(bridge: EngineBridge, qtbot: QtBot) -> Iterator[None]:
    """Waits until every job has ended and the engine is idle.

    `idle` of an earlier job may arrive after the next one was submitted, and does not count.
    """
    with qtbot.waitSignal(bridge.idle, check_params_cb=lambda: not bridge.waiting):
        yield


def make(application: Application, qtbot, **parameters: object) -> None:
    """Generates with these parameters and waits until nothing is left to do."""
    for name, value in parameters.items():
        setattr(application.store, name, value)
    with until_idle(application.bridge, qtbot):
        application.studio.generate()


def index_history(library: Library, qtbot: QtBot) -> None:
    """Opens the history, unless the window has done so, and waits for a scan that starts now."""
    if not library.is_open:
        with qtbot.waitSignal(library.opened):
            library.open()
    folders = library.folders

    def is_this_scan(result: IndexResult) -> bool:
        return result.folders is folders

    with qtbot.waitSignal(library.indexed, check_params_cb=is_this_scan):
        library.index(folders, quiet=True)


def entries(application: Application) -> list[StripEntry]:
    model = application.window.strip.entries
    return [model.entry(row) for row in range(model.rowCount())]


def disc() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.where((x - 64) ** 2 + (y - 64) ** 2 < 400, 255, 0).astype(np.uint8)
