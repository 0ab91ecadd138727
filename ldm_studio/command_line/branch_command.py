"""`ldm-studio branch`: repeats a run up to a step and continues it with other settings."""

from __future__ import annotations

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import RequestError
from core.images.image_digest import digest
from core.request.parameters import MAX_STEPS
from core.request.request import Change, Request
from core.sampling.sampler_names import split_name
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.exit_codes import MEANING, Exit
from ldm_studio.images import recipe_inputs
from ldm_studio.images.headless_run import draw
from ldm_studio.images.image_files import load_image, load_mask, read_record
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.run_record import Parent
from ldm_studio.paths import inputs_dir
from ldm_studio.prompts.wildcard_files import Wildcards, resolve_change

from . import image_output, request_flags
from .argument_types import named, whole
from .image_output import Output, keep_inputs_or_warn, print_warning

EXAMPLES = f"""\
examples:
  ldm-studio branch fox.png --step 8 --prompt "a wolf"
  ldm-studio branch fox.png --step 12 --cfg 2 --sampler heun -o softer.png
  ldm-studio branch fox.png --step 5 --mask face.png --prompt "a fox with glasses"

{MEANING}"""


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "branch",
        help="change an image from a step on",
        description="Repeat an image up to a step and continue with other settings. Options that\n"
        "you leave out keep the values of the recipe. The new image records its parent and can\n"
        "be replayed.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument(
        "image", metavar="IMAGE", type=Path, help="an image with the recipe of LDM Studio"
    )
    command.add_argument(
        "--step",
        metavar="K",
        required=True,
        type=whole(0, MAX_STEPS),
        help="the number of steps that both images share",
    )
    command.add_argument("--model", metavar="M", help="the model, if it was moved")
    change = command.add_argument_group("changes from that step on")
    change.add_argument("--prompt", metavar="TEXT", help="what the image shows")
    change.add_argument("-n", "--negative", metavar="TEXT", help="what it should not show")
    request_flags.add_one(change, "cfg")
    change.add_argument(
        "--sampler",
        metavar="S",
        type=named(split_name),
        help="the sampler, with its default options",
    )
    request_flags.add_one(
        change, "schedule", help="its noise levels below the current one are used"
    )
    request_flags.add_one(change, "steps", help="the number of steps of the whole schedule")
    change.add_argument(
        "--mask",
        metavar="FILE",
        type=Path,
        help="inpaint where this image is white, and keep IMAGE elsewhere",
    )
    image_output.add(command)


def run(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    with request_flags.naming():
        target = Output.of(arguments)
        path, step = arguments.image, arguments.step
        request = recipe_inputs.recipe(path)
        parent = _parent(path, step)
        change, added = _change(arguments, request)
        kept = tuple(earlier for earlier in request.changes if earlier.step < step)
        dropped = request.changes[len(kept) :]
        if dropped:
            print_warning(
                f"left out the changes of the image from step {step} on: {_words(dropped)}"
            )
        start = recipe_inputs.find(replace(request, changes=kept), InputStore(inputs_dir()))
        start = start.with_images({digest(p): p for p in added})
        request = replace(request, changes=(*kept, change))
        target.make_folder()
        engine = pipeline()
        if sys.stderr.isatty():
            print_warning("loading the model ...")
        model = recipe_inputs.load_model(engine, request, arguments.model)
        began = time.perf_counter()
        going = engine.begin(request, start)
        keep_inputs_or_warn(start)
        with image_output.progress() as on_step:
            drawn = draw(going, on_step, parent)
        saved = target.save(drawn, model)
        seconds = time.perf_counter() - began
        origin = {"picture": parent.picture, "name": parent.name, "step": parent.step}
        target.print_result(saved, drawn.image.request, seconds, drawn.notes, parent=origin)
    return Exit.OK


def _parent(path: Path, step: int) -> Parent:
    record = read_record(path)
    return Parent(record.pixels if record else digest(load_image(path)), path.name, step)


def _change(
    arguments: Namespace, request: Request
) -> tuple[Change, Sequence[recipe_inputs.Pixels]]:
    """The requested change, and the images it names. Raises RequestError, ImageError."""
    sampler, schedule = arguments.sampler or (None, None)
    change = Change(
        step=arguments.step,
        prompt=arguments.prompt,
        negative=arguments.negative,
        cfg=arguments.cfg,
        sampler=sampler,
        schedule=arguments.schedule or schedule,
        steps=arguments.steps,
    )
    change = Change(change.step, **resolve_change(change.fields, request.seed, Wildcards()))
    if arguments.mask is None:
        if not change.fields:
            raise RequestError(
                "branch",
                "Nothing would change.",
                "Add --prompt, --negative, --cfg, --sampler, --schedule, --steps or --mask.",
            )
        return change, ()
    if arguments.transparent:
        raise RequestError("transparent", "An inpainted image has no transparent background.")
    image, mask = load_image(arguments.image), load_mask(arguments.mask)
    for name, pixels in (("init", image), ("mask", mask)):
        if pixels.shape[:2] != (request.height, request.width):
            what = arguments.image if name == "init" else arguments.mask
            raise RequestError(
                "image" if name == "init" else "mask",
                "The {name} has {width} x {height} pixels, the recipe needs {expected_width} x "
                "{expected_height}.",
                "They must have the same size.",
                name=what,
                width=pixels.shape[1],
                height=pixels.shape[0],
                expected_width=request.width,
                expected_height=request.height,
            )
    return replace(change, init=digest(image), mask=digest(mask)), (image, mask)


def _words(changes: Sequence[Change]) -> str:
    return "; ".join(f"{', '.join(change.fields)} at step {change.step}" for change in changes)
