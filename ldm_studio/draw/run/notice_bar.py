"""The notice bar: messages that never take the focus and never block."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from core.errors import Message
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import translate_message
from ldm_studio.widgets.fields import tool_button

Role = QPalette.ColorRole

ICON = 20
LEFT, LEFT_NARROW = 44, 32
"""Logical pixels before the text, for the icon."""
NARROW = 440
"""Below this width there is less room around the text, and its actions are below it."""
Action = tuple[str, Callable[[], None]]
"""The text of a button, and its action."""


class NoticeBar(QFrame):
    """Shows one notice; a new one replaces the old one."""

    dismissed = Signal()
    shown = Signal(str)
    """A notice is shown."""

    def __init__(
        self,
        sign: str = "info",
        name: str = "",
        parent: QWidget | None = None,
        *,
        closable: bool = True,
    ) -> None:
        """`sign` is the icon of notices that are not errors, `name` the accessible name; without
        `closable` only its buttons close it.
        """
        super().__init__(parent)
        self._sign = sign
        self._is_error = False
        self._acts: dict[QPushButton, Callable[[], None]] = {}
        self.label = PlainLabel(wordWrap=True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.action, self.second_action = QPushButton(), QPushButton()
        self.close_button = tool_button(
            "close", self.tr("Dismiss"), self.tr("Dismiss this notice.")
        )
        for button in (
            self.action,
            self.second_action,
            self.close_button,
        ):  # a click leaves the focus where it is
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for button in (self.action, self.second_action):
            button.hide()
        self._answers = QWidget()
        row = QHBoxLayout(self._answers)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.action)
        row.addWidget(self.second_action)
        self._grid = QGridLayout(self)
        self._grid.setVerticalSpacing(GRID)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(self.label, 0, 0)
        self._grid.addWidget(self.close_button, 0, 2)
        self._is_narrow = False
        self._place_answers()
        self.close_button.setVisible(closable)
        self.action.clicked.connect(lambda: self._acted(self.action))
        self.second_action.clicked.connect(lambda: self._acted(self.second_action))
        self.close_button.clicked.connect(self.dismiss)
        self.setAccessibleName(name or self.tr("Notice"))
        self.hide()

    def show_error(
        self,
        text: Message | str,
        hint: Message | str = "",
        action: Action | None = None,
        other: Action | None = None,
    ) -> None:
        """Messages are translated to the language of the window.

        Up to two actions; pressing a button closes the notice.
        """
        self._show(text, hint, action, other, is_error=True)

    def show_info(
        self,
        text: Message | str,
        hint: Message | str = "",
        action: Action | None = None,
        other: Action | None = None,
    ) -> None:
        """Like `show_error`, for other messages."""
        self._show(text, hint, action, other, is_error=False)

    def dismiss(self) -> None:
        self.hide()
        self.label.clear()
        self._acts.clear()
        self.dismissed.emit()

    @property
    def is_error(self) -> bool:
        return self._is_error

    @property
    def is_offer(self) -> bool:
        """Whether it is not an error, and has an action."""
        return not self._is_error and bool(self._acts)

    def text(self) -> str:
        return self.label.text()

    def _show(
        self,
        text: Message | str,
        hint: Message | str,
        action: Action | None,
        other: Action | None,
        *,
        is_error: bool,
    ) -> None:
        self._is_error = is_error
        self.label.setText(
            "\n".join(filter(None, (translate_message(text), translate_message(hint))))
        )
        self.setAccessibleDescription(self.label.text())
        self._acts.clear()
        for button, offered in ((self.action, action), (self.second_action, other)):
            button.setVisible(offered is not None)
            if offered is not None:
                button.setText(offered[0])
                self._acts[button] = offered[1]
        self._answers.setVisible(bool(self._acts))
        self.show()
        self.update()
        self.shown.emit(self.label.text())

    def minimumSizeHint(self) -> QSize:
        """Of the narrow layout."""
        hint, below = super().minimumSizeHint(), self._answers.minimumSizeHint().width()
        if self._answers.isHidden() or self._is_narrow:
            return hint
        return QSize(max(hint.width() - below - GRID, LEFT_NARROW + below + GRID), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_narrow != (self.width() < NARROW):
            self._is_narrow = not self._is_narrow
            self._place_answers()

    def _place_answers(self) -> None:
        """Next to the text, or below it if the text would become too narrow."""
        self._grid.removeWidget(self._answers)
        narrow = self._is_narrow
        right = 2 if narrow else GRID
        self._grid.setContentsMargins(LEFT_NARROW if narrow else LEFT, GRID, right, GRID)
        self._grid.setHorizontalSpacing(right)
        if narrow:
            self._grid.addWidget(self._answers, 1, 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
        else:
            self._grid.addWidget(self._answers, 0, 1)

    def _acted(self, button: QPushButton) -> None:
        act = self._acts.get(button)
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
        left = 3 + ((LEFT_NARROW if self._is_narrow else LEFT) - 3 - ICON) // 2
        place = QRect(left, (self.height() - ICON) // 2, ICON, ICON)
        icon("warning" if self._is_error else self._sign, role).paint(painter, place)
