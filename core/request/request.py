"""What the user asks for: frozen, typed, versioned, JSON both ways.

Every field that changes a pixel is here; the same JSON goes into the image's metadata, so an
image can always be made again from itself. Images that a request starts from are named by
digest and travel beside it (see `core.request.inputs.Inputs`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any, Literal, TypeVar, cast

from .. import typed_json
from ..errors import Message, RequestError, quoted
from ..sampling.samplers import SAMPLERS, resolve
from ..sampling.sigma_schedules import SCHEDULES
from ..untrusted_files import parse_json
from .conditions import CONDITIONS, Condition
from .parameters import (
    MAX_PROMPT,
    MAX_SEED,
    MAX_STEPS,
    REQUESTED,
    Guidance,
    Inpaint,
    Levels,
    Options,
    Parameters,
    Variation,
)
from .text_segment import A1111, COMFYUI, EARLY_A1111, EARLY_COMFYUI

T = TypeVar("T")

VERSION = 2
MAX_CHANGES = 1000


@dataclass(frozen=True)
class Addon:
    """A file that the model was changed with for an image, so that it can be recognised."""

    kind: Literal["lora", "embedding", "vae", "text"]
    name: str
    """As the prompt, or `Request.vae`, names it; for a text encoder, the name of its file."""
    digest: str
    """SHA-256 of the file."""
    short: str = ""
    """The hash that AUTOMATIC1111 writes: of a LoRA, that of the contents after the file's
    header."""


@dataclass(frozen=True)
class Change:
    """The settings that change from a step on; None: unchanged.

    After a change of the sampler or the noise levels, a multistep sampler starts without memory.
    """

    step: int
    """The number of steps before the change."""
    prompt: str | None = None
    negative: str | None = None
    cfg: float | None = None
    sampler: str | None = None
    """With its default options."""
    schedule: str | None = None
    """Its levels below the current one are used from here on."""
    steps: int | None = None
    """Like `schedule`: the number of steps of the whole schedule."""
    init: str | None = None
    """As `Request.init`: what is kept outside the mask."""
    mask: str | None = None
    """As `Request.mask`; needs an init."""
    control: str | None = None
    """As `Request.control`."""
    model: str | None = None
    """Another model takes over, such as a refiner; it must have the same latents."""
    model_digest: str | None = None
    """Of that model; None means whatever `model` names."""
    addons: tuple[Addon, ...] | None = None
    """What the prompts in force from here on name, once it is known; None means whatever they
    name."""

    @property
    def fields(self) -> dict[str, Any]:
        """The changed fields, by their names in Request."""
        own = vars(self).items()
        return {k: v for k, v in own if k not in ("step", "addons") and v is not None}


@dataclass(frozen=True)
class Request(Parameters):
    """One or more images to make: checked parameters, and everything else that decides the pixels.

    Image i of `count` is the image that `seed + i` makes alone.
    """

    template: str = ""
    """The prompt with the wildcards that `prompt` was made from; empty: there were none."""
    negative_template: str = ""
    """Likewise for the negative prompt."""
    model_digest: str = ""
    """SHA-256 of the model's weights; empty means whatever `model` names."""
    prediction: str = ""
    """What the model's network predicts, "eps" or "v", where the user overrode what is detected
    from its file; empty: what is detected, if `model_digest` is given, else the override."""
    addons: tuple[Addon, ...] = ()
    """What the prompts and `vae` named, once it is known; empty means whatever they name."""
    init: str = ""
    """SHA-256 of the initial image, as `core.images.image_digest` computes it; empty: none."""
    mask: str = ""
    """SHA-256 of the mask, outside which nothing changes; empty: everything may change."""
    control: str = ""
    """SHA-256 of the control image of a model that has one: depth, or what it edits, upscales or
    varies (see `core.pipeline.extra_conditioning`); empty: none, or the initial image."""
    conditions: tuple[Condition, ...] = ()
    """What else the model is conditioned on, at most one of a kind, such as a class."""
    changes: tuple[Change, ...] = ()
    """In the order of their steps: branches and steering."""
    version: int = VERSION

    def __post_init__(self) -> None:
        _check_types(self)
        for row in REQUESTED:
            row.check(row.value(self))
        for name in ("template", "negative_template"):
            if len(getattr(self, name)) > MAX_PROMPT:
                raise RequestError(
                    name, "The {name} is longer than {most} characters.", name=name, most=MAX_PROMPT
                )
        if self.prediction not in ("", "eps", "v"):
            raise RequestError(
                "prediction",
                "Unknown {name} {value}.",
                "Known: {names}.",
                name="prediction",
                value=quoted(self.prediction, 60),
                names="eps, v",
            )
        if self.mask and not self.init:
            raise RequestError("mask", "A mask needs an image to inpaint.", "Add one with --init.")
        if self.version != VERSION:
            raise RequestError(
                "version",
                "This request has version {version}; this program supports {supported}.",
                "Update LDM Studio.",
                version=self.version,
                supported=VERSION,
            )
        if self.guidance.end < self.guidance.start:
            raise RequestError(
                "guidance.end",
                "guidance.end is {end}, below guidance.start, which is {start}.",
                "Choose a larger end.",
                end=self.guidance.end,
                start=self.guidance.start,
            )
        _check_addons(self.addons)
        _check_conditions(self.conditions)
        _check_options(self.sampler, self.options)
        _check_levels(self)
        _check_changes(self)

    def each(self) -> Iterator[Request]:
        """The single-image requests this one stands for, seeds wrapping at 2^64."""
        for i in range(self.count):
            yield replace(self, count=1, seed=(self.seed + i) % (MAX_SEED + 1))

    @property
    def every_addon(self) -> tuple[Addon, ...]:
        """Those of its changes included."""
        parts = (self.addons, *(change.addons or () for change in self.changes))
        return tuple(dict.fromkeys(addon for part in parts for addon in part))

    def changed(self, change: Change) -> Request:
        """This request with the fields of `change`."""
        fields = change.fields
        if fields.get("prompt", self.prompt) != self.prompt:
            fields["template"] = ""
        if fields.get("negative", self.negative) != self.negative:
            fields["negative_template"] = ""
        if "sampler" in fields and fields["sampler"] != self.sampler:
            fields["options"] = Options()
        if "model" in fields:
            fields.setdefault("model_digest", "")
        if "schedule" in fields or "steps" in fields:
            fields["levels"] = replace(self.levels, sigmas=(), rho=None)
        if change.addons is not None:
            fields["addons"] = change.addons
        return replace(self, **fields)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Request:
        """Raises RequestError unless it is a request of a known version."""
        try:
            data: object = parse_json(text)
        except ValueError as error:
            raise RequestError("json", "Not a request: {error}.", error=error) from error
        if not isinstance(data, dict):
            raise RequestError("json", "Not a request: a JSON object is expected.")
        data = cast("dict[str, Any]", data)
        if data.get("version") == 1:
            data = _from_version_1(data)
        known = {field.name for field in fields(cls)}
        unknown = sorted(key for key in data if key not in known)
        if unknown:
            raise RequestError(
                unknown[0],
                "Unknown settings in the request: {names}.",
                "It may come from a newer LDM Studio.",
                names=", ".join(unknown[:5]),
            )
        for name, kind in _PARTS.items():
            if name in data:
                data[name] = _read(kind, data[name], name)
        for name, read in _LISTS.items():
            if name not in data:
                continue
            items = data[name]
            if not isinstance(items, list) or len(cast("list[Any]", items)) > MAX_CHANGES:
                raise RequestError(
                    name,
                    "{name} must be a list of at most {most} items.",
                    name=name,
                    most=MAX_CHANGES,
                )
            data[name] = tuple(read(item, name) for item in cast("list[object]", items))
        return cls(**data)


