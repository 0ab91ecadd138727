"""Changes the running image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject

from core.errors import RequestError
from core.request.request import Change, Request
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Progress, Started, Steered, SteerRefused
from ldm_studio.main_window import MainWindow
from ldm_studio.prompts.wildcard_files import Wildcards, resolve_change, templates_of
from ldm_studio.store.change_texts import STEERED, difference, in_force, in_words
from ldm_studio.store.store import StudioStore

SHOWN_MS = 6000


class SteeringController(QObject):
    """Offers *Update* while prompt or CFG in the panels differ from the running image's."""

    def __init__(
        self,
        store: StudioStore,
        bridge: EngineBridge,
        window: MainWindow,
        wildcards: Wildcards,
        is_live: Callable[[int], bool],
        parent: QObject | None = None,
    ) -> None:
        """`is_live` tells whether a job restarts with each change anyway."""
        super().__init__(parent)
        self._store, self._bridge, self._window = store, bridge, window
        self._wildcards = wildcards
        self._is_live = is_live
        self._running: int | None = None
        self._begun = (0, 0)
        self._request = Request()
        """The request of the running image, with its prompts as typed."""
        self._requested = Request()
        """The request once the engine has accepted the change."""
        self._last = False
        self._sent = False
        bridge.started.connect(self._on_started)
        bridge.progress.connect(self._on_progress)
        bridge.finished.connect(lambda event: self._forget(event.id))
        bridge.ended.connect(self._forget)
        bridge.steered.connect(self._on_steered)
        bridge.steer_refused.connect(self._on_refused)
        window.run_area.apply_requested.connect(self.apply)
        for name in STEERED:
            getattr(store, f"{name}_changed").connect(self._offer)

    @property
    def change(self) -> Change | None:
        """The change that *Update* would make; None: nothing to change, or nothing runs."""
        if self._running is None or self._last:
            return None
        wanted = {name: getattr(self._store, name) for name in STEERED}
        fields = difference(self._request, replace(self._request, **wanted), STEERED)
        return Change(0, **fields) if fields else None

    def apply(self) -> None:
        change = self.change
        if self._running is None or change is None or self._sent:
            return
        try:
            fields = resolve_change(change.fields, self._request.seed, self._wildcards)
        except RequestError as error:
            self._window.notice.show_error(error.message, error.hint)
            return
        self._sent = True
        self._requested = self._request.changed(change)
        self._offer()
        self._bridge.steer(self._running, Change(0, **fields))

    def _on_started(self, event: Started) -> None:
        begun, self._begun = self._begun, (event.id, event.index)
        if begun == self._begun:
            return  # it resumes after a pause
        self._running = None if self._is_live(event.id) else event.id
        self._request = templates_of(in_force(event.request))
        self._last = self._sent = False
        self._offer()

    def _on_progress(self, event: Progress) -> None:
        """After the last step, no change is possible."""
        if event.id == self._running and event.step >= event.steps - 1 and not self._last:
            self._last = True
            self._offer()

    def _forget(self, job_id: int) -> None:
        if job_id == self._running:
            self._running = None
            self._offer()

    def _on_steered(self, event: Steered) -> None:
        if event.id != self._running:
            return
        self._sent = False
        self._request = self._requested
        text = self.tr("Applied after step {step}: {change}")
        text = text.format(step=event.change.step, change=in_words(event.change))
        self._window.status.showMessage(text, SHOWN_MS)
        self._offer()

    def _on_refused(self, event: SteerRefused) -> None:
        self._sent = False
        self._window.notice.show_error(event.error.message, event.error.hint)
        self._offer()

    def _offer(self) -> None:
        change = self.change
        self._window.run_area.offer(in_words(change) if change else "", sent=self._sent)
