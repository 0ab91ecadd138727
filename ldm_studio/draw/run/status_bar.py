"""The status bar: state, progress, speed, memory, model."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from core.runtime.device import memory_in_use
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate
from ldm_studio.widgets.elided_label import ElidedLabel

from .run_button import duration


class StatusBar(QStatusBar):
    """Shows the run state of the store."""

    def __init__(self, store: StudioStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.state = ElidedLabel()
        self.speed = PlainLabel()
        self.bar = QProgressBar(minimum=0, maximum=1000, textVisible=False)
        self.bar.setFixedWidth(120)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.memory = PlainLabel()
        self.model = ElidedLabel()
        self.state.setContentsMargins(12, 0, 0, 0)
        self.model.setContentsMargins(12, 0, 12, 0)
        self.speed.setToolTip(self.tr("Steps per second, and the time left."))
        self.memory.setToolTip(self.tr("Memory used by LDM Studio."))
        self.memory.setContentsMargins(12, 0, 0, 0)
        for label in (self.state, self.speed, self.memory, self.model):
            label.setObjectName("caption")
        self.addWidget(self.state, 1)
        self.addPermanentWidget(self.speed)
        self.addPermanentWidget(self.bar)
        self.addPermanentWidget(self.memory)
        self.addPermanentWidget(self.model)
        store.run_changed.connect(self._show_run)
        self._show_run(store.run)

    def _show_run(self, run: RunState) -> None:
        self.state.setText(_state(run))
        self.state.setToolTip(self.state.text())
        self.speed.setText(_speed(run))
        self.bar.setVisible(run.busy)
        self.bar.setValue(round(1000 * run.fraction))
        self.memory.setText(_memory(memory_in_use()))
        if run.model is not None:
            self.model.setText(f"{run.model.name} · {run.model.device}")
        else:
            self.model.setText("" if run.loading else self.tr("No model"))
        what = self.tr("The model and its device.")
        self.model.setToolTip("\n".join(filter(None, (self.model.text(), what))))


def _state(run: RunState) -> str:
    if run.paused:
        if not run.steps:
            return translate("Status", "Paused")
        words = translate("Status", "Paused at step {step}/{steps}")
        return words.format(step=run.step, steps=run.steps)
    if run.cancelling:
        return translate("Status", "Cancelling…")
    if run.busy and run.loading:
        return translate("Status", "Starts when the model is loaded")
    if run.busy:
        return _drawing(run)
    if run.loading:
        return translate("Status", "Loading model…")
    if run.live:
        return translate("Status", "Live: every change generates at once, and nothing is saved")
    return translate("Status", "Ready") if run.model is not None else ""


def _drawing(run: RunState) -> str:
    if not run.steps:
        return translate("Status", "Starting…")
    if run.count > 1:
        words = translate("Status", "Image {image} of {count}, step {step}/{steps}")
    else:
        words = translate("Status", "Step {step}/{steps}")
    return words.format(image=run.index + 1, count=run.count, step=run.step, steps=run.steps)


def _memory(used: int) -> str:
    return translate("Status", "{number} MB").format(number=f"{used / 1e6:.0f}") if used else ""


def _speed(run: RunState) -> str:
    if not (run.busy and run.seconds > 0):
        return ""
    rate = 1 / run.seconds
    if rate >= 1:
        words = translate("Status", "{number} it/s").format(number=f"{rate:.1f}")
    else:
        words = translate("Status", "{number} s/it").format(number=f"{run.seconds:.1f}")
    if run.seconds_left is None or not run.step:
        return words
    left = translate("Status", "{time} left").format(time=duration(run.seconds_left))
    return f"{words} · {left}"
