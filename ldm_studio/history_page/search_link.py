"""A link that starts a search on click or Return."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel

from ldm_studio.look.theme import Role

_LONG_WORD = re.compile(r"(\w{12}|[/\\])(?=\w)")
ZERO_WIDTH_SPACE = "\u200b"


class SearchLink(QLabel):
    """Emits `linkActivated` with its target. Zero-width spaces break long words and paths."""

    def __init__(self, target: str, words: str, tip: str) -> None:
        shown = escape(_LONG_WORD.sub(rf"\1{ZERO_WIDTH_SPACE}", words))
        super().__init__(f'<a href="{escape(target)}" style="text-decoration:none">{shown}</a>')
        self.setTextFormat(Qt.TextFormat.RichText)
        self._target = target
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(words)
        self.setAccessibleDescription(tip)
        self.setToolTip(tip)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.linkActivated.emit(self._target)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().color(Role.Link), 1.5))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)
