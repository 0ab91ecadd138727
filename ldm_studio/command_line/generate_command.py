"""`ldm-studio generate`: generates images without the window, with the same pipeline."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.conditioning.text.prompt_parser import Problem, parse
from core.errors import RequestError, StateError
from core.images.image_digest import digest
from core.images.outpainting import extended
from core.request.inputs import Inputs
from core.request.parameters import MAIN, MAX_SIDE, MAX_STEPS, PARAMETERS
from core.request.request import Change, Request
from core.sampling.sampler_names import split_name
from core.sampling.samplers import SAMPLERS
from ldm_studio.engine_protocol import ModelInfo, Pipeline, Run
from ldm_studio.exit_codes import MEANING, Exit
from ldm_studio.images.control_images import CONTROL_KINDS, control_of, output_size
from ldm_studio.images.headless_run import OnStep, draw, walk
from ldm_studio.images.image_files import load_image, load_mask
from ldm_studio.images.recipe_inputs import scaled
from ldm_studio.models.found_models import DEFAULT, resolve_name
from ldm_studio.paths import make_folder
from ldm_studio.prompts.wildcard_files import (
    Wildcards,
    each_image,
    missing_wildcards,
    parse_template,
    with_resolved_wildcards,
)

from . import image_output, request_flags
from .argument_types import FILLS, border, file, named, one_of, size, whole
from .image_output import Output, keep_inputs_or_warn, print_warning

_MAX_RANDOM_SEED = 2**32  # short enough to read aloud; larger seeds can be given

EXAMPLES = f"""\
examples:
  ldm-studio generate "a red heart"
  ldm-studio generate "a fox" --seed 7 --count 4 -o foxes
  ldm-studio generate "a sleepy cat" --transparent -o cat.png
  ldm-studio generate "a blue fox" --init fox.png --strength 0.6
  ldm-studio generate "a hat" --init fox.png --mask hat.png
  ldm-studio generate "a hat" --init photo.jpg --mask hat.png --area masked --match -o hat.webp
  ldm-studio generate "two foxes" --init fox.png --outpaint 0,0,128,0 --fill mirror
  ldm-studio generate "an owl" --sampler "DPM++ 2M SDE" --eta 0.5 --schedule karras --rho 5
  ldm-studio generate "a fox in the snow" --model dreamshaper --size 512x512
  ldm-studio generate "a bear" --seed 7 --variation-strength 0.2 --count 4
  ldm-studio generate "make it winter" --model instruct-pix2pix --control house.png
  ldm-studio generate "in winter" --model unclip-h --control house.png --noise-level 100
  ldm-studio generate "a moth" --stop-after 8 --state moth.state   # then: resume moth.state

