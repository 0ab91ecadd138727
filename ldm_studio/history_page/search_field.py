"""The search field, which underlines mistakes while typing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QPalette, QTextCharFormat
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from ldm_studio.history.query_language import MAX_LENGTH, Problem, Query, parse
from ldm_studio.look.icons import icon
from ldm_studio.translation import translate_message

PAUSE_MS = 120
"""Searches wait this long after a key, in case another follows."""


class SearchField(QLineEdit):
    """Emits the query shortly after it changed."""

    searched = Signal(object)
    """Query"""
    problem_changed = Signal(str)
    """The problem in a sentence; empty if there is none."""
    left = Signal()
    """Down or Enter: go to the results."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(
            self.tr("Search prompts, tags and models, or write model:… rating:>=4")
        )
        self.setAccessibleName(self.tr("Search"))
        self.setAccessibleDescription(
            self.tr("Words of the prompt, and terms such as seed:7 or rating:4.")
        )
        self.setClearButtonEnabled(True)
        self.setMaxLength(MAX_LENGTH)
        self.addAction(
            icon("search", QPalette.ColorRole.PlaceholderText),
            QLineEdit.ActionPosition.LeadingPosition,
        )
        self.query = Query()
        self._composing = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.search)
        self.textChanged.connect(self._on_text)

    def search(self) -> None:
        """Searches immediately."""
        self._pause.stop()
        self.query = parse(self.text())
        self.searched.emit(self.query)

    def set_text_and_search(self, text: str) -> None:
        self.setText(text)
        self.search()

    def _on_text(self, text: str) -> None:
        problems = parse(text).problems
        if not self._composing:
            self._underline(problems)
        words = translate_message(problems[0].message) if problems else ""
        self.setProperty("wrong", bool(words))
        self.setToolTip(words)
        self.style().polish(self)
        self.problem_changed.emit(words)
        self._pause.start()

    def _underline(self, problems: tuple[Problem, ...]) -> None:
        """A line edit only supports formats as those of an input method that composes nothing."""
        wave = QTextCharFormat()
        wave.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        wave.setUnderlineColor(self.palette().color(QPalette.ColorRole.BrightText))
        kind = QInputMethodEvent.AttributeType.TextFormat
        cursor = self.cursorPosition()
        formats = [
            QInputMethodEvent.Attribute(
                kind, problem.span.start - cursor, problem.span.end - problem.span.start, wave
            )
            for problem in problems
        ]
        QApplication.sendEvent(self, QInputMethodEvent("", formats))

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.key() != Qt.Key.Key_Down:
                self.search()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.set_text_and_search("")
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.text():
            self._underline(parse(self.text()).problems)
