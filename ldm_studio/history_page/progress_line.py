"""A progress line with a stop button."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID

from .export_dialog import ExportProgress
from .history_texts import digits
from .open_history import Indexing

_WORTH_SHOWING = 200
"""Automatic scans of fewer files are not shown."""


class ProgressLine(QFrame):
    """Hidden while nothing is in progress."""

    cancelled = Signal()

    def __init__(self, stop_tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("below")
        self.words, self.bar = PlainLabel(), QProgressBar()
        self.words.setObjectName("caption")
        self.bar.setTextVisible(False)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setToolTip(stop_tip)
        self.stop.clicked.connect(self._on_stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(2 * GRID)
        row.addWidget(self.words)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        self.hide()

    def show_indexing(self, state: Indexing | None) -> None:
        if state is None or (state.quiet and state.total < _WORTH_SHOWING):
            self.hide()
            return
        if len(state.folders) != 1:
            words = self.tr("Scanning the folders…")
            if state.total:
                words = self.tr("Scanning the folders: {done} of {total}")
        elif state.total:
            words = self.tr("Scanning {folder}: {done} of {total}")
        else:
            words = self.tr("Scanning {folder}…")
        self._show(words, state.folders[0].name if state.folders else "", state.done, state.total)

    def show_exporting(self, state: ExportProgress | None) -> None:
        if state is None:
            self.hide()
            return
        words = self.tr("Exporting to {folder}…")
        if state.total:
            words = self.tr("Exporting to {folder}: {done} of {total}")
        self._show(words, state.target.name, state.done, state.total)

    def _show(self, words: str, folder: str, done: int, total: int) -> None:
        self.words.setText(words.format(folder=folder, done=digits(done), total=digits(total)))
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        if self.isHidden():
            self.stop.setEnabled(True)
            self.show()

    def _on_stop(self) -> None:
        self.stop.setEnabled(False)
        self.cancelled.emit()
