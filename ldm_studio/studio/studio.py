"""What the window does: from presses and pictures to requests, from events to what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from core.errors import RequestError

from ..engine.bridge import EngineBridge
from ..engine.events import (
    Cancelled,
    Failed,
    Finished,
    LoadFailed,
    NotSaved,
    Progress,
    Ready,
    Saved,
    Warned,
)
from ..main_window import MainWindow
from ..models.addons import found
from ..panels.strip import Entry
from ..panels.suggesting import Names
from ..prompts.wildcards import Wildcards, settled
from ..startup.crash import report
from ..store.prompt_history import PromptHistory
from ..store.store import Mode, StudioStore
from .branching import CAN_CHANGE, Branching
from .candidates import Candidates
from .enlarging import Enlarging
from .leading import Leading
from .live import Live
from .masking import Masking
from .naming import name_of
from .orders import Order, entry_of
from .queueing import Queueing
from .recovered import Recovered
from .replaying import Replaying
from .running import Running
from .scrubbing import Scrubbing
from .sizing import Sizing
from .steering import Steering

SHOWN_MS = 4000
REDRAWN = 1.0
"""The strength that painting begins with: with less, what was there shines through, and often
nothing new comes of it.
"""
EXTENDED = 0.9
"""The least strength for what was added to a picture: with less, the fill shows through."""


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
        self.wildcards = Wildcards()
        self.view = window.canvas.view
        self._first_time = first_time
        self._start: np.ndarray | None = None
        self._later: Mapping[str, np.ndarray] = {}
        self._shown: Entry | None = None
        self._orders: dict[int, Order] = {}
        self._mode_before_mask, self._strength_before_mask = Mode.TEXT, store.strength
        self._applying = False
        self._mode_left = store.mode
        if store.mode is not Mode.TEXT:  # its pictures are read behind the window
            store.mode = Mode.TEXT
        self.live = Live(store, bridge, self.order, self)
        self.running = Running(store, bridge, self.live.owns, self)
        self.branching = Branching(store, window, self._on_branch_left, self)
        self.scrubbing = Scrubbing(bridge, window, self.live.owns, self)
        self.steering = Steering(store, bridge, window, self.wildcards, self.live.owns, self)
        self.recovered = Recovered(window.notice, self)
        self.queueing = Queueing(store, bridge, window, self.recovered, self)
        self.replaying = Replaying(bridge, window, self)
        self.sizing = Sizing(store, window, self)
        self.masking = Masking(store, window.canvas, self)
        window.prompt.offer(
            Names(partial(self._named, "lora"), partial(self._named, "embedding"),
                  self.wildcards.names),
            self.wildcards.values,
        )  # fmt: skip
        self._connect()

    def _named(self, kind: str) -> list[str]:
        """What of a kind lies in the folders, as far as it was looked at already."""
        listed = found(self.store.model_folders, look=False)
        return [addon.name for addon in listed if addon.kind == kind]

    @property
    def start(self) -> np.ndarray | None:
        """The start picture, uint8 [H, W, 3]."""
        return self._start

    @property
    def is_applying(self) -> bool:
        """Whether what happens to the canvas is not the user's doing."""
        return self._applying

    @property
    def shown(self) -> Entry | None:
        """The finished picture on the canvas; None when it is another one."""
        return self._shown

    def _connect(self) -> None:
        bridge, window, store = self.bridge, self.window, self.store
        bridge.ready.connect(self._on_ready)
        bridge.load_failed.connect(self._on_load_failed)
        bridge.progressed.connect(self._on_progress)
        bridge.finished.connect(self._on_finished)
        bridge.not_saved.connect(self._on_not_saved)
        bridge.saved.connect(self._on_saved)
        bridge.failed.connect(self._on_failed)
        bridge.cancelled.connect(self._on_cancelled)
        bridge.ended.connect(self._on_ended)
        bridge.warned.connect(self._on_warned)
        window.run_area.generate_requested.connect(self.generate)
        window.run_area.cancel_requested.connect(self.running.cancel)
        window.run_area.live_toggled.connect(self.set_live)
        window.timeline.branch_requested.connect(self.branch)
        self.branching.changed.connect(lambda: self.scrubbing.show_branch(self.branching.branch))
        self.live.shown.connect(self._on_live)
        self.live.previewed.connect(self.view.show_preview)
        window.sampler.start_cleared.connect(self.clear_start)
        window.strip.chosen.connect(self.show_entry)
        window.strip.start_requested.connect(self.start_from_entry)
        window.strip.replay_requested.connect(self.replaying.replay)
        self.view.mask_changed.connect(self._on_mask_changed)
        self.view.picture_restored.connect(self._on_picture_restored)
        self.view.extended.connect(self._on_extended)
        store.mode_changed.connect(self._on_mode_changed)
        self.sizing.fitted.connect(self.use_start)
        self.leading = Leading(self)
        self.candidates = Candidates(self)
        self.enlarging = Enlarging(self)
        self.shown_changed.connect(lambda: self.masking.tell_of(self._shown))

    # What the user asks for

    def on_canvas_restored(self) -> None:
        """The canvas is what it was when the program ended. A mask has become the mode already;
        without one, what was started from a picture is started from the one on the canvas.
        """
        masked = self.view.masked
        if not masked and self._mode_left is not Mode.TEXT and self.store.mode is Mode.TEXT:
            self.store.mode = Mode.IMAGE
        both = self.tr("the picture on the canvas and its mask")
        self.recovered.add(both if masked else self.tr("the picture on the canvas"))

    def generate(self) -> None:
        """Queue what the panels say. What is wrong with it is shown instead of run."""
        store, notice = self.store, self.window.notice
        if problem := store.problem():
            self.sizing.refuse(problem, self._start)
            self.window.sampler.width_field.setFocus()
            return
        branch = self.branching.branch
        if not (store.seed_locked or store.run.live or branch):
            store.new_seed()
        try:
            order = self.order()
        except RequestError as error:
            notice.show_error(error.message, error.hint)
            return
        if not notice.is_offer:
            notice.dismiss()
        if branch and (ignored := branch.ignored(store.snapshot())):
            notice.show_info(
                self.tr("A branch keeps its {settings}.").format(
                    settings=", ".join(map(name_of, ignored))
                ),
                CAN_CHANGE,
            )
        self.submit(order)

    def submit(self, order: Order) -> None:
        """Queue it."""
        store = self.store
        self.live.rest()
        work_id = self.bridge.submit(
            order.request, order.image, order.mask, later=order.later, parent=order.parent
        )
        self._orders[work_id] = order
        self._prompts.add(store.prompt)
        self.running.count()
        if store.run.paused:
            self.window.status.showMessage(
                self.tr("Added to the queue, which is paused."), SHOWN_MS
            )

    def order(self) -> Order:
        """What the panels and the canvas ask for.

        Raises RequestError for what cannot be honoured, or where something is missing.
        """
        request = self.store.snapshot()
        if self.branching.branch is not None:
            return self.branching.branch.order(request, self.view.mask(), self.wildcards)
        request = settled(request, self.wildcards)
        later = self._later if self.store.changes else {}
        mode = self.store.mode
        starts = mode is not Mode.TEXT and self._start is not None
        request, later = self.leading.led(request, later, starts=starts)
        if mode is Mode.TEXT:
            return Order(request, later=later)
        if self._start is None:
            raise RequestError(
                "init",
                "There is no picture to start from.",
                "Open, paste or drop one, or choose Text to start from the prompt alone.",
            )
        if mode is Mode.IMAGE:
            return Order(request, self._start, later=later)
        mask = self.view.mask()
        if mask is None or mask.shape != self._start.shape[:2]:
            raise RequestError(
                "mask", "Nothing is painted over.", "Paint on the canvas what shall be redrawn."
            )
        return Order(request, self._start, mask, later)

    def branch(self, step: int) -> None:
        """From now on Generate goes another way from this step of the shown picture on."""
        entry = self._shown
        if entry is None:
            return
        self._applying = True
        try:
            self.branching.begin(entry, step)
            self._set_start(entry.start_at(step))
        finally:
            self._applying = False
        self.window.prompt.prompt.setFocus()
        self.live.touch()

    def set_live(self, on: bool) -> None:
        """Draw anew with every change, or only when asked to. What is seen stays."""
        self.live.turn(on)
        if not on:
            self._adopt_live()

    def earlier_prompt(self) -> None:
        self.store.prompt = self._prompts.older(self.store.prompt)

    def later_prompt(self) -> None:
        self.store.prompt = self._prompts.newer(self.store.prompt)

    def use_start(self, rgb: np.ndarray) -> None:
        """Show `rgb` and start from it; its size is one the model can take."""
        self.branching.leave()
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
        self.branching.leave()
        self._applying = True
        try:
            self.store.apply(entry.picture.request)
            self._show(entry)
            if entry.mask is not None:
                self.view.set_mask(entry.mask)
            elif self.view.mask() is not None:
                self.view.clear_mask()
            self._set_start(entry.start)
            self._later = entry.later
            self.leading.restore(entry.later.get(entry.picture.request.control))
        finally:
            self._applying = False
        self.live.rest()  # it is what the panels say

    def look_at(self, entry: Entry) -> None:
        """Show one of several results in place of another; none is chosen yet."""
        self.view.set_preview(entry.picture.rgb)
        self.window.strip.mark(entry)
        self._set_shown(entry)

    def go_on_from(self, entry: Entry) -> None:
        """Make what is looked at the picture on the canvas, and the one to start from."""
        self._applying = True
        try:
            self.view.set_picture(entry.picture.rgb, entry.picture.alpha)
            self.view.set_before(entry.start_at())
        finally:
            self._applying = False
        self._set_start(entry.picture.rgb)

    def start_from_entry(self, entry: Entry) -> None:
        self.use_start(entry.picture.rgb)

    def reset_parameters(self) -> None:
        if self.store.run.model is not None:
            self.store.apply_defaults(self.store.run.model)

    # From the engine

    def _on_ready(self, event: Ready) -> None:
        if self._first_time:
            self._first_time = False
            self.store.apply_defaults(event.model)

    def _on_load_failed(self, event: LoadFailed) -> None:
        error = event.error
        wanted = self.store.model
        vae = self.store.vae
        again = (self.tr("Try Again"), lambda: self.bridge.warm_up(wanted, vae))
        self.window.notice.show_error(error.message, error.hint, again)

    def _on_progress(self, event: Progress) -> None:
        if event.preview is not None and not self.live.owns(event.id):
            self.view.show_preview(event.preview)

    def _on_finished(self, event: Finished) -> None:
        if self.live.owns(event.id):
            return
        entry = entry_of(event, self._orders.get(event.id))
        self.window.strip.add(entry)
        previous = self.view.picture()
        self._applying = True  # a canvas of another size drops its mask: not the user's doing
        try:
            self._show(entry)
            if entry.start_at() is None:
                self.view.set_before(previous)
        finally:
            self._applying = False

    def _on_not_saved(self, event: NotSaved) -> None:
        """It is tried again without being asked to; the button is for who has made room."""
        again = (self.tr("Try Again"), self.bridge.resume)
        self.window.notice.show_error(event.error.message, event.error.hint, again)

    def _on_saved(self, event: Saved) -> None:
        self.window.notice.show_info(self.tr("Saved now: {}").format(event.path))
        entry = self.window.strip.entries.of_picture(event.picture)
        if entry is None:
            return
        saved = replace(entry, path=event.path, trajectory=event.trajectory)
        self.window.strip.entries.replace(entry, saved)
        if self._shown is entry:
            self._set_shown(saved)

    def follow_file(self, old: Path, new: Path) -> None:
        """A picture's file was given another name: what is shown, and the strip, know it."""
        strip, shown = self.window.strip.entries, self._shown
        for row in range(strip.rowCount()):
            entry = strip.entry(row)
            if entry.path == old:
                renamed = replace(entry, path=new)
                strip.replace(entry, renamed)
                if self._shown is entry:
                    self._set_shown(renamed)
        if self._shown is shown and shown is not None and shown.path == old:
            self._set_shown(replace(shown, path=new))

    def _on_failed(self, event: Failed) -> None:
        error = event.error
        action = (
            (self.tr("Copy Report"), lambda: _copy(report(event.report))) if event.report else None
        )
        self.window.notice.show_error(error.message, error.hint, action)
        self.view.set_preview(None)

    def _on_warned(self, event: Warned) -> None:
        self.window.notice.show_error(event.error.message, event.error.hint)

    def _on_cancelled(self, event: Cancelled) -> None:
        if not self.live.owns(event.id):
            self.view.set_preview(None)

    def _on_ended(self, work_id: int) -> None:
        self._orders.pop(work_id, None)

    def _on_live(self, entry: Entry) -> None:
        """Show it over the picture, which a mask goes on being painted for; where there is none
        of its size, instead of it.
        """
        under = self.view.picture()
        self._set_shown(entry)
        self.window.strip.forget_current()
        self.view.set_preview(entry.picture.rgb)
        if under is None or under.shape != entry.picture.rgb.shape:
            self._adopt_live()

    def _adopt_live(self) -> None:
        """Make the live picture, if one is seen, the one that is painted on."""
        entry = self._shown
        if entry is None or not entry.is_live or self.view.picture() is entry.picture.rgb:
            return
        self._applying = True
        try:
            self.view.set_picture(entry.picture.rgb, entry.picture.alpha)
        finally:
            self._applying = False

    # From the canvas and the panels

    def _on_mask_changed(self) -> None:
        if self._applying:
            return
        self.live.touch()
        store = self.store
        store.changes = ()
        if self.branching.branch is not None:
            return
        if store.mode is not Mode.INPAINT:
            self._adopt_live()
        if not self.view.masked:
            if store.mode is Mode.INPAINT:
                store.mode = self._mode_before_mask
                if store.strength == REDRAWN:  # else somebody has chosen it
                    store.strength = self._strength_before_mask
            return
        self._set_start(self.view.picture())
        if store.mode is not Mode.INPAINT:
            self._mode_before_mask, self._strength_before_mask = store.mode, store.strength
            store.mode = Mode.INPAINT
            if not self.view.document.restoring:
                store.strength = REDRAWN
        if store.problem():
            store.area = "masked"  # which takes a picture of any size

    def _on_extended(self) -> None:
        """The picture was made larger, and what was added is masked: draw that."""
        self.branching.leave()
        self._set_shown(None)
        self.window.strip.forget_current()
        self.view.set_before(None)
        store = self.store
        store.area = "whole"
        if store.problem():
            store.area = "masked"
        chosen = store.strength
        if chosen == REDRAWN:  # that of painting, which would leave nothing of the fill
            chosen = self._strength_before_mask
        store.strength = max(chosen, EXTENDED)

    def _on_picture_restored(self) -> None:
        """Undo has brought back a picture: from now on it is what the next one starts from."""
        self.branching.leave()
        self._set_shown(None)
        self.window.strip.forget_current()
        self.view.set_before(None)
        if self.store.mode is not Mode.TEXT:
            self._set_start(self.view.picture())

    def _on_mode_changed(self, mode: Mode) -> None:
        if mode is not Mode.TEXT and self._start is None and not self._applying:
            self._set_start(self.view.picture())

    # Helpers

    def _on_branch_left(self) -> None:
        """What was painted counts as it does without a branch."""
        if not self._applying:
            self._on_mask_changed()

    def _show(self, entry: Entry) -> None:
        self.view.set_picture(entry.picture.rgb, entry.picture.alpha)
        self.view.set_before(entry.start_at())
        self._set_shown(entry)

    def _set_shown(self, entry: Entry | None) -> None:
        self._shown = entry
        self.view.file = None if entry is None else entry.path
        if entry is None or not entry.is_live:
            self.scrubbing.show_entry(entry)
        self.shown_changed.emit()

    def _set_start(self, picture: np.ndarray | None) -> None:
        self._start = picture
        self.window.sampler.show_start(picture)
        if picture is not None:
            self.store.height, self.store.width = picture.shape[:2]


def _copy(text: str) -> None:
    QApplication.clipboard().setText(text)