{MEANING}"""


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "generate",
        usage="ldm-studio generate [options] PROMPT",
        help="generate images without the window",
        description="Generate images and print their paths. Options left out have "
        "the values that the model recommends.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("prompt", metavar="PROMPT", help="what the image shows")
    command.add_argument(
        "-n", "--negative", metavar="TEXT", default="", help="what it should not show"
    )
    _add_settings(command)
    start = command.add_argument_group("starting from an image")
    start.add_argument(
        "--init", metavar="IMAGE", type=Path, help="the initial image; --size scales it"
    )
    start.add_argument(
        "--mask", metavar="IMAGE", type=Path, help="inpaint only where this image is white"
    )
    start.add_argument(
        "--control",
        metavar="IMAGE",
        type=Path,
        help="the control image, for models that take one: a depth map, or the image to edit, "
        "upscale or vary",
    )
    start.add_argument(
        "--outpaint",
        metavar="L,T,R,B",
        type=border,
        help="extend the image by this many pixels at the left, top, right and bottom",
    )
    start.add_argument(
        "--fill",
        metavar="WHAT",
        type=one_of(FILLS),
        help=f"what --outpaint starts from: {', '.join(FILLS)} (edge)",
    )
    start.add_argument(
        "--overlap",
        metavar="N",
        type=whole(0, 1024),
        help="pixels of the old image that --outpaint blends with the new part (8)",
    )
    image_output.add(command, several=True)
    stop = command.add_argument_group("stopping early")
    stop.add_argument(
        "--stop-after",
        metavar="K",
        type=whole(1, MAX_STEPS),
        help="stop after this many steps and write --state instead of an image",
    )
    stop.add_argument(
        "--state",
        metavar="FILE",
        type=file,
        help="the file that `ldm-studio resume` continues from",
    )


def _add_settings(command: argparse.ArgumentParser) -> None:
    settings = request_flags.add(command)[MAIN]
    settings.add_argument(
        "--model",
        metavar="M",
        default=DEFAULT,
        help="name, file or folder of the model; see `ldm-studio models`",
    )
    settings.add_argument(
        "--sampler", metavar="S", type=named(split_name), help=", ".join(SAMPLERS)
    )
    settings.add_argument("--size", metavar="WxH", type=size, help="in pixels, such as 128x128")


def run(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    """Generates the images; prints a path or a JSON object for each as soon as it is saved."""
    target = Output.of(arguments)
    with request_flags.naming():
        _check(arguments, target)
        parts = request_flags.parts(request_flags.given(arguments))
        start = _load(arguments)
        if arguments.state is None:
            target.make_folder()
        else:
            make_folder(arguments.state.parent)
        engine = pipeline()
        if sys.stderr.isatty():
            print_warning("loading the model ...")
        arguments.model = resolve_name(arguments.model)
        model = engine.load(arguments.model, parts.get("vae", ""))
        if model.vae and not parts.get("vae"):
            print_warning(f"with the VAE beside the model, {model.vae}")
        request, start = _request(arguments, parts, model, start)
        if arguments.control is not None:
            request, start = _with_control_image(
                request, start, load_image(arguments.control), model
            )
        wildcards = Wildcards()
        _warn_of_missing_wildcards(request, wildcards)
        request = _without_clip_skip(with_resolved_wildcards(request, wildcards), model)
        _print_resolved_prompts(arguments, request)
        _warn_of_unread_prompt(request, model)
        keep_inputs_or_warn(start)
        finished = 0
        try:
            with image_output.progress(request.count) as on_step:
                for single in each_image(request, wildcards):
                    began = time.perf_counter()
                    drawing = engine.begin(single, start)
                    target.warn_once(drawing.notes)
                    if arguments.stop_after is not None:
                        _stop(arguments, target, drawing, on_step, began)
                        continue
                    drawn = draw(drawing, on_step)
                    path = target.save(drawn, model)
                    finished += 1
                    target.print_result(
                        path, drawn.image.request, time.perf_counter() - began, drawn.notes
                    )
        except KeyboardInterrupt:
            print_warning(f"cancelled; {finished} of {request.count} images are finished and kept")
            return Exit.INTERRUPTED
    return Exit.OK


def _stop(
    arguments: Namespace, target: Output, drawing: Run, on_step: OnStep, began: float
) -> None:
    """Raises RequestError, StateError."""
    until, path = arguments.stop_after, arguments.state
    if until > drawing.total:
        raise RequestError(
            "stop_after",
            "--stop-after {step} is beyond the last of {steps} steps.",
            step=until,
            steps=drawing.total,
        )
    walked = walk(drawing, on_step, until)
    try:
        drawing.save(path, walked.last, step_digests=walked.step_digests)
    except OSError as error:
        raise StateError("{path} cannot be written: {error}.", path=path, error=error) from error
    seconds = time.perf_counter() - began
    target.print_result(
        path, drawing.request, seconds, drawing.notes, step=until, steps=drawing.total
    )


def _check(arguments: Namespace, target: Output) -> None:
    """Checks combinations of arguments. Raises RequestError."""
    if arguments.init is None:
        for field in ("mask", "strength", "outpaint"):
            if getattr(arguments, field) is not None:
                raise RequestError(
                    field, "--{flag} needs an image to start from.", "Add --init.", flag=field
                )
    if arguments.outpaint is None:
        for field in ("fill", "overlap"):
            if getattr(arguments, field) is not None:
                raise RequestError(field, "--{flag} has no effect without --outpaint.", flag=field)
    elif arguments.mask is not None:
        raise RequestError("mask", "--outpaint makes the mask; --mask has no effect beside it.")
    if arguments.transparent and (arguments.mask is not None or arguments.outpaint is not None):
        raise RequestError("transparent", "An inpainted image has no transparent background.")
    count = arguments.count or 1
    if count > 1 and target.is_file:
        raise RequestError(
            "output",
            "{path} is one file, but {count} images are requested.",
            "Name a folder.",
            path=target.path,
            count=count,
        )
    if (arguments.stop_after is None) != (arguments.state is None):
        raise RequestError("state", "--stop-after K and --state FILE need each other.")
    if arguments.state is None:
        return
    if count > 1:
        raise RequestError("count", "--state holds one unfinished image, so --count must be 1.")
    if target.path is not None or arguments.transparent:
        raise RequestError(
            "output", "--stop-after makes no image to save.", "Add -o to `ldm-studio resume`."
        )


def _load(arguments: Namespace) -> Inputs:
    """Raises ImageError, or RequestError if the mask has another size than the image."""
    if arguments.init is None:
        return Inputs()
    image = load_image(arguments.init)
    if arguments.outpaint is not None:
        overlap = 8 if arguments.overlap is None else arguments.overlap
        seed = arguments.seed or 0  # for parts that are filled with noise
        fill = arguments.fill or "edge"
        return Inputs(*extended(image, arguments.outpaint, fill, overlap=overlap, seed=seed))
    if arguments.mask is None:
        return Inputs(image)
    mask = load_mask(arguments.mask)
    if mask.shape != image.shape[:2]:
        raise RequestError(
            "mask",
            "The mask has {width} x {height} pixels, the image {image_width} x {image_height}.",
            "They must have the same size.",
            width=mask.shape[1],
            height=mask.shape[0],
            image_width=image.shape[1],
            image_height=image.shape[0],
        )
    return Inputs(image, mask)


def _request(
    arguments: Namespace, parts: dict[str, Any], model: ModelInfo, start: Inputs
) -> tuple[Request, Inputs]:
    """The whole request, and the init images scaled to its size."""
    width, height = arguments.size or (model.width, model.height)
    takes_control = model.input_kind in CONTROL_KINDS
    if arguments.size is None and arguments.control is not None and takes_control:
        shape = load_image(arguments.control).shape
        width, height = output_size((shape[1], shape[0]), model)
    strength = 1.0
    if start.image is not None:
        if arguments.size is None:
            height, width = start.image.shape[:2]
            inpaint = parts.get("inpaint")
            if inpaint is None or inpaint.area == "whole":
                _check_own_size(width, height, model, tiled="tile" in parts)
        start = scaled(start, width, height)
        strength = 0.75 if start.mask is None else 1.0
    sampler, schedule = arguments.sampler or (model.sampler, None)
    suitable: dict[str, Any] = {
        "schedule": schedule or model.schedule,
        "steps": _sigmas(parts) or model.steps,
        "cfg": model.cfg,
        "noise_level": model.noise_level,
        "seed": secrets.randbelow(_MAX_RANDOM_SEED),
        "strength": strength,
    }
    request = Request(
        prompt=arguments.prompt,
        negative=arguments.negative,
        model=arguments.model,
        sampler=sampler,
        width=width,
        height=height,
        **suitable | parts,
    )
    if request.variation.strength and getattr(arguments, "variation.seed") is None:
        other = replace(request.variation, seed=secrets.randbelow(_MAX_RANDOM_SEED))
        request = replace(request, variation=other)
    refiner, share = (getattr(arguments, f"refiner.{name}") for name in ("model", "at"))
    if refiner is not None:
        share = PARAMETERS["refiner_at"].default if share is None else share
        step = round(share * request.steps * request.strength)
        request = replace(request, changes=(Change(step, model=resolve_name(refiner)),))
    return request, start


def _with_control_image(
    request: Request, start: Inputs, image: np.ndarray, model: ModelInfo
) -> tuple[Request, Inputs]:
    """Adds the control image. Raises RequestError if the model has none."""
    if model.input_kind not in CONTROL_KINDS:
        raise RequestError(
            "control",
            "{model} has no control image.",
            "Use a depth, InstructPix2Pix, upscaler or unCLIP model.",
            model=model.name,
        )
    pixels = control_of(image, request, model)
    named = digest(pixels)
    return replace(request, control=named), start.with_images({named: pixels})


def _sigmas(parts: dict[str, Any]) -> int:
    """The number of steps in a list of sigmas; 0 without a list."""
    return len(parts["levels"].sigmas) if "levels" in parts else 0


def _check_own_size(width: int, height: int, model: ModelInfo, *, tiled: bool) -> None:
    """Images are only scaled on request; the error names a valid size."""
    unit, limit = model.size_multiple, MAX_SIDE if tiled else model.max_side
    if width % unit == 0 and height % unit == 0 and max(width, height) <= limit:
        return
    scale = min(1.0, limit / max(width, height))
    best = [max(unit, round(side * scale / unit) * unit) for side in (width, height)]
    raise RequestError(
        "init",
        "The image has {width} x {height} pixels; {model} needs sides that are "
        "multiples of {multiple}, up to {most}.",
        "Add --size {size} to scale it."
        if tiled
        else "Add --size {size} to scale it, or add --tile.",
        size=f"{best[0]}x{best[1]}",
        width=width,
        height=height,
        model=model.name,
        multiple=unit,
        most=limit,
    )


def _without_clip_skip(request: Request, model: ModelInfo) -> Request:
    """Removes clip skip if it has no effect, so that the recipe does not claim it."""
    if request.clip_skip == 1 or model.supports_clip_skip:
        return request
    print_warning(f"--clip-skip has no effect on {model.name}")
    return replace(request, clip_skip=1)


def _warn_of_unread_prompt(request: Request, model: ModelInfo) -> None:
    for name, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        negative = name != "prompt"
        for problem in parse(text, request.syntax, negative=negative).problems:
            _print_prompt_problem(name, text, problem)
        reading = None
        if model.read is not None:
            reading = model.read(text, request.syntax, negative=negative)
        if reading is None:
            continue
        if reading.count > reading.limit:
            rest = " ".join(text[start:end] for start, end in reading.unread).strip()
            print_warning(
                f"the {name} has {reading.count} tokens; {model.name} reads {reading.limit}, "
                f"not {rest[:60]!r}{'...' if len(rest) > 60 else ''}"
            )
        if reading.unknown:
            words = ", ".join(dict.fromkeys(text[a:b] for a, b in reading.unknown))
            print_warning(f"{model.name} does not know these words of the {name}: {words}")


def _warn_of_missing_wildcards(request: Request, wildcards: Wildcards) -> None:
    for name, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        template = parse_template(text)
        for problem in (*template.problems, *missing_wildcards(template, wildcards.values)):
            _print_prompt_problem(name, text, problem)


def _print_prompt_problem(name: str, text: str, problem: Problem) -> None:
    where = text[problem.start : problem.end]
    print_warning(f"the {name}, at character {problem.start + 1} {where!r}: {problem.explanation}")


def _print_resolved_prompts(arguments: Namespace, request: Request) -> None:
    if arguments.seed is None:
        print_warning(f"seed {request.seed}")
    if request.count == 1 and request.template:
        print_warning(f"prompt {request.prompt!r}")
    if request.variation.strength and getattr(arguments, "variation.seed") is None:
        print_warning(f"variation seed {request.variation.seed}")
