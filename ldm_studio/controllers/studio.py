"""The logic of the window: from user actions to requests, from events to what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from core.errors import RequestError
from core.request.inputs import Inputs
from ldm_studio.draw.prompt.completion import CompletionNames
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import (
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
from ldm_studio.main_window import MainWindow
from ldm_studio.models.addon_files import find_addons
from ldm_studio.prompts.wildcard_files import Wildcards, with_resolved_wildcards
from ldm_studio.startup.crash_handler import report
from ldm_studio.store.prompt_history import PromptHistory
from ldm_studio.store.store import Mode, StudioStore, default_of

from .branch_controller import CAN_CHANGE, BranchController
from .candidates_controller import CandidatesController
from .canvas_controller import CanvasController
from .control_image_controller import ControlImageController
from .enlarge_controller import EnlargeController
from .live_controller import LiveController
from .mask_usage_controller import MaskUsageController
from .order import Order, entry_of
from .queue_controller import QueueController
from .recovery_notice import RecoveryNotice
from .replay_controller import ReplayController
from .run_state_controller import RunStateController
from .setting_names import name_of
from .size_fixer import SizeFixer
from .steering_controller import SteeringController
from .step_scrubber import StepScrubber

SHOWN_MS = 4000
REDRAWN = 1.0
"""The initial strength for painting a mask: with less, the old content shows through and often
nothing new appears.
"""
EXTENDED = 0.9
"""The minimum strength for outpainting: with less, the fill shows through."""


class Studio(QObject):
    """Connects the store, the engine and the window."""

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
        """`first_time`: apply the model's own settings when it is loaded."""
        super().__init__(parent)
        self.store, self.bridge, self.window = store, bridge, window
        self._prompts = prompts
        self.wildcards = Wildcards()
        self.view = window.canvas.view
        self._first_time = first_time
        self._change_images: Mapping[str, np.ndarray] = {}
        self._orders: dict[int, Order] = {}
        self._mode_before_mask, self._strength_before_mask = Mode.TEXT, store.strength
        self._mode_left, self._masked = store.mode, False
        if store.mode is not Mode.TEXT:  # its images are read in the background
            store.mode = Mode.TEXT
        self.canvas_controller = CanvasController(store, window, self)
        self.live = LiveController(store, bridge, self.order, self)
        self.run_state = RunStateController(store, bridge, self.live.owns, self)
        self.branch_controller = BranchController(store, window, self._on_branch_left, self)
        self.step_scrubber = StepScrubber(bridge, window, self.live.continues_after, self)
        self.steering_controller = SteeringController(
            store, bridge, window, self.wildcards, self.live.owns, self
        )
        self.recovery_notice = RecoveryNotice(window.notice, self)
        self.queue_controller = QueueController(store, bridge, window, self.recovery_notice, self)
        self.replay_controller = ReplayController(bridge, window, self)
        self.size_fixer = SizeFixer(store, window, self)
        self.mask_usage_controller = MaskUsageController(store, window.canvas, self)
        window.prompt.offer(
            CompletionNames(partial(self._named, "lora"), partial(self._named, "embedding"),
                  self.wildcards.names),
            self.wildcards.values,
        )  # fmt: skip
        self._connect()

    def _named(self, kind: str) -> list[str]:
        """The names of a kind of files in the folders, as far as they are identified."""
        listed = find_addons(self.store.model_folders, look=False)
        return [addon.name for addon in listed if addon.kind == kind]

    def _connect(self) -> None:
        bridge, window, store = self.bridge, self.window, self.store
        bridge.ready.connect(self._on_ready)
        bridge.load_failed.connect(self._on_load_failed)
        bridge.progress.connect(self._on_progress)
        bridge.finished.connect(self._on_finished)
        bridge.not_saved.connect(self._on_not_saved)
        bridge.saved.connect(self._on_saved)
        bridge.failed.connect(self._on_failed)
        bridge.cancelled.connect(self._on_cancelled)
        bridge.ended.connect(self._on_ended)
        bridge.warned.connect(self._on_warned)
        window.run_area.generate_requested.connect(self.generate)
        window.run_area.cancel_requested.connect(self.run_state.cancel)
        window.run_area.live_toggled.connect(self.set_live)
        window.timeline.branch_requested.connect(self.branch)
        self.branch_controller.changed.connect(
            lambda: self.step_scrubber.show_branch(self.branch_controller.branch)
        )
        self.live.shown.connect(self.canvas_controller.show_live)
        self.live.previewed.connect(self.view.show_preview)
        window.sampler.start.cleared.connect(self.clear_start)
        window.strip.chosen.connect(self.show_entry)
        window.strip.start_requested.connect(lambda entry: self.use_start(entry.image.rgb))
        window.strip.replay_requested.connect(self.replay_controller.replay)
        self.view.mask_changed.connect(self._on_mask_changed)
        self.view.image_restored.connect(self._on_image_restored)
        self.view.extended.connect(self._on_extended)
        store.mode_changed.connect(self._on_mode_changed)
        self.size_fixer.fitted.connect(self.use_start)
        self.canvas_controller.changed.connect(self._on_shown)
        self.leading = ControlImageController(store, window, self.live, self)
        self.candidates = CandidatesController(self.canvas_controller, bridge, window.canvas, self)
        self.enlarging = EnlargeController(store, window, self.wildcards, self.submit, self)
        self.canvas_controller.changed.connect(
            lambda: self.mask_usage_controller.show_changed_pixels(self.canvas_controller.shown)
        )

    # What the user asks for

    def on_canvas_restored(self) -> None:
        """The canvas of the last session is back. A mask already set the mode; without one, the
        restored image becomes the init image if the mode needs one.
        """
        masked = self.view.masked
        if not masked and self._mode_left is not Mode.TEXT and self.store.mode is Mode.TEXT:
            self.store.mode = Mode.IMAGE
        both = self.tr("the image on the canvas and its mask")
        self.recovery_notice.add(both if masked else self.tr("the image on the canvas"))

    def generate(self) -> None:
        """Queues the request of the panels; shows what is wrong with it instead of running it."""
        store, notice = self.store, self.window.notice
        if problem := store.problem():
            self.size_fixer.refuse(problem, self.canvas_controller.start)
            self.window.sampler.size_row.width_field.setFocus()
            return
        branch = self.branch_controller.branch
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
        """Queues an order."""
        store = self.store
        self.live.pause()
        job_id = self.bridge.submit(order.request, order.inputs, parent=order.parent)
        self._orders[job_id] = order
        self._prompts.add(store.prompt)
        self.run_state.count()
        if store.run.paused:
            self.window.status.showMessage(
                self.tr("Added to the queue, which is paused."), SHOWN_MS
            )

    def order(self) -> Order:
        """The request of the panels and the canvas.

        Raises RequestError if it cannot be honoured, or if something is missing.
        """
        request = self.store.snapshot()
        if self.branch_controller.branch is not None:
            return self.branch_controller.branch.order(request, self.view.mask(), self.wildcards)
        request = with_resolved_wildcards(request, self.wildcards)
        inputs = Inputs(images=self._change_images if self.store.changes else {})
        mode = self.store.mode
        starts = mode is not Mode.TEXT and self.canvas_controller.start is not None
        request, inputs = self.leading.with_control_image(request, inputs, starts=starts)
        if mode is Mode.TEXT:
            return Order(request, inputs)
        if self.canvas_controller.start is None:
            raise RequestError(
                "init",
                "There is no image to start from.",
                "Open, paste or drop one, or choose Text to start from the prompt alone.",
            )
        if mode is Mode.IMAGE:
            return Order(request, replace(inputs, image=self.canvas_controller.start))
        mask = self.view.mask()
        if mask is None or mask.shape != self.canvas_controller.start.shape[:2]:
            raise RequestError("mask", "The mask is empty.", "Paint over the area to change.")
        return Order(request, replace(inputs, image=self.canvas_controller.start, mask=mask))

    def branch(self, step: int) -> None:
        """From now on Generate branches from this step of the shown image."""
        entry = self.canvas_controller.shown
        if entry is None:
            return
        with self.canvas_controller.applying():
            self.branch_controller.begin(entry, step)
            self.canvas_controller.start_from(entry.start_at(step))
        self.window.prompt.prompt.setFocus()
        self.live.touch()

    def set_live(self, on: bool) -> None:
        """Turns live mode on or off. Finished images stay."""
        unfinished = self.live.is_drawing
        self.live.turn(on)
        if not on:
            self.canvas_controller.adopt_live()
            if unfinished:
                self.view.set_preview(None)

    def earlier_prompt(self) -> None:
        self.store.prompt = self._prompts.older(self.store.prompt)

    def later_prompt(self) -> None:
        self.store.prompt = self._prompts.newer(self.store.prompt)

    def use_start(self, rgb: np.ndarray) -> None:
        """Shows `rgb` and starts from it; its size is supported by the model."""
        self.branch_controller.leave()
        self.view.clear_mask()
        self.view.set_image(rgb)
        self.canvas_controller.forget()
        self.canvas_controller.start_from(rgb)
        self.store.mode = Mode.IMAGE

    def clear_start(self) -> None:
        self.canvas_controller.start_from(None)
        self.store.mode = Mode.TEXT

    def show_entry(self, entry: StripEntry) -> None:
        """Shows an image of the strip and restores all its settings."""
        self.branch_controller.leave()
        with self.canvas_controller.applying():
            self.store.apply(entry.image.request)
            self.canvas_controller.show(entry)
            if entry.inputs.mask is not None:
                self.view.set_mask(entry.inputs.mask)
            elif self.view.mask() is not None:
                self.view.clear_mask()
            self.canvas_controller.start_from(entry.inputs.image)
            self._change_images = entry.inputs.images
            self.leading.restore(entry.inputs.images.get(entry.image.request.control))
        self.live.pause()  # it matches the panels

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
        previous = self.view.image()
        with self.canvas_controller.applying():  # a canvas of another size drops its mask
            self.canvas_controller.show(entry)
            if entry.start_at() is None:
                self.view.set_before(previous)

    def _on_not_saved(self, event: NotSaved) -> None:
        """It is retried automatically; the button retries immediately, once there is room."""
        again = (self.tr("Try Again"), self.bridge.resume)
        self.window.notice.show_error(event.error.message, event.error.hint, again)

    def _on_saved(self, event: Saved) -> None:
        self.window.notice.show_info(self.tr("Saved now: {}").format(event.path))
        self.canvas_controller.saved(event)

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

    def _on_ended(self, job_id: int) -> None:
        self._orders.pop(job_id, None)

    # From the canvas and the panels

    def _on_mask_changed(self) -> None:
        begun, self._masked = self.view.masked and not self._masked, self.view.masked
        if self.canvas_controller.is_applying:
            return
        self.live.touch()
        store = self.store
        store.changes = ()
        if self.branch_controller.branch is not None:
            return
        if store.mode is not Mode.INPAINT:
            self.canvas_controller.adopt_live()
        if not self.view.masked:
            if store.mode is Mode.INPAINT:
                store.mode = self._mode_before_mask
                if store.strength == REDRAWN:  # otherwise the user has chosen it
                    store.strength = self._strength_before_mask
            return
        self.canvas_controller.start_from(self.view.image())
        if store.mode is not Mode.INPAINT:
            self._mode_before_mask, self._strength_before_mask = store.mode, store.strength
            store.mode = Mode.INPAINT
            if not self.view.document.restoring:
                store.strength = REDRAWN
        elif begun and store.strength == default_of("strength"):
            # Inpaint was chosen before painting, and the strength was not changed
            self._strength_before_mask, store.strength = store.strength, REDRAWN
        if store.problem():
            store.area = "masked"  # which accepts an image of any size

    def _on_extended(self) -> None:
        """The image was extended and the new area masked: switch to inpainting."""
        self.branch_controller.leave()
        self.canvas_controller.forget()
        store = self.store
        store.area = "whole"
        if store.problem():
            store.area = "masked"
        chosen = store.strength
        if chosen == REDRAWN:  # the strength for painting, which would discard the fill
            chosen = self._strength_before_mask
        store.strength = max(chosen, EXTENDED)

    def _on_image_restored(self) -> None:
        """Undo restored an image, which becomes the init image."""
        self.branch_controller.leave()
        self.canvas_controller.forget()
        if self.store.mode is not Mode.TEXT:
            self.canvas_controller.start_from(self.view.image())

    def _on_mode_changed(self, mode: Mode) -> None:
        if (
            mode is not Mode.TEXT
            and self.canvas_controller.start is None
            and not self.canvas_controller.is_applying
        ):
            self.canvas_controller.start_from(self.view.image())

    def _on_shown(self) -> None:
        shown = self.canvas_controller.shown
        if shown is None or not shown.is_live:
            self.step_scrubber.show_entry(shown)
        if (
            shown is not None
            and self.canvas_controller.start is None
            and self.store.mode is not Mode.TEXT
        ):
            # chosen while it was running, when there was no init image yet
            self.canvas_controller.start_from(shown.image.rgb)

    def _on_branch_left(self) -> None:
        """A painted mask counts as it does without a branch."""
        if not self.canvas_controller.is_applying:
            self._on_mask_changed()


def _copy(text: str) -> None:
    QApplication.clipboard().setText(text)
