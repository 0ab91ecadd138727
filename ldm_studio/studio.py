"""What the window does: from presses and pictures to requests, from events to what is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from core.errors import RequestError

from .crash import report
from .engine.bridge import EngineBridge
from .engine.events import Cancelled, Failed, Finished, LoadFailed, Progress, Ready, Started
from .main_window import MainWindow
from .panels.strip import Entry
from .prompt_history import PromptHistory
from .store import Mode, StudioStore, size_problem


@dataclass(frozen=True, eq=False)
class _Inputs:
    """The pictures a work starts from."""

    start: np.ndarray | None
    mask: np.ndarray | None


class Studio(QObject):
    """Connects the store, the engine and the window.

    Image-to-image and inpainting start from the *start picture*: the one that was opened, or the
    one that was on the canvas when the mask was last painted. Results do not change it, so that
    another press makes a variation of the same; painting on a result makes it the next start.
    """

    shown_changed = Signal()
    """`shown` is another."""

    def __init__(
        self,
        store: StudioStore,
        bridge: EngineBridge,
        window: MainWindow,
        prompts: PromptHistory,
        *,
        first_time: bool = False,
        parent: QObject | None = None,
    ) -> None:
        """`first_time`: take the model's own settings when it is loaded."""
        super().__init__(parent)
        self.store, self.bridge, self.window = store, bridge, window
        self._prompts = prompts
        self.view = window.canvas.view
        self._first_time = first_time
        self._start: np.ndarray | None = None
        self._shown: Entry | None = None
        self._inputs: dict[int, _Inputs] = {}
        self._mode_before_mask = Mode.TEXT
        self._applying = False
        if store.mode is not Mode.TEXT:  # its pictures were left behind with the last session
            store.mode = Mode.TEXT
        self._connect()

    @property
    def start(self) -> np.ndarray | None:
        """The start picture, uint8 [H, W, 3]."""
        return self._start

    @property
    def shown(self) -> Entry | None:
        """The finished picture on the canvas; None when it is another one."""
        return self._shown

    def _connect(self) -> None:
        bridge, window, store = self.bridge, self.window, self.store
        bridge.loading.connect(self._on_loading)
        bridge.ready.connect(self._on_ready)
        bridge.load_failed.connect(self._on_load_failed)
        bridge.started.connect(self._on_started)
        bridge.progressed.connect(self._on_progress)
        bridge.finished.connect(self._on_finished)
        bridge.failed.connect(self._on_failed)
        bridge.cancelled.connect(self._on_cancelled)
        bridge.ended.connect(self._on_ended)
        window.prompt.generate_requested.connect(self.generate)
        window.prompt.cancel_requested.connect(self.cancel)
        window.sampler.start_cleared.connect(self.clear_start)
        window.strip.chosen.connect(self.show_entry)
        window.strip.start_requested.connect(self.start_from_entry)
        self.view.mask_changed.connect(self._on_mask_changed)
        store.mode_changed.connect(self._on_mode_changed)

    # What the user asks for

    def generate(self) -> None:
        """Queue what the panels say. What is wrong with it is shown instead of run."""
        store = self.store
        if problem := size_problem(store.width, store.height, store.run.model):
            self.window.notice.show_error(problem)
            self.window.sampler.width_field.setFocus()
            return
        inputs = self._collect()
        if inputs is None:
            return
        if not store.seed_locked:
            store.new_seed()
        try:
            request = store.snapshot()
        except RequestError as error:
            self.window.notice.show_error(error.message, error.hint)
            return
        if not self.window.notice.is_offer:
            self.window.notice.dismiss()
        work_id = self.bridge.submit(request, inputs.start, inputs.mask)
        self._inputs[work_id] = inputs
        self._prompts.add(store.prompt)
        self._run(waiting=len(self.bridge.waiting))

    def earlier_prompt(self) -> None:
        self.store.prompt = self._prompts.older(self.store.prompt)

    def later_prompt(self) -> None:
        self.store.prompt = self._prompts.newer(self.store.prompt)

    def cancel(self) -> None:
        """Cancel what runs; what waits goes on."""
        if waiting := self.bridge.waiting:
            self._run(cancelling=True)
            self.bridge.cancel(waiting[0])

    def cancel_all(self) -> None:
        if waiting := self.bridge.waiting:
            self._run(cancelling=True)
            for work_id in reversed(waiting):
                self.bridge.cancel(work_id)

    def use_start(self, rgb: np.ndarray) -> None:
        """Show `rgb` and start from it; its size is one the model can take."""
        self.view.clear_mask()
        self.view.set_picture(rgb)
        self.view.set_before(None)
        self._set_shown(None)
        self.window.strip.forget_current()
        self._set_start(rgb)
        self.store.mode = Mode.IMAGE

    def clear_start(self) -> None:
        self._set_start(None)
        self.store.mode = Mode.TEXT

    def show_entry(self, entry: Entry) -> None:
        """Show a picture of the strip and make every control what it was made with."""
        self._applying = True
        try:
            self.store.apply(entry.picture.request)
            self._show(entry)
            if entry.mask is not None:
                self.view.set_mask(entry.mask)
            elif self.view.mask() is not None:
                self.view.clear_mask()
            self._set_start(entry.start)
        finally:
            self._applying = False

    def start_from_entry(self, entry: Entry) -> None:
        self.use_start(entry.picture.rgb)

    def reset_parameters(self) -> None:
        if self.store.run.model is not None:
            self.store.apply_defaults(self.store.run.model)

    # From the engine

    def _on_loading(self) -> None:
        self._run(loading=True)

    def _on_ready(self, event: Ready) -> None:
        self._run(loading=False, model=event.model)
        if self._first_time:
            self._first_time = False
            self.store.apply_defaults(event.model)

    def _on_load_failed(self, event: LoadFailed) -> None:
        self._run(loading=False, model=None)
        error = event.error
        again = ("Try Again", self.bridge.warm_up)
        self.window.notice.show_error(error.message, error.hint, again)

    def _on_started(self, event: Started) -> None:
        self._run(index=event.index, count=event.count, step=0, steps=0)

    def _on_progress(self, event: Progress) -> None:
        self._run(step=event.step, steps=event.steps, seconds=event.seconds)
        if event.preview is not None:
            self.view.set_preview(event.preview)

    def _on_finished(self, event: Finished) -> None:
        inputs = self._inputs.get(event.id, _Inputs(None, None))
        entry = Entry(event.picture, event.path, inputs.start, inputs.mask)
        self.window.strip.add(entry)
        previous = self.view.picture()
        self._applying = True  # a canvas of another size drops its mask: not the user's doing
        try:
            self._show(entry)
            if inputs.start is None:
                self.view.set_before(previous)
        finally:
            self._applying = False

    def _on_failed(self, event: Failed) -> None:
        error = event.error
        action = ("Copy Report", lambda: _copy(report(event.report))) if event.report else None
        self.window.notice.show_error(error.message, error.hint, action)
        self.view.set_preview(None)

    def _on_cancelled(self, event: Cancelled) -> None:
        self.view.set_preview(None)

    def _on_ended(self, work_id: int) -> None:
        self._inputs.pop(work_id, None)
        self._run(
            waiting=len(self.bridge.waiting), cancelling=False, step=0, steps=0, index=0, count=1,
            seconds=0.0,
        )  # fmt: skip

    # From the canvas and the panels

    def _on_mask_changed(self) -> None:
        if self._applying:
            return
        store = self.store
        if self.view.mask() is None:
            if store.mode is Mode.INPAINT:
                store.mode = self._mode_before_mask
            return
        self._set_start(self.view.picture())
        if store.mode is not Mode.INPAINT:
            self._mode_before_mask = store.mode
            store.mode = Mode.INPAINT

    def _on_mode_changed(self, mode: Mode) -> None:
        if mode is not Mode.TEXT and self._start is None and not self._applying:
            self._set_start(self.view.picture())

    # Helpers

    def _collect(self) -> _Inputs | None:
        """The pictures to start from; None, and said why, when one is missing."""
        mode = self.store.mode
        if mode is Mode.TEXT:
            return _Inputs(None, None)
        if self._start is None:
            self.window.notice.show_error(
                "There is no picture to start from.",
                "Open, paste or drop one, or choose Text to start from the prompt alone.",
            )
            return None
        if mode is Mode.IMAGE:
            return _Inputs(self._start, None)
        mask = self.view.mask()
        if mask is None or mask.shape != self._start.shape[:2]:
            self.window.notice.show_error(
                "Nothing is painted over.", "Paint on the canvas what shall be redrawn."
            )
            return None
        return _Inputs(self._start, mask)

    def _show(self, entry: Entry) -> None:
        self.view.set_picture(entry.picture.rgb, entry.picture.alpha)
        self.view.set_before(entry.start)
        self._set_shown(entry)

    def _set_shown(self, entry: Entry | None) -> None:
        self._shown = entry
        self.shown_changed.emit()

    def _set_start(self, picture: np.ndarray | None) -> None:
        self._start = picture
        self.window.sampler.show_start(picture)
        if picture is not None:
            self.store.height, self.store.width = picture.shape[:2]

    def _run(self, **changes: Any) -> None:
        self.store.run = replace(self.store.run, **changes)


def _copy(text: str) -> None:
    QApplication.clipboard().setText(text)
