"""One finished picture into the history, for who does not keep it open."""

from __future__ import annotations

from pathlib import Path

from ldm_studio.paths import data_dir, trajectories_dir

from . import steps
from .errors import HistoryError
from .reading import scan
from .store import History


def note(path: Path) -> str:
    """Index a file; returns what went wrong, for it is found at the next start all the same."""
    try:
        with History(data_dir()) as history:
            history.put([scan(path.absolute())]).result()
            steps.follow(history, trajectories_dir())
    except HistoryError as error:
        return error.message
    return ""
