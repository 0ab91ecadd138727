"""`ldm-studio self-test`: opens the window, generates an image, closes, and reports the times."""

from __future__ import annotations

import argparse
import json
import os
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ImageError
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.exit_codes import MEANING, Exit
from ldm_studio.models.found_models import SHIPPED

from .display import window_possible

if TYPE_CHECKING:  # it opens the window
    from ldm_studio.app import Application

PROMPT = "a red heart with a smile"
PHASE_TEXTS = {"window": "window painted", "ready": "model ready", "picture": "first image"}


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "self-test",
        help="open the window, generate an image, close, and print the times",
        description="Try the whole program in a temporary folder; your settings and images are "
        "not touched. Without a display the window is invisible.",
        epilog=MEANING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--model", metavar="DIR", type=Path, default=SHIPPED, help="the model")
    command.add_argument("--steps", metavar="N", type=int, default=20, help="sampler steps (20)")
    command.add_argument(
        "--shot", metavar="FILE", type=Path, help="save a screenshot of the window"
    )
    command.add_argument(
        "--json", action="store_true", help="print the times of a monotonic clock as JSON"
    )
    command.set_defaults(run=run, elsewhere=True)  # in temporary folders


def run(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    """Raises StudioError when something fails."""
    if not window_possible():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    began = time.monotonic()
    moments = _play(arguments.model, arguments.steps, arguments.shot)
    if arguments.json:
        print(json.dumps(moments))
    else:
        for name, moment in moments.items():
            print(f"{PHASE_TEXTS[name]:<20}{moment - began:.2f} s")
    return Exit.OK


def _play(model: Path, steps: int, shot: Path | None) -> dict[str, float]:
    # Imported late, as by the program itself: this is part of what is measured.
    from ldm_studio.scripted_app import FirstPaint, generate, model_ready, with_window

    moments: dict[str, float] = {}

    def note(name: str) -> None:
        moments[name] = time.monotonic()

    async def scenario(application: Application) -> None:
        painted = FirstPaint(application.window, lambda: note("window"))
        application.show()
        await model_ready(application)
        note("ready")
        application.store.steps = steps
        await generate(application, PROMPT)
        note("picture")
        painted.deleteLater()
        if shot is not None and not application.window.grab().save(str(shot)):
            raise ImageError("{name} could not be written.", "Choose another file.", name=shot)

    with_window(model, scenario)
    return moments
