"""The main button: Generate, or Cancel with progress."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QPushButton, QWidget

from ldm_studio.look.icons import icon
from ldm_studio.look.tokens import tokens
from ldm_studio.store.run_state import RunState
from ldm_studio.translation import translate

Role = QPalette.ColorRole
RADIUS = 8.0
ICON = 20


def duration(seconds: float) -> str:
    """Remaining time as text, rounded."""
    whole = max(1, round(seconds))
    if whole < 90:
        return translate("Duration", "{number} s").format(number=whole)
    if whole < 90 * 60:
        return translate("Duration", "{number} min").format(number=round(whole / 60))
    return translate("Duration", "{number} h").format(number=round(whole / 3600))


class RunButton(QPushButton):
    """Shows the state of the engine; connect its click."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(translate("RunButton", "Generate"), parent)
        self.setObjectName("run")
        self._run = RunState()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_run(self, run: RunState) -> None:
        """Sets text and progress from `run`."""
        self._run = run
        self.setText(self._label(run))
        self.setToolTip(_hint(run))
        self.setAccessibleName(self.text())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, max(40, self.fontMetrics().height() + 20))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        t = tokens(self.palette())
        text = QColor(t.on_accent)
        accent = QColor(
            t.accent_press if self.isDown() else t.accent_hover if self.underMouse() else t.accent
        )
        painter.setBrush(_deep(accent) if self._run.busy else accent)
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        if self._run.busy:
            painter.setClipRect(QRectF(box.left(), 0, box.width() * self._run.fraction, 999))
            painter.setBrush(accent)
            painter.drawRoundedRect(box, RADIUS, RADIUS)
            painter.setClipping(False)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(text, 1))
            painter.drawRoundedRect(box.adjusted(2.5, 2.5, -2.5, -2.5), RADIUS - 2, RADIUS - 2)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        words = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width() - ICON - 32
        )
        width = ICON + 8 + painter.fontMetrics().horizontalAdvance(words)
        left = (self.width() - width) // 2
        top = (self.height() - ICON) // 2
        name = _icon(self._run)
        icon(name, Role.HighlightedText).paint(painter, QRect(left, top, ICON, ICON))
        painter.setPen(text)
        rest = QRect(left + ICON + 8, 0, self.width(), self.height())
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, words)

    @staticmethod
    def _label(run: RunState) -> str:
        if run.paused:
            word = translate("RunButton", "Resume")
            return f"{word} · {run.step}/{run.steps}" if run.steps else word
        if not run.busy:
            if run.live and run.loading:
                return translate("RunButton", "Keep this image – loading model…")
            if run.live:
                return translate("RunButton", "Keep this image")
            if run.loading:
                return translate("RunButton", "Generate – loading model…")
            return translate("RunButton", "Generate")
        if run.cancelling:
            return translate("RunButton", "Cancelling…")
        if run.loading:
            return translate("RunButton", "Cancel – loading model…")
        words = [translate("RunButton", "Cancel")]
        if run.steps:
            words.append(f"{run.step}/{run.steps}")
        if run.seconds_left is not None and run.step < run.steps:
            words.append(duration(run.seconds_left))
        return " · ".join(words)


def _icon(run: RunState) -> str:
    if run.paused:
        return "play"
    return "cancel" if run.busy else "save" if run.live else "generate"


def _hint(run: RunState) -> str:
    if run.paused:
        return translate("RunButton", "Resume where it was paused (Ctrl+P).")
    if run.busy:
        return translate("RunButton", "Stop after the current step; prompt and mask stay (Esc).")
    if run.live:
        return translate("RunButton", "Generate the image you see, and save it (Ctrl+Enter).")
    return translate("RunButton", "Generate the image (Ctrl+Enter).")


def _deep(accent: QColor) -> QColor:
    """The colour of the unfinished part of the progress."""
    return QColor.fromHslF(
        max(0.0, accent.hslHueF()), accent.hslSaturationF() * 0.45, accent.lightnessF() * 0.62
    )
