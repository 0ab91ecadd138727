"""What the user asks for: frozen, typed, versioned, JSON both ways.

Every field that changes a pixel is here; the same JSON goes into the picture's metadata, so a
picture can always be made again from itself. Pictures that a request starts from are named by
digest and travel beside it (see `core.pipeline.text_to_image.Inputs`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, Literal, TypeVar, cast

from .. import typed_json
from ..conditioning.text.text_segment import A1111, SYNTAXES
from ..errors import RequestError
from ..images.mask_morphology import RADIUS_MAX
from ..sampling.noise_profiles import PROFILES, STUDIO
from ..sampling.sampler_options import Options
from ..sampling.samplers import SAMPLERS, resolve
from ..sampling.sigma_schedules import SCHEDULES

T = TypeVar("T")

VERSION = 1
MAX_STEPS = 1000
MAX_CFG = 100.0
MAX_SIDE = 16384
MAX_COUNT = 1000
MAX_SEED = 2**64 - 1
MAX_PROMPT = 100_000
MAX_CHANGES = 1000
MAX_CLIP_SKIP = 12
MAX_NOISE_LEVEL = 999
MAX_ENLARGING_NOISE = 350


@dataclass(frozen=True)
class Guidance:
    """What is done to guidance beside its scale."""

    rescale: float = 0.0
    """Share of the conditional's contrast that is brought back, in [0, 1]."""
    start: float = 0.0
    """Guidance acts from this share of the model's time on, 0 being pure noise."""
    end: float = 1.0
    """And up to this one; 1 is the finished picture."""
    mimic: float = 0.0
    """Dynamic thresholding to the range that this scale would give; 0: none."""
    quantile: float = 0.995
    """Dynamic thresholding clips beyond it, in [0.5, 1]."""
    plus_plus: float = 0.0
    """CFG++ of this strength, in [0, 1], instead of the scale; 0: not."""
    image: float = 1.5
    """How closely a model that edits pictures keeps to the one it is given; 1: no guidance."""


@dataclass(frozen=True)
class Levels:
    """What is done to the noise levels beside choosing a schedule."""

    sigmas: tuple[float, ...] = ()
    """Visit these instead: falling, above 0 (which is added at the end), one a step."""
    sigma_min: float | None = None
    """The lowest above 0; None: the model's."""
    sigma_max: float | None = None
    """The highest; None: the model's."""
    rho: float | None = None
    """The bend of a schedule that has one; None: its customary one."""


@dataclass(frozen=True)
class Variation:
    """The first noise turned towards that of another seed."""

    seed: int = 0
    strength: float = 0.0
    """Share of the angle between both, in [0, 1]; 0: none."""


@dataclass(frozen=True)
class Inpaint:
    """How a masked picture is redrawn."""

    invert: bool = False
    """Redraw what is not painted."""
    grow: int = 0
    """The mask is grown by so many pixels; below 0: shrunk."""
    blur: float = 0.0
    """Then blurred by this standard deviation, in pixels."""
    content: str = "original"
    """What the redrawn part starts from, one of CONTENTS."""
    soft: bool = False
    """Grey in the mask is the strength of a pixel: it joins in later, rather than blends."""
    area: str = "whole"
    """What is drawn anew: the whole picture, or only the "masked" region of it, enlarged."""
    padding: int = 32
    """Pixels around the masked region."""
    width: int = 0
    """The size a masked region is drawn in; 0: the one the model was made for."""
    height: int = 0
    match: bool = False
    """Take away the difference in colour at the border of what was redrawn."""


CONTENTS = ("original", "fill", "noise", "nothing")
"""The picture itself, its surroundings drawn into it, latent noise, an empty latent."""

AREAS = ("whole", "masked")


@dataclass(frozen=True)
class Addon:
    """A file that the model was changed with for a picture, so that it is known again."""

    kind: Literal["lora", "embedding", "vae", "text"]
    name: str
    """As the prompt, or `Request.vae`, names it; of a text encoder, its file's."""
    digest: str
    """SHA-256 of the file."""
    short: str = ""
    """The hash that AUTOMATIC1111 writes: of a LoRA, of what comes after the file's header."""


