"""The current settings: notifies of changes and writes them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from . import settings
from .settings import Settings, replace

log = logging.getLogger(__name__)


class Preferences(QObject):
    """Holds one value of `Settings`, and the file it comes from."""

    changed = Signal(object, object)
    """The settings before and now; never equal."""
    failed = Signal(str, str)
    """The settings could not be written: message and hint. They apply until the program ends."""

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.loaded = settings.load(path)
        """The settings at the start, and what was wrong with their file."""
        self._now = self.loaded.settings

    @property
    def now(self) -> Settings:
        return self._now

    def put(self, new: Settings) -> None:
        """Sets, writes and announces `new`."""
        before = self._now
        if new == before:
            return
        self._now = new
        if not self.loaded.locked:
            self._write()
        self.changed.emit(before, new)

    def change(self, section: str, **values: Any) -> None:
        """Sets fields of one section, such as `change("look", scheme=Scheme.DARK)`."""
        changed = replace(getattr(self._now, section), **values)
        self.put(replace(self._now, **{section: changed}))

    def reset(self, *sections: str) -> None:
        """Restores the defaults of these sections."""
        usual = Settings()
        self.put(replace(self._now, **{name: getattr(usual, name) for name in sections}))

    def _write(self) -> None:
        try:
            settings.save(self.path, self._now)
        except OSError as error:
            log.warning("the settings could not be written: %s", error)
            self.failed.emit(
                self.tr("The settings cannot be written: {reason}.").format(
                    reason=error.strerror or error
                ),
                self.tr("They apply until you close LDM Studio."),
            )
