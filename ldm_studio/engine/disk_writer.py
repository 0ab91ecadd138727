"""Writes to disk in order, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

THREAD_NAME = "ldm-disk-writer"
RETRY_SECONDS = 5.0


class DiskWriter:
    """A thread that runs tasks one after the other."""

    def __init__(
        self,
        failed: Callable[[Exception], None],
        retry: Callable[[], bool] = lambda: False,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """On the writer's thread, `failed` is called with the error of a task, and `retry` some
        time later, repeatedly while it returns that something is left to do.
        """
        self._tasks: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._failed, self._retry, self._retry_seconds = failed, retry, retry_seconds
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def do(self, task: Callable[[], object]) -> None:
        self._tasks.put(task)

    def close(self) -> None:
        """Waits until all tasks are done, and ends."""
        self._tasks.put(None)
        self._thread.join()

    def _work(self) -> None:
        left = False
        while True:
            try:
                task = self._tasks.get(timeout=self._retry_seconds if left else None)
            except Empty:
                left = self._retry()
                continue
            if task is None:
                return
            try:
                task()
            except Exception as error:  # told; what follows must be written all the same
                left = True
                self._failed(error)
            del task
