"""Runs queries of the history on a separate thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from core.errors import StudioError
from ldm_studio.history.history_reader import Reader
from ldm_studio.threads.main_thread import Failed, MainThreadInvoker
from ldm_studio.threads.worker import Worker

T = TypeVar("T")


@dataclass(eq=False)
class _Question:
    topic: str
    ask: Callable[[Reader], Any]
    then: Callable[[Any], None]
    failed: Failed
    is_stale: bool = False


class QueryWorker:
    """Only the newest query of each topic is answered: a newer one interrupts and replaces it.

    Queries run in the order in which their topics arrived. Methods are called, and answers
    delivered, on the main thread.
    """

    def __init__(self, open_reader: Callable[[], Reader], invoker: MainThreadInvoker) -> None:
        self._open_reader, self._invoker = open_reader, invoker
        self._running: _Question | None = None
        self._newest: dict[str, _Question] = {}
        """The newest query of each topic, until its answer is delivered."""
        self._reader: Reader | None = None
        self._lock = threading.Lock()
        self._worker = Worker("ldm-queries")

    def ask(
        self, topic: str, ask: Callable[[Reader], T], then: Callable[[T], None], failed: Failed
    ) -> None:
        """`then` gets the answer, unless a newer query of the topic was asked."""
        question = _Question(topic, ask, then, failed)
        with self._lock:
            self._drop(topic)
            self._newest[topic] = question
        self._worker.do(partial(self._answer, question))

    def forget(self, topic: str) -> None:
        """Discards pending answers."""
        with self._lock:
            self._drop(topic)

    def close(self) -> None:
        """Returns when the thread has ended."""
        with self._lock:
            for topic in list(self._newest):
                self._drop(topic)
        self._worker.close(self._close_reader)

    def _drop(self, topic: str) -> None:
        if (old := self._newest.pop(topic, None)) is not None:
            old.is_stale = True
            if old is self._running and self._reader is not None:
                self._reader.interrupt()

    # On its thread

    def _answer(self, question: _Question) -> None:
        with self._lock:
            if question.is_stale:
                return
            self._running = question
        try:
            if self._reader is not None and not self._reader.is_current:
                self._close_reader()
            if self._reader is None:
                self._reader = self._open_reader()
            answer = question.ask(self._reader)
        except StudioError as error:
            self._hand_over(question, lambda e=error: question.failed(e))
        except Exception as error:  # a mistake of this program: raised where it is reported
            self._hand_over(question, lambda e=error: _raise(e))
        else:
            self._hand_over(question, lambda: question.then(answer))

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _hand_over(self, question: _Question, what: Callable[[], None]) -> None:
        with self._lock:
            self._running = None

        def deliver() -> None:
            if not question.is_stale:
                with self._lock:
                    self._newest.pop(question.topic, None)
                what()

        self._invoker.post(deliver)


def _raise(error: Exception) -> None:
    raise error
