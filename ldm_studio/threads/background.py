"""Work that would hold the interface up, done beside it by one thread."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakMethod

from PySide6.QtCore import QCoreApplication, QObject

from .main_thread import MainThreadInvoker

T = TypeVar("T")

NICENESS = 10


class Background(QObject):
    """Runs one thing after the other. Whoever wants to know gets the finished `Future`, in the
    thread of this object, where its `result` returns or raises.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool: ThreadPoolExecutor | None = None  # starts with its first work
        self._waiting: dict[Future[Any], Callable[[Future[Any]], None]] = {}
        # Not a child: it has to be there for whoever posts while this object is on its way out.
        self._invoker = MainThreadInvoker(QCoreApplication.instance())
        self.destroyed.connect(self._invoker.put_away)

    def run(
        self, work: Callable[[], T], then: Callable[[Future[T]], None] | None = None
    ) -> Future[T]:
        """`then` is told unless `forget` comes first."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "background", initializer=_give_way)
        future = self._pool.submit(work)
        if then is not None:
            self._waiting[future] = then
            future.add_done_callback(self._announcing())
        else:
            future.add_done_callback(_complain)
        return future

    def forget(self, future: Future[Any]) -> None:
        """Its result is not wanted any more."""
        self._waiting.pop(future, None)
        future.cancel()

    def wait(self) -> None:
        """Until everything asked for so far has been done; `then` is still to be called."""
        if self._pool is not None:
            self._pool.submit(lambda: None).result()

    def close(self) -> None:
        """Finish what was asked for, tell nobody, and take no more."""
        self._waiting.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def _announcing(self) -> Callable[[Future[Any]], None]:
        """What the other thread calls; it keeps nothing of the interface alive."""
        invoker, tell = self._invoker, WeakMethod(self._tell)

        def announce(future: Future[Any]) -> None:
            invoker.post(lambda: _call(tell, future))

        return announce

    def _tell(self, future: Future[Any]) -> None:
        then = self._waiting.pop(future, None)
        if then is not None and not future.cancelled():
            then(future)


def _call(tell: WeakMethod[Callable[[Future[Any]], None]], future: Future[Any]) -> None:
    if method := tell():
        method(future)


def _give_way() -> None:
    """Leave the processor to the interface when both want it; Linux alone has this by thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _complain(future: Future[Any]) -> None:
    """An error that nobody will ask for is one that nobody caught."""
    error = None if future.cancelled() else future.exception()
    if error is not None:
        told = (type(error), error, error.__traceback__, threading.current_thread())
        threading.excepthook(threading.ExceptHookArgs(told))
