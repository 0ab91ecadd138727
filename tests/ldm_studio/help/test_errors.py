"""Uncaught errors: in the log without prompts, in one dialog; the program continues."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from ldm_studio import paths
from ldm_studio.startup.crash_handler import HIDDEN, LOG_NAME, CrashReporter, redact
from ldm_studio.threads.background import Background
from tests.ldm_studio.fakes import FakePipeline


@pytest.fixture
def crash(qapp, application) -> Iterator[CrashReporter]:
    """Connected as in the running program."""
    crash = CrashReporter(paths.logs_dir())
    application.watch(crash)
    yield crash
    crash.close()


def log() -> str:
    return (paths.logs_dir() / LOG_NAME).read_text(encoding="utf-8")


def fail(word: str = "unexpected") -> None:
    raise KeyError(word)


def in_a_slot(application) -> None:
    QTimer.singleShot(0, application, fail)


def in_a_thread(application) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def in_a_task(application) -> None:
    async def work() -> None:
        fail()

    asyncio.get_running_loop().create_task(work())


def in_a_pool(application) -> None:
    background = Background(application)
    background.run(fail)
    background.close()


def in_an_executor(application) -> None:
    async def work() -> None:
        with ThreadPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, fail)

    asyncio.get_running_loop().create_task(work())


def in_the_engine(application) -> None:
    pipeline = application.bridge._engine._pipeline
    pipeline.info, pipeline.before_load = None, fail
    application.bridge.warm_up()


@pytest.mark.parametrize(
    "place", [in_a_slot, in_a_thread, in_a_task, in_a_pool, in_an_executor, in_the_engine]
)
def test_every_error_shows_one_dialog_and_is_logged(application, crash, aio, qtbot, place) -> None:
    aio.set_exception_handler(crash.asyncio_error)
    # pytest-qt sets its own hook, which fails the test.
    sys.excepthook = crash._exception
    place(application)
    qtbot.waitUntil(lambda: application.errors.dialog is not None)
    dialog = application.errors.dialog
    assert dialog.isVisible()
    assert "KeyError" in dialog.summary.text()
    assert "Traceback" in dialog.details.toPlainText()
    assert "Traceback" in log()
    dialog.close_button.click()
    assert application.errors.dialog is None
    application.store.prompt = "goes on"


def test_further_errors_join_the_open_dialog(application) -> None:
    errors = application.errors
    errors.show("one", "report one")
    dialog = errors.dialog
    for _ in range(50):
        errors.show("one", "report one")
    errors.show("two", "report two")
    assert errors.dialog is dialog
    assert "51" in dialog.summary.text()
    assert dialog.details.toPlainText().count("report one") == 1
    assert "report two" in dialog.details.toPlainText()
    dialog.close_button.click()


def test_a_repeated_error_is_shown_without_a_dialog(application) -> None:
    errors, notice = application.errors, application.window.notice
    errors.show("one", "report one")
    errors.dialog.close_button.click()
    errors.show("one", "report one")
    assert errors.dialog is None
    assert "again: one" in notice.text()
    notice.action.click()
    again = application.errors.dialog
    again.copy.click()
    assert QApplication.clipboard().text() == "report one"
    again.close_button.click()


def test_no_prompt_is_in_the_log(application, crash) -> None:
    application.store.prompt = "my secret\ngarden"
    application.store.negative = "nothing else"
    logging.getLogger("ldm_studio.test").warning("wrong: %r", application.store.prompt)
    crash.report("broken: nothing else", "KeyError: 'my secret\\ngarden'")
    text = log()
    assert "secret" not in text
    assert "nothing else" not in text
    assert text.count(HIDDEN) >= 3


def test_short_words_are_not_redacted() -> None:
    assert redact("a cat sat", ["cat", "a cat sat"]) == HIDDEN
    assert redact("concatenate", ["cat"]) == "concatenate"


def test_the_log_records_what_ran_and_stays_short(application, crash) -> None:
    crash.note_versions()
    assert "LDM Studio" in log()
    for number in range(40):
        logging.getLogger("ldm_studio.test").warning("%d %s", number, "x" * 100_000)
    sizes = [path.stat().st_size for path in paths.logs_dir().glob(f"{LOG_NAME}*")]
    assert len(sizes) == 3
    assert sum(sizes) < 4_000_000


def test_a_bug_during_a_run_is_reported_the_same_way(start, aio, qtbot) -> None:
    application = start(FakePipeline(begin_error=RuntimeError("a bug")))
    crash = CrashReporter(paths.logs_dir())
    application.watch(crash)
    application.studio.generate()
    qtbot.waitUntil(lambda: application.errors.dialog is not None)
    assert "a bug" in application.errors.dialog.summary.text()
    application.errors.dialog.close_button.click()
    crash.close()
