"""Writes to disk, in order, what neither the interface nor the engine should wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

THREAD_NAME = "ldm-clerk"


class Clerk:
    """A thread that runs what it is given, one after the other."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        """`failed` is told, on the clerk's thread, of a task that raised."""
        self._tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._failed = failed
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def do(self, task: Callable[[], object]) -> None:
        self._tasks.put(task)

    def close(self) -> None:
        """Wait until everything that was given is done, and end."""
        self._tasks.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except Exception as error:  # told; what follows must be written all the same
                self._failed(error)
            del task
