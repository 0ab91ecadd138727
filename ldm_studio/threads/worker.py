"""A thread that runs tasks in order: for what must stay on one thread, such as a connection to a
database. It knows nothing of Qt.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from .priority import lower_priority

T = TypeVar("T")

Task = Callable[[], object]


def report_error(error: BaseException) -> None:
    """Passes an error that no caller handles to `threading.excepthook`."""
    values = (type(error), error, error.__traceback__, threading.current_thread())
    threading.excepthook(threading.ExceptHookArgs(values))


class Worker:
    """A daemon thread with a queue. Methods may be called on any thread.

    The thread starts with the first task. What is queued is done before `close` returns; what is
    queued when the process exits without `close` is lost.
    """

    def __init__(
        self,
        name: str,
        *,
        low_priority: bool = False,
        failed: Callable[[Exception], None] = report_error,
    ) -> None:
        """`failed`: called on the thread with the error of a task of `do`; the next one follows."""
        self._name, self._low_priority, self._failed = name, low_priority, failed
        self._tasks: deque[Task] = deque()
        self._delayed: tuple[float, Task] | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def do(self, task: Task) -> None:
        """Runs `task` after those before it; not after `close`."""
        self._put(task)

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Like `do`, but the future has the result, or raises the error. Raises RuntimeError after
        `close`.
        """
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = task()
            except BaseException as error:  # raised by the future
                future.set_exception(error)
            else:
                future.set_result(result)

        if not self._put(run):
            raise RuntimeError(f"The worker {self._name} is closed.")
        return future

    def do_when_idle(self, seconds: float, task: Task) -> None:
        """Runs `task` after `seconds`, once nothing else is queued; not after `close`.

        There is one such task: a later call replaces it.
        """
        with self._changed:
            self._delayed = time.monotonic() + seconds, task
            self._start()
            self._changed.notify()

    def close(self, last: Task | None = None) -> None:
        """Runs what is queued, then `last`, and waits for the end of the thread."""
        with self._changed:
            if not self._closed:
                self._closed = True
                if last is not None and self._thread is not None:
                    self._tasks.append(last)
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _put(self, task: Task) -> bool:
        """Queues a task; False after `close`."""
        with self._changed:
            if self._closed:
                return False
            self._tasks.append(task)
            self._start()
            self._changed.notify()
            return True

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    # On the thread

    def _run(self) -> None:
        if self._low_priority:
            lower_priority()
        while (task := self._next()) is not None:
            try:
                task()
            except Exception as error:  # passed on; the tasks that follow are run all the same
                self._failed(error)
            del task  # which may hold much memory

    def _next(self) -> Task | None:
        """The next task, waited for; None when it is time to end."""
        with self._changed:
            while not self._tasks:
                if self._closed:
                    return None
                wait = None
                if self._delayed is not None:
                    due, task = self._delayed
                    wait = due - time.monotonic()
                    if wait <= 0:
                        self._delayed = None
                        return task
                self._changed.wait(wait)
            return self._tasks.popleft()
