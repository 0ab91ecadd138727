"""The finer settings of a request on the command line, each a row of a table.

A row says which field of the request its flag sets, so that an error about the field can name
the flag.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.conditioning.text.text_segment import SYNTAXES
from core.errors import RequestError
from core.images.mask_morphology import RADIUS_MAX
from core.request.request import (
    AREAS,
    CONTENTS,
    MAX_CFG,
    MAX_CLIP_SKIP,
    MAX_ENLARGING_NOISE,
    MAX_NOISE_LEVEL,
    MAX_SEED,
    MAX_SIDE,
    Guidance,
    Inpaint,
    Levels,
    Variation,
)
from core.sampling.noise_profiles import PROFILES
from core.sampling.sampler_names import noise_name
from core.sampling.sampler_options import Options

from .argument_types import above_zero, named, one_of, real, sigmas, whole


@dataclass(frozen=True)
class Flag:
    """One setting."""

    name: str
    field: str
    """Of the request: "noise", or with its part "options.eta"."""
    metavar: str
    read: Callable[[str], object] | None
    """None: a switch, which `--no-` turns off."""
    help: str
    needs: str = ""
    """The flag without which this one would do nothing."""
    excludes: tuple[str, ...] = ()
    """Flags that would do nothing beside it."""


def _option(name: str, field: str, help: str, needs: str = "") -> Flag:
    low, high = Options.RANGES[field]
    if field == "order":
        return Flag(name, f"options.{field}", "N", whole(int(low), int(high)), help, needs)
    return Flag(name, f"options.{field}", "X", real(low, high), help, needs)


MASK = "--mask"
"""Given by --outpaint too."""

GROUPS: Mapping[str, tuple[Flag, ...]] = {
    "prompts": (
        Flag(
            "--syntax", "syntax", "NAME", one_of(SYNTAXES),
            f"whose way of writing them is followed: {', '.join(SYNTAXES)}",
        ),
        Flag(
            "--clip-skip", "clip_skip", "N", whole(1, MAX_CLIP_SKIP),
            "how early to leave the text encoder: 1 reads with all its layers",
        ),
        Flag(
            "--vae", "vae", "NAME", str,
            "name or file of the autoencoder to use instead of the model's own",
        ),
    ),
    "guidance": (
        Flag(
            "--cfg-rescale", "guidance.rescale", "X", real(0, 1),
            "share of contrast that a high CFG spoils and that is brought back, 0 to 1",
        ),
        Flag(
            "--guidance-start", "guidance.start", "X", real(0, 1),
            "guide only after this share of the model's time, 0 being pure noise",
        ),
        Flag("--guidance-end", "guidance.end", "X", real(0, 1), "and only up to this share"),
        Flag(
            "--mimic-cfg", "guidance.mimic", "X", real(0, MAX_CFG),
            "dynamic thresholding: keep to the range of values that this CFG would give",
        ),
        Flag(
            "--mimic-quantile", "guidance.quantile", "X", real(0.5, 1),
            f"clip beyond this share of the values ({Guidance().quantile})", needs="--mimic-cfg",
        ),
        Flag(
            "--image-guidance", "guidance.image", "X", real(0, MAX_CFG),
            "how closely a model that edits keeps to the picture it is given "
            f"({Guidance().image})",
        ),
        Flag(
            "--cfg-plus-plus", "guidance.plus_plus", "X", above_zero,
            "CFG++ of this strength, above 0 up to 1, instead of --cfg", excludes=("--cfg",),
        ),
    ),
    "sampler options, where the sampler takes them": (
        _option("--eta", "eta", "share of a step's noise that is fresh: 0 none, 1 customary"),
        _option("--s-noise", "s_noise", "scales fresh noise"),
        _option("--churn", "churn", "noise put back before each step"),
        _option("--churn-min", "churn_lowest", "only above this sigma", "--churn"),
        _option("--churn-max", "churn_highest", "only below this sigma", "--churn"),
        _option("--order", "order", "how many evaluations a multistep solver looks back to"),
    ),
    "noise levels": (
        Flag(
            "--sigmas", "levels.sigmas", "LIST", sigmas,
            "visit exactly these, such as 14.6,6.5,2.1,0.6: falling, one a step",
            excludes=("--schedule", "--sigma-min", "--sigma-max", "--rho"),
        ),
        Flag("--sigma-min", "levels.sigma_min", "X", real(0, 1e6), "the schedule's lowest"),
        Flag("--sigma-max", "levels.sigma_max", "X", real(0, 1e6), "the schedule's highest"),
        Flag("--rho", "levels.rho", "X", real(0.1, 100), "the bend of Karras, Polyexponential"),
    ),
    "noise": (
        Flag(
            "--noise", "noise", "PROFILE", named(noise_name),
            f"whose convention of drawing it to follow: {', '.join(PROFILES)}",
        ),
        Flag(
            "--variation-strength", "variation.strength", "X", real(0, 1),
            "turn the first noise this far towards that of another seed",
        ),
        Flag(
            "--variation-seed", "variation.seed", "N", whole(0, MAX_SEED),
            "that seed; random when not given", needs="--variation-strength",
        ),
    ),
    "redrawing a part": (
        Flag(
            "--area", "inpaint.area", "AREA", one_of(AREAS),
            "draw the whole picture, or only the masked part of it at the model's size",
            needs=MASK,
        ),
        Flag(
            "--padding", "inpaint.padding", "N", whole(0, MAX_SIDE),
            f"pixels around the masked part that the model sees ({Inpaint().padding})",
            needs="--area",
        ),
        Flag(
            "--area-width", "inpaint.width", "N", whole(8, MAX_SIDE),
            "the width it is drawn in, instead of the model's", needs="--area",
        ),
        Flag(
            "--area-height", "inpaint.height", "N", whole(8, MAX_SIDE),
            "the height it is drawn in", needs="--area",
        ),
        Flag(
            "--content", "inpaint.content", "WHAT", one_of(CONTENTS),
            f"what the masked part starts from: {', '.join(CONTENTS)}", needs=MASK,
        ),
        Flag(
            "--grow", "inpaint.grow", "N", whole(-RADIUS_MAX, RADIUS_MAX),
            "grow the mask by so many pixels; below 0: shrink it", needs=MASK,
        ),
        Flag(
            "--blur", "inpaint.blur", "X", real(0, RADIUS_MAX),
            "then soften its edge over so many pixels", needs=MASK,
        ),
        Flag(
            "--soft", "inpaint.soft", "", None,
            "grey in the mask is the strength of a pixel, rather than how much of it shows",
            needs=MASK,
        ),
        Flag("--invert", "inpaint.invert", "", None, "redraw what is black instead", needs=MASK),
        Flag(
            "--match", "inpaint.match", "", None,
            "match the colours at the border of what was redrawn", needs=MASK,
        ),
    ),
    "enlarging or varying, with a model made for it": (
        Flag(
            "--noise-level", "noise_level", "N", whole(0, MAX_NOISE_LEVEL),
            "how much noise is added to the picture: the more, the more is invented (20 of at most "
            f"{MAX_ENLARGING_NOISE} for enlarging, 0 for varying)",
        ),
    ),
    "larger than the model draws": (
        Flag(
            "--tile", "tile", "N", whole(8, MAX_SIDE),
            "draw in overlapping tiles of this side, which form together",
        ),
    ),
}  # fmt: skip
"""By the titles of the groups they are listed in."""

_FLAGS = {flag.field: flag for flags in GROUPS.values() for flag in flags}
_PARTS = {
    "guidance": Guidance,
    "options": Options,
    "levels": Levels,
    "variation": Variation,
    "inpaint": Inpaint,
}
_OTHERS = {
    "width": "--size",
    "height": "--size",
    "negative": "--negative",
    "prompt": "PROMPT",
    **{
        name: f"--{name}"
        for name in ("sampler", "schedule", "steps", "cfg", "seed", "count", "strength", "init")
    },
    "mask": "--mask",
    "control": "--control",
    "changes": "--step",
}


def add(command: ArgumentParser) -> None:
    for title, flags in GROUPS.items():
        group = command.add_argument_group(title)
        for flag in flags:
            if flag.read is None:
                group.add_argument(
                    flag.name, dest=flag.field, action=BooleanOptionalAction, help=flag.help
                )
            else:
                group.add_argument(
                    flag.name, dest=flag.field, metavar=flag.metavar, type=flag.read, help=flag.help
                )


def parts(arguments: Namespace) -> dict[str, Any]:
    """The fields of a Request that were given. Raises RequestError for flags that do nothing."""
    given = {field: value for field in _FLAGS if (value := getattr(arguments, field)) is not None}
    for field in given:
        flag = _FLAGS[field]
        if flag.needs and not _is_given(arguments, flag.needs):
            raise RequestError(field, f"{flag.name} does nothing without {flag.needs}.")
        for other in flag.excludes:
            if _is_given(arguments, other):
                raise RequestError(field, f"{other} does nothing beside {flag.name}.")
    fields: dict[str, Any] = {field: value for field, value in given.items() if "." not in field}
    for part, kind in _PARTS.items():
        inside = {
            field.removeprefix(f"{part}."): value
            for field, value in given.items()
            if field.startswith(f"{part}.")
        }
        if inside:
            fields[part] = kind(**inside)
    return fields


def _is_given(arguments: Namespace, name: str) -> bool:
    if name == MASK and arguments.outpaint is not None:
        return True
    field = next((flag.field for flag in _FLAGS.values() if flag.name == name), name[2:])
    return getattr(arguments, field) is not None


@contextmanager
def naming() -> Iterator[None]:
    """A RequestError that is raised inside comes out with the flag it is about."""
    try:
        yield
    except RequestError as error:
        flag = _FLAGS[error.field].name if error.field in _FLAGS else _OTHERS.get(error.field)
        hint = error.hint
        if error.field.startswith("options."):
            hint = re.sub(r"\w+", lambda word: _option_flag(word[0]), hint)
        if flag is None or flag in error.message:
            raise
        raise RequestError(error.field, f"{flag}: {error.message}", hint) from error


def _option_flag(name: str) -> str:
    flag = _FLAGS.get(f"options.{name}")
    return flag.name if flag else name
