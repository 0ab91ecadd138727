"""Runs slow work in the background, off the interface thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakMethod

from PySide6.QtCore import QCoreApplication, QObject

from .main_thread import MainThreadInvoker
from .priority import lower_priority
from .worker import report_error

T = TypeVar("T")


class Background(QObject):
    """Runs work on threads of low priority, one after the other unless there are several threads.

    `then` gets the finished `Future` on the thread of this object, where its `result` returns or
    raises. Requested work is done before the process exits.
    """

    def __init__(self, parent: QObject | None = None, *, threads: int = 1) -> None:
        super().__init__(parent)
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None  # starts with its first work
        self._waiting: dict[Future[Any], Callable[[Future[Any]], None]] = {}
        # Not a child: it must exist for work that posts while this object is being destroyed.
        self._invoker = MainThreadInvoker(QCoreApplication.instance())
        self.destroyed.connect(self._invoker.put_away)

    def run(
        self, work: Callable[[], T], then: Callable[[Future[T]], None] | None = None
    ) -> Future[T]:
        """`then` is called unless `forget` or `close` comes first. Without `then`, an error is
        reported as an uncaught one.
        """
        future = self._submit(work)
        if then is not None:
            self._waiting[future] = then
            future.add_done_callback(self._announcing())
        else:
            future.add_done_callback(_report_error)
        return future

    async def result_of(self, work: Callable[[], T]) -> T:
        """The result of `work`. Cancelling the task cancels the work if it has not begun."""
        return await asyncio.wrap_future(self._submit(work))

    def forget(self, future: Future[Any]) -> None:
        """Drops the result."""
        self._waiting.pop(future, None)
        future.cancel()

    def wait(self) -> None:
        """Waits until everything requested so far is done; `then` is still to be called. Only
        for one thread."""
        if self._pool is not None:
            self._pool.submit(lambda: None).result()

    def close(self, *, discard: bool = False) -> None:
        """Finishes requested work, or with `discard` only what has begun; calls no `then`, and
        takes no more work.
        """
        self._waiting.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=discard)

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        if self._pool is None:
            pool = ThreadPoolExecutor(self._threads, "ldm-background", initializer=lower_priority)
            self.destroyed.connect(lambda: pool.shutdown(wait=False))  # or its threads stay
            self._pool = pool
        return self._pool.submit(work)

    def _announcing(self) -> Callable[[Future[Any]], None]:
        """The callback for the other thread, which keeps nothing of the interface alive."""
        invoker, deliver = self._invoker, WeakMethod(self._deliver)

        def announce(future: Future[Any]) -> None:
            invoker.post(lambda: _call(deliver, future))

        return announce

    def _deliver(self, future: Future[Any]) -> None:
        then = self._waiting.pop(future, None)
        if then is not None and not future.cancelled():
            then(future)


def _call(deliver: WeakMethod[Callable[[Future[Any]], None]], future: Future[Any]) -> None:
    if method := deliver():
        method(future)


def _report_error(future: Future[Any]) -> None:
    """Reports the error of work without a `then`."""
    error = None if future.cancelled() else future.exception()
    if error is not None:
        report_error(error)
