"""Shows the steps of the image on the canvas with the timeline below it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject

from core.request.request import Change, Request
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.draw.run.step_timeline import Mark
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import (
    Finished,
    Progress,
    Started,
    Steered,
    StepViewed,
    StepViewFailed,
)
from ldm_studio.main_window import MainWindow
from ldm_studio.store.change_texts import in_words
from ldm_studio.translation import translate

from .branch_controller import Branch

MAX_BYTES = 64 << 20
"""Cache for decoded steps."""


class StepScrubber(QObject):
    """Shows the running image on the timeline, or else the image on the canvas."""

    def __init__(
        self,
        bridge: EngineBridge,
        window: MainWindow,
        goes_on_after: Callable[[int], bool],
        parent: QObject | None = None,
    ) -> None:
        """`continues_after` tells whether another job follows one that ends."""
        super().__init__(parent)
        self._bridge, self._window, self._continues_after = bridge, window, goes_on_after
        self._view, self._timeline = window.canvas.view, window.timeline
        self._entry: StripEntry | None = None
        self._branch: Branch | None = None
        self._running: int | None = None
        self._begun = (0, 0)
        self._changes: tuple[Change, ...] = ()
        self._reached = (0, 0)
        self._cached: dict[int, np.ndarray] = {}
        self._viewing = False
        self._timeline.step_shown.connect(self._on_step_shown)
        bridge.step_viewed.connect(self._on_step_viewed)
        bridge.step_view_failed.connect(self._on_step_view_failed)
        bridge.started.connect(self._on_started)
        bridge.progress.connect(self._on_progress)
        bridge.steered.connect(self._on_steered)
        bridge.finished.connect(self._on_finished)
        bridge.ended.connect(self._on_ended)

    def show_entry(self, entry: StripEntry | None) -> None:
        """The canvas shows this image; None: it has no steps."""
        self._entry = entry
        self._cached.clear()
        self._update()

    def show_branch(self, branch: Branch | None) -> None:
        """Marks where this branch begins."""
        self._branch = branch
        self._update()

    # From the engine

    def _on_started(self, event: Started) -> None:
        begun, self._begun = self._begun, (event.id, event.index)
        if begun == self._begun:
            return  # it resumes after a pause
        self._running = event.id
        self._changes = event.request.changes
        self._reached = (0, event.request.steps)
        self._update()

    def _on_progress(self, event: Progress) -> None:
        if event.id == self._running:
            self._reached = (event.step, event.steps)
            self._update()

    def _on_steered(self, event: Steered) -> None:
        if event.id == self._running:
            self._changes = (*self._changes, event.change)
            self._update()

    def _on_finished(self, event: Finished) -> None:
        self._on_live_ended(event.id)

    def _on_ended(self, job_id: int) -> None:
        self._on_live_ended(job_id)

    def _on_live_ended(self, job_id: int) -> None:
        if job_id == self._running:
            self._running = None
            if not self._continues_after(job_id):  # its steps are shown until the next one's
                self._update()

    def _update(self) -> None:
        if self._running is not None:
            self._timeline.show_run(*self._reached, marks_of(self._changes))
        elif self._entry is None:
            self._timeline.show_nothing()
        else:
            count, kept = steps_of(self._entry)
            marks = marks_of_entry(self._entry)
            if self._branch is not None and self._branch.entry is self._entry:
                marks.append(Mark(self._branch.step, self.tr("The branch begins here.")))
            self._timeline.show_image(count, marks, kept=kept)

    # From the timeline

    def _on_step_shown(self, step: int) -> None:
        trajectory = self._trajectory
        if step == 0 or trajectory is None:
            self._end_viewing()
        elif step in self._cached:
            self._show(self._cached[step])
        else:
            self._bridge.view_step(trajectory, step)

    def _on_step_viewed(self, event: StepViewed) -> None:
        if event.trajectory != self._trajectory:
            return
        if sum(pixels.nbytes for pixels in self._cached.values()) < MAX_BYTES:
            self._cached[event.step] = event.pixels
        if self._running is None and event.step == self._timeline.ticks.shown:
            self._show(event.pixels)

    def _on_step_view_failed(self, event: StepViewFailed) -> None:
        if event.trajectory == self._trajectory and self._running is None:
            self._window.notice.show_error(event.error.message, event.error.hint)
            self._timeline.release()

    @property
    def _trajectory(self) -> Path | None:
        return self._entry.trajectory if self._entry else None

    def _show(self, pixels: np.ndarray) -> None:
        self._viewing = True
        self._view.set_preview(pixels)

    def _end_viewing(self) -> None:
        if self._viewing:
            self._viewing = False
            if self._running is None:
                self._view.set_preview(None)


def steps_of(entry: StripEntry) -> tuple[int, bool]:
    """The number of steps of an image, and whether they are saved."""
    count = len(entry.record.steps) if entry.record else entry.image.request.steps
    return count, entry.trajectory is not None and entry.trajectory.exists()


def marks_of(changes: tuple[Change, ...]) -> list[Mark]:
    return [
        Mark(
            change.step,
            translate("StepScrubber", "Changed after step {step}: {change}").format(
                step=change.step, change=in_words(change)
            ),
        )
        for change in changes
    ]


def marks_of_entry(entry: StripEntry) -> list[Mark]:
    """Its changes, and its branch point."""
    request: Request = entry.image.request
    marks = marks_of(request.changes)
    parent = entry.record.parent if entry.record else None
    if parent is not None:
        words = translate("StepScrubber", "Branched off {name} after step {step}.")
        marks.append(Mark(parent.step, words.format(name=parent.name, step=parent.step)))
    return marks
