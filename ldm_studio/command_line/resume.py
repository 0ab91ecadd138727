"""`ldm-studio resume`: go on from a saved trajectory to the picture."""

from __future__ import annotations

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Callable

from core.saved import read_label

from ..pictures.causes import differences
from ..pictures.drawing import draw
from ..pictures.recall import load_model
from ..pipeline import Pipeline
from . import output
from .arguments import file
from .exits import MEANING, Exit
from .output import Output, say

EXAMPLES = f"""\
examples:
  ldm-studio generate "a moth" --stop-after 8 --state moth.state
  ldm-studio resume moth.state -o moth.png

{MEANING}"""


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "resume",
        help="go on from a state that generate --stop-after wrote",
        description="Take the steps that are left and save the picture: the same, to the bit, as\n"
        "without the stop, if it goes on where it was stopped. A finished state is only decoded.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("state", metavar="FILE", type=file, help="the state")
    command.add_argument("--model", metavar="M", help="the model, if it is not where it was")
    output.add(command)


def run(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    target = Output.of(arguments)
    label = read_label(arguments.state)
    target.make_folder()
    engine = pipeline()
    if sys.stderr.isatty():
        say("loading the model ...")
    model = load_model(engine, label.request, arguments.model)
    began = time.perf_counter()
    going = engine.resume(arguments.state)
    for difference in differences(label.environment, going.environment):
        say(f"the picture may not be the same to the bit; {difference}")
    with output.progress() as on_step:
        drawn = draw(going, on_step)
    path = target.save(drawn, model)
    target.tell(path, drawn.picture.request, time.perf_counter() - began)
    return Exit.OK
