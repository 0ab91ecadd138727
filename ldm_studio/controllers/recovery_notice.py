"""The recovery notice at the start: what was restored after a crash."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ldm_studio.draw.run.notice_bar import Action, NoticeBar


class RecoveryNotice(QObject):
    """Says after a crash what was recovered; always offers interrupted jobs.

    Parts arrive one after the other, as they are read in the background. Other notices are never
    replaced.
    """

    def __init__(self, notice: NoticeBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notice = notice
        self._crashed = False
        self._parts: list[str] = []
        self._offer = ("", "")
        self._actions: tuple[Action, ...] = ()
        self._timer: str | None = None

    def after_crash(self, *, first_time: bool) -> None:
        """The last session ended with a crash, a kill or a power failure."""
        self._crashed = True
        if not first_time:
            self._parts.insert(0, self.tr("your prompt and settings"))
        self._show()

    def add(self, part: str) -> None:
        """Adds a recovered part."""
        self._parts.append(part)
        if self._crashed:
            self._show()

    def offer(self, words: str, hint: str, *actions: Action) -> None:
        """Adds up to two actions for interrupted jobs."""
        self._offer, self._actions = (words, hint), actions
        self._show()

    def _show(self) -> None:
        shown = self._notice.text()
        if self._timer is None:
            if shown and self._notice.is_error:
                return
        elif shown != self._timer:
            return
        words, hint = self._offer
        if self._crashed:
            title = self.tr("LDM Studio closed unexpectedly the last time.")
            words = f"{title} {words}".strip()
        if self._parts and self._crashed:
            hint = self.tr("Recovered: {}.").format(", ".join(self._parts))
        self._notice.show_info(words, hint, *self._actions)
        self._timer = self._notice.text()
