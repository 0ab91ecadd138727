"""Takes screenshots of the running program for docs/images."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtWidgets import QWidget

from ldm_studio.app import Application
from ldm_studio.history_page.history_page import HistoryPage
from ldm_studio.models.found_models import SHIPPED
from ldm_studio.scripted_app import generate, model_ready, with_window
from ldm_studio.settings.settings import Scheme
from ldm_studio.store.store import Mode

SIZE = (1280, 800)
SCREEN = {
    **{"name": "screen", "x": 0, "y": 0, "width": 1600, "height": 1000},
    **{"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1},
}
"""As Qt's offscreen platform reads it."""
WIDTH = 1000
"""Width of the saved images in pixels."""
SETTLE = 0.7
"""Seconds for animations and background decoding."""
WAIT = 180.0
"""Seconds after which it fails."""

Shots = dict[str, Image.Image]


def photograph(names: Sequence[str]) -> list[tuple[str, Image.Image]]:
    """The windows of these names, in the order of WINDOWS, from one run of the program.

    On a virtual screen, so that every computer makes the same images.
    """
    shots: Shots = {}

    async def scenario(application: Application) -> None:
        application.show()
        application.window.resize(*SIZE)
        application.theme.scheme = Scheme.LIGHT
        await model_ready(application)
        for name, scene in WINDOWS.items():
            if name in names:
                shots[name] = _kept(await scene(application))

    with TemporaryDirectory() as folder:
        screen = Path(folder, "screen.json")
        screen.write_text(json.dumps({"screens": [SCREEN]}))
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
        with_window(SHIPPED, scenario)
    return list(shots.items())


async def drawing(application: Application) -> QWidget | Image.Image:
    """Halfway to an image, with some in the strip."""
    store = application.store
    store.seed_locked = True
    for prompt in ("a blue apple", "a fox, 3d", "an angry sun, cartoon", "a red heart"):
        store.seed = 3
        await generate(application, prompt)
    usual = store.steps
    store.prompt, store.seed, store.steps = "a rocket, 3d", 1, 60
    application.studio.generate()
    await until(lambda: store.run.step >= 34)
    taken = _image(application.window)
    await until(lambda: not store.run.busy)
    store.steps = usual
    return taken


async def masking(application: Application) -> QWidget:
    """A cat, and the mask for its hat."""
    store, view = application.store, application.window.canvas.view
    store.seed_locked = True
    store.seed, store.mode = 5, Mode.TEXT
    await generate(application, "a cat, 3d")
    mask = np.zeros((128, 128), np.uint8)
    rows, columns = np.ogrid[:128, :128]
    mask[((rows - 24) / 27) ** 2 + ((columns - 64) / 46) ** 2 < 1] = 255
    view.set_mask(mask)
    view.wake_tint()  # which is hidden while a result is viewed
    store.strength, store.seed, store.prompt = 1.0, 8, "a cat with a hat"
    await asyncio.sleep(SETTLE)
    return application.window


async def inpainting(application: Application) -> QWidget:
    """Three hats to choose from."""
    store = application.store
    await generate(application, store.prompt, count=3)
    store.count = 1
    await asyncio.sleep(SETTLE)
    return application.window


async def history(application: Application) -> QWidget:
    """All of them, and how one was made."""
    application.window.actions_by_id["history"].trigger()
    await asyncio.sleep(2 * SETTLE)
    page = application.window.findChild(HistoryPage)
    assert isinstance(page, HistoryPage)
    page.grid.setCurrentIndex(page.model.index(0))
    await asyncio.sleep(3 * SETTLE)
    return application.window


async def settings(application: Application) -> QWidget:
    application.theme.scheme = Scheme.DARK
    application.auxiliary_windows.open_settings("compute")
    await asyncio.sleep(3 * SETTLE)
    dialog = application.auxiliary_windows.settings
    assert dialog is not None
    return dialog


Scene = Callable[[Application], Awaitable[QWidget | Image.Image]]
WINDOWS: Mapping[str, Scene] = {
    "drawing": drawing,
    "masking": masking,
    "inpainting": inpainting,
    "history": history,
    "settings": settings,
}
"""By the names of their files; each continues from the state of the previous one."""


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The program did not come to what was to be photographed.")
        await asyncio.sleep(0.02)


def _kept(shot: QWidget | Image.Image) -> Image.Image:
    image = shot if isinstance(shot, Image.Image) else _image(shot)
    if image.width <= WIDTH:
        return image
    size = WIDTH, round(image.height * WIDTH / image.width)
    return image.resize(size, Image.Resampling.LANCZOS)


def _image(widget: QWidget) -> Image.Image:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    return Image.open(BytesIO(bytes(buffer.data().data()))).convert("RGB")
