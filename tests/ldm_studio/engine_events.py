"""Helpers for engine tests: collect events, wait for one, make jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from core.request.request import Request
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Idle,
    Job,
    QueueChanged,
    QueueItem,
    Saved,
)
from ldm_studio.engine.mailbox import Mailbox
from tests.waiting import HANG_SECONDS

T = TypeVar("T")
OUTCOMES = (Finished, Saved, Failed, Cancelled)


class Reader:
    """Collects every event, and waits for one."""

    def __init__(self) -> None:
        self.mailbox = Mailbox(self._wake)
        self.events: list[Event] = []
        self._news = threading.Event()

    def _wake(self) -> None:
        self._news.set()

    def until(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Every event so far, once one satisfies `wanted`."""
        while not any(wanted(event) for event in self.events):
            assert self._news.wait(HANG_SECONDS), f"not among {self.events}"
            self._news.clear()
            self.events += self.mailbox.drain()
        return self.events

    def until_idle(self) -> list[Event]:
        """Every event so far, once a job has ended and nothing is left to do.

        Of several jobs the first may end before the next is submitted: see `until_over`.
        """
        return self.until(lambda event: isinstance(event, Idle))

    def until_over(self, *ids: int) -> list[Event]:
        """Every event so far, once all of these jobs have ended and nothing is left to do."""

        def over() -> bool:
            ended: set[int] = set()
            for event in self.events:
                if isinstance(event, OUTCOMES):
                    ended.add(event.id)
                elif isinstance(event, Idle) and ended.issuperset(ids):
                    return True
            return False

        return self.until(lambda event: isinstance(event, Idle) and over())

    def one(self, kind: type[T], wanted: Callable[[T], bool] = lambda event: True) -> T:
        """The first event of a kind that satisfies `wanted`; waits for it if necessary."""
        events = self.until(lambda event: isinstance(event, kind) and wanted(event))
        return next(event for event in events if isinstance(event, kind) and wanted(event))

    def all(self, kind: type[T]) -> list[T]:
        """All events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def queue(self) -> tuple[QueueItem, ...]:
        """The last reported queue."""
        return self.all(QueueChanged)[-1].items

    def forget(self) -> None:
        self.events += self.mailbox.drain()
        self.events.clear()


def new_job(number: int = 1, *, steps: int = 4, count: int = 1, seed: int = 0) -> Job:
    return Job(number, Request(prompt="a cat", steps=steps, count=count, seed=seed))


def end(engine: Engine) -> None:
    engine.close()
    assert engine.join(HANG_SECONDS)
