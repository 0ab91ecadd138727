"""Where prompts are typed: a few lines of plain text, and how much of them the model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPalette, QResizeEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSizePolicy, QTextEdit, QWidget

from ldm_studio.canvas.dropping import offers_picture

if TYPE_CHECKING:
    from core.text.reading import Reading

PAD = 6
ELIDED_AT = 200
"""Logical pixels that the counter may take."""


class PlainEditor(QPlainTextEdit):
    """An editor of a few lines. Tab leaves it; pictures are for others."""

    picture_pasted = Signal()

    def __init__(self, name: str, placeholder: str, tip: str, lines: int) -> None:
        super().__init__()
        self._lines = lines
        self._invitation: QWidget | None = None
        self._reading: Reading | None = None
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setToolTip(tip)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fix_height()

    def invite(self, widget: QWidget) -> None:
        """Show `widget` in the lower part for as long as nothing is written."""
        self._invitation = widget
        widget.setParent(self.viewport())
        self.textChanged.connect(self._show_invitation)
        self._place_invitation()
        self._show_invitation()

    def show_reading(self, reading: Reading | None) -> None:
        """Mark what the model does not read, and what it does not know."""
        if reading == self._reading:
            return
        self._reading = reading
        self._mark()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._fix_height()
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._mark()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_invitation()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802
        return super().canInsertFromMimeData(source) and not offers_picture(source)

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802
        if offers_picture(source) and not source.hasText():
            self.picture_pasted.emit()
        else:
            super().insertFromMimeData(source)

    def _fix_height(self) -> None:
        line = QFontMetricsF(self.font()).lineSpacing()
        self.setFixedHeight(round(self._lines * line + 2 * self.document().documentMargin() + 14))

    def _show_invitation(self) -> None:
        if self._invitation is not None:
            self._invitation.setVisible(self.document().isEmpty())

    def _place_invitation(self) -> None:
        widget, room = self._invitation, self.viewport()
        if widget is None:
            return
        width = room.width() - 2 * PAD
        height = widget.heightForWidth(width)
        widget.setGeometry(PAD, room.height() - height - PAD // 2, width, height)

    def _mark(self) -> None:
        text, reading, marks = self.toPlainText(), self._reading, []
        if reading is not None:
            for start, end in reading.unknown:
                unknown = QTextCharFormat()
                unknown.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
                unknown.setUnderlineColor(self.palette().color(QPalette.ColorRole.BrightText))
                marks.append(self._marked(text, start, end, unknown))
            if reading.end < len(text):
                unread = QTextCharFormat()
                unread.setForeground(self.palette().placeholderText())
                unread.setFontStrikeOut(True)
                marks.append(self._marked(text, reading.end, len(text), unread))
        self.setExtraSelections(marks)

    def _marked(
        self, text: str, start: int, end: int, how: QTextCharFormat
    ) -> QTextEdit.ExtraSelection:
        """Characters from `start` to `end`; Qt counts them in units of UTF-16."""
        mark = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(_utf16(text[:start]))
        cursor.setPosition(_utf16(text[:end]), QTextCursor.MoveMode.KeepAnchor)
        mark.cursor, mark.format = cursor, how  # type: ignore[attr-defined]  # fields in C++
        return mark


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class TokenCounter(QLabel):
    """`n/limit`, and in words what is wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("caption")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_reading(self, prompt: str, reading: Reading | None) -> None:
        """None, or an empty prompt, shows nothing."""
        text, tip = "", ""
        cut = unknown = False
        if reading is not None and reading.count:
            text = f"{reading.count}/{reading.limit}"
            tip = (
                f"The model reads {reading.limit} tokens (words, or parts of words) of a prompt; "
                f"this one has {reading.count}."
            )
            cut, unknown = reading.count > reading.limit, bool(reading.unknown)
            if cut:
                text += " · the rest is not read"
                tip += " What is struck out is not read."
            if unknown:
                words = ", ".join(dict.fromkeys(prompt[a:b] for a, b in reading.unknown))
                text += f" · unknown: {words}" if not cut else ""
                tip += f" It does not know: {words}."
        elide = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(text, elide, ELIDED_AT))
        self.setToolTip(tip)
        if self.property("wrong") != (cut or unknown):
            self.setProperty("wrong", cut or unknown)
            self.style().unpolish(self)
            self.style().polish(self)
