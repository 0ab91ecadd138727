"""A mailbox between threads: the newest progress replaces older ones, other events are never
lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from .events import Event, Progress


class Mailbox:
    """Many writers, one reader. Writers never wait for the reader.

    A `Progress` replaces the unread one of the same job, so memory is bounded however slow the
    reader is. Other events keep their order, and the last progress comes before the event that
    followed it. `wake` is called at most once between two calls of `drain`, on the writer's thread.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._latest: dict[int, Progress] = {}
        self._events: list[Event] = []
        self._armed = False

    def post(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Progress):
                unread = self._latest.get(event.id)
                if event.preview is None and unread is not None:
                    event = replace(event, preview=unread.preview)
                self._latest[event.id] = event
            else:
                self._events.extend(self._latest.values())
                self._latest.clear()
                self._events.append(event)
            wake, self._armed = not self._armed, True
        if wake:
            self._wake()

    def has_unread(self, job_id: int) -> bool:
        """Whether a preview of this job is still unread."""
        with self._lock:
            unread = self._latest.get(job_id)
            return unread is not None and unread.preview is not None

    def drain(self) -> list[Event]:
        """All unread events, oldest first."""
        with self._lock:
            events = [*self._events, *self._latest.values()]
            self._events = []
            self._latest.clear()
            self._armed = False
        return events
