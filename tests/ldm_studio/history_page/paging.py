"""The history page with five images, and helpers for its tests."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt

from core.request.request import Request
from ldm_studio.history.query_language import parse
from ldm_studio.history_page.history_page import HistoryPage
from ldm_studio.history_page.image_list_model import Stage
from ldm_studio.history_page.thumbnail_grid import ThumbnailGrid
from ldm_studio.paths import pictures_dir
from tests.ldm_studio.history.files import ours

Key, Button, Modifier = Qt.Key, Qt.MouseButton, Qt.KeyboardModifier

WORDS = ("a red fox", "a blue fox", "a castle", "a green fox", "a rocket")


def image(number: int, prompt: str, **changes: object) -> Path:
    """The higher the number, the newer."""
    request = replace(Request(prompt=prompt, width=8, height=8, seed=number), **changes)
    path = ours(pictures_dir() / "2026-11-20" / f"{number:05}-1.png", request, seed=number)
    moment = 1_790_000_000 + number * 60
    os.utime(path, (moment, moment))
    return path


def prompts(page: HistoryPage) -> list[str]:
    found = [page.model.listed(row) for row in range(page.model.rowCount())]
    return ["" if one is None else one.prompt for one in found]


def search(page: HistoryPage, qtbot, text: str) -> None:
    page.search.setText(text)
    found(page, qtbot)


def found(page: HistoryPage, qtbot) -> None:
    """Waits until the text in the search field has been searched."""
    qtbot.waitUntil(
        lambda: page.model.query == parse(page.search.text()) and page.model.stage is Stage.DONE,
    )


def choose(page: HistoryPage, qtbot, *rows: int) -> None:
    """Selects rows, and waits for the details of a single one."""
    ids = [int(page.model.ids[row]) for row in rows]
    if len(rows) == 1:
        with qtbot.waitSignal(page.details_shown, check_params_cb=lambda shown: [shown] == ids):
            page.grid.select_ids(ids)
    else:
        page.grid.select_ids(ids)


def middle(grid: ThumbnailGrid, row: int) -> QPoint:
    return grid.visualRect(grid.model().index(row, 0)).center()
