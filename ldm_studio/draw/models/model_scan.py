"""Looking through the folders of models, which may hold thousands of files not known yet."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel

from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.threads.background import Background

BATCH_SECONDS = 1.0
"""Seconds of looking at files before what was found out is shown."""
Find = Callable[[tuple[str, ...], float], tuple[object, int]]
"""Finds, on another thread, what there is in the folders that were added and in ours, reading
headers for so many seconds, 0 for none -> what was found, and how many files are still unread.
"""


class ModelScan(QObject):
    """One look at a time, then the next, as long as more becomes known."""

    found = Signal(object)
    """What was found."""

    def __init__(self, store: StudioStore, look: Find, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._find = store, look
        self._was_loading = store.run.loading
        self._under_way = self._again = False
        self._unread: int | None = None
        self._background = Background(self)
        self.unread = QLabel()
        """Says how many files are still to be looked at."""
        self.unread.setObjectName("caption")
        self.unread.hide()
        store.run_changed.connect(self._on_run)

    def start(self) -> None:
        """Again, if that is under way."""
        if self._under_way:
            self._again = True
            return
        self._under_way = True
        folders, seconds = self._store.model_folders, BATCH_SECONDS if self._reads else 0.0
        self._background.run(lambda: self._find(folders, seconds), self._on_found)

    @property
    def is_running(self) -> bool:
        """Whether files are still to be looked at, as far as that is known."""
        return self._unread is None or self._unread > 0

    @property
    def _reads(self) -> bool:
        """Reading headers takes torch, and that is the engine's to import."""
        return not self._store.run.loading

    def _on_found(self, done: Future[tuple[object, int]]) -> None:
        self._under_way = False
        found, unread = done.result()
        self._again |= self._reads and 0 < unread != self._unread
        self._unread = unread
        self.unread.setText(self.tr("Looking at %n more files…", "", unread))
        self.unread.setVisible(self.is_running)
        self.found.emit(found)
        if self._again:
            self._again = False
            self.start()

    def _on_run(self, run: RunState) -> None:
        if self._was_loading and not run.loading:
            self.start()  # what could not be read yet
        self._was_loading = run.loading
