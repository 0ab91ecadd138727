"""The completion list below the cursor of an editor."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QListView, QPlainTextEdit

from .completion import Completions

ROWS = 8
GAP = 4
MARGIN = 5
WIDEST = 420
"""Logical pixels."""
_ACCEPT_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)


class CompletionList(QObject):
    """Up and Down select, Tab and Enter accept, Escape closes; other keys continue typing."""

    accepted = Signal(object, str)
    """Completions and the chosen name."""

    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self._shown: Completions | None = None
        self._model = QStringListModel(self)
        self._completer = QCompleter(self._model, self)
        self._completer.setWidget(editor)
        self._completer.setMaxVisibleItems(ROWS)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.list = QListView()
        self._completer.setPopup(self.list)
        self.list.setObjectName("suggestions")
        name = QCoreApplication.translate("CompletionList", "Suggested names")
        self.list.setAccessibleName(name)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.clicked.connect(lambda index: self._accept(str(index.data())))
        self.list.installEventFilter(self)

    @property
    def is_open(self) -> bool:
        return self.list.isVisible()

    def offer(self, suggestions: Completions | None) -> None:
        """Shows these, or hides the list."""
        self._shown = suggestions
        if suggestions is None:
            self.list.hide()
            return
        self._model.setStringList(list(suggestions.names))
        place = self._editor.cursorRect().translated(self._editor.viewport().pos())
        place.setHeight(place.height() + GAP)
        wish = self.list.sizeHintForColumn(0) + 2 * self.list.frameWidth() + 24
        place.setWidth(min(WIDEST, max(wish, self._editor.width() // 2)))
        self._completer.complete(place)
        rows = min(ROWS, len(suggestions.names)) * self.list.sizeHintForRow(0)
        self.list.resize(self.list.width(), rows + 2 * MARGIN)  # Qt forgets those of the style
        self.list.setCurrentIndex(self._completer.completionModel().index(0, 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _ACCEPT_KEYS and not event.modifiers():
                self._accept(str(self.list.currentIndex().data()))
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.offer(None)
                return True
        return super().eventFilter(watched, event)

    def _accept(self, name: str) -> None:
        shown = self._shown
        self.offer(None)
        if shown is not None and name in shown.names:
            self.accepted.emit(shown, name)
