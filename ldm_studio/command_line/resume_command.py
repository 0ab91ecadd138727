"""`ldm-studio resume`: finishes a saved trajectory."""

from __future__ import annotations

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Callable

from core.pipeline.saved_job import read_header
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.exit_codes import MEANING, Exit
from ldm_studio.images.headless_run import draw
from ldm_studio.images.recipe_inputs import load_model
from ldm_studio.images.replay_causes import differences

from . import image_output
from .argument_types import file
from .image_output import Output, print_warning

EXAMPLES = f"""\
examples:
  ldm-studio generate "a moth" --stop-after 8 --state moth.state
  ldm-studio resume moth.state -o moth.png

{MEANING}"""


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "resume",
        help="continue from a state that generate --stop-after wrote",
        description="Run the remaining steps and save the image. It is identical to that of an\n"
        "uninterrupted run. A finished state is only decoded.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("state", metavar="FILE", type=file, help="the state")
    command.add_argument("--model", metavar="M", help="the model, if it was moved")
    image_output.add(command)


def run(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    target = Output.of(arguments)
    header = read_header(arguments.state)
    target.make_folder()
    engine = pipeline()
    if sys.stderr.isatty():
        print_warning("loading the model ...")
    model = load_model(engine, header.request, arguments.model)
    began = time.perf_counter()
    going = engine.resume(arguments.state)
    for difference in differences(header.environment, going.environment):
        print_warning(f"the image may not be identical; {difference}")
    with image_output.progress() as on_step:
        drawn = draw(going, on_step)
    path = target.save(drawn, model)
    target.print_result(path, drawn.image.request, time.perf_counter() - began, drawn.notes)
    return Exit.OK
