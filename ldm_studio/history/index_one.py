"""One finished picture into the history, for who does not keep it open."""

from __future__ import annotations

from pathlib import Path

from ldm_studio.paths import data_dir, trajectories_dir

from . import steps_on_disk
from .history_errors import HistoryError
from .history_store import History
from .image_reader import scan


def index_image(path: Path) -> str:
    """Index a file; returns what went wrong, for it is found at the next start all the same."""
    try:
        with History(data_dir()) as history:
            history.put([scan(path.absolute())]).result()
            steps_on_disk.follow(history, trajectories_dir())
    except HistoryError as error:
        return error.message
    return ""