@dataclass(frozen=True)
class Change:
    """What is otherwise from a step on; None stays as it was.

    Changing the sampler or the levels makes a multistep sampler start anew, without memory.
    """

    step: int
    """After this many steps."""
    prompt: str | None = None
    negative: str | None = None
    cfg: float | None = None
    sampler: str | None = None
    """With the options that are customary for it."""
    schedule: str | None = None
    """Its levels below the present one are visited from here on."""
    steps: int | None = None
    """As `schedule`: how many steps the whole of it would have."""
    init: str | None = None
    """As `Request.init`: what is kept outside the mask."""
    mask: str | None = None
    """As `Request.mask`; needs an init."""
    control: str | None = None
    """As `Request.control`."""
    model: str | None = None
    """Another model goes on, such as a refiner: one of the same latents."""
    model_digest: str | None = None
    """Of that model; None means whatever `model` names."""
    addons: tuple[Addon, ...] | None = None
    """What the prompts in force from here on name, once it is known; None means whatever they
    name."""

    @property
    def fields(self) -> dict[str, Any]:
        """What it changes, by the names in Request."""
        own = vars(self).items()
        return {k: v for k, v in own if k not in ("step", "addons") and v is not None}


@dataclass(frozen=True)
class Request:
    """One or more pictures to make.

    Picture i of `count` is the picture that `seed + i` makes alone.
    """

    prompt: str = ""
    negative: str = ""
    syntax: str = A1111
    """Whose conventions both follow, a key of `text_segment.SYNTAXES`."""
    template: str = ""
    """The prompt with the wildcards that `prompt` was made from; empty: there were none."""
    negative_template: str = ""
    """The same of the negative prompt."""
    clip_skip: int = 1
    """1: all layers of the text encoder that the model was trained with, 2: all but the last, and
    so on. Models of which this is not customary read as ever."""
    model: str = "default"
    """Name or path of the model."""
    model_digest: str = ""
    """SHA-256 of the model's weights; empty means whatever `model` names."""
    prediction: str = ""
    """What the model's U-Net predicts, "eps" or "v", where that was decided otherwise than is found
    out of its file; empty: what is found out, if `model_digest` is given, else what is decided."""
    vae: str = ""
    """Name or path of the autoencoder to use instead of the model's own; empty: that."""
    addons: tuple[Addon, ...] = ()
    """What the prompts and `vae` named, once it is known; empty means whatever they name."""
    sampler: str = "Euler"
    schedule: str = "Normal"
    steps: int = 20
    cfg: float = 4.0
    """Classifier-free guidance scale; 1 means no guidance."""
    seed: int = 0
    width: int = 128
    height: int = 128
    count: int = 1
    strength: float = 1.0
    """Image-to-image: the share of the schedule that is run, in (0, 1]."""
    init: str = ""
    """SHA-256 of the init image, as `core.images.image_digest` computes it; empty: none."""
    mask: str = ""
    """SHA-256 of the mask: only what it covers is redrawn; empty: everything."""
    inpaint: Inpaint = Inpaint()
    control: str = ""
    """SHA-256 of the picture that the model is led by, if it is of such a kind: depths, or what it
    edits, enlarges or varies (see `core.pipeline.extra_conditioning`); empty: none, or the init."""
    noise_level: int = 20
    """How much noise is added to what is enlarged, in [0, 350], or varied, in [0, 999]: the more,
    the more is invented."""
    tile: int = 0
    """Draw in overlapping tiles of this side, in pixels, which share one trajectory; 0: whole."""
    guidance: Guidance = Guidance()
    options: Options = field(default_factory=Options)
    """Those that the sampler takes."""
    levels: Levels = Levels()
    noise: str = STUDIO
    """Whose convention of drawing noise is followed, a key of `noise_profiles.PROFILES`."""
    variation: Variation = Variation()
    changes: tuple[Change, ...] = ()
    """In the order of their steps: branches, and what was steered while it ran."""
    version: int = VERSION

    def __post_init__(self) -> None:
        _check_types(self)
        _within("steps", self.steps, 1, MAX_STEPS)
        _within("cfg", self.cfg, 0.0, MAX_CFG)
        _within("seed", self.seed, 0, MAX_SEED)
        _within("width", self.width, 8, MAX_SIDE)
        _within("height", self.height, 8, MAX_SIDE)
        _within("count", self.count, 1, MAX_COUNT)
        _within("strength", self.strength, 0.0, 1.0)
        if self.strength == 0.0:
            raise RequestError("strength", "Strength 0 would change nothing.", "Use more than 0.")
        _check_prompt("prompt", self.prompt)
        _check_prompt("negative", self.negative)
        _check_prompt("template", self.template)
        _check_prompt("negative_template", self.negative_template)
        _known("syntax", self.syntax, SYNTAXES)
        _within("clip_skip", self.clip_skip, 1, MAX_CLIP_SKIP)
        _check_addons(self.addons)
        _known("sampler", self.sampler, SAMPLERS)
        _known("schedule", self.schedule, SCHEDULES)
        _known("noise", self.noise, PROFILES)
        _known("prediction", self.prediction, ("", "eps", "v"))
        if self.mask and not self.init:
            raise RequestError("mask", "A mask needs a picture to redraw.", "Give one as init.")
        if self.version != VERSION:
            raise RequestError(
                "version",
                f"This request has version {self.version}; this program knows {VERSION}.",
                "Use a newer LDM Studio.",
            )
        _check_inpaint(self.inpaint)
        _within("noise_level", self.noise_level, 0, MAX_NOISE_LEVEL)
        _within("tile", self.tile, 0, MAX_SIDE)
        _check_guidance(self.guidance)
        _check_options(self.sampler, self.options)
        _check_levels(self)
        _within("variation.seed", self.variation.seed, 0, MAX_SEED)
        _within("variation.strength", self.variation.strength, 0.0, 1.0)
        _check_changes(self)

    def each(self) -> Iterator[Request]:
        """The single-picture requests this one stands for, seeds wrapping at 2^64."""
        for i in range(self.count):
            yield replace(self, count=1, seed=(self.seed + i) % (MAX_SEED + 1))

    @property
    def every_addon(self) -> tuple[Addon, ...]:
        """Those of its changes, too."""
        parts = (self.addons, *(change.addons or () for change in self.changes))
        return tuple(dict.fromkeys(addon for part in parts for addon in part))

    def changed(self, change: Change) -> Request:
        """This request with what `change` says, as if it had been asked for so at once."""
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
        """Raises RequestError for anything that is not a request of a version known here."""
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RequestError("json", f"Not a request: {error}.") from error
        if not isinstance(data, dict):
            raise RequestError("json", "Not a request: a JSON object is expected.")
        data = cast("dict[str, Any]", data)
        known = {field.name for field in fields(cls)}
        unknown = sorted(key for key in data if key not in known)
        if unknown:
            raise RequestError(
                unknown[0],
                f"Unknown settings in the request: {', '.join(unknown[:5])}.",
                "It may come from a newer LDM Studio.",
            )
        for name, kind in _PARTS.items():
            if name in data:
                data[name] = _read(kind, data[name], name)
        for name, kind in (("changes", Change), ("addons", Addon)):
            if name not in data:
                continue
            items = data[name]
            if not isinstance(items, list) or len(cast("list[Any]", items)) > MAX_CHANGES:
                raise RequestError(name, f"{name} must be a list, and not an endless one.")
            listed = cast("list[object]", items)
            data[name] = tuple(_read(kind, item, name) for item in listed)
        return cls(**data)


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
        raise RequestError(name, f"{error}.", "It may come from a newer LDM Studio.") from error


