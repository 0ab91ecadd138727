"""The command line: its commands, and the exit code of each kind of failure."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from core.errors import ImageError, MemoryShortage, ModelError, StateError, StudioError
from ldm_studio import __version__
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine_protocol import Pipeline, memory_shortage
from ldm_studio.exit_codes import Exit
from ldm_studio.history.history_errors import HistoryError
from ldm_studio.paths import data_dir, expanded, make_private_folders

from . import self_test
from .display import show_problem, started_from_desktop, window_possible
from .terminal import safe_output

NO_DISPLAY = (
    "There is no display here, so the window cannot open; "
    'ldm-studio generate "a red heart" generates images without it.'
)

WINDOW_COMMANDS = ("open", "self-test")

Run = Callable[[Namespace, Callable[[], Pipeline]], int]
"""A command's `run`: (arguments, makes a pipeline) -> exit code."""


def main(argv: Sequence[str] | None = None, pipeline: Callable[[], Pipeline] = CorePipeline) -> int:
    """Runs the command in `argv` and returns its exit code; --help and wrong usage exit
    immediately.
    """
    with safe_output():
        return _main(argv, pipeline)


def _main(argv: Sequence[str] | None, pipeline: Callable[[], Pipeline]) -> int:
    words = _with_command(sys.argv[1:] if argv is None else argv)
    shows_window = not words or words[0] in WINDOW_COMMANDS
    if not shows_window:  # the window collects garbage itself, where it may
        gc.enable()
    arguments = parser(window_only=shows_window).parse_args(words)
    if arguments.data:
        os.environ["LDM_STUDIO_HOME"] = str(expanded(arguments.data).absolute())
    if not arguments.elsewhere:
        make_private_folders()
    run: Run = arguments.run
    try:
        return run(arguments, pipeline)
    except KeyboardInterrupt:
        _print_line("cancelled")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # the reader of the output has closed it
        sys.stdout = None
        return Exit.INTERRUPTED
    except StudioError as error:
        return _fail(error)
    except Exception as error:  # the last place that can turn any failure into an exit code
        if shortage := memory_shortage(error):
            return _fail(shortage)
        traceback.print_exc()
        _print_line("this is a bug in LDM Studio; please report it with the lines above")
        return Exit.BUG


def open_window(files: Sequence[str] = ()) -> int:
    """Opens the window with these files, or passes them to an open window."""
    if not window_possible():
        _print_line(NO_DISPLAY)
        return Exit.NO_WINDOW
    import PySide6

    if sys.version_info < (3, 12) and PySide6.__version__.startswith("6.12."):
        _print_line(
            "PySide6 6.12 crashes on Python before 3.12: pip install 'PySide6-Essentials<6.12'"
        )
        return Exit.NO_WINDOW
    from ldm_studio.startup.single_instance import InstanceInUse, claim

    paths = [_local(file) for file in files]
    try:
        instance = claim(data_dir(), paths)
    except InstanceInUse as error:
        _show_in_window(
            f"{data_dir()} is in use by {error}, which does not answer; end it, or choose another "
            "folder with --data"
        )
        return Exit.NO_WINDOW
    if instance is None:  # the open window has them: the rest is not needed
        return Exit.OK
    from ldm_studio.app import run

    return run(files=paths, instance=instance)


def _local(file: str) -> str:
    """The absolute path of a file, or of a file:// address as file managers pass it."""
    if file.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        file = unquote(urlsplit(file).path)
    return str(Path(file).absolute())


def _fail(error: StudioError) -> int:
    _print_line(str(error))
    match error:
        case ModelError():
            return Exit.MODEL
        case ImageError() | StateError():
            return Exit.IMAGE
        case MemoryShortage():
            return Exit.MEMORY
        case HistoryError():
            return Exit.HISTORY
        case _:
            return Exit.USAGE


def _print_line(text: str) -> None:
    print(f"ldm-studio: {text}", file=sys.stderr)


def _show_in_window(text: str) -> None:
    """Also shows the error in a window if the program was started from a desktop."""
    _print_line(text)
    if started_from_desktop():
        show_problem(text)


# --- arguments ---------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Prints errors in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def parser(*, window_only: bool = False) -> argparse.ArgumentParser:
    """A parser for all commands; or for WINDOW_COMMANDS, without the imports of the others."""
    top = _Parser(
        prog="ldm-studio",
        description="Generate images with latent diffusion models. Without a command, open the "
        "window.",
    )
    top.add_argument("--version", action="version", version=f"LDM Studio {__version__}")
    top.add_argument(
        "--data",
        metavar="FOLDER",
        type=Path,
        help="keep settings, history, models and images in this folder",
    )
    top.set_defaults(run=_open_window, files=(), elsewhere=False)
    commands = top.add_subparsers(metavar="COMMAND", title="commands")
    window = commands.add_parser(
        "open",
        help="open the window with an image or a model; `ldm-studio FILE` does the same",
        description="Open the window, or bring it to the front, with an image and its recipe.",
    )
    window.add_argument("files", metavar="FILE", nargs="*")
    window.set_defaults(run=_open_window)
    if not window_only:
        _add_windowless(commands)
    self_test.add(commands)
    return top


def _add_windowless(commands: argparse._SubParsersAction) -> None:
    from . import (
        branch_command,
        doctor_command,
        generate_command,
        models_command,
        replay_command,
        resume_command,
    )
    from . import history_command as history

    for command in (
        generate_command,
        resume_command,
        branch_command,
        replay_command,
        models_command,
    ):
        command.add(commands)
    past = commands.add_parser(
        "history",
        help="find images, index folders, import folders of other programs",
        description="Find images, show how they were made, and index image folders.",
        epilog=history.EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    history.add_arguments(past, _Parser)
    past.set_defaults(run=lambda arguments, _: history.run(arguments))
    doctor_command.add(commands)


def _with_command(argv: Sequence[str]) -> list[str]:
    """Inserts `open` before a leading file, so that file managers need not pass it."""
    made = list(argv)
    place = 0
    while place < len(made) and made[place].startswith("-"):
        place += 2 if made[place] == "--data" else 1
    if place < len(made):
        word = made[place]
        if word.startswith("file://") or (Path(word).suffix and os.path.exists(word)):
            made.insert(place, "open")
    return made


def _open_window(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    return open_window(arguments.files)
