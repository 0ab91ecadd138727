"""The note that the changes made while an image ran are applied to the next one too."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.request.request import Change
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.store.change_texts import in_words, summary
from ldm_studio.store.store import StudioStore
from ldm_studio.widgets.fields import tool_button


class ChangesLine(QWidget):
    """A line that is visible while the store holds changes; its button removes them."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self.words = PlainLabel(wordWrap=True)
        self.words.setObjectName("caption")
        self.forget = tool_button(
            "close",
            self.tr("Forget the changes"),
            self.tr("Generate the image without these changes."),
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
        lines = (
            self.tr("Step {step}: {what}").format(step=change.step, what=in_words(change))
            for change in changes
        )
        tip = "\n".join((self.tr("They are applied again until you edit a setting."), *lines))
        self.words.setToolTip(tip if changes else "")