def _check_types(request: Request) -> None:
    for item in fields(request):
        kind = _TYPES.get(str(item.type))
        value = getattr(request, item.name)
        if kind is None:
            part = _PARTS.get(item.name, tuple)
            if not isinstance(value, part):
                raise RequestError(item.name, f"{item.name} must be a {part.__name__}.")
            continue
        if kind is float and type(value) is int and abs(value) < MAX_SEED:
            object.__setattr__(request, item.name, float(value))
        elif type(value) is not kind:
            raise RequestError(item.name, f"{item.name} must be {item.type}, not {value!r:.60}.")
        elif isinstance(value, str) and not _is_unicode(value):
            raise RequestError(item.name, f"{item.name} holds half of a surrogate pair.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _within(field: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise RequestError(
            field, f"{field} is {value}, outside {low} to {high}.", "Choose a value between them."
        )


def _check_prompt(field: str, text: str) -> None:
    if len(text) > MAX_PROMPT:
        raise RequestError(field, f"The {field} is longer than {MAX_PROMPT} characters.")


def _check_addons(addons: tuple[Addon, ...]) -> None:
    for addon in addons:
        if not all(map(_is_unicode, (addon.name, addon.digest, addon.short))):
            raise RequestError("addons", "addons hold half of a surrogate pair.")


