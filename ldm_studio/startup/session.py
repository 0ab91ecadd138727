"""Saves and restores the session: window geometry and parameters."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QMainWindow

from ldm_studio.canvas.document.canvas_store import restore_settings, settings_of
from ldm_studio.canvas.view.canvas_view import CanvasView
from ldm_studio.commands.recent_commands import RecentCommands
from ldm_studio.json_files import read_json, write_json
from ldm_studio.store.prompt_history import PromptHistory
from ldm_studio.store.store import StudioStore

log = logging.getLogger(__name__)

DELAY_MS = 1000
RETRY_MS = 5000
_LAYOUT = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.WindowStateChange)


class Session(QObject):
    """Restores a session from `path` and writes it shortly after each change."""

    failed = Signal(str, str)
    """It could not be written: message and hint. Emitted once until it succeeds again."""

    def __init__(self, path: Path, store: StudioStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._store = store
        self._window: QMainWindow | None = None
        self._canvas: CanvasView | None = None
        self._data = read_json(path)
        known = self._data.get("prompts", [])
        self.prompts = PromptHistory(
            text for text in (known if isinstance(known, list) else []) if isinstance(text, str)
        )
        self.welcomes = self.is_first or self._data.get("welcome") is True
        """Whether no image was ever made or opened."""
        used = self._data.get("commands", [])
        self.recent = RecentCommands(
            (name for name in (used if isinstance(used, list) else []) if isinstance(name, str)),
            self,
        )
        self.recent.changed.connect(self._changed)
        self._reported = False
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self.save)

    @property
    def is_first(self) -> bool:
        """Whether there is no earlier session."""
        return "parameters" not in self._data

    def welcomed(self) -> None:
        """Records that there is a first image."""
        self.welcomes = False
        self._changed()

    def secrets(self) -> list[str]:
        """The prompts that must not be logged; called on any thread."""
        return [self._store.prompt, self._store.negative, *self.prompts.prompts]

    def restore_parameters(self) -> None:
        parameters = self._data.get("parameters", {})
        if not isinstance(parameters, dict):
            parameters = {}
        for problem in self._store.restore(parameters):
            log.warning("%s: %s", self._path, problem)
        self._store.modified.connect(self._changed)

    def restore_window(self, window: QMainWindow) -> bool:
        """False if there is no earlier geometry."""
        self._window = window
        window.installEventFilter(self)
        window.restoreState(self._bytes("state"))
        return window.restoreGeometry(self._bytes("geometry"))

    def restore_canvas(self, view: CanvasView) -> None:
        """Restores tool options; `canvas_store` restores the image."""
        self._canvas = view
        known = self._data.get("canvas", {})
        restore_settings(view, known if isinstance(known, dict) else {})
        view.options_changed.connect(self._changed)
        view.tint_changed.connect(self._changed)

    def save(self) -> None:
        """Writes now. On a full disk it is reported and tried again."""
        self._timer.stop()
        kept = self._data.get("parameters", {})
        unknown = kept if isinstance(kept, dict) else {}
        self._data["parameters"] = {**unknown, **self._store.saved()}
        self._data["welcome"] = self.welcomes
        self._data["commands"] = list(self.recent.names)
        self._data["prompts"] = list(self.prompts.prompts)
        if self._canvas is not None:
            self._data["canvas"] = settings_of(self._canvas)
        if self._window is not None:
            self._data["geometry"] = _text(self._window.saveGeometry())
            self._data["state"] = _text(self._window.saveState())
        try:
            write_json(self._path, self._data)
        except OSError as error:
            self._on_failed(error)
        else:
            self._reported = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _LAYOUT:
            self._changed()
        return False

    def _on_failed(self, error: OSError) -> None:
        log.warning("the session could not be written: %s", error)
        self._timer.start(RETRY_MS)
        if self._reported:
            return
        self._reported = True
        self.failed.emit(
            self.tr("Prompt and settings cannot be saved in {folder}: {reason}.").format(
                folder=self._path.parent, reason=error.strerror or error
            ),
            self.tr(
                "Saving is tried again; until it succeeds, closing LDM Studio would lose them."
            ),
        )

    def _changed(self, _name: str = "") -> None:
        if not self._timer.isActive():  # so that it is also written during long typing
            self._timer.start(DELAY_MS)

    def _bytes(self, key: str) -> QByteArray:
        value: Any = self._data.get(key, "")
        text = value if isinstance(value, str) else ""
        return QByteArray.fromBase64(text.encode("ascii", "ignore"))


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")
