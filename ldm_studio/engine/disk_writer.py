"""Writes to disk in order, in the background."""

from __future__ import annotations

from collections.abc import Callable

from ldm_studio.threads.worker import Worker

RETRY_SECONDS = 5.0


class DiskWriter:
    """Runs tasks one after the other on a thread."""

    def __init__(
        self,
        failed: Callable[[Exception], None],
        retry: Callable[[], bool] = lambda: False,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """On the writer's thread, `failed` is called with the error of a task, and `retry` some
        time later, repeatedly while it returns that something is left to do.
        """
        self._failed, self._retry, self._retry_seconds = failed, retry, retry_seconds
        self._worker = Worker("ldm-disk-writer", failed=self._on_failed)

    def do(self, task: Callable[[], object]) -> None:
        self._worker.do(task)

    def close(self) -> None:
        """Waits until all tasks are done, and ends."""
        self._worker.close()

    def _on_failed(self, error: Exception) -> None:
        self._retry_later()
        self._failed(error)

    def _try_again(self) -> None:
        if self._retry():
            self._retry_later()

    def _retry_later(self) -> None:
        self._worker.do_when_idle(self._retry_seconds, self._try_again)
