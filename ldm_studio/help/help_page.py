"""A page of Markdown with images scaled to its width."""

from __future__ import annotations

from itertools import product

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QImage,
    QPalette,
    QResizeEvent,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QWidget

from ldm_studio.look.theme import GRID

MARGIN = 2 * GRID
_UNKNOWN = QTextDocument.ResourceType.UnknownResource
RELAYOUT_MS = 120
"""Delay after a resize before images are scaled again."""


def draw_tables(text: QTextBrowser, *, whole_width: bool = False) -> None:
    """Hairlines below their rows; `whole_width`: as wide as the text."""
    line = text.palette().color(QPalette.ColorRole.Mid)
    for table in text.document().rootFrame().childFrames():
        if not isinstance(table, QTextTable):
            continue
        form = table.format()
        form.setBorder(0)
        form.setBorderCollapse(True)
        form.setCellPadding(5)
        form.setTopMargin(GRID)
        form.setBottomMargin(GRID)
        if whole_width:
            form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        table.setFormat(form)
        for row, column in product(range(table.rows()), range(table.columns())):
            cell = table.cellAt(row, column)
            box = cell.format().toTableCellFormat()
            box.setBottomBorder(1)
            box.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
            box.setBottomBorderBrush(line)
            cell.setFormat(box)


class HelpPage(QTextBrowser):
    """Shows Markdown files and the images they name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document().setDocumentMargin(MARGIN)
        # Or images would be as wide as the page was before it needed one.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._relayout_timer = QTimer(self, singleShot=True, interval=RELAYOUT_MS)
        self._relayout_timer.timeout.connect(self._fit_again)

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802
        """Scales an image down to the width of the page, in device pixels."""
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

    def doSetSource(  # noqa: N802
        self, name: QUrl | str, type: QTextDocument.ResourceType = _UNKNOWN
    ) -> None:
        super().doSetSource(name, type)
        draw_tables(self)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            draw_tables(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._relayout_timer.start()

    def _room(self) -> int:
        """For images, in logical pixels."""
        return max(1, self.viewport().width() - 2 * MARGIN)

    def _fit_again(self) -> None:
        if self.source().isEmpty():
            return
        bar = self.verticalScrollBar()
        place = bar.value() / max(1, bar.maximum())
        self.reload()
        bar.setValue(round(place * bar.maximum()))
