"""Scans the model folders, which may contain thousands of unknown files."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal

from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.threads.background import Background

BATCH_SECONDS = 1.0
"""Seconds of identifying files before intermediate results are shown."""
Find = Callable[[tuple[str, ...], float], tuple[object, int]]
"""Finds files on another thread in the added folders and in the models folder, reading headers for
this many seconds (0 for none) -> the result, and the number of files still unread.
"""


class ModelScan(QObject):
    """Scans again and again while more files become known."""

    found = Signal(object)
    """What was found."""

    def __init__(self, store: StudioStore, look: Find, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._find = store, look
        self._was_loading = store.run.loading
        self._under_way = self._again = False
        self._unread: int | None = None
        self._background = Background(self)
        self.unread = PlainLabel()
        """Shows the number of files that are still unread."""
        self.unread.setObjectName("caption")
        self.unread.hide()
        store.run_changed.connect(self._on_run)

    def start(self) -> None:
        """Restarts if it is running."""
        if self._under_way:
            self._again = True
            return
        self._under_way = True
        folders, seconds = self._store.model_folders, BATCH_SECONDS if self._reads else 0.0
        self._background.run(lambda: self._find(folders, seconds), self._on_found)

    @property
    def is_running(self) -> bool:
        """Whether files are still unread, as far as that is known."""
        return self._unread is None or self._unread > 0

    @property
    def _reads(self) -> bool:
        """Reading headers needs torch, which the engine imports."""
        return not self._store.run.loading

    def _on_found(self, done: Future[tuple[object, int]]) -> None:
        self._under_way = False
        found, unread = done.result()
        self._again |= self._reads and 0 < unread != self._unread
        self._unread = unread
        self.unread.setText(self.tr("Checking %n more files…", "", unread))
        self.unread.setVisible(self.is_running)
        self.found.emit(found)
        if self._again:
            self._again = False
            self.start()

    def _on_run(self, run: RunState) -> None:
        if self._was_loading and not run.loading:
            self.start()  # what could not be read yet
        self._was_loading = run.loading
