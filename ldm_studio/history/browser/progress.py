"""How far the looking through of folders is, in a line that can stop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from ldm_studio.theme import GRID

from .library import Indexing

_WORTH_SHOWING = 200
"""Files below which what was not asked for is not told."""


class ProgressRow(QFrame):
    """Hidden while there is nothing to tell."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("below")
        self.words, self.bar = QLabel(), QProgressBar()
        self.words.setObjectName("caption")
        self.bar.setTextVisible(False)
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("What was found stays; the next time goes on from there.")
        self.stop.clicked.connect(self._on_stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(2 * GRID)
        row.addWidget(self.words)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self.hide()

    def show_state(self, state: Indexing | None) -> None:
        if state is None or (state.quiet and state.total < _WORTH_SHOWING):
            self.hide()
            return
        where = state.folders[0].name if len(state.folders) == 1 else "the folders"
        count = f": {state.done:,} of {state.total:,}" if state.total else "…"
        self.words.setText(f"Looking through {where}{count}")
        self.bar.setRange(0, state.total)
        self.bar.setValue(state.done)
        if self.isHidden():
            self.stop.setEnabled(True)
            self.show()

    def _on_stop(self) -> None:
        self.stop.setEnabled(False)
        self.cancelled.emit()
