"""The recently used commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

MAX_RECENT = 8


class RecentCommands(QObject):
    """Their ids, the newest first."""

    changed = Signal()

    def __init__(self, names: Iterable[str] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.names = tuple(names)[:MAX_RECENT]

    def note(self, name: str) -> None:
        self.names = (name, *(known for known in self.names if known != name))[:MAX_RECENT]
        self.changed.emit()

    def watch(self, actions: Mapping[str, QAction], but: Sequence[str]) -> None:
        """Notes every triggered action except `but`."""
        for name, action in actions.items():
            if name not in but:
                action.triggered.connect(lambda _checked=False, name=name: self.note(name))
