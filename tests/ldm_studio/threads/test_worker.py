"""A worker runs tasks in order, survives their errors, and finishes what is queued."""

from __future__ import annotations

import threading

import pytest

from ldm_studio.threads.worker import Worker
from tests.waiting import HANG_SECONDS


def test_tasks_run_in_order_on_one_thread_and_close_finishes_them() -> None:
    worker = Worker("ldm-test")
    gate, seen = threading.Event(), list[tuple[int, str]]()
    worker.do(lambda: gate.wait(HANG_SECONDS))
    for number in range(5):
        worker.do(lambda n=number: seen.append((n, threading.current_thread().name)))
    gate.set()
    worker.close(lambda: seen.append((5, threading.current_thread().name)))
    assert seen == [(number, "ldm-test") for number in range(6)]


def test_an_error_is_passed_on_and_the_next_task_runs() -> None:
    errors: list[Exception] = []
    worker = Worker("ldm-test", failed=errors.append)
    worker.do(lambda: 1 // 0)
    future = worker.submit(lambda: 1 // 0)
    assert worker.submit(lambda: 7).result(HANG_SECONDS) == 7
    worker.close()
    assert [type(error) for error in errors] == [ZeroDivisionError]
    with pytest.raises(ZeroDivisionError):
        future.result()


def test_an_error_without_a_waiter_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    worker = Worker("ldm-test")
    worker.do(lambda: 1 // 0)
    worker.close()
    assert [args.exc_type for args in reported] == [ZeroDivisionError]


def test_a_delayed_task_waits_for_the_queue_and_ends_with_the_worker() -> None:
    worker = Worker("ldm-test")
    seen: list[str] = []
    done = threading.Event()

    def first() -> None:
        worker.do_when_idle(0.0, lambda: (seen.append("delayed"), done.set()))
        worker.do(lambda: seen.append("queued"))

    worker.do(first)
    assert done.wait(HANG_SECONDS)
    worker.do_when_idle(HANG_SECONDS, lambda: seen.append("too late"))
    worker.close()
    assert seen == ["queued", "delayed"]


def test_a_closed_worker_accepts_no_task() -> None:
    worker = Worker("ldm-test")
    worker.close()
    worker.do(lambda: pytest.fail("it ran"))
    with pytest.raises(RuntimeError, match="closed"):
        worker.submit(lambda: None)
    worker.close()
