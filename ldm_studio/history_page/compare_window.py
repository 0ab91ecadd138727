"""Loads two images of the history for comparison."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from core.errors import Message, StudioError
from ldm_studio.history.results import Details
from ldm_studio.images import image_files

from .compare_view import ComparePane
from .open_history import Library


class CompareController(QObject):
    """Loads in the background; emits `shown` when the pane has both."""

    shown = Signal()

    def __init__(self, library: Library, pane: ComparePane, parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._pane = library, pane

    def compare(self, one: int, other: int) -> None:
        """The first is A, the second B; both are ids."""
        history = self._library.history
        gone = self.tr("One of these images is no longer in the history.")

        def work() -> tuple[Details, Details, tuple[QImage, QImage]]:
            with history.reader() as reader:
                first, second = reader.details(one), reader.details(other)
            if first is None or second is None:
                raise StudioError(Message.plain(gone))
            return first, second, (_image(first.listed.path), _image(second.listed.path))

        def show(found: tuple[Details, Details, tuple[QImage, QImage]]) -> None:
            self._pane.compare(*found)
            self.shown.emit()

        self._library.run(work, show)


def _image(path: Path) -> QImage:
    """Raises ImageError."""
    rgb = image_files.load_image(path)
    height, width = rgb.shape[:2]
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
