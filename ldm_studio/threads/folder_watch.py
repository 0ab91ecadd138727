"""Watches folders of images, so that changes of their files elsewhere are noticed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

log = logging.getLogger(__name__)

PAUSE_MS = 500
"""The delay after each change: a program may be writing many files."""
MOST = 4_000
"""Maximum number of watched folders; systems limit it. Further ones are only scanned at the
start."""


class Watcher(QObject):
    """Emits the changed folders, once no further changes follow."""

    changed = Signal(list)
    """list[Path]"""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watcher = QFileSystemWatcher(self)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._emit_changed)
        self._pending: set[str] = set()
        self._watcher.directoryChanged.connect(self._on_changed)

    def watch(self, folders: Iterable[Path]) -> None:
        """Watches exactly these folders, not their subfolders."""
        wanted = {str(folder) for folder in folders}
        known = set(self._watcher.directories())
        if gone := sorted(known - wanted):
            self._watcher.removePaths(gone)
        self._add(sorted(wanted - known))

    def watch_also(self, folder: Path) -> None:
        """Watches one more, if there is room."""
        if str(folder) not in self._watcher.directories():
            self._add([str(folder)])

    @property
    def folders(self) -> list[Path]:
        return [Path(folder) for folder in self._watcher.directories()]

    def _add(self, folders: list[str]) -> None:
        folders = folders[: max(0, MOST - len(self._watcher.directories()))]
        if folders and (refused := self._watcher.addPaths(folders)):
            log.info("%d folders cannot be watched, such as %s", len(refused), refused[0])

    def _on_changed(self, folder: str) -> None:
        self._pending.add(folder)
        self._pause.start()

    def _emit_changed(self) -> None:
        pending, self._pending = self._pending, set()
        self.changed.emit([Path(folder) for folder in sorted(pending)])


def below(folders: Sequence[Path]) -> list[Path]:
    """The folders and all their subfolders, without hidden ones; at most `MOST`."""
    found: list[Path] = []
    for folder in folders:
        for path, names, _ in os.walk(folder):
            found.append(Path(path))
            names[:] = sorted(name for name in names if not name.startswith("."))
            if len(found) >= MOST:
                return found
    return found
