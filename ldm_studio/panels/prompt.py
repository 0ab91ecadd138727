"""What the picture shall show: prompt, negative prompt, and the button that makes it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.canvas.dropping import offers_picture
from ldm_studio.panels.fields import FlowLayout, tool_button
from ldm_studio.panels.run_button import RunButton
from ldm_studio.store import RunState, StudioStore, bind
from ldm_studio.theme import GRID, icon

EXAMPLES = (
    "a red heart with a smile",
    "pizza, flat",
    "a cat, 3d",
    "a rocket",
    "a blue whale",
)


class PlainEditor(QPlainTextEdit):
    """An editor of a few lines. Tab leaves it; pictures are for others."""

    picture_pasted = Signal()

    def __init__(self, name: str, placeholder: str, tip: str, lines: int) -> None:
        super().__init__()
        self._lines = lines
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setToolTip(tip)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fix_height()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._fix_height()
        super().changeEvent(event)

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


class PromptPanel(QWidget):
    """Reads and writes the store; asks to generate or cancel by signal."""

    generate_requested = Signal()
    cancel_requested = Signal()
    picture_pasted = Signal()
    """A picture was pasted where text goes."""

    def __init__(self, store: StudioStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.prompt = PlainEditor(
            "Prompt",
            "What shall it show?",
            "Say what the picture shall show, in plain words.",
            4,
        )
        self.negative = PlainEditor(
            "Negative prompt",
            "What shall it not show?",
            "Say what the picture shall not show.",
            2,
        )
        self.negative_toggle = QToolButton()
        self.negative_toggle.setText("Negative prompt")
        self.negative_toggle.setCheckable(True)
        self.negative_toggle.setObjectName("link")
        self.negative_toggle.setToolTip("Show or hide what the picture shall not contain.")
        self.negative_toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.negative_toggle.setIconSize(QSize(14, 14))
        self.button = RunButton()
        self.again = tool_button(
            "plus", "Add to the queue", "Queue another picture (Ctrl+Enter).", framed=True
        )
        self.again.setFixedSize(40, self.button.sizeHint().height())
        self.waiting = QLabel()
        self.waiting.setObjectName("caption")
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)

        caption = QLabel("Prompt")
        caption.setObjectName("caption")
        caption.setBuddy(self.prompt)
        self.examples = self._example_chips()
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.button, 1)
        buttons.addWidget(self.again)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(caption)
        column.addWidget(self.prompt)
        column.addWidget(self.examples)
        column.addWidget(self.negative_toggle)
        column.addWidget(self.negative)
        column.addSpacing(GRID // 2)
        column.addLayout(buttons)
        column.addWidget(self.waiting)

        for name, editor in (("prompt", self.prompt), ("negative", self.negative)):
            editor.picture_pasted.connect(self.picture_pasted)
            bind(store, name, editor, editor.toPlainText, editor.setPlainText, editor.textChanged)
        store.prompt_changed.connect(self._prompt_changed)
        store.run_changed.connect(self._show_run)
        self.negative_toggle.toggled.connect(self._show_negative)
        store.negative_changed.connect(self._negative_changed)
        self.button.clicked.connect(self._clicked)
        self.again.clicked.connect(self.generate_requested)
        self._show_negative(False)
        self._prompt_changed(store.prompt)
        self._negative_changed(store.negative)
        self._show_run(store.run)

    def _example_chips(self) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(6)
        holder.setLayout(flow)
        for text in EXAMPLES:
            chip = QPushButton(text)
            chip.setObjectName("example")
            chip.setToolTip("Use this as the prompt.")
            chip.setCursor(Qt.CursorShape.PointingHandCursor)
            chip.clicked.connect(lambda _checked=False, text=text: self._use(text))
            flow.addWidget(chip)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        holder.setSizePolicy(policy)
        return holder

    def _use(self, text: str) -> None:
        self._store.prompt = text
        self.prompt.setFocus()

    def _clicked(self) -> None:
        (self.cancel_requested if self._store.run.busy else self.generate_requested).emit()

    def _prompt_changed(self, prompt: str) -> None:
        self.examples.setVisible(not prompt.strip())

    def _negative_changed(self, negative: str) -> None:
        if negative:
            self.negative_toggle.setChecked(True)

    def _show_negative(self, shown: bool) -> None:
        self.negative.setVisible(shown)
        name = "chevron-down" if shown else "chevron-right"
        self.negative_toggle.setIcon(icon(name, checked=QPalette.ColorRole.Text))

    def _show_run(self, run: RunState) -> None:
        self.button.show_run(run)
        self.again.setVisible(run.busy)
        behind = run.waiting - 1
        self.waiting.setVisible(behind > 0)
        self.waiting.setText(f"{behind} more in the queue")
