"""The command line: what may be written there, and what each kind of failure returns."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from enum import IntEnum
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from core import request as limits
from core.diffusion.names import schedule_name, split_name
from core.diffusion.samplers import SAMPLERS
from core.diffusion.sigmas import SCHEDULES
from core.errors import MemoryShortage, ModelError, PictureError, StudioError

from . import __version__, doctor, generate
from .engine.pipeline import CorePipeline, Pipeline, memory_shortage
from .history import command as history
from .history.errors import HistoryError

NO_DISPLAY = (
    "There is no display here, so the window cannot open; "
    'ldm-studio generate "a red heart" makes pictures without one.'
)


class Exit(IntEnum):
    OK = 0
    BUG = 1
    USAGE = 2
    MODEL = 3
    PICTURE = 4
    MEMORY = 5
    NO_WINDOW = 6
    HISTORY = 7
    INTERRUPTED = 130


def main(
    argv: Sequence[str] | None = None,
    pipeline: Callable[[Path | None], Pipeline] = CorePipeline,
) -> int:
    """Run the command in `argv` and return its exit code; --help and wrong usage exit at once."""
    arguments = parser().parse_args(argv)
    try:
        match arguments.command:
            case "generate":
                return generate.run(arguments, pipeline)
            case "history":
                return history.run(arguments)
            case "doctor":
                return doctor.run()
            case _:
                return open_window()
    except KeyboardInterrupt:
        _say("cancelled")
        return Exit.INTERRUPTED
    except StudioError as error:
        return _fail(error)
    except Exception as error:  # the last place that can turn any failure into an exit code
        if shortage := memory_shortage(error):
            return _fail(shortage)
        traceback.print_exc()
        _say("this is a bug in LDM Studio; please report it with the lines above")
        return Exit.BUG


def open_window() -> int:
    if not _window_possible():
        _say(NO_DISPLAY)
        return Exit.NO_WINDOW
    if sys.version_info < (3, 12) and version("PySide6-Essentials").startswith("6.12."):
        _say("PySide6 6.12 crashes on Python before 3.12: pip install 'PySide6-Essentials<6.12'")
        return Exit.NO_WINDOW
    from .app import run

    return run()


def _window_possible() -> bool:
    """Only X11 and Wayland need telling where the display is."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    return bool(platform) and not platform.startswith(("xcb", "wayland"))


def _fail(error: StudioError) -> int:
    _say(str(error))
    match error:
        case ModelError():
            return Exit.MODEL
        case PictureError():
            return Exit.PICTURE
        case MemoryShortage():
            return Exit.MEMORY
        case HistoryError():
            return Exit.HISTORY
        case _:
            return Exit.USAGE


def _say(text: str) -> None:
    print(f"ldm-studio: {text}", file=sys.stderr)


# --- arguments ---------------------------------------------------------------------------------

EXAMPLES = """\
examples:
  ldm-studio generate "a red heart"
  ldm-studio generate "a fox" --seed 7 --count 4 -o foxes
  ldm-studio generate "a sleepy cat" --transparent -o cat.png
  ldm-studio generate "a blue fox" --init fox.png --strength 0.6
  ldm-studio generate "a hat" --init fox.png --mask hat.png

exit codes:
  0 done   2 wrong usage or value   3 model problem   4 picture file problem
  5 out of memory   6 no window possible here   7 history problem   1 a bug
  130 interrupted, finished pictures are kept
"""


class _Parser(argparse.ArgumentParser):
    """Errors in one line, without the whole usage before them."""

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    top = _Parser(
        prog="ldm-studio",
        description="Make pictures with latent diffusion models. Without a command, opens the "
        "window.",
    )
    top.add_argument("--version", action="version", version=f"LDM Studio {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_generate(
        commands.add_parser(
            "generate",
            help="make pictures without the window",
            description="Make pictures and print their paths. Settings that are not given are "
            "those that suit the model.",
            epilog=EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    history.add_arguments(
        commands.add_parser(
            "history",
            help="find pictures, index folders, import those of other programs",
            description="Find any picture, know how it was made, and index folders of pictures.",
            epilog=history.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        ),
        _Parser,
    )
    commands.add_parser(
        "doctor",
        help="show versions, device, model and folders",
        description="Show what the program runs on, and what is missing.",
    )
    return top


def _add_generate(command: argparse.ArgumentParser) -> None:
    command.add_argument("prompt", metavar="PROMPT", help="what the picture shows")
    command.add_argument(
        "-n", "--negative", metavar="TEXT", default="", help="what it should not show"
    )
    settings = command.add_argument_group("settings")
    settings.add_argument(
        "--model", metavar="M", default=generate.DEFAULT, help="name or folder of the model"
    )
    settings.add_argument(
        "--sampler", metavar="S", type=_named(split_name), help=", ".join(SAMPLERS)
    )
    settings.add_argument(
        "--schedule", metavar="S", type=_named(schedule_name), help=", ".join(SCHEDULES)
    )
    settings.add_argument(
        "--steps", metavar="N", type=_whole(1, limits.MAX_STEPS), help="how many steps"
    )
    settings.add_argument(
        "--cfg",
        metavar="X",
        type=_real(0, limits.MAX_CFG),
        help="how strictly to follow the prompt; 1 is no guidance",
    )
    settings.add_argument(
        "--seed",
        metavar="N",
        type=_whole(0, limits.MAX_SEED),
        help="the same seed and settings give the same picture; random when not given",
    )
    settings.add_argument("--size", metavar="WxH", type=_size, help="in pixels, such as 128x128")
    settings.add_argument(
        "--count",
        metavar="N",
        type=_whole(1, limits.MAX_COUNT),
        default=1,
        help="how many pictures, with seeds counting up",
    )
    start = command.add_argument_group("starting from a picture")
    start.add_argument(
        "--init", metavar="IMAGE", type=Path, help="the picture to change; --size scales it"
    )
    start.add_argument(
        "--strength",
        metavar="X",
        type=_strength,
        help="how much to change it, above 0 up to 1 (0.75, with a mask 1)",
    )
    start.add_argument(
        "--mask", metavar="IMAGE", type=Path, help="redraw only where this one is white"
    )
    output = command.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        metavar="FILE_OR_FOLDER",
        type=_output,
        help="a .png file, or a folder that gets numbered files; by default today's folder in "
        "Pictures/LDM Studio",
    )
    output.add_argument(
        "--transparent", action="store_true", help="save with a transparent background"
    )
    output.add_argument(
        "--json", action="store_true", help="print one JSON object a picture instead of its path"
    )


def _named(find: Callable[[str], object]) -> Callable[[str], object]:
    def parse(text: str) -> object:
        try:
            return find(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{error}") from error

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {low} to {high}."
            )
        return value

    return parse


def _real(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low:g} to {high:g}.")
        return value

    return parse


def _strength(text: str) -> float:
    value = _real(0, 1)(text)
    if value == 0:
        raise argparse.ArgumentTypeError("0 would change nothing; use more, up to 1.")
    return value


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 128x128.")
    return int(match[1]), int(match[2])


def _output(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("the name is empty.")
    path = Path(text).expanduser()
    if path.suffix.lower() in generate.OTHER_FORMATS and not path.is_dir():
        raise argparse.ArgumentTypeError(
            f"pictures are saved as PNG only, not {path.suffix}; use {path.with_suffix('.png')}."
        )
    return path
