"""A page of text with pictures, none of them wider than the page."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QImage, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

from ..look.theme import GRID

MARGIN = 2 * GRID
SETTLING_MS = 120
"""After the page was made wider or narrower, before its pictures follow."""


class Page(QTextBrowser):
    """Shows Markdown files and the pictures they name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document().setDocumentMargin(MARGIN)
        # Or pictures would be as wide as the page was before it needed one.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._settling = QTimer(self, singleShot=True, interval=SETTLING_MS)
        self._settling.timeout.connect(self._fit_again)

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802
        """A picture is scaled down to the width of the page, in the pixels of the screen."""
        loaded = super().loadResource(kind, name)
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return loaded
        image = QImage(self.source().resolved(QUrl(name)).toLocalFile())
        ratio = self.devicePixelRatioF()
        room = round(self._room() * ratio)
        if image.isNull():
            return loaded
        if image.width() * ratio <= room:
            return image
        fitted = image.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)
        fitted.setDevicePixelRatio(ratio)
        return fitted

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._settling.start()

    def _room(self) -> int:
        """For pictures, in logical pixels."""
        return max(1, self.viewport().width() - 2 * MARGIN)

    def _fit_again(self) -> None:
        if self.source().isEmpty():
            return
        bar = self.verticalScrollBar()
        place = bar.value() / max(1, bar.maximum())
        self.reload()
        bar.setValue(round(place * bar.maximum()))
