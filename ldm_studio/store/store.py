"""What the next picture will be and what the engine is doing, observable.

Assignment is the only way to change state: `store.steps = 30` emits `steps_changed` when the value
is new, and equality is what ends the loops between a widget and the store.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.conditioning.text.text_segment import A1111, SYNTAXES
from core.images.mask_morphology import RADIUS_MAX
from core.request.request import (
    AREAS,
    CONTENTS,
    MAX_CFG,
    MAX_CLIP_SKIP,
    MAX_COUNT,
    MAX_NOISE_LEVEL,
    MAX_PROMPT,
    MAX_SEED,
    MAX_SIDE,
    MAX_STEPS,
    Change,
    Guidance,
    Inpaint,
    Levels,
    Request,
    Variation,
)
from core.sampling.noise_profiles import PROFILES, STUDIO
from core.sampling.sampler_options import Options
from core.sampling.samplers import SAMPLERS, resolve
from core.sampling.sigma_schedules import SCHEDULES
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.refiner import refinement, steps_run
from ldm_studio.models import found_models
from ldm_studio.prompts.wildcard_files import templates_of
from ldm_studio.translation import translate

from .model_limits import refining_problem, side_problem, size_problem
from .parameters import (
    FOLLOWING,
    INPAINT,
    KEEP_CHANGES,
    LED_BY,
    MODEL_FIELDS,
    MORE,
    PARTS,
    PLAIN,
    SAMPLING,
)
from .props import Prop, clamp, falling, flag, maybe, one_of, text, texts
from .run_state import RunState

RANDOM_SEEDS = 2**32
"""Random seeds are drawn below this, as other programs do, so that they can read ours."""

MAX_SIGMA = 1e6
SHARE_DECIMALS = 6
"""Of the share of steps after which a refiner goes on: enough to find the step again."""


class Mode(StrEnum):
    """What a picture starts from."""

    TEXT = "text"
    IMAGE = "image"
    INPAINT = "inpaint"


_side = clamp(8, MAX_SIDE)
_share = clamp(0.0, 1.0)
_sigma = maybe(clamp(1e-6, MAX_SIGMA))
_option = {name: maybe(clamp(*limits)) for name, limits in Options.RANGES.items()}


class StudioStore(QObject):
    """The parameters of the next picture (kept between sessions) and the state of the engine."""

    prompt_changed = Signal(object)
    negative_changed = Signal(object)
    model_changed = Signal(object)
    sampler_changed = Signal(object)
    schedule_changed = Signal(object)
    steps_changed = Signal(object)
    cfg_changed = Signal(object)
    syntax_changed = Signal(object)
    clip_skip_changed = Signal(object)
    vae_changed = Signal(object)
    needs_vae_changed = Signal(object)
    refiner_changed = Signal(object)
    refiner_at_changed = Signal(object)
    seed_changed = Signal(object)
    seed_locked_changed = Signal(object)
    width_changed = Signal(object)
    height_changed = Signal(object)
    count_changed = Signal(object)
    strength_changed = Signal(object)
    mode_changed = Signal(object)
    image_guidance_changed = Signal(object)
    noise_level_changed = Signal(object)
    rescale_changed = Signal(object)
    guidance_start_changed = Signal(object)
    guidance_end_changed = Signal(object)
    mimic_changed = Signal(object)
    quantile_changed = Signal(object)
    plus_plus_changed = Signal(object)
    eta_changed = Signal(object)
    s_noise_changed = Signal(object)
    churn_changed = Signal(object)
    churn_lowest_changed = Signal(object)
    churn_highest_changed = Signal(object)
    order_changed = Signal(object)
    sigmas_changed = Signal(object)
    sigma_min_changed = Signal(object)
    sigma_max_changed = Signal(object)
    rho_changed = Signal(object)
    noise_changed = Signal(object)
    variation_seed_changed = Signal(object)
    variation_strength_changed = Signal(object)
    area_changed = Signal(object)
    padding_changed = Signal(object)
    area_width_changed = Signal(object)
    area_height_changed = Signal(object)
    content_changed = Signal(object)
    invert_changed = Signal(object)
    soft_changed = Signal(object)
    grow_changed = Signal(object)
    blur_changed = Signal(object)
    match_changed = Signal(object)
    tile_changed = Signal(object)
    finer_open_changed = Signal(object)
    more_open_changed = Signal(object)
    model_folders_changed = Signal(object)
    changes_changed = Signal(object)
    run_changed = Signal(object)
    modified = Signal(str)
    """A parameter was changed: its name."""

    prompt = Prop("", text(MAX_PROMPT))
    negative = Prop("", text(MAX_PROMPT))
    model = Prop(found_models.DEFAULT, text(MAX_PROMPT))
    """As requests name it; see `models`."""
    # What suits the model that comes with the program: right before it is loaded, too.
    sampler = Prop("Euler a", one_of(SAMPLERS))
    schedule = Prop("Normal", one_of(SCHEDULES))
    steps = Prop(8, clamp(1, MAX_STEPS))
    cfg = Prop(3.0, clamp(0.0, MAX_CFG))
    seed = Prop(0, clamp(0, MAX_SEED))
    seed_locked = Prop(False, flag)
    """False: every press of Generate draws a new seed."""
    width = Prop(128, _side)
    height = Prop(128, _side)
    count = Prop(1, clamp(1, MAX_COUNT))
    strength = Prop(0.75, clamp(0.01, 1.0))
    mode = Prop(Mode.TEXT, Mode)

    # As in `core.request.request`; None is what is customary or the model's.
    rescale = Prop(0.0, _share)
    guidance_start = Prop(0.0, _share)
    guidance_end = Prop(1.0, _share)
    mimic = Prop(0.0, clamp(0.0, MAX_CFG))
    quantile = Prop(0.995, clamp(0.5, 1.0))
    plus_plus = Prop(0.0, _share)
    eta = Prop[float | None](None, _option["eta"])
    s_noise = Prop[float | None](None, _option["s_noise"])
    churn = Prop[float | None](None, _option["churn"])
    churn_lowest = Prop[float | None](None, _option["churn_lowest"])
    churn_highest = Prop[float | None](None, _option["churn_highest"])
    order = Prop[int | None](None, _option["order"])
    sigmas = Prop[tuple[float, ...]]((), falling(MAX_STEPS, MAX_SIGMA))
    sigma_min = Prop[float | None](None, _sigma)
    sigma_max = Prop[float | None](None, _sigma)
    rho = Prop[float | None](None, maybe(clamp(0.1, 100.0)))
    noise = Prop(STUDIO, one_of(PROFILES))
    syntax = Prop(A1111, one_of(SYNTAXES))
    clip_skip = Prop(1, clamp(1, MAX_CLIP_SKIP))
    vae = Prop("", text(MAX_PROMPT))
    """The autoencoder to use, by name or path; empty: the model's own."""
    refiner = Prop("", text(MAX_PROMPT))
    """The model that goes on at the end, as requests name it; empty: none."""
    refiner_at = Prop(0.8, _share)
    """After this share of the steps."""
    image_guidance = Prop(1.5, clamp(0.0, MAX_CFG))
    """How closely a model that edits keeps to the picture it is given."""
    noise_level = Prop(20, clamp(0, MAX_NOISE_LEVEL))
    """How much noise is added to what is enlarged."""
    variation_seed = Prop(0, clamp(0, MAX_SEED))
    variation_strength = Prop(0.0, _share)

    # How a masked picture is redrawn.
    area = Prop("whole", one_of(dict.fromkeys(AREAS)))
    padding = Prop(32, clamp(0, MAX_SIDE))
    area_width = Prop(0, clamp(0, MAX_SIDE))
    """The size that only the masked part is drawn in; 0 is the one the model was made for."""
    area_height = Prop(0, clamp(0, MAX_SIDE))
    content = Prop("original", one_of(dict.fromkeys(CONTENTS)))
    invert = Prop(False, flag)
    soft = Prop(False, flag)
    grow = Prop(0, clamp(-RADIUS_MAX, RADIUS_MAX))
    blur = Prop(0.0, clamp(0.0, float(RADIUS_MAX)))
    match = Prop(True, flag)
    """In the window colours are matched at the border, unless one says otherwise."""
    tile = Prop(0, clamp(0, MAX_SIDE))

    finer_open = Prop(False, flag)
    """Whether the finer options of inpainting are shown."""
    more_open = Prop(False, flag)
    """Whether the seldom used parameters are shown."""
    model_folders = Prop[tuple[str, ...]]((), texts)
    """Paths of models, and of folders of models, that the user added."""
    changes = Prop[tuple[Change, ...]]((), persist=False)
    """What the applied request changed along its trajectory. They are asked for again until
    another parameter than those in KEEP_CHANGES is edited."""
    needs_vae = Prop(False, persist=False)
    """Whether the model that is chosen has no autoencoder of its own."""
    run = Prop(RunState(), persist=False)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps_without_sigmas = 0
        self._changed_inputs = ("", "")
        self.modified.connect(self._on_modified)

    def new_seed(self) -> None:
        self.seed = random.SystemRandom().randrange(RANDOM_SEEDS)

    def applies(self, name: str) -> bool:
        """Whether this parameter has a say in the next picture, the others being as they are."""
        takes = SAMPLERS[self.sampler].options
        match name:
            case "cfg":
                return self.plus_plus == 0
            case "quantile":
                return self.mimic > 0
            case "s_noise" | "churn_lowest" | "churn_highest" if "churn" in takes:
                return bool(self.churn)
            case "eta" | "s_noise" | "churn" | "churn_lowest" | "churn_highest" | "order":
                return name in takes
            case "steps" | "schedule" | "sigma_min" | "sigma_max":
                return not self.sigmas
            case "rho":
                schedule = resolve(self.schedule, self.sampler)
                return not self.sigmas and SCHEDULES[schedule].with_rho is not None
            case "clip_skip":
                model = self.run.model
                return model is None or model.skips
            case "vae" | "refiner":
                model = self.run.model
                needed = name == "vae" and self.needs_vae
                return needed or model is None or model.takes_addons
            case "image_guidance" | "noise_level":
                model = self.run.model
                return model is None or model.extra in LED_BY[name]
            case "refiner_at":
                return bool(self.refiner) and self.applies("refiner")
            case "variation_seed":
                return self.variation_strength > 0
            case "padding" | "area_width" | "area_height":
                return self.masks and self.area == "masked"
            case _ if name in INPAINT:
                return self.masks
            case _:
                return True

    @property
    def masks(self) -> bool:
        """Whether only a part is redrawn, from the beginning or from a change on."""
        return self.mode is Mode.INPAINT or any(change.mask for change in self.changes)

    @property
    def drawn_size(self) -> tuple[int, int]:
        """Width and height of what the model draws."""
        model = self.run.model
        if self.mode is not Mode.INPAINT or self.area == "whole":
            return self.width, self.height
        own = (model.width, model.height) if model else (self.width, self.height)
        return self.area_width or own[0], self.area_height or own[1]

    @property
    def inpaint(self) -> Inpaint:
        """How a mask is redrawn, as far as it has a say."""
        return Inpaint(**self._part("inpaint"))

    def problem(self) -> str:
        """Why the model cannot draw the size that is asked for; empty when it can."""
        tiled = self.tile > 0
        if tiled and (
            problem := side_problem(translate("Fitting", "A tile"), self.tile, self.run.model)
        ):
            return problem
        return size_problem(*self.drawn_size, self.run.model, tiled=tiled)

    def edited(self, among: Iterable[str] | None = None) -> list[str]:
        """Those of MORE, or `among` others, that have a say in the next picture and are not at
        their default.
        """
        return [
            name
            for name in (MORE if among is None else among)
            if getattr(self, name) not in (default_of(name), self.customary(name))
            and self.applies(name)
        ]

    def customary(self, name: str) -> float | int | None:
        """What None stands for, where it is a number that the sampler or the schedule has."""
        if name == "rho":
            return SCHEDULES[resolve(self.schedule, self.sampler)].rho
        return SAMPLERS[self.sampler].defaults.get(name)

    def snapshot(self) -> Request:
        """The request as it stands. Start picture and mask travel beside it, as pixels.

        Raises core.errors.RequestError when a field has a value that cannot be honoured.
        """
        plain = {name: getattr(self, name) for name in PLAIN}
        for name in ("clip_skip", "vae", "noise_level"):
            if not self.applies(name):
                plain[name] = default_of(name)
        if self.sigmas:
            plain["steps"] = len(self.sigmas)
        if self.changes:  # which may change the mask alone, and are checked with what they change
            plain["init"], plain["mask"] = self._changed_inputs
        return Request(
            **plain,
            strength=1.0 if self.mode is Mode.TEXT else self.strength,
            guidance=Guidance(**self._part("guidance")),
            options=Options(**self._part("options")),
            levels=Levels(**self._part("levels")),
            inpaint=self.inpaint,
            variation=Variation(**self._part("variation")),
            changes=self._all_changes(),
        )

    def apply(self, request: Request) -> None:
        """Make every parameter what `request` says, and keep its seed."""
        masks = request.mask or any(change.mask for change in request.changes)
        for part, names in PARTS.items():  # first the sigmas, which set the steps
            if part == "inpaint" and not masks:
                continue  # it says nothing, and the next mask is to be redrawn as the last one was
            for name, field in names.items():
                setattr(self, name, getattr(getattr(request, part), field))
        typed = templates_of(request)
        for name in PLAIN:
            setattr(self, name, getattr(typed, name))
        if request.init:
            self.strength = request.strength
        self.seed_locked = True
        self.mode = Mode.INPAINT if request.mask else Mode.IMAGE if request.init else Mode.TEXT
        self._changed_inputs = (request.init, request.mask)
        refined = refinement(request)
        self.reset("refiner_at")
        self.refiner = refined.model or "" if refined else ""
        if refined:
            self.refiner_at = round(refined.step / steps_run(request), SHARE_DECIMALS)
        self.changes = tuple(
            replace(change, addons=None)  # as its own: what is there now is used
            for change in request.changes
            if change is not refined
        )

    def apply_defaults(self, model: ModelInfo) -> None:
        """Make the sampling parameters those the model was made for."""
        for name in SAMPLING:
            self.reset(name)
        for name in MODEL_FIELDS:
            setattr(self, name, getattr(model, name))

    def follow(self, before: ModelInfo, model: ModelInfo) -> None:
        """Take `model`'s own settings where those of the model `before` were kept."""
        if refining_problem(before.family, model):
            self.reset("refiner", "refiner_at")  # it was one for the other
        for names in FOLLOWING:
            if names == ("width", "height") and self.mode is not Mode.TEXT:
                continue  # the size is that of the start picture
            if all(getattr(self, name) == getattr(before, name) for name in names):
                for name in names:
                    setattr(self, name, getattr(model, name))

    def has_defaults_of(self, model: ModelInfo) -> bool:
        """Whether `apply_defaults` would leave all as it is."""
        own = all(getattr(self, name) == getattr(model, name) for name in MODEL_FIELDS)
        return own and all(getattr(self, name) == default_of(name) for name in SAMPLING)

    def reset(self, *names: str) -> None:
        """Put these back to what the loaded model has as its own, or to the default."""
        for name in names:
            own = name in MODEL_FIELDS and self.run.model is not None
            setattr(self, name, getattr(self.run.model, name) if own else default_of(name))

    def saved(self) -> dict[str, Any]:
        """The persistent fields, as JSON values."""
        return {name: getattr(self, name) for name in persistent_fields()}

    def restore(self, saved: Mapping[str, Any]) -> list[str]:
        """Take over what is valid in `saved`; returns what was not, in words."""
        problems = []
        for name in persistent_fields():
            if name not in saved:
                continue
            try:
                setattr(self, name, saved[name])
            except (ValueError, OverflowError) as error:
                problems.append(f"{name}: {error}")
        return problems

    def _part(self, part: str) -> dict[str, Any]:
        names = PARTS[part].items()
        return {field: getattr(self, name) for name, field in names if self.applies(name)}

    def _all_changes(self) -> tuple[Change, ...]:
        """Those of the applied request, and the refiner's."""
        steps = len(self.sigmas) or self.steps
        strength = 1.0 if self.mode is Mode.TEXT else self.strength
        run = steps_run(Request(steps=steps, strength=strength))
        step = round(self.refiner_at * run)
        if not self.applies("refiner_at") or step >= run:
            return self.changes
        every = (*self.changes, Change(step, model=self.refiner))
        return tuple(sorted(every, key=lambda change: change.step))

    def _on_modified(self, name: str) -> None:
        if name not in KEEP_CHANGES:
            self.changes = ()
        match name:
            case "guidance_start":
                self.guidance_end = max(self.guidance_start, self.guidance_end)
            case "guidance_end":
                self.guidance_start = min(self.guidance_start, self.guidance_end)
            case "sigmas":
                self._follow_sigmas()

    def _follow_sigmas(self) -> None:
        """As many steps as sigmas; without these, as many as before there were any."""
        if self.sigmas:
            self._steps_without_sigmas = self._steps_without_sigmas or self.steps
            self.steps = len(self.sigmas)
        else:
            self.steps = self._steps_without_sigmas or self.steps
            self._steps_without_sigmas = 0


def persistent_fields() -> list[str]:
    return [name for name, prop in vars(StudioStore).items() if _persists(prop)]


def _persists(prop: object) -> bool:
    return isinstance(prop, Prop) and prop.persist


def default_of(name: str) -> Any:
    """The value the parameter `name` has at the first start."""
    return vars(StudioStore)[name].default
