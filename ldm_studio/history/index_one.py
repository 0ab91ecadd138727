"""Adds one finished image to the history, for callers that do not keep it open."""

from __future__ import annotations

from pathlib import Path

from core.errors import NO_MESSAGE, Message
from ldm_studio.paths import data_dir, trajectories_dir

from . import steps_on_disk
from .history_errors import HistoryError
from .history_store import History
from .image_reader import scan


def index_image(path: Path) -> Message:
    """Indexes a file; returns the error, because the file will be found at the next start
    anyway.
    """
    try:
        with History(data_dir()) as history:
            history.put([scan(path.absolute())]).result()
            steps_on_disk.follow(history, trajectories_dir())
    except HistoryError as error:
        return error.message
    return NO_MESSAGE
