"""One strip for what the user should know: it never takes the focus and never blocks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from ldm_studio.panels.fields import tool_button
from ldm_studio.theme import GRID, icon

Role = QPalette.ColorRole


class NoticeStrip(QFrame):
    """Shows one notice; a new one replaces the old."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_error = False
        self._act: Callable[[], None] | None = None
        self.words = QLabel(wordWrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.action = QPushButton()
        self.close_button = tool_button("close", "Dismiss", "Dismiss this notice.")
        for button in (self.action, self.close_button):  # a click leaves the focus where it is
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(44, GRID, GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.words, 1)
        row.addWidget(self.action)
        row.addWidget(self.close_button)
        self.action.clicked.connect(self._acted)
        self.close_button.clicked.connect(self.dismiss)
        self.setAccessibleName("Notice")
        self.hide()

    def show_error(
        self, text: str, hint: str = "", action: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        """`action`: a button's text and what it does; the notice goes with it."""
        self._show(text, hint, action, is_error=True)

    def show_info(
        self, text: str, hint: str = "", action: tuple[str, Callable[[], None]] | None = None
    ) -> None:
        self._show(text, hint, action, is_error=False)

    def dismiss(self) -> None:
        self.hide()
        self.words.clear()
        self._act = None
        self.dismissed.emit()

    @property
    def is_error(self) -> bool:
        return self._is_error

    @property
    def is_offer(self) -> bool:
        """Whether it is no error, and has something to press."""
        return not self._is_error and self._act is not None

    def text(self) -> str:
        return self.words.text()

    def _show(
        self,
        text: str,
        hint: str,
        action: tuple[str, Callable[[], None]] | None,
        *,
        is_error: bool,
    ) -> None:
        self._is_error = is_error
        self.words.setText(f"{text}\n{hint}" if hint else text)
        self.setAccessibleDescription(self.words.text())
        self.action.setVisible(action is not None)
        if action is not None:
            self.action.setText(action[0])
            self._act = action[1]
        self.show()
        self.update()

    def _acted(self) -> None:
        act, self._act = self._act, None
        self.dismiss()
        if act is not None:
            act()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        role = Role.BrightText if self._is_error else Role.Link
        colour = self.palette().color(role)
        wash = self.palette().color(role)
        wash.setAlpha(36)
        painter.fillRect(self.rect(), self.palette().color(Role.Base))
        painter.fillRect(self.rect(), wash)
        painter.fillRect(QRect(0, 0, 3, self.height()), colour)
        painter.setPen(self.palette().color(Role.Mid))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        size = QSize(20, 20)
        place = QRect(16, (self.height() - size.height()) // 2, size.width(), size.height())
        icon("warning" if self._is_error else "info", role).paint(painter, place)
