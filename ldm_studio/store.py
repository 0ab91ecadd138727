"""What the next picture will be and what the engine is doing, observable.

Assignment is the only way to change state: `store.steps = 30` emits `steps_changed` when the value
is new, and equality is what ends the loops between a widget and the store.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar, overload

from PySide6.QtCore import QObject, Signal, SignalInstance

from core.diffusion.samplers import SAMPLERS
from core.diffusion.sigmas import SCHEDULES
from core.request import MAX_CFG, MAX_COUNT, MAX_PROMPT, MAX_SEED, MAX_SIDE, MAX_STEPS, Request

from .engine.events import ModelInfo

T = TypeVar("T")

RANDOM_SEEDS = 2**32
"""Random seeds are drawn below this, as other programs do, so that they can read ours."""


class Mode(StrEnum):
    """What a picture starts from."""

    TEXT = "text"
    IMAGE = "image"
    INPAINT = "inpaint"


@dataclass(frozen=True)
class RunState:
    """What the engine is doing."""

    loading: bool = True
    model: ModelInfo | None = None
    waiting: int = 0
    """Works not yet over, the running one included."""
    cancelling: bool = False
    step: int = 0
    steps: int = 0
    index: int = 0
    """Number of the picture in its batch, from 0."""
    count: int = 1
    seconds: float = 0.0
    """Seconds a step; 0 until known."""

    @property
    def busy(self) -> bool:
        return self.waiting > 0

    @property
    def fraction(self) -> float:
        """Share of the batch that is done, 0 to 1."""
        done = self.step / self.steps if self.steps else 0.0
        return min(1.0, (self.index + done) / max(1, self.count))

    @property
    def seconds_left(self) -> float | None:
        """For the running batch; None until known."""
        if not self.seconds or not self.steps:
            return None
        steps = self.steps - self.step + (self.count - self.index - 1) * self.steps
        return steps * self.seconds


class Prop(Generic[T]):
    """A field of the store. Its signal is `<name>_changed`.

    `check` is given a new value and returns the one to keep, or raises ValueError.
    """

    def __init__(
        self, default: T, check: Callable[[T], T] | None = None, *, persist: bool = True
    ) -> None:
        self.default = default
        self.persist = persist
        self._check = check
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, store: None, owner: type) -> Prop[T]: ...
    @overload
    def __get__(self, store: QObject, owner: type) -> T: ...
    def __get__(self, store: QObject | None, owner: type) -> Prop[T] | T:
        if store is None:
            return self
        return store.__dict__.get(self.name, self.default)

    def __set__(self, store: QObject, value: T) -> None:
        if self._check is not None:
            value = self._check(value)
        if value == self.__get__(store, type(store)):
            return
        store.__dict__[self.name] = value
        getattr(store, f"{self.name}_changed").emit(value)
        if self.persist:
            store.modified.emit(self.name)  # type: ignore[attr-defined]  # the store's own signal


def _clamp(low: Any, high: Any) -> Callable[[Any], Any]:
    kind = type(low)

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"a number is expected, not {value!r:.40}")
        return kind(min(high, max(low, value)))

    return check


def _one_of(values: Mapping[str, Any]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in values:
            raise ValueError(f"unknown value {value!r:.40}")
        return value

    return check


def _text(value: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"text is expected, not {value!r:.40}")
    return value[:MAX_PROMPT]


def _flag(value: bool) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is expected, not {value!r:.40}")
    return value


_side = _clamp(8, MAX_SIDE)


class StudioStore(QObject):
    """The parameters of the next picture (kept between sessions) and the state of the engine."""

    prompt_changed = Signal(object)
    negative_changed = Signal(object)
    sampler_changed = Signal(object)
    schedule_changed = Signal(object)
    steps_changed = Signal(object)
    cfg_changed = Signal(object)
    seed_changed = Signal(object)
    seed_locked_changed = Signal(object)
    width_changed = Signal(object)
    height_changed = Signal(object)
    count_changed = Signal(object)
    strength_changed = Signal(object)
    mode_changed = Signal(object)
    run_changed = Signal(object)
    modified = Signal(str)
    """A parameter was changed: its name."""

    prompt = Prop("", _text)
    negative = Prop("", _text)
    sampler = Prop("Euler", _one_of(SAMPLERS))
    schedule = Prop("Normal", _one_of(SCHEDULES))
    steps = Prop(20, _clamp(1, MAX_STEPS))
    cfg = Prop(4.0, _clamp(0.0, MAX_CFG))
    seed = Prop(0, _clamp(0, MAX_SEED))
    seed_locked = Prop(False, _flag)
    """False: every press of Generate draws a new seed."""
    width = Prop(128, _side)
    height = Prop(128, _side)
    count = Prop(1, _clamp(1, MAX_COUNT))
    strength = Prop(0.75, _clamp(0.01, 1.0))
    mode = Prop(Mode.TEXT, Mode)
    run = Prop(RunState(), persist=False)

    def new_seed(self) -> None:
        self.seed = random.SystemRandom().randrange(RANDOM_SEEDS)

    def snapshot(self) -> Request:
        """The request as it stands. Start picture and mask travel beside it, as pixels.

        Raises core.errors.RequestError when a field has a value that cannot be honoured.
        """
        return Request(
            prompt=self.prompt,
            negative=self.negative,
            sampler=self.sampler,
            schedule=self.schedule,
            steps=self.steps,
            cfg=self.cfg,
            seed=self.seed,
            width=self.width,
            height=self.height,
            count=self.count,
            strength=1.0 if self.mode is Mode.TEXT else self.strength,
        )

    def apply(self, request: Request) -> None:
        """Make every parameter what `request` says, and keep its seed."""
        for name in _REQUEST_FIELDS:
            setattr(self, name, getattr(request, name))
        if request.init:
            self.strength = request.strength
        self.seed_locked = True
        self.mode = Mode.INPAINT if request.mask else Mode.IMAGE if request.init else Mode.TEXT

    def apply_defaults(self, model: ModelInfo) -> None:
        """Make the sampling parameters those the model was made for."""
        for name in ("sampler", "schedule", "steps", "cfg", "width", "height"):
            setattr(self, name, getattr(model, name))

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


_REQUEST_FIELDS = (
    "prompt",
    "negative",
    "sampler",
    "schedule",
    "steps",
    "cfg",
    "seed",
    "width",
    "height",
    "count",
)


def persistent_fields() -> list[str]:
    return [name for name, prop in vars(StudioStore).items() if _persists(prop)]


def _persists(prop: object) -> bool:
    return isinstance(prop, Prop) and prop.persist


def default_of(name: str) -> Any:
    """The value the parameter `name` has at the first start."""
    return vars(StudioStore)[name].default


class Binding(QObject):
    """Keeps a widget and a parameter equal, both ways, until the widget dies."""

    def __init__(
        self,
        store: StudioStore,
        name: str,
        widget: QObject,
        get: Callable[[], Any],
        put: Callable[[Any], None],
        changed: SignalInstance,
    ) -> None:
        super().__init__(widget)
        self._store, self._name, self._get, self._put = store, name, get, put
        self._show(getattr(store, name))
        getattr(store, f"{name}_changed").connect(self._show)
        changed.connect(self._take)

    def _show(self, value: Any) -> None:
        if self._get() != value:
            self._put(value)

    def _take(self) -> None:
        setattr(self._store, self._name, self._get())


def bind(
    store: StudioStore,
    name: str,
    widget: QObject,
    get: Callable[[], Any],
    put: Callable[[Any], None],
    changed: SignalInstance,
) -> Binding:
    """Show the parameter `name` in `widget` now, and keep both equal from now on."""
    return Binding(store, name, widget, get, put, changed)


def side_problem(name: str, side: int, model: ModelInfo | None) -> str:
    """Why the model cannot draw pictures with this side, in a sentence; empty when it can."""
    if model is None:
        return ""
    if side > model.max_side:
        return f"{name} can be at most {model.max_side}."
    low = side // model.size_multiple * model.size_multiple
    if side == low:
        return ""
    sides = (low, low + model.size_multiple)
    fitting = " or ".join(str(side) for side in sides if 0 < side <= model.max_side)
    return f"{name} must be {fitting}."


def size_problem(width: int, height: int, model: ModelInfo | None) -> str:
    """Why the model cannot draw this size; empty when it can."""
    sides = (("Width", width), ("Height", height))
    return " ".join(filter(None, (side_problem(name, side, model) for name, side in sides)))
