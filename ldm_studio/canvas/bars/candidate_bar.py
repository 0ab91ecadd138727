"""Flips through several results in place, and keeps one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton

from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel

from .canvas_controls import native
from .floating_panel import FloatingPanel

ICON = QSize(16, 16)


class CandidateBar(FloatingPanel):
    """Emits a signal for each button."""

    flipped = Signal(int)
    """-1 or 1."""
    keep_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.row.setContentsMargins(4, 4, 4, 4)
        self.back, self.forward = self._button("chevron-left"), self._button("chevron-right")
        self.label, self.keep = PlainLabel(), QToolButton()
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.keep.setProperty("framed", True)
        self.keep.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.keep.setIcon(icon("check"))
        self.keep.setIconSize(ICON)
        self.keep.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for widget in (self.back, self.label, self.forward, self.keep):
            self.row.addWidget(widget)
        self.back.clicked.connect(lambda: self.flipped.emit(-1))
        self.forward.clicked.connect(lambda: self.flipped.emit(1))
        self.keep.clicked.connect(self.keep_requested)
        self._shown = 0, 0
        self.retranslate()

    def show_place(self, index: int, count: int) -> None:
        """Shows `index` (from 0) of `count`; hidden if there are fewer than two."""
        self._shown = index, count
        self.label.setText(
            self.tr("{index} of {count}").format(index=index + 1, count=count) if count else ""
        )
        self.setAccessibleDescription(self.label.text())
        self.setVisible(count > 1)

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Candidates"))
        for button, name, key in (
            (self.back, self.tr("Previous candidate"), "Left"),
            (self.forward, self.tr("Next candidate"), "Right"),
        ):
            button.setAccessibleName(name)
            button.setToolTip(f"{name} ({native(key)})")
        keep = self.tr("Keep")
        tip = self.tr(
            "Continue with this one: it becomes the initial image, and the mask is cleared."
        )
        self.keep.setText(keep)
        self.keep.setAccessibleName(self.tr("Keep this candidate"))
        self.keep.setToolTip(f"{keep} ({native('Return')})\n{tip}")
        self.show_place(*self._shown)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def _button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setIconSize(ICON)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