def _check_inpaint(inpaint: Inpaint) -> None:
    _within("inpaint.grow", inpaint.grow, -RADIUS_MAX, RADIUS_MAX)
    _within("inpaint.blur", inpaint.blur, 0.0, RADIUS_MAX)
    _within("inpaint.padding", inpaint.padding, 0, MAX_SIDE)
    _within("inpaint.width", inpaint.width, 0, MAX_SIDE)
    _within("inpaint.height", inpaint.height, 0, MAX_SIDE)
    _known("inpaint.content", inpaint.content, CONTENTS)
    _known("inpaint.area", inpaint.area, AREAS)


def _check_guidance(guidance: Guidance) -> None:
    _within("guidance.rescale", guidance.rescale, 0.0, 1.0)
    _within("guidance.start", guidance.start, 0.0, 1.0)
    _within("guidance.end", guidance.end, guidance.start, 1.0)
    _within("guidance.mimic", guidance.mimic, 0.0, MAX_CFG)
    _within("guidance.quantile", guidance.quantile, 0.5, 1.0)
    _within("guidance.plus_plus", guidance.plus_plus, 0.0, 1.0)
    _within("guidance.image", guidance.image, 0.0, MAX_CFG)


def _check_options(sampler: str, options: Options) -> None:
    takes = SAMPLERS[sampler].options
    for name, (low, high) in Options.RANGES.items():
        value = getattr(options, name)
        if value is None:
            continue
        if name not in takes:
            known = f"It takes {', '.join(takes)}." if takes else "It takes no options."
            raise RequestError(f"options.{name}", f"{sampler} takes no {name}.", known)
        _within(f"options.{name}", value, low, high)


def _check_levels(request: Request) -> None:
    levels = request.levels
    for name in ("sigma_min", "sigma_max", "rho"):
        value = getattr(levels, name)
        if value is not None:
            _within(f"levels.{name}", value, 1e-6, 1e6)
    if levels.rho is not None:
        _within("levels.rho", levels.rho, 0.1, 100.0)
        if SCHEDULES[resolve(request.schedule, request.sampler)].with_rho is None:
            bent = [name for name, row in SCHEDULES.items() if row.with_rho is not None]
            raise RequestError(
                "levels.rho", f"{request.schedule} has no rho.", f"These have: {', '.join(bent)}."
            )
    low, high = levels.sigma_min, levels.sigma_max
    if low is not None and high is not None and low >= high:
        raise RequestError("levels.sigma_min", f"sigma_min {low} is not below sigma_max {high}.")
    if not levels.sigmas:
        return
    if levels.sigmas[-1] <= 0 or any(not a > b for a, b in pairwise(levels.sigmas)):
        raise RequestError("levels.sigmas", "The sigmas must fall, and stay above 0.")
    _within("levels.sigmas", levels.sigmas[0], 0.0, 1e6)
    if len(levels.sigmas) != request.steps:
        raise RequestError(
            "levels.sigmas",
            f"{len(levels.sigmas)} sigmas are not {request.steps} steps.",
            f"Ask for {len(levels.sigmas)} steps.",
        )


def _check_changes(request: Request) -> None:
    """Each change must leave a request that could be asked for."""
    now = replace(request, changes=()) if request.changes else request
    before = 0
    for change in request.changes:
        _within("changes.step", change.step, before, MAX_STEPS * 2)
        if not change.fields:
            raise RequestError("changes", f"The change at step {change.step} changes nothing.")
        if change.model is None and change.model_digest is not None:
            raise RequestError("changes", "A change has the hash of a model that it does not name.")
        _check_addons(change.addons or ())
        now = now.changed(change)
        before = change.step


def _known(field: str, value: str, table: Any) -> None:
    if value not in table:
        raise RequestError(field, f"Unknown {field} {value!r}.", f"Known: {', '.join(table)}.")
