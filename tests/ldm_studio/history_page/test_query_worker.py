"""Queries of the history in the background."""

from __future__ import annotations

import threading

import pytest

from core.errors import StudioError
from ldm_studio.history.history_reader import Reader
from ldm_studio.history.query_language import Query
from ldm_studio.history_page.query_worker import QueryWorker
from ldm_studio.threads.main_thread import MainThreadInvoker
from tests.ldm_studio.history.files import scanned
from tests.waiting import HANG_SECONDS


@pytest.fixture
def asker(qapp, history):
    invoker = MainThreadInvoker()
    asker = QueryWorker(history.reader, invoker)
    yield asker
    invoker.close()
    asker.close()


def refuse(error: StudioError) -> None:
    raise error


def test_answers_arrive_on_the_asking_thread(asker, history, qtbot) -> None:
    history.put([scanned(1), scanned(2)]).result()
    answers: list[tuple[int, threading.Thread]] = []
    asker.ask(
        "count",
        lambda reader: reader.count(Query()),
        lambda count: answers.append((count, threading.current_thread())),
        refuse,
    )
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [(2, threading.current_thread())]


def test_only_the_newest_query_of_a_topic_is_answered(asker, qtbot) -> None:
    answers: list[int] = []
    gate, begun = threading.Event(), threading.Event()

    def slow(reader: Reader) -> int:
        begun.set()
        gate.wait(HANG_SECONDS)
        return 1

    asker.ask("list", slow, answers.append, refuse)
    assert begun.wait(HANG_SECONDS)
    asker.ask("list", lambda reader: 2, answers.append, refuse)
    asker.ask("list", lambda reader: 3, answers.append, refuse)
    asker.ask("other", lambda reader: 4, answers.append, refuse)
    gate.set()
    qtbot.waitUntil(lambda: 4 in answers)
    assert answers == [3, 4]


def test_a_pending_answer_is_dropped_after_a_newer_query(asker, qtbot) -> None:
    answers: list[int] = []
    answered = threading.Event()
    asker.ask("list", lambda reader: 1, answers.append, refuse)
    asker.ask("after", lambda reader: answered.set(), lambda _: None, refuse)
    assert answered.wait(HANG_SECONDS)  # by now the first answer waits for this thread
    asker.ask("list", lambda reader: 2, answers.append, refuse)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [2]


def test_an_error_is_reported(asker, qtbot) -> None:
    reported: list[StudioError] = []

    def fail(reader: Reader) -> None:
        raise StudioError("no")

    asker.ask("list", fail, lambda _: None, reported.append)
    qtbot.waitUntil(lambda: bool(reported))
    assert str(reported[0].message) == "no"
