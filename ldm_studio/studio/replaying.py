"""Drawing a picture again from itself, and saying whether it came out the same."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ..engine.bridge import EngineBridge
from ..engine.events import Replayed, ReplayFailed, ReplayProgress
from ..main_window import MainWindow
from ..panels.strip import Entry
from ..pictures.replay import Verdict

SHOWN_MS = 5000


class Replaying(QObject):
    """Progress goes to the status bar, the verdict to the notice."""

    def __init__(
        self, bridge: EngineBridge, window: MainWindow, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge, self._window = bridge, window
        bridge.replay_progressed.connect(self._on_progress)
        bridge.replayed.connect(self._on_replayed)
        bridge.replay_failed.connect(self._on_failed)

    def replay(self, entry: Entry | None) -> None:
        if entry is not None and entry.path is not None:
            self._bridge.replay(entry.path)
            self._window.status.showMessage(f"{entry.path.name} is replayed next…")

    def _on_progress(self, event: ReplayProgress) -> None:
        words = f"Replaying {event.path.name}: step {event.step} of {event.steps}"
        self._window.status.showMessage(words)

    def _on_replayed(self, event: Replayed) -> None:
        self._window.status.clearMessage()
        words, hint = in_words(event.verdict)
        notice, words = self._window.notice, f"Replayed {event.path.name}: {words}"
        (notice.show_info if event.verdict.identical else notice.show_error)(words, hint)

    def _on_failed(self, event: ReplayFailed) -> None:
        self._window.status.clearMessage()
        if event.error is None:
            self._window.status.showMessage("The replay was stopped.", SHOWN_MS)
        else:
            self._window.notice.show_error(event.error.message, event.error.hint)


def in_words(verdict: Verdict) -> tuple[str, str]:
    """What a replay found, and why, as far as one can tell."""
    result = "the same" if verdict.pixels_equal else "another"
    if verdict.identical:
        found = f"identical, {verdict.steps} steps and all pixels."
    elif verdict.first_difference is not None:
        found = (
            f"step {verdict.first_difference} of {verdict.steps} is the first that differs; "
            f"it ends in {result} picture."
        )
    elif not verdict.pixels_equal:
        found = "the finished picture differs."
    else:
        found = f"all {verdict.steps} steps are the same, but the file is not."
    why = [f"It may be because of {', or '.join(verdict.causes)}."] if verdict.causes else []
    notes = [f"{note[:1].upper()}{note[1:]}." for note in verdict.notes]
    return found, " ".join((*why, *notes))
