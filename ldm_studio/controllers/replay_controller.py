"""Replays an image, and reports whether the result is the same."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Replayed, ReplayFailed, ReplayProgress
from ldm_studio.images.replay import Verdict
from ldm_studio.main_window import MainWindow
from ldm_studio.translation import joined, translate, translate_message

SHOWN_MS = 5000


class ReplayController(QObject):
    """Progress goes to the status bar, the verdict to the notice."""

    changed = Signal()
    """Whether something is replayed."""

    def __init__(
        self, bridge: EngineBridge, window: MainWindow, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge, self._window = bridge, window
        self._requested = 0  # replays that have not ended
        bridge.replay_progress.connect(self._on_progress)
        bridge.replayed.connect(self._on_replayed)
        bridge.replay_failed.connect(self._on_failed)

    def replay(self, entry: StripEntry | None) -> None:
        if entry is not None and entry.path is not None:
            self._bridge.replay(entry.path)
            words = self.tr("{name} is replayed next…").format(name=entry.path.name)
            self._window.status.showMessage(words)
            self._count(1)

    @property
    def replaying(self) -> bool:
        return self._requested > 0

    def stop(self) -> None:
        """Stops the running replay after its step, and drops those that wait."""
        self._bridge.stop_replay()

    def _count(self, change: int) -> None:
        self._requested = max(0, self._requested + change)
        self.changed.emit()

    def _on_progress(self, event: ReplayProgress) -> None:
        words = self.tr("Replaying {name}: step {step} of {steps}. Esc stops it.")
        words = words.format(name=event.path.name, step=event.step, steps=event.steps)
        self._window.status.showMessage(words)

    def _on_replayed(self, event: Replayed) -> None:
        self._count(-1)
        self._window.status.clearMessage()
        found, hint = verdict_text(event.verdict)
        words = self.tr("Replayed {name}: {found}").format(name=event.path.name, found=found)
        notice = self._window.notice
        (notice.show_info if event.verdict.identical else notice.show_error)(words, hint)

    def _on_failed(self, event: ReplayFailed) -> None:
        self._count(-1)
        self._window.status.clearMessage()
        if event.error is None:
            self._window.status.showMessage(self.tr("The replay was stopped."), SHOWN_MS)
        else:
            self._window.notice.show_error(event.error.message, event.error.hint)


def verdict_text(verdict: Verdict) -> tuple[str, str]:
    """The result of a replay, with possible causes."""
    if verdict.identical:
        found = translate("ReplayController", "identical, {steps} steps and all pixels.")
    elif verdict.first_difference is not None and verdict.pixels_equal:
        found = translate(
            "ReplayController",
            "step {step} of {steps} is the first that differs; the final image is the same.",
        )
    elif verdict.first_difference is not None:
        found = translate(
            "ReplayController",
            "step {step} of {steps} is the first that differs; the final image differs too.",
        )
    elif not verdict.pixels_equal:
        found = translate("ReplayController", "the finished image differs.")
    else:
        found = translate(
            "ReplayController", "all {steps} steps are the same, but the file is not."
        )
    found = found.format(step=verdict.first_difference, steps=verdict.steps)
    sentences = []
    if verdict.causes:
        causes = translate("ReplayController", ", or ").join(map(translate_message, verdict.causes))
        sentences.append(
            translate("ReplayController", "Possible causes: {causes}.").format(causes=causes)
        )
    for note in map(translate_message, verdict.notes):
        sentences.append(f"{note[:1].upper()}{note[1:]}.")
    return found, joined(*sentences)
