"""Opens the real window in the folders of this process, prints its contents as JSON, closes it.

A separate program, so that a test of the window needs no clean-up: `python -m tests.corpus.window`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from core.images.image_digest import digest
from ldm_studio.app import Application
from ldm_studio.canvas.document.canvas_store import settings_of
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.settings import settings
from tests.corpus.app import as_then, describe_queue

Scenario = Callable[[Application], Awaitable[None]]


async def shown(application: Application, *, canvas: bool = True) -> None:
    """Shows the window, and waits for the model, the queue and the canvas."""
    loop = asyncio.get_running_loop()
    ready, restored = loop.create_future(), loop.create_future()
    application.bridge.ready.connect(lambda event: ready.done() or ready.set_result(event))
    application.bridge.load_failed.connect(lambda event: sys.exit(event.error.message))
    application.canvas_store.restored.connect(lambda: restored.done() or restored.set_result(None))
    application.show()
    await ready
    if canvas:
        await restored


def describe(application: Application) -> dict[str, Any]:
    """The restored session, settings and queue."""
    store, view = application.store, application.window.canvas.view
    image, mask = view.image(), view.mask()
    forecast = application.forecast_controller.forecast()
    return {
        "parameters": store.saved(),
        "request": as_then(store.snapshot()),
        "prompts": list(application.session.prompts.prompts),
        "commands": list(application.session.recent.names),
        "picture": None if image is None else digest(image),
        "mask": None if mask is None else digest(mask),
        "forecast": None if forecast is None else asdict(forecast),
        "canvas": settings_of(view),
        "settings": settings.as_object(application.settings),
        "generate keys": [
            key.toString() for key in application.window.actions_by_id["generate"].shortcuts()
        ],
    }


def play(scenario: Scenario) -> None:
    """Builds the application, runs the scenario, and shuts it down as usual."""
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    app = QApplication(["ldm-studio"])
    app.setQuitOnLastWindowClosed(False)

    async def main() -> None:
        application = Application(app, CorePipeline(device="cpu", threads=1))
        await scenario(application)
        await application.close()

    with QEventLoop(app) as loop:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main())


async def _look(application: Application) -> None:
    queue: list[Any] = []
    application.bridge.queue_changed.connect(lambda event: queue.append(event.items))
    await shown(application)
    seen = describe(application) | {"queue": describe_queue(queue[-1] if queue else ())}
    print(json.dumps(seen))


if __name__ == "__main__":
    play(_look)
