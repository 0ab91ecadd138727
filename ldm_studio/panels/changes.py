"""That a picture is about to be made again with what was changed while it was first made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from core.request import Change
from ldm_studio.panels.fields import tool_button
from ldm_studio.studio.changes import in_words
from ldm_studio.studio.store import StudioStore

MOST_NAMED = 4


class ChangesLine(QWidget):
    """One line, there while the store holds changes; its button forgets them."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self.words = QLabel(wordWrap=True)
        self.words.setObjectName("caption")
        self.forget = tool_button(
            "close", "Forget the changes", "Make the picture without these changes."
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.words, 1)
        row.addWidget(self.forget)
        store.changes_changed.connect(self._show)
        self.forget.clicked.connect(self._forget)
        self._show(store.changes)

    def _forget(self) -> None:
        self._store.changes = ()

    def _show(self, changes: tuple[Change, ...]) -> None:
        self.setVisible(bool(changes))
        self.words.setText(summary(changes))
        lines = (f"Step {change.step}: {in_words(change)}" for change in changes)
        tip = "\n".join(("They are made again until you edit a setting.", *lines))
        self.words.setToolTip(tip if changes else "")


def summary(changes: Sequence[Change]) -> str:
    """Such as: with 2 changes at steps 8 and 14."""
    if not changes:
        return ""
    steps = [str(change.step) for change in changes]
    if len(changes) == 1:
        return f"With 1 change at step {steps[0]}"
    if len(changes) > MOST_NAMED:
        return f"With {len(changes)} changes at steps {steps[0]} to {steps[-1]}"
    return f"With {len(changes)} changes at steps {', '.join(steps[:-1])} and {steps[-1]}"
