"""Shown if there are no images: the reason, and what to do."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from core.errors import StudioError
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.translation import translate_message

Role = QPalette.ColorRole
_SIGN = 40
_WIDTH = 420
_MARGIN = 16


class Placeholder(QWidget):
    """An icon, a title, a hint, optionally a button."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = "history"
        self.title, self.hint = PlainLabel(), PlainLabel(wordWrap=True)
        self.title.setObjectName("title")
        self.title.setWordWrap(True)
        self.hint.setObjectName("caption")
        self.button = QPushButton()
        self.button.clicked.connect(self.pressed)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(3)
        column.addSpacing(_SIGN + 12)
        for widget in (self.title, self.hint):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(4)

    def show_opening(self, error: StudioError | None) -> None:
        """The history is opening, or could not be opened."""
        if error is None:
            self._show("history", self.tr("Opening the history…"), "", "")
        else:
            self.show_error(error)

    def show_error(self, error: StudioError) -> None:
        self._show(
            "warning",
            translate_message(error.message),
            translate_message(error.hint),
            self.tr("Try Again"),
        )

    def show_searching(self) -> None:
        self._show("search", self.tr("Searching…"), "", "")

    def show_nothing(self, query: str) -> None:
        """There are no images, or none that match the query."""
        if query.strip():
            title = self.tr("Nothing found for “{query}”").format(query=query.strip())
            hint = self.tr("Try fewer words. Words match at their beginning: fo finds fox.")
            self._show("search", title, hint, self.tr("Clear the Search"))
        else:
            hint = self.tr(
                "Your images appear here automatically, with everything needed to reproduce them. "
                "You can also import folders of AUTOMATIC1111, ComfyUI, InvokeAI and others; "
                "nothing is copied or changed."
            )
            self._show("history", self.tr("No images yet"), hint, self.tr("Import a Folder…"))

    def _show(self, sign: str, title: str, hint: str, button: str) -> None:
        self._sign = sign
        self.title.setText(title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self._fit()
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setAccessibleName(f"{title} {hint}".strip())
        self.update()

    def _fit(self) -> None:
        """As wide as the room allows; a layout requests too little height for wrapped text."""
        width = max(120, min(_WIDTH, self.width() - 2 * _MARGIN))
        for label in (self.title, self.hint):
            label.setFixedWidth(width)
            label.setMinimumHeight(max(0, label.heightForWidth(width)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(Role.Window))
        place = QRect(0, 0, _SIGN, _SIGN)
        place.moveCenter(self.title.geometry().center())
        place.moveBottom(self.title.geometry().top() - 12)
        icon(self._sign, Role.PlaceholderText).paint(painter, place)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH + 40, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 180)
