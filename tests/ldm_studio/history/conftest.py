"""A separate history for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ldm_studio.history.history_reader import Reader
from ldm_studio.history.history_store import History


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "data") as history:
        yield history


@pytest.fixture
def reader(history: History) -> Iterator[Reader]:
    with history.reader() as reader:
        yield reader
