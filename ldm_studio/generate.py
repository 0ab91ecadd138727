"""`ldm-studio generate`: pictures without the window, from the same pipeline."""

from __future__ import annotations

import json
import secrets
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from core.errors import ModelError, RequestError
from core.request import Request
from core.text.prompt import parse

from .engine.events import ModelInfo
from .engine.pipeline import Pipeline
from .images import Pixels, load_image, load_mask, save_next, save_png
from .paths import make_folder, models_dir, output_dir

DEFAULT = "default"
"""The name of the model that ships with the program."""

OTHER_FORMATS = frozenset((".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".gif", ".tif", ".tiff"))
_INTERRUPTED = 130
_MAX_RANDOM_SEED = 2**32  # short enough to read aloud; larger ones can be given


@dataclass(frozen=True)
class Start:
    """The pictures to start from."""

    image: Pixels | None = None
    mask: Pixels | None = None


def run(arguments: Namespace, pipeline: Callable[[Path | None], Pipeline]) -> int:
    """Make the pictures; print a path or a JSON object for each as soon as it is saved."""
    _check(arguments)
    start = _load(arguments)
    _make_output_folder(arguments.output)  # before minutes of drawing rather than after
    engine = pipeline(_find_model(arguments.model))
    if sys.stderr.isatty():
        _say("loading the model ...")
    model = engine.load()
    request, start = _request(arguments, model, start)
    if arguments.seed is None:
        _say(f"seed {request.seed}")
    _say_what_is_unread(request, model)
    finished = 0
    with tqdm(unit="step", disable=None, leave=False, file=sys.stderr) as bar:
        try:
            for single in request.each():
                began = time.perf_counter()
                job = engine.begin(single, start.image, start.mask)
                bar.total = job.total * request.count
                last = None
                for step in job.steps():
                    last = step
                    bar.update()
                picture = job.finish(last)
                pixels = picture.rgba() if arguments.transparent else picture.rgb
                path = _save(arguments.output, pixels, picture.request, model)
                seconds = time.perf_counter() - began
                finished += 1
                line = _record(path, picture.request, seconds) if arguments.json else str(path)
                tqdm.write(line, file=sys.stdout)
                sys.stdout.flush()
        except KeyboardInterrupt:
            bar.close()
            _say(f"cancelled; {finished} of {request.count} pictures are finished and kept")
            return _INTERRUPTED
    return 0


def _check(arguments: Namespace) -> None:
    """What no single argument can know. Raises RequestError."""
    if arguments.init is None:
        for field in ("mask", "strength"):
            if getattr(arguments, field) is not None:
                raise RequestError(
                    field, f"--{field} needs a picture to start from.", "Add --init."
                )
    if arguments.transparent and arguments.mask is not None:
        raise RequestError(
            "transparent", "A picture that is only partly redrawn has no transparent background."
        )
    if arguments.count > 1 and _is_file(arguments.output):
        raise RequestError(
            "output",
            f"{arguments.output} is one file, and {arguments.count} pictures are asked for.",
            "Name a folder.",
        )


def _find_model(name: str) -> Path | None:
    """None for the model that ships with the program. Raises ModelError."""
    if name == DEFAULT:
        return None
    for folder in (Path(name).expanduser(), models_dir() / name):
        if folder.exists():
            return folder
    known = [DEFAULT]
    if models_dir().is_dir():
        known += sorted(folder.name for folder in models_dir().iterdir() if folder.is_dir())
    raise ModelError(
        f"There is no model {name!r}.", f"Known: {', '.join(known)}; or give a model's folder."
    )


def _load(arguments: Namespace) -> Start:
    """Raises PictureError, or RequestError where the mask is not of the picture's size."""
    if arguments.init is None:
        return Start()
    image = load_image(arguments.init)
    if arguments.mask is None:
        return Start(image)
    mask = load_mask(arguments.mask)
    if mask.shape != image.shape[:2]:
        raise RequestError(
            "mask",
            f"The mask has {mask.shape[1]} x {mask.shape[0]} pixels, "
            f"the picture {image.shape[1]} x {image.shape[0]}.",
            "They must have the same size.",
        )
    return Start(image, mask)


def _request(arguments: Namespace, model: ModelInfo, start: Start) -> tuple[Request, Start]:
    """The whole request, and the pictures to start from scaled to its size."""
    width, height = arguments.size or (model.width, model.height)
    strength = 1.0
    if start.image is not None:
        if arguments.size is None:
            height, width = start.image.shape[:2]
            _check_own_size(width, height, model)
        start = _scaled(start, width, height)
        strength = arguments.strength or (0.75 if start.mask is None else 1.0)
    sampler, schedule = arguments.sampler or (model.sampler, None)
    request = Request(
        prompt=arguments.prompt,
        negative=arguments.negative,
        model=arguments.model,
        model_digest=model.digest,
        sampler=sampler,
        schedule=arguments.schedule or schedule or model.schedule,
        steps=arguments.steps or model.steps,
        cfg=model.cfg if arguments.cfg is None else arguments.cfg,
        seed=secrets.randbelow(_MAX_RANDOM_SEED) if arguments.seed is None else arguments.seed,
        width=width,
        height=height,
        count=arguments.count,
        strength=strength,
    )
    return request, start


def _check_own_size(width: int, height: int, model: ModelInfo) -> None:
    """A picture is never scaled unasked: say which size would do."""
    unit, limit = model.size_multiple, model.max_side
    if width % unit == 0 and height % unit == 0 and max(width, height) <= limit:
        return
    scale = min(1.0, limit / max(width, height))
    best = [max(unit, round(side * scale / unit) * unit) for side in (width, height)]
    raise RequestError(
        "init",
        f"The picture has {width} x {height} pixels; {model.name} draws sides that are "
        f"multiples of {unit} up to {limit}.",
        f"Add --size {best[0]}x{best[1]} to scale it.",
    )


def _scaled(start: Start, width: int, height: int) -> Start:
    if start.image is None or start.image.shape[:2] == (height, width):
        return start
    size = (width, height)
    image = Image.fromarray(start.image).resize(size, Image.Resampling.LANCZOS)
    if start.mask is None:
        return Start(np.array(image))
    mask = Image.fromarray(start.mask).resize(size, Image.Resampling.BILINEAR)
    return Start(np.array(image), np.array(mask))


def _say_what_is_unread(request: Request, model: ModelInfo) -> None:
    for name, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        for problem in parse(text).problems:
            where = text[problem.start : problem.end]
            _say(f"the {name}, at character {problem.start + 1} {where!r}: {problem.explanation}")
        reading = model.read(text) if model.read is not None else None
        if reading is None:
            continue
        if reading.count > reading.limit:
            rest = text[reading.end :].strip()
            _say(
                f"the {name} has {reading.count} tokens; {model.name} reads {reading.limit}, "
                f"not {rest[:60]!r}{'...' if len(rest) > 60 else ''}"
            )
        if reading.unknown:
            words = ", ".join(dict.fromkeys(text[a:b] for a, b in reading.unknown))
            _say(f"{model.name} does not know these words of the {name}: {words}")


def _make_output_folder(output: Path | None) -> None:
    """Raises PictureError."""
    make_folder(output_dir() if output is None else output.parent if _is_file(output) else output)


def _is_file(output: Path | None) -> bool:
    return output is not None and output.suffix.lower() == ".png" and not output.is_dir()


def _save(output: Path | None, pixels: Pixels, request: Request, model: ModelInfo) -> Path:
    if output is not None and _is_file(output):
        save_png(output, pixels, request, model.name, model.digest)
        return output
    return save_next(output or output_dir(), pixels, request, model.name, model.digest)


def _record(path: Path, request: Request, seconds: float) -> str:
    return json.dumps(
        {
            "path": str(path),
            "seed": request.seed,
            "seconds": round(seconds, 3),
            "request": json.loads(request.to_json()),
        },
        ensure_ascii=False,
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)