_EARLY = {A1111: EARLY_A1111, COMFYUI: EARLY_COMFYUI}
_READ_DIFFERENTLY = {
    A1111: re.compile(r"\[.*[:|]|\\|&|:\s*-|[^\s!-~]", re.DOTALL),
    COMFYUI: re.compile(r"[()]|.{76}", re.DOTALL),
}
"""What a text contains that version 1 may have read differently; 76 characters may be 76 tokens."""


def _from_version_1(data: dict[str, Any]) -> dict[str, Any]:
    """The request with the syntax that version 1 had, where it makes a difference."""
    syntax = data.get("syntax", A1111)
    rule = _READ_DIFFERENTLY.get(syntax) if isinstance(syntax, str) else None
    changes = data.get("changes")
    parts: list[Any] = [data, *cast("list[Any]", changes if isinstance(changes, list) else [])]
    texts = [
        text
        for part in parts
        if isinstance(part, dict)
        for name in ("prompt", "negative")
        if isinstance(text := cast("dict[str, Any]", part).get(name), str)
    ]
    if rule is not None and any(map(rule.search, texts)):
        syntax = _EARLY[syntax]
    return data | {"version": VERSION, "syntax": syntax}


_PARTS: dict[str, type] = {
    "inpaint": Inpaint,
    "guidance": Guidance,
    "options": Options,
    "levels": Levels,
    "variation": Variation,
}
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float}


