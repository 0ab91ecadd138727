"""A separate history for every test, and the history page of a window with five images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ldm_studio.history.history_store import History
from ldm_studio.history_page.history_page import HistoryPage
from ldm_studio.history_page.image_list_model import Stage
from tests.ldm_studio.history_page.paging import WORDS, image
from tests.ldm_studio.window_actions import index_history


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "data") as history:
        yield history


@pytest.fixture
def open_page(application, qtbot) -> Callable[[], HistoryPage]:
    def opened() -> HistoryPage:
        index_history(application.library, qtbot)
        application.history_controller.show_history()
        page = application.history_controller.page
        qtbot.waitUntil(lambda: page.model.stage is Stage.DONE)
        return page

    return opened


@pytest.fixture
def page(open_page) -> HistoryPage:
    for number, words in enumerate(WORDS, 1):
        image(number, words)
    return open_page()
