"""The history of a running window: locked by others, or deleted."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import StudioError
from ldm_studio.history import database_schema
from ldm_studio.history.database_watch import RestoredDatabase
from ldm_studio.history.history_store import DATABASE
from ldm_studio.history.query_language import Query
from ldm_studio.history_page import open_history as module
from ldm_studio.history_page.open_history import Library
from tests.ldm_studio.history.files import ours


@pytest.fixture
def library(qtbot, tmp_path: Path, monkeypatch) -> Iterator[Library]:
    monkeypatch.setattr(database_schema, "BUSY_MS", 20)
    monkeypatch.setattr(module, "RETRY_MS", 20)
    library = Library(tmp_path / "data", tmp_path / "pictures")
    with qtbot.waitSignals([library.opened, library.indexed]):
        library.open()
    yield library
    library.close()


def count(library: Library) -> int:
    with library.history.reader() as reader:
        return reader.count(Query())


def test_an_image_finished_while_the_history_is_locked_is_added_later(
    library: Library, qtbot, tmp_path
) -> None:
    path = ours(tmp_path / "elsewhere" / "00001-1.png")
    reported: list[StudioError] = []
    library.failed.connect(reported.append)
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        library.note([path])
        qtbot.waitUntil(lambda: len(reported) > 1)
        assert "another program has locked it" in str(reported[0].message)
        assert count(library) == 0
        with qtbot.waitSignal(library.changed):
            other.execute("ROLLBACK")
    assert count(library) == 1


def test_a_history_deleted_under_the_window_is_restored_and_reported(
    library: Library, qtbot, tmp_path
) -> None:
    first, second = (ours(tmp_path / "elsewhere" / f"{n}.png", seed=n) for n in (1, 2))
    with qtbot.waitSignal(library.changed):
        library.note([first])
    shutil.rmtree(tmp_path / "data")
    reported: list[RestoredDatabase] = []
    library.recovered.connect(reported.append)
    with qtbot.waitSignals([library.recovered, library.changed]):
        library.note([second])
    assert "nothing is lost" in str(reported[0].message)
    qtbot.waitUntil(lambda: count(library) == 2)


def test_problems_of_the_history_are_reported_once_in_the_window(application, qtbot) -> None:
    notice = application.window.notice
    error = StudioError("The history is locked.", "Wait.")
    application.library.failed.emit(error)
    assert notice.text() == "The history is locked.\nWait."
    notice.dismiss()
    application.library.failed.emit(error)
    assert notice.text() == ""
    application.library.changed.emit()
    application.library.failed.emit(error)
    assert notice.text()