def _read(kind: type[T], value: object, name: str) -> T:
    try:
        return typed_json.read(kind, value, name)
    except ValueError as error:
        raise RequestError(
            name, "{error}.", "It may come from a newer LDM Studio.", error=error
        ) from error


def _read_condition(value: object, name: str) -> Condition:
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in CONDITIONS:
        raise RequestError(
            name,
            "Unknown condition {kind}.",
            "It may come from a newer LDM Studio.",
            kind=quoted(kind, 60),
        )
    return _read(CONDITIONS[kind], fields, name)


_LISTS: dict[str, Callable[[object, str], Any]] = {
    "changes": partial(_read, Change),
    "addons": partial(_read, Addon),
    "conditions": _read_condition,
}


def _check_types(request: Request) -> None:
    for item in fields(request):
        kind = _TYPES.get(str(item.type))
        value = getattr(request, item.name)
        if kind is None:
            part = _PARTS.get(item.name, tuple)
            if not isinstance(value, part):
                raise RequestError(
                    item.name, "{name} must be a {type}.", name=item.name, type=part.__name__
                )
            continue
        if kind is float and type(value) is int and abs(value) < MAX_SEED:
            object.__setattr__(request, item.name, float(value))
        elif type(value) is not kind:
            raise RequestError(
                item.name,
                "{name} must be {type}, not {value}.",
                name=item.name,
                type=item.type,
                value=quoted(value, 60),
            )
        elif isinstance(value, str) and not _is_unicode(value):
            raise RequestError(
                item.name, "{name} contains half of a surrogate pair.", name=item.name
            )


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_addons(addons: tuple[Addon, ...]) -> None:
    for addon in addons:
        if not all(map(_is_unicode, (addon.name, addon.digest, addon.short))):
            raise RequestError("addons", "addons contain half of a surrogate pair.")


def _check_conditions(conditions: tuple[Condition, ...]) -> None:
    kinds = [condition.kind for condition in conditions]
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise RequestError(
                "conditions", "The request has several conditions of the kind {kind}.", kind=kind
            )


def _check_options(sampler: str, options: Options) -> None:
    taken = SAMPLERS[sampler].options
    for name in options.given:
        if name not in taken:
            known = (
                Message("It has {names}.", names=", ".join(taken))
                if taken
                else Message("It has no options.")
            )
            raise RequestError(
                f"options.{name}",
                "{sampler} has no option {option}.",
                known,
                sampler=sampler,
                option=name,
            )


def _check_levels(request: Request) -> None:
    levels = request.levels
    schedule = SCHEDULES[resolve(request.schedule, request.sampler)]
    if levels.rho is not None and schedule.with_rho is None:
        those = [name for name, row in SCHEDULES.items() if row.with_rho is not None]
        raise RequestError(
            "levels.rho",
            "{schedule} has no rho.",
            "Schedules with rho: {names}.",
            schedule=request.schedule,
            names=", ".join(those),
        )
    low, high = levels.sigma_min, levels.sigma_max
    if low is not None and high is not None and low >= high:
        raise RequestError(
            "levels.sigma_min", "sigma_min {low} is not below sigma_max {high}.", low=low, high=high
        )
    if levels.sigmas and len(levels.sigmas) != request.steps:
        raise RequestError(
            "levels.sigmas",
            "{count} sigmas do not make {steps} steps.",
            "Set steps to {count}.",
            count=len(levels.sigmas),
            steps=request.steps,
        )


def _check_changes(request: Request) -> None:
    """Checks that each change leaves a valid request."""
    now = replace(request, changes=()) if request.changes else request
    before = 0
    for change in request.changes:
        if not before <= change.step <= MAX_STEPS * 2:
            raise RequestError(
                "changes.step",
                "A change is at step {step}, outside {low} to {high}.",
                step=change.step,
                low=before,
                high=MAX_STEPS * 2,
            )
        if not change.fields:
            raise RequestError(
                "changes", "The change at step {step} changes nothing.", step=change.step
            )
        if change.model is None and change.model_digest is not None:
            raise RequestError("changes", "A change has the hash of a model that it does not name.")
        _check_addons(change.addons or ())
        now = now.changed(change)
        before = change.step
