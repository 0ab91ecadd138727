"""The status bar: what runs where, how far it is, how long it takes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QWidget

from core.device import memory_in_use
from ldm_studio.panels.run_button import duration
from ldm_studio.studio.store import RunState, StudioStore


class StatusBar(QStatusBar):
    """Shows the run state of the store."""

    def __init__(self, store: StudioStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.state = QLabel()
        self.speed = QLabel()
        self.bar = QProgressBar(minimum=0, maximum=1000, textVisible=False)
        self.bar.setFixedWidth(120)
        self.bar.setAccessibleName("Progress")
        self.memory = QLabel()
        self.model = QLabel()
        self.state.setContentsMargins(12, 0, 0, 0)
        self.model.setContentsMargins(12, 0, 12, 0)
        self.model.setToolTip("The model and where it runs.")
        self.speed.setToolTip("Steps a second, and the time left.")
        self.memory.setToolTip("Memory that LDM Studio uses.")
        self.memory.setContentsMargins(12, 0, 0, 0)
        for label in (self.state, self.speed, self.memory, self.model):
            label.setObjectName("caption")
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.addWidget(self.state, 1)
        self.addPermanentWidget(self.speed)
        self.addPermanentWidget(self.bar)
        self.addPermanentWidget(self.memory)
        self.addPermanentWidget(self.model)
        store.run_changed.connect(self._show_run)
        self._show_run(store.run)

    def _show_run(self, run: RunState) -> None:
        self.state.setText(_state(run))
        self.speed.setText(_speed(run))
        self.bar.setVisible(run.busy)
        self.bar.setValue(round(1000 * run.fraction))
        self.memory.setText(_memory(memory_in_use()))
        if run.model is not None:
            self.model.setText(f"{run.model.name} · {run.model.device}")
        else:
            self.model.setText("" if run.loading else "No model")


def _state(run: RunState) -> str:
    if run.paused:
        return f"Paused at step {run.step}/{run.steps}" if run.steps else "Paused"
    if run.cancelling:
        return "Cancelling…"
    if run.busy and run.loading:
        return "Starts when the model is loaded"
    if run.busy:
        picture = f"Picture {run.index + 1} of {run.count}, " if run.count > 1 else ""
        return f"{picture}step {run.step}/{run.steps}" if run.steps else "Starting…"
    if run.loading:
        return "Loading model…"
    if run.live:
        return "Live: every change is drawn at once, and nothing is saved"
    return "Ready" if run.model is not None else ""


def _memory(used: int) -> str:
    return f"{used / 1e6:.0f} MB" if used else ""


def _speed(run: RunState) -> str:
    if not (run.busy and run.seconds > 0):
        return ""
    rate = 1 / run.seconds
    words = f"{rate:.1f} it/s" if rate >= 1 else f"{run.seconds:.1f} s/it"
    left = run.seconds_left
    return f"{words} · {duration(left)} left" if left is not None and run.step else words
