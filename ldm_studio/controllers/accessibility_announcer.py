"""Announces to screen readers what happens without a key press."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from ldm_studio.engine.events import Cancelled, Finished, Progress, Started

from .studio import Studio

PARTS = 4
"""Announcements of progress per image: at each quarter."""


class AccessibilityAnnouncer(QObject):
    """Announces start, progress and end of images, notices, and tools used by keyboard."""

    announced = Signal(str)

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window, self._store, self._part = studio.window, studio.store, 0
        bridge, notice = studio.bridge, studio.window.notice
        bridge.started.connect(self._started)
        bridge.progress.connect(self._progressed)
        bridge.finished.connect(self._finished)
        bridge.cancelled.connect(self._cancelled)
        studio.view.pointed.connect(self.announce)
        notice.shown.connect(lambda text: self.announce(text, urgent=notice.is_error))

    def announce(self, text: str, *, urgent: bool = False) -> None:
        """`urgent`: immediately, interrupting other announcements."""
        event = QAccessibleAnnouncementEvent(self._window, text)
        ways = QAccessible.AnnouncementPoliteness
        event.setPoliteness(ways.Assertive if urgent else ways.Polite)
        QAccessible.updateAccessibility(event)
        self.announced.emit(text)

    def _started(self, event: Started) -> None:
        self._part = 0
        if self._store.run.live:  # it is repainted at every key
            return
        if event.count > 1:
            text = self.tr("Generating image {number} of {count}.")
            self.announce(text.format(number=event.index + 1, count=event.count))
        else:
            self.announce(self.tr("Generating the image."))

    def _progressed(self, event: Progress) -> None:
        part = PARTS * event.step // event.steps if event.steps else 0
        if self._part < part < PARTS and not self._store.run.live:
            self._part = part
            text = self.tr("Step {step} of {steps}.")
            self.announce(text.format(step=event.step, steps=event.steps))

    def _finished(self, event: Finished) -> None:
        if event.live:
            return
        prompt = event.image.request.prompt
        text = self.tr("The image is finished: {prompt}.")
        self.announce(text.format(prompt=prompt) if prompt else self.tr("The image is finished."))

    def _cancelled(self, _event: Cancelled) -> None:
        self.announce(self.tr("Cancelled."))
