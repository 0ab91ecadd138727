"""Ranks and filters lists by typing a few letters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

R = TypeVar("R")


def rank(text: str, words: str) -> int | None:
    """How well `words` match a text, smaller is better; None if they do not.

    Each word must start a word of the text, or occur in it, or match some of its letters in order.
    """
    folded, total = text.casefold(), 0
    for word in words.casefold().split():
        if re.search(rf"(?<!\w){re.escape(word)}", folded):
            total += 0 if folded.startswith(word) else 1
        elif word in folded:
            total += 3
        elif len(word) > 1 and re.search(".*?".join(map(re.escape, word)), folded):
            total += 10
        else:
            return None
    return total


class Ranked(QAbstractListModel, Generic[R]):
    """Rows in a given order. All can be selected, so that each can be read."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: list[R] = []

    def put(self, rows: Iterable[R]) -> None:
        """Replaces the rows."""
        self.beginResetModel()
        self.shown = list(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.shown)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
