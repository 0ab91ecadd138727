"""Estimates time and memory of the next image from the last similar one."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core import typed_json
from core.conditioning.text.prompt_parser import parse
from core.errors import StudioError
from core.request.request import Request
from core.runtime.forecast import Forecast, Measured, Task, estimate, evaluations
from core.sampling.conventions import steps_run
from core.sampling.samplers import SAMPLERS
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Finished, Progress, Started
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.json_files import read_json, write_json
from ldm_studio.store.store import StudioStore

log = logging.getLogger(__name__)

MAX_RUNS = 40
"""The number of models whose speed is remembered."""
DELAY_MS = 100
"""After a change of a setting, before a new estimate."""


@dataclass(frozen=True)
class Run:
    """A running image."""

    request: Request
    began: float
    first: float = 0.0
    """When its first step was done."""
    last: float = 0.0
    steps: int = 0

    @property
    def step_seconds(self) -> float:
        if self.steps > 1:
            return (self.last - self.first) / (self.steps - 1)
        return self.last - self.began

    def stepped(self, now: float) -> Run:
        """With one more step done."""
        return Run(self.request, self.began, self.first or now, now, self.steps + 1)

    def measured(self, task: Task, now: float, memory: int | None) -> Measured:
        """The measurement once the image is finished."""
        expected = self.step_seconds * self.steps
        rest = max(0.0, now - self.began - expected)
        return Measured(task, expected / task.evaluations, rest, memory)


class ForecastController(QObject):
    """Observes runs, and estimates what the current settings will take."""

    changed = Signal(object)
    """Forecast, or None if it is unknown."""

    def __init__(
        self,
        store: StudioStore,
        bridge: EngineBridge,
        file: Path,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`file` stores measurements."""
        super().__init__(parent)
        self._store, self._file, self._clock = store, file, clock
        self._measured = {key: _read(value, key) for key, value in read_json(file).items()}
        self._runs: dict[int, Run] = {}
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self._estimate)
        store.modified.connect(lambda _: self._timer.start())
        bridge.ready.connect(lambda _: self._timer.start())
        bridge.started.connect(self._on_started)
        bridge.progress.connect(self._on_progress)
        bridge.finished.connect(self._on_finished)
        bridge.paused.connect(lambda event: self._runs.pop(event.id, None))
        bridge.steered.connect(lambda event: self._runs.pop(event.id, None))
        bridge.ended.connect(lambda work: self._runs.pop(work, None))

    def forecast(self) -> Forecast | None:
        """For all images of the next press of Generate."""
        model = self._store.run.model
        measured = self._measured.get(_key(model)) if model else None
        if model is None or measured is None:
            return None
        try:
            request = self._store.snapshot()
        except StudioError:
            return None
        task = task_of(request, model, self._store.drawn_size)
        if task is None:
            return None
        one = estimate(task, model.load, measured)
        return Forecast(one.seconds * request.count, one.memory)

    def _estimate(self) -> None:
        self.changed.emit(self.forecast())

    def _on_started(self, event: Started) -> None:
        self._runs[event.id] = Run(event.request, self._clock())

    def _on_progress(self, event: Progress) -> None:
        run = self._runs.get(event.id)
        if run is None:
            return
        now = self._clock()
        if run.steps == 0 and event.step > 1:
            del self._runs[event.id]  # it resumed from a later step
            return
        self._runs[event.id] = run.stepped(now)

    def _on_finished(self, event: Finished) -> None:
        run = self._runs.pop(event.id, None)
        model = self._store.run.model
        if run is None or run.steps == 0 or model is None or event.live:
            return
        task = task_of(run.request, model, _drawn_size(run.request, model))
        if task is None or run.request.changes:
            return
        self._measured.pop(_key(model), None)
        self._measured[_key(model)] = run.measured(task, self._clock(), event.memory)
        self._keep()
        self._estimate()

    def _keep(self) -> None:
        kept = dict(list(self._measured.items())[-MAX_RUNS:])
        try:
            write_json(self._file, {key: asdict(value) for key, value in kept.items() if value})
        except OSError as error:
            log.warning("%s could not be written: %s", self._file, error)


def task_of(request: Request, model: ModelInfo, size: tuple[int, int]) -> Task | None:
    """The work of one image of `request`; `size` is the size generated, in pixels. None if it
    cannot be known in advance.
    """
    steps = request.steps
    if request.init:
        steps = steps_run(request.conventions, steps, request.strength)
    counts = evaluations(request.sampler, steps, request.options)
    if counts is None:
        return None
    guided = request.cfg != 1 or request.guidance.plus_plus > 0
    guided = guided or SAMPLERS[request.sampler].takes_both
    guided = guided and not model.has_guidance_embedding
    parts = len(parse(request.prompt, request.syntax).parts)
    width, height = (math.ceil(side / model.factor) for side in size)
    tiles = 1
    if request.tile:
        tile = request.tile // model.factor
        across, down = (_tiles(side, tile) for side in (width, height))
        tiles, width, height = across * down, min(tile, width), min(tile, height)
    return Task(sum(counts), width * height, parts + 1 if guided or parts > 1 else 1, tiles)


def _tiles(side: int, tile: int) -> int:
    """Tiles along a side, overlapping by a quarter."""
    stride = tile - tile // 4
    return 1 if side <= tile else 1 + math.ceil((side - tile) / stride)


def _drawn_size(request: Request, model: ModelInfo) -> tuple[int, int]:
    inpaint = request.inpaint
    if not request.mask or inpaint.area == "whole":
        return request.width, request.height
    return inpaint.width or model.width, inpaint.height or model.height


def _key(model: ModelInfo) -> str:
    return f"{model.name}, {model.device}"


def _read(value: object, key: str) -> Measured | None:
    try:
        return typed_json.read(Measured, value, key)
    except ValueError as error:  # of another version of the program, or damaged
        log.warning("how fast a model is was forgotten: %s", error)
        return None
