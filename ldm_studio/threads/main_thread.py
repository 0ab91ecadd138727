"""Runs functions on the interface's thread: the only way there from other threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from core.errors import StudioError

T = TypeVar("T")

Failed = Callable[[StudioError], None]


class MainThreadInvoker(QObject):
    """Runs functions on the thread it lives on, in the order in which they were posted."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._lock = threading.Lock()
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, function: Callable[[], None]) -> None:
        """Callable from any thread. After `close` nothing is run."""
        with self._lock:
            if self._open and isValid(self):  # the application may have ended
                self._posted.emit(function)

    def close(self) -> None:
        with self._lock:
            self._open = False

    def put_away(self) -> None:
        """Closes for good, once no thread is posting."""
        self.close()
        self.deleteLater()

    def when_done(self, future: Future[T], then: Callable[[T], None], failed: Failed) -> None:
        """Calls `hand_over` on this thread once the future is done."""
        future.add_done_callback(lambda _: self.post(lambda: hand_over(future, then, failed)))

    def _run(self, function: Callable[[], None]) -> None:
        if self._open:
            function()


def hand_over(future: Future[T], then: Callable[[T], None], failed: Failed) -> None:
    """Passes on the result, or the StudioError. Raises any other error; a cancelled future is
    ignored.
    """
    try:
        result = future.result()
    except CancelledError:
        return
    except StudioError as error:
        failed(error)
    else:
        then(result)
