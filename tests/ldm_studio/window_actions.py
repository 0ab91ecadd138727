"""Helpers for window tests: user actions and lookups."""

from __future__ import annotations

import numpy as np

from ldm_studio.app import Application
from ldm_studio.draw.run.image_strip import StripEntry

SIDE = 128


def make(application: Application, qtbot, **parameters: object) -> None:
    """Generate with these parameters and wait until nothing is left to do."""
    for name, value in parameters.items():
        setattr(application.store, name, value)
    with qtbot.waitSignal(application.bridge.idle):
        application.studio.generate()


def entries(application: Application) -> list[StripEntry]:
    model = application.window.strip.entries
    return [model.entry(row) for row in range(model.rowCount())]


def disc() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.where((x - 64) ** 2 + (y - 64) ** 2 < 400, 255, 0).astype(np.uint8)
