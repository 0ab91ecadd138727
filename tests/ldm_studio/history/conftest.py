"""A separate history for every test, whose writers wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ldm_studio.history import database_schema, thumbnails
from ldm_studio.history.history_reader import Reader
from ldm_studio.history.history_store import History
from tests.waiting import HANG_SECONDS


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (database_schema, thumbnails):
        monkeypatch.setattr(module, "BUSY_MS", round(HANG_SECONDS * 1000))


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "data") as history:
        yield history


@pytest.fixture
def reader(history: History) -> Iterator[Reader]:
    with history.reader() as reader:
        yield reader
