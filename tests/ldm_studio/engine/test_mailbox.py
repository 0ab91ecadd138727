from __future__ import annotations

import numpy as np

from core.images.preview import Preview
from ldm_studio.engine.events import Cancelled, Event, Idle, Progress
from ldm_studio.engine.mailbox import Mailbox

PREVIEW = Preview(np.zeros((2, 2, 3), np.uint8))


def progress(step: int, job: int = 1, preview: Preview | None = None) -> Progress:
    return Progress(job, step, 100, 0.1, preview)


def steps(events: list[Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, Progress)]


def test_newest_progress_replaces_the_unread_one() -> None:
    mailbox = Mailbox(lambda: None)
    for step in range(1, 1001):
        mailbox.post(progress(step))
    assert steps(mailbox.drain()) == [1000]


def test_the_last_progress_comes_before_later_events_and_nothing_else_is_dropped() -> None:
    mailbox = Mailbox(lambda: None)
    for step in (1, 2, 3):
        mailbox.post(progress(step))
    mailbox.post(Cancelled(1))
    mailbox.post(progress(1, job=2))
    mailbox.post(Idle())
    kinds = [type(event) for event in mailbox.drain()]
    assert kinds == [Progress, Cancelled, Progress, Idle]


def test_an_unread_preview_survives_progress_without_one() -> None:
    mailbox = Mailbox(lambda: None)
    mailbox.post(progress(1, preview=PREVIEW))
    assert mailbox.has_unread(1)
    mailbox.post(progress(2))
    assert mailbox.has_unread(1)
    (event,) = mailbox.drain()
    assert isinstance(event, Progress)
    assert event.step == 2
    assert event.preview is PREVIEW
    assert not mailbox.has_unread(1)


def test_the_reader_is_woken_only_once_before_it_reads() -> None:
    wakes: list[None] = []
    mailbox = Mailbox(lambda: wakes.append(None))
    for step in range(5):
        mailbox.post(progress(step))
    assert len(wakes) == 1
    mailbox.drain()
    mailbox.post(Idle())
    assert len(wakes) == 2
    mailbox.drain()
    assert mailbox.drain() == []
