"""`ldm-studio replay`: whether images can be reproduced bit for bit, and if not, why."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import ImageError, MemoryShortage, Message, StudioError
from core.request.inputs import Inputs
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.exit_codes import Exit
from ldm_studio.images.image_files import load_image, load_mask
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.recipe_inputs import MissingInput, NoRecipe, find, recipe, scaled
from ldm_studio.images.replay import Verdict, replay
from ldm_studio.paths import inputs_dir

from . import image_output
from .image_output import keep_inputs_or_warn, print_line, print_warning

EXAMPLES = """\
examples:
  ldm-studio replay fox.png
  ldm-studio replay images/*.png --json
  ldm-studio replay hat.png --init fox.png --mask hat-mask.png

exit codes:
  0 every image is identical
  8 an image differs, or its file was edited
  9 an image cannot be replayed: no recipe, or its model or initial image is missing
  4 a file is not an image, or is damaged
  with several images, the code of the first that is not identical; others as for generate
"""


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "replay",
        help="make images again from their recipes and compare",
        description="Make each image again from its metadata. Says whether every step, the final\n"
        "image and the file are identical, or which step differs first and what may be the\n"
        "cause.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="what to replay")
    command.add_argument(
        "--model", metavar="M", help="the model, if it is not where the recipe says"
    )
    command.add_argument(
        "--init", metavar="FILE", type=Path, help="the initial image, if it is not kept here"
    )
    command.add_argument("--mask", metavar="FILE", type=Path, help="the mask, likewise")
    command.add_argument("--json", action="store_true", help="print one JSON object per image")


def run(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    """Continues after an image that fails; the first failure decides the exit code."""
    given = _replaced_inputs(arguments)
    engine = pipeline()
    if sys.stderr.isatty():
        print_warning("loading the model ...")
    codes = [_one(path, engine, given, arguments) for path in arguments.images]
    return next((code for code in codes if code is not Exit.OK), Exit.OK)


def _one(path: Path, engine: Pipeline, given: Inputs, arguments: Namespace) -> Exit:
    store = InputStore(inputs_dir())
    try:
        known = _with_resized(path, given)
        with image_output.progress() as on_step:
            verdict = replay(
                path,
                engine,
                store,
                on_step,
                given=known,
                model=arguments.model,
            )
    except MemoryShortage:
        raise
    except StudioError as error:
        if isinstance(error, MissingInput):
            error.hint = (
                Message("Add it with --mask.")
                if error.field == "mask"
                else Message("Add it with --init.")
            )
        _print_failure(path, error, arguments.json)
        damaged = isinstance(error, ImageError) and not isinstance(error, NoRecipe)
        return Exit.IMAGE if damaged else Exit.NOT_REPLAYED
    if known.images:  # the images that the recipe refers to are available from now on
        keep_inputs_or_warn(find(recipe(path), store, known))
    _print_verdict(path, verdict, arguments.json)
    return Exit.OK if verdict.identical else Exit.DIFFERS


def _replaced_inputs(arguments: Namespace) -> Inputs:
    """Raises ImageError."""
    image = None if arguments.init is None else load_image(arguments.init)
    return Inputs(image, None if arguments.mask is None else load_mask(arguments.mask))


def _with_resized(path: Path, given: Inputs) -> Inputs:
    """The given image, and a copy in the size of the result: `generate --size` scales it."""
    if given.image is None and given.mask is None:
        return Inputs()
    request = recipe(path)
    resized = scaled(given, request.width, request.height)
    return Inputs(images=dict([*given.by_digest(), *resized.by_digest()]))


def _print_verdict(path: Path, verdict: Verdict, as_json: bool) -> None:
    if as_json:
        _print_json(path, "identical" if verdict.identical else "differs", **_facts(verdict))
        return
    print_line(f"{path}: {_sentence(verdict)}")
    _print_list("possible cause", verdict.causes)
    _print_list("note", verdict.notes)


def _facts(verdict: Verdict) -> dict[str, object]:
    causes, notes = list(map(str, verdict.causes)), list(map(str, verdict.notes))
    return {**vars(verdict), "causes": causes, "notes": notes}


def _sentence(verdict: Verdict) -> str:
    result = "the same" if verdict.pixels_equal else "not the same"
    if verdict.identical:
        return f"identical, {verdict.steps} steps"
    if verdict.first_difference is not None:
        step, steps = verdict.first_difference, verdict.steps
        return f"step {step} of {steps} is the first that differs; the final image is {result}"
    if not verdict.pixels_equal:
        return "the final image differs"
    return f"all {verdict.steps} steps and the final image are the same, the file is not"


def _print_list(title: str, lines: Sequence[Message]) -> None:
    for line in lines:
        print_line(f"  {title}: {line}")


def _print_failure(path: Path, error: StudioError, as_json: bool) -> None:
    if as_json:
        _print_json(path, "not replayed", error=str(error))
    else:
        print_line(f"{path}: not replayed. {error}")


def _print_json(path: Path, verdict: str, **more: object) -> None:
    print_line(json.dumps({"path": str(path), "verdict": verdict, **more}, ensure_ascii=False))
