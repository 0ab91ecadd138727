"""The settings of the next image and the state of the engine, observable.

Assignment is the only way to change state: `store.steps = 30` emits `steps_changed` if the value is
new; equality ends the loops between a widget and the store.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from core.request.parameters import (
    MAIN,
    PARAMETERS,
    REQUESTED,
    Context,
    Inpaint,
    ModelTraits,
    Parameters,
    with_fields,
)
from core.request.request import Change, Request
from core.sampling.samplers import SAMPLERS, resolve
from core.sampling.sigma_schedules import SCHEDULES
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.refiner import refinement, steps_run
from ldm_studio.prompts.wildcard_files import templates_of
from ldm_studio.translation import translate

from .model_limits import refining_problem, side_problem, size_problem
from .parameters import FIRST_VALUES, FOLLOWING, KEEP_CHANGES, MODEL_FIELDS, MORE, SAMPLING
from .props import Prop, flag, properties, texts
from .run_state import RunState

RANDOM_SEEDS = 2**32
"""Random seeds are below this, as in other programs, so that they can read ours."""

SHARE_DECIMALS = 6
"""Decimals of the share of steps after which a refiner takes over: enough to find the step
again."""


class Mode(StrEnum):
    """What an image starts from."""

    TEXT = "text"
    IMAGE = "image"
    INPAINT = "inpaint"


class StudioStore(QObject):
    """The parameters of the next image (kept between sessions) and the state of the engine."""

    vars().update(properties(FIRST_VALUES))
    if TYPE_CHECKING:  # the fields of the table

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    seed_locked_changed = Signal(object)
    mode_changed = Signal(object)
    finer_open_changed = Signal(object)
    more_open_changed = Signal(object)
    model_folders_changed = Signal(object)
    changes_changed = Signal(object)
    needs_vae_changed = Signal(object)
    run_changed = Signal(object)
    modified = Signal(str)
    """A parameter was changed: its name."""

    seed_locked = Prop(False, flag)
    """False: every press of Generate picks a new seed."""
    mode = Prop(Mode.TEXT, Mode)
    finer_open = Prop(False, flag)
    """Whether the advanced options of inpainting are shown."""
    more_open = Prop(False, flag)
    """Whether the advanced parameters are shown."""
    model_folders = Prop[tuple[str, ...]]((), texts)
    """Paths of models, and of folders of models, that the user added."""
    changes = Prop[tuple[Change, ...]]((), persist=False)
    """The changes of the applied request along its trajectory. They are used again until a
    parameter that is not in KEEP_CHANGES is edited."""
    needs_vae = Prop(False, persist=False)
    """Whether the chosen model lacks an autoencoder."""
    run = Prop(RunState(), persist=False)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps_without_sigmas = 0
        self._changed_inputs = ("", "")
        self.modified.connect(self._on_modified)

    def new_seed(self) -> None:
        self.seed = random.SystemRandom().randrange(RANDOM_SEEDS)

    @property
    def values(self) -> Parameters:
        """All parameters, whether they apply or not."""
        return with_fields({row.field: getattr(self, row.name) for row in REQUESTED})

    @property
    def context(self) -> Context:
        """Everything that decides whether a parameter has an effect."""
        model = self.run.model
        return Context(
            self.values,
            self.refiner,
            from_image=self.mode is not Mode.TEXT,
            masked=self.masks,
            model=model
            and ModelTraits(
                prediction=model.prediction,
                input_kind=model.input_kind,
                clip_skip=model.supports_clip_skip,
                vae=model.takes_vae,
                refiner=model.takes_refiner,
                needs_vae=self.needs_vae,
            ),
        )

    def applies(self, name: str) -> bool:
        """Whether this parameter has an effect on the next image, given the others."""
        return name not in PARAMETERS or PARAMETERS[name].applies(self.context)

    @property
    def masks(self) -> bool:
        """Whether only a part is redrawn, from the start or from a change on."""
        return self.mode is Mode.INPAINT or any(change.mask for change in self.changes)

    @property
    def drawn_size(self) -> tuple[int, int]:
        """Width and height of what the model generates."""
        model = self.run.model
        if self.mode is not Mode.INPAINT or self.area == "whole":
            return self.width, self.height
        own = (model.width, model.height) if model else (self.width, self.height)
        return self.area_width or own[0], self.area_height or own[1]

    @property
    def inpaint(self) -> Inpaint:
        """How the mask is used, as far as that has an effect."""
        return self._effective().inpaint

    def problem(self) -> str:
        """Why the model does not support the size; empty if it does."""
        tiled = self.tile > 0
        if tiled and (
            problem := side_problem(translate("Fitting", "A tile"), self.tile, self.run.model)
        ):
            return problem
        return size_problem(*self.drawn_size, self.run.model, tiled=tiled)

    def edited(self, among: Iterable[str] = MORE) -> list[str]:
        """The parameters that have an effect on the next image and are not at their default."""
        context = self.context
        return [
            name
            for name in among
            if getattr(self, name) not in (default_of(name), self.automatic(name))
            and PARAMETERS[name].applies(context)
        ]

    def automatic(self, name: str) -> float | int | None:
        """The value that None stands for, if the sampler or the schedule has a number for it."""
        if name == "rho":
            return SCHEDULES[resolve(self.schedule, self.sampler)].rho
        return SAMPLERS[self.sampler].defaults.get(name)

    def snapshot(self) -> Request:
        """The current request. Init image and mask are passed beside it, as pixels.

        Raises core.errors.RequestError if a field has an invalid value.
        """
        values: dict[str, Any] = {**vars(self._effective())}
        if self.sigmas:
            values["steps"] = len(self.sigmas)
        if self.mode is Mode.TEXT:
            values["strength"] = 1.0
        if self.changes:  # which may change the mask alone, and are checked with what they change
            values["init"], values["mask"] = self._changed_inputs
        return Request(**values, changes=self._all_changes())

    def apply(self, request: Request) -> None:
        """Sets every parameter to that of `request`, and locks its seed."""
        masks = request.mask or any(change.mask for change in request.changes)
        typed = templates_of(request)
        # Nested fields first: of the levels, the sigmas set the steps.
        for row in sorted(REQUESTED, key=lambda row: "." not in row.field):
            if row.name == "strength" or (row.field.startswith("inpaint.") and not masks):
                continue  # without a mask it is unknown: keep the current one
            setattr(self, row.name, row.value(typed))
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
            replace(change, addons=None)  # the model's own: the current one is used
            for change in request.changes
            if change is not refined
        )

    def apply_defaults(self, model: ModelInfo) -> None:
        """Sets the sampling parameters to the model's recommended settings."""
        for name in SAMPLING:
            self.reset(name)
        for name in MODEL_FIELDS:
            setattr(self, name, getattr(model, name))

    def follow(self, before: ModelInfo, model: ModelInfo) -> None:
        """Adopts `model`'s own settings where those of the previous model `before` were
        unchanged."""
        if refining_problem(before.latents, before.input_kind, model):
            self.reset("refiner", "refiner_at")  # it was meant for the previous model
        for names in FOLLOWING:
            if names == ("width", "height") and self.mode is not Mode.TEXT:
                continue  # the size is that of the init image
            if all(getattr(self, name) == getattr(before, name) for name in names):
                for name in names:
                    setattr(self, name, getattr(model, name))

    def has_defaults_of(self, model: ModelInfo) -> bool:
        """Whether `apply_defaults` would change nothing."""
        own = all(getattr(self, name) == getattr(model, name) for name in MODEL_FIELDS)
        return own and all(getattr(self, name) == default_of(name) for name in SAMPLING)

    def reset(self, *names: str) -> None:
        """Resets these to the loaded model's settings, or to the default."""
        for name in names:
            own = name in MODEL_FIELDS and self.run.model is not None
            setattr(self, name, getattr(self.run.model, name) if own else default_of(name))

    def saved(self) -> dict[str, Any]:
        """The persistent fields, as JSON values."""
        return {name: getattr(self, name) for name in persistent_fields()}

    def restore(self, saved: Mapping[str, Any]) -> list[str]:
        """Adopts the valid values in `saved`; returns the invalid ones, in words."""
        problems = []
        for name in persistent_fields():
            if name not in saved:
                continue
            try:
                setattr(self, name, saved[name])
            except (ValueError, OverflowError) as error:
                problems.append(f"{name}: {error}")
        return problems

    def _effective(self) -> Parameters:
        """The parameters, with those without an effect at a request's defaults. Main settings
        without effect (the schedule beside a list of sigmas) stay."""
        context = self.context
        return with_fields({
            row.field: getattr(self, row.name)
            if row.group is MAIN or row.applies(context)
            else row.default
            for row in REQUESTED
        })  # fmt: skip

    def _all_changes(self) -> tuple[Change, ...]:
        """The changes of the applied request, and the refiner's."""
        steps = len(self.sigmas) or self.steps
        strength = 1.0 if self.mode is Mode.TEXT else self.strength
        run = steps_run(Request(steps=steps, strength=strength, conventions=self.conventions))
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
        """As many steps as sigmas; without sigmas, as many as before there were any."""
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
    """The value of the parameter `name` at the first start."""
    return vars(StudioStore)[name].default
