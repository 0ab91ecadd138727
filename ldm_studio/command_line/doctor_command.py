"""`ldm-studio doctor`: prints the checks of the installation."""

from __future__ import annotations

import argparse
import json
from argparse import Namespace
from dataclasses import asdict

from ldm_studio.diagnostics import PROBE, Check, checks, report_lines


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "doctor",
        help="check what works here, and say how to fix what does not",
        description="Show the system, check what works here, and say how to fix what does not.",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument(PROBE, action="store_true", help="only try to open a window's platform")
    command.set_defaults(run=lambda arguments, _: run(arguments))


def run(arguments: Namespace) -> int:
    """Prints the report; returns 0 if images can be made and saved, otherwise the exit code of
    `generate`."""
    if arguments.probe_window:
        return _open_platform()
    found: list[Check] = []
    for check in checks():
        found.append(check)
        if not arguments.json:
            print("\n".join(report_lines([check])), flush=True)
    if arguments.json:
        print(json.dumps([asdict(check) for check in found], indent=2))
    return next((int(check.exit) for check in found if check.exit), 0)


def _open_platform() -> int:
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication(["ldm-studio"])
    screen = app.primaryScreen()
    size = screen.size()
    print(
        f"{app.platformName()}, {size.width()} x {size.height()} at {screen.devicePixelRatio():g}x"
    )
    return 0
