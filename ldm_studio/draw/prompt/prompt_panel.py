"""The prompt panel: prompt and negative prompt."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.conditioning.text.wildcards import WildcardLines, parse_template, resolve_wildcards
from core.errors import RequestError
from ldm_studio.engine.token_counter import TokenCounter
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.prompts.styles import StyleBook
from ldm_studio.store.binding import bind
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.threads.background import Background
from ldm_studio.translation import joined, translate_message
from ldm_studio.widgets.fields import FlowLayout
from ldm_studio.widgets.link_button import LinkButton

from .addon_button import AddonButton
from .completion import CompletionNames
from .prompt_editor import PromptEditor, TokenCountLabel
from .style_button import StyleButton

if TYPE_CHECKING:
    from core.conditioning.text.token_count import TokenCount

EXAMPLES = (
    "a red heart",
    "pizza, flat",
    "a cat, 3d",
    "a rocket",
    "an owl",
)


class PromptPanel(QWidget):
    """Reads and writes the store."""

    image_pasted = Signal()
    """An image was pasted into a text field."""

    def __init__(
        self, store: StudioStore, styles: StyleBook, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._model: ModelInfo | None = None
        self.background = Background(self)
        self.prompt = PromptEditor(
            self.tr("Prompt"),
            self.tr("Describe the image"),
            self.tr("Describe what the image should show, in plain words."),
            5,
        )
        self.prompt_count, self.negative_count = TokenCountLabel(), TokenCountLabel()
        self.negative = PromptEditor(
            self.tr("Negative prompt"),
            self.tr("What to avoid"),
            self.tr("Describe what the image should not show."),
            2,
            negative=True,
        )
        self.addons = AddonButton(store, self.prompt, self.negative)
        self.styles = StyleButton(styles, self.prompt, self.negative)
        self.negative_toggle = LinkButton(self.tr("Negative prompt"))
        self.negative_toggle.setCheckable(True)
        self.negative_toggle.setToolTip(self.tr("Show or hide the negative prompt."))

        caption = PlainLabel(self.tr("Prompt"))
        caption.setObjectName("caption")
        caption.setBuddy(self.prompt)
        self.examples = self._example_chips()
        self.prompt.invite(self.examples)
        above = _ends(caption, self.prompt_count, self.addons, self.styles)
        between = _ends(self.negative_toggle, self.negative_count)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(above)
        column.addWidget(self.prompt)
        column.addLayout(between)
        column.addWidget(self.negative)

        for name, editor in (("prompt", self.prompt), ("negative", self.negative)):
            editor.image_pasted.connect(self.image_pasted)
            bind(store, name, editor, editor.toPlainText, editor.setPlainText, editor.textChanged)
        chips = self.examples.findChildren(QPushButton)
        order = (self.addons, self.styles, self.prompt, *chips, self.negative_toggle, self.negative)
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        store.prompt_changed.connect(self._read)
        store.negative_changed.connect(self._read)
        store.syntax_changed.connect(self._read)
        store.run_changed.connect(self._show_run)
        self.negative_toggle.toggled.connect(self._show_negative)
        store.negative_changed.connect(self._negative_changed)
        self._show_negative(False)
        self._negative_changed(store.negative)
        self._show_run(store.run)

    def offer(self, names: CompletionNames, wildcards: WildcardLines) -> None:
        """Sets the `names` for completion, and the `wildcards` for marking missing ones."""
        for editor in (self.prompt, self.negative):
            editor.names, editor.wildcards = names, wildcards
        self._read()

    def count_again(self) -> None:
        """Files changed: embeddings may have another number of vectors."""
        counter = self._model.read if self._model is not None else None
        if isinstance(counter, TokenCounter):
            self.background.run(counter.refresh, self._counted)

    def _counted(self, done: Future[bool]) -> None:
        if done.result():
            self._read()

    def _example_chips(self) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(6)
        holder.setLayout(flow)
        for text in EXAMPLES:
            chip = QPushButton(text)
            chip.setObjectName("example")
            chip.setToolTip(self.tr("Use this as the prompt."))
            chip.setCursor(Qt.CursorShape.PointingHandCursor)
            chip.clicked.connect(lambda _checked=False, text=text: self._use(text))
            flow.addWidget(chip)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        holder.setSizePolicy(policy)
        return holder

    def _use(self, text: str) -> None:
        self._store.prompt = text
        self.prompt.moveCursor(QTextCursor.MoveOperation.End)  # so that typing can continue
        self.prompt.setFocus()

    def _read(self) -> None:
        """Shows the token counts."""
        for text, editor, counter in (
            (self._store.prompt, self.prompt, self.prompt_count),
            (self._store.negative, self.negative, self.negative_count),
        ):
            editor.syntax = self._store.syntax
            reading = self._reading(text, editor)
            editor.show_reading(reading)
            counter.show_reading(text, reading)
            wrong = (translate_message(problem.explanation) for problem in editor.problems())
            editor.setAccessibleDescription(joined(counter.toolTip(), *wrong))

    def _reading(self, text: str, editor: PromptEditor) -> TokenCount | None:
        """For a template, the count of one possible prompt."""
        model = self._store.run.model
        if model is None or model.read is None:
            return None
        negative = editor is self.negative
        if parse_template(text).is_plain:
            return model.read(text, self._store.syntax, negative=negative)
        try:
            sample = resolve_wildcards(text, editor.wildcards or (lambda _: None), self._store.seed)
        except RequestError:  # reported when it is generated
            return None
        reading = model.read(sample, self._store.syntax, negative=negative)
        return replace(reading, unread=(), unknown=())  # these places are in the sample

    def _negative_changed(self, negative: str) -> None:
        if negative:
            self.negative_toggle.setChecked(True)

    def _show_negative(self, shown: bool) -> None:
        self.negative.setVisible(shown)
        self.negative_count.setVisible(shown)
        self.negative_toggle.show_open(shown)

    def _show_run(self, run: RunState) -> None:
        if run.model is not self._model:
            self._model = run.model
            self._read()


def _ends(left: QWidget, *right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(left)
    row.addStretch(1)
    for widget in right:
        row.addWidget(widget)
    return row
