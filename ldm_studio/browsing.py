"""The history in the window: what is finished goes into it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from .engine.events import Finished
from .history.browser.library import Library
from .history.store import Recovery
from .studio import Studio


class Browsing(QObject):
    """Connects the history with the engine and the canvas."""

    def __init__(self, library: Library, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library, self._studio = library, studio
        studio.bridge.finished.connect(self._on_finished)
        library.recovered.connect(self._on_recovered)

    def close(self) -> None:
        """Ends the threads of what it shows; the library is closed by whoever opened it."""

    def _on_finished(self, event: Finished) -> None:
        if event.path is not None:
            self._library.note([event.path])

    def _on_recovered(self, recovery: Recovery) -> None:
        self._studio.window.notice.show_info(recovery.message)
