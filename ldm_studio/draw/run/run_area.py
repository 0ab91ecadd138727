"""Generate, pause, apply, live, and the queue."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from core.runtime.forecast import MIN_MEMORY, Forecast
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate
from ldm_studio.widgets.fields import tool_button
from ldm_studio.widgets.link_button import LinkButton
from ldm_studio.widgets.stable_scroll_area import column_around

from .queue_panel import QueuePanel
from .run_button import RunButton

ICON = QSize(16, 16)


class RunArea(QWidget):
    """Shows the run state of the store; emits a signal for each button."""

    generate_requested = Signal()
    cancel_requested = Signal()
    pause_toggled = Signal()
    """Pause or resume."""
    apply_requested = Signal()
    live_toggled = Signal(bool)
    offer_changed = Signal()
    """`can_apply` or `has_queue` may have changed."""

    def __init__(self, store: StudioStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._queue_shown = False
        self.can_apply = False
        """Whether *Update* is offered."""
        self.button = RunButton()
        height = self.button.sizeHint().height()
        self.again = tool_button(
            "plus",
            self.tr("Add to the queue"),
            self.tr("Add another image to the queue (Ctrl+Enter)."),
            framed=True,
        )
        self.pause = tool_button(
            "pause", self.tr("Pause"),
            self.tr("Pause after the current step; you can resume later, even after a restart "
                    "(Ctrl+P)."),
            framed=True,
        )  # fmt: skip
        self.cancel = tool_button(
            "cancel",
            self.tr("Cancel"),
            self.tr("Cancel the paused image (Esc)."),
            framed=True,
        )
        for button in (self.again, self.pause, self.cancel):
            button.setFixedSize(height, height)
        self.live = _forecast_label(self.tr("Live"), "live")
        self.live.setCheckable(True)
        self.live.setToolTip(self.tr("Generate with every change, without saving (Ctrl+L)."))
        self.apply = _forecast_label(self.tr("Update"), "check")
        self.apply.setAccessibleName(self.tr("Update the running image"))
        self.forecast = PlainLabel()
        self.forecast.setObjectName("caption")
        self.forecast.setAccessibleName(self.tr("Forecast"))
        self.forecast.setToolTip(
            self.tr("Estimated time and memory of the next image, based on the last one.")
        )
        self.waiting = LinkButton()
        self.waiting.setAccessibleName(self.tr("Queue"))
        self.waiting.setCheckable(True)
        self.waiting.setToolTip(self.tr("Show or hide the queue (Ctrl+J)."))
        self.waiting.setMinimumWidth(1)  # its words may be cut, the column may not grow
        self.queue = QueuePanel()  # placed below by the window, where there is room to scroll

        first = QHBoxLayout()
        first.setSpacing(GRID)
        first.addWidget(self.button, 1)
        first.addWidget(self.pause)
        first.addWidget(self.cancel)
        first.addWidget(self.again)
        second = QHBoxLayout()
        second.setSpacing(GRID)
        second.addStrut(self.live.sizeHint().height())
        second.addWidget(self.live)
        second.addWidget(self.apply)
        second.addStretch(1)
        second.addWidget(self.forecast)
        second.addWidget(self.waiting)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(first)
        column.addLayout(second)
        order = (
            self.button, self.pause, self.cancel, self.again, self.live, self.apply, self.waiting,
            self.queue,
        )  # fmt: skip
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

        self.button.clicked.connect(self._clicked)
        self.again.clicked.connect(self.generate_requested)
        self.pause.clicked.connect(self.pause_toggled)
        self.cancel.clicked.connect(self.cancel_requested)
        self.apply.clicked.connect(self.apply_requested)
        self.live.toggled.connect(self.live_toggled)
        self.waiting.toggled.connect(self._show_queue)
        self.queue.changed.connect(self._queue_changed)
        store.run_changed.connect(self._show_run)
        self.offer("")
        self._queue_changed()
        self._show_run(store.run)

    def offer(self, words: str, *, sent: bool = False) -> None:
        """Shows *Update* with `words` about the change; empty hides it. `sent`: the change is being
        applied.
        """
        self.apply.setVisible(bool(words))
        self.apply.setEnabled(not sent)
        self.apply.setToolTip(
            self.tr(
                "Update the running image from its next step on: {words} (Ctrl+Shift+Enter)."
            ).format(words=words)
        )
        self.can_apply = bool(words) and not sent
        self.offer_changed.emit()

    def show_forecast(self, forecast: Forecast | None) -> None:
        """The estimate for the next press of Generate; None: unknown."""
        words = " · ".join(_forecast_text(forecast)) if forecast else ""
        self.forecast.setText(f"≈ {words}" if words else "")
        self._show_run(self._store.run)

    @property
    def has_queue(self) -> bool:
        """Whether jobs are queued or interrupted."""
        return bool(self.queue.summary())

    def toggle_queue(self) -> None:
        """Shows or hides the queue, if there is one, and focuses it."""
        if self.has_queue:
            self.waiting.toggle()
            if self.queue.isVisible():
                self.queue.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _clicked(self) -> None:
        run = self._store.run
        if run.paused:
            self.pause_toggled.emit()
        else:
            (self.cancel_requested if run.busy else self.generate_requested).emit()

    def _show_queue(self, shown: bool) -> None:
        self._queue_shown = shown
        self._queue_changed()
        if shown and (column := column_around(self.queue)) is not None:
            column.ensureWidgetVisible(self.queue)

    def _queue_changed(self) -> None:
        words = self.queue.summary()
        self.waiting.setText(words)
        self.waiting.setAccessibleDescription(words)
        self.waiting.setVisible(bool(words))
        self.waiting.show_open(self._queue_shown)
        self.queue.setVisible(bool(words) and self._queue_shown)
        self.offer_changed.emit()

    def _show_run(self, run: RunState) -> None:
        self.button.show_run(run)
        self.again.setVisible(run.busy)
        self.pause.setVisible(run.busy and not run.paused)
        self.cancel.setVisible(run.paused)
        self.forecast.setVisible(bool(self.forecast.text()) and not run.busy)
        if self.live.isChecked() != run.live:
            self.live.setChecked(run.live)


def _forecast_label(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setIcon(icon(name))
    button.setIconSize(ICON)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setProperty("framed", True)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button


def _forecast_text(forecast: Forecast) -> Iterator[str]:
    """Such as "3.2 s" and "1.4 GB"; without memory if it is unknown or negligible."""
    seconds = forecast.seconds
    if seconds < 10:
        yield translate("Duration", "{number} s").format(number=f"{seconds:.1f}")
    elif seconds < 100:
        yield translate("Duration", "{number} s").format(number=f"{seconds:.0f}")
    else:
        yield translate("Duration", "{number} min").format(number=math.ceil(seconds / 60))
    if forecast.memory is not None and forecast.memory >= MIN_MEMORY:
        megabytes = forecast.memory / 1e6
        if megabytes >= 1000:
            yield translate("Status", "{number} GB").format(number=f"{megabytes / 1000:.1f}")
        else:
            yield translate("Status", "{number} MB").format(number=f"{megabytes:.0f}")
