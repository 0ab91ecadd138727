"""Compares two images and their settings."""

from __future__ import annotations

from enum import Enum
from html import escape

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QRegion,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ldm_studio.canvas.view.layer_painting import paint_focus, paint_surround
from ldm_studio.history.results import Details
from ldm_studio.look.reduced_motion import motion_allowed
from ldm_studio.look.theme import GRID
from ldm_studio.translation import translate
from ldm_studio.widgets.fields import SegmentedControl, tool_button

from .field_names import setting
from .setting_differences import differences

Role = QPalette.ColorRole
BLINK_MS = 500
_STEP = 0.02


class CompareMode(Enum):
    SLIDER = "slider"
    SIDE_BY_SIDE = "beside"
    BLINK = "blink"
    DIFFERENCE = "difference"


def difference_image(one: QImage, other: QImage) -> QImage:
    """|one - other| of each channel; the other is scaled to the size of the one."""
    size = one.size()
    other = other.scaled(
        size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    first, second = (_pixels(image).astype(np.int16) for image in (one, other))
    apart = np.abs(first - second).astype(np.uint8)
    packed = np.ascontiguousarray(apart)
    height, width = packed.shape[:2]
    image = QImage(packed.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.copy()


def _pixels(image: QImage) -> np.ndarray:
    flat = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(flat.constBits(), np.uint8).reshape(flat.height(), flat.bytesPerLine())
    return rows[:, : 3 * flat.width()].reshape(flat.height(), flat.width(), 3)


class CompareView(QWidget):
    """Draws both images; the divider follows the pointer and the arrow keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Comparison of two images"))
        self.setAccessibleDescription(
            self.tr("Left and Right move the divider; Space shows the other one when they blink.")
        )
        self.setMinimumSize(QSize(160, 90))
        self._images: tuple[QImage, QImage] | None = None
        self._apart: QImage | None = None
        self._way = CompareMode.SLIDER
        self.divider = 0.5
        """The first image is left of it; 0 to 1."""
        self._second = False
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(self._blinked)

    def show_images(self, one: QImage, other: QImage) -> None:
        self._images, self._apart = (one, other), None
        self.set_way(self._way)

    def clear(self) -> None:
        self._images = self._apart = None
        self._blink.stop()
        self.update()

    @property
    def way(self) -> CompareMode:
        return self._way

    def set_way(self, way: CompareMode) -> None:
        self._way = way
        self._second = False
        blinks = way is CompareMode.BLINK and self._images is not None and motion_allowed()
        (self._blink.start if blinks else self._blink.stop)()
        slides = way is CompareMode.SLIDER
        self.setCursor(Qt.CursorShape.SplitHCursor if slides else Qt.CursorShape.ArrowCursor)
        self.update()

    def _blinked(self) -> None:
        if motion_allowed():
            self._swap()
        else:  # since a moment ago
            self._blink.stop()

    def _swap(self) -> None:
        self._second = not self._second
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._follow(event)
        if self._way is CompareMode.BLINK:
            self._swap()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons():
            self._follow(event)

    def _follow(self, event: QMouseEvent) -> None:
        if self._images is not None and self._way is CompareMode.SLIDER:
            place = self._place(self._images[0].size(), self._room())
            self._divide((event.position().x() - place.left()) / max(1, place.width()))

    def _divide(self, share: float) -> None:
        self.divider = max(0.0, min(share, 1.0))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self._way is CompareMode.SLIDER:
            self._divide(self.divider + step)
        elif self._way is CompareMode.BLINK and event.key() == Qt.Key.Key_Space:
            self._swap()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing
        )
        paint_surround(painter, QRegion(self.rect()), self.palette())
        if self._images is None:
            return
        one, other = self._images
        match self._way:
            case CompareMode.SIDE_BY_SIDE:
                half = self.width() // 2
                for image, left in ((one, 0), (other, half)):
                    room = QRect(left, 0, half, self.height()).adjusted(GRID, GRID, -GRID, -GRID)
                    place = self._place(image.size(), room)
                    painter.drawImage(place, image)
                    self._letter(painter, place, "B" if left else "A", left=True)
            case CompareMode.BLINK:
                place = self._place(one.size(), self._room())
                painter.drawImage(place, other if self._second else one)
                self._letter(painter, place, "B" if self._second else "A", left=True)
            case CompareMode.DIFFERENCE:
                if self._apart is None:
                    self._apart = difference_image(one, other)
                painter.drawImage(self._place(one.size(), self._room()), self._apart)
            case CompareMode.SLIDER:
                self._paint_slider(painter, one, other)
        if self.hasFocus():
            paint_focus(painter, QRectF(self.rect()), self.palette())

    def _paint_slider(self, painter: QPainter, one: QImage, other: QImage) -> None:
        place = self._place(one.size(), self._room())
        x = place.left() + round(self.divider * place.width())
        painter.drawImage(place, one)
        painter.save()
        painter.setClipRect(QRect(x, place.top(), place.right() + 1 - x, place.height()))
        painter.drawImage(place, other)
        painter.restore()
        painter.setPen(QPen(QColor(0, 0, 0, 120), 4))
        painter.drawLine(x, place.top(), x, place.bottom())
        painter.setPen(QPen(QColor("white"), 2))
        painter.drawLine(x, place.top(), x, place.bottom())
        painter.setBrush(self.palette().color(Role.Highlight))
        painter.drawEllipse(QRect(x - 9, place.center().y() - 9, 18, 18))
        self._letter(painter, place, "A", left=True)
        self._letter(painter, place, "B", left=False)

    def _letter(self, painter: QPainter, place: QRect, words: str, *, left: bool) -> None:
        box = QRect(0, place.top() + 8, 24, 22)
        box.moveLeft(place.left() + 8 if left else place.right() - 32)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QColor("white"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _room(self) -> QRect:
        return self.rect().adjusted(GRID, GRID, -GRID, -GRID)

    @staticmethod
    def _place(size: QSize, room: QRect) -> QRect:
        fitted = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(room.topLeft(), fitted)
        place.moveCenter(room.center())
        return place


class ComparePane(QWidget):
    """The two images, the comparison modes, and the settings that differ."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = CompareView()
        self.ways = SegmentedControl((
            (CompareMode.SLIDER, self.tr("Slider"),
             self.tr("A divider between both, following the pointer")),
            (CompareMode.SIDE_BY_SIDE, self.tr("Side by Side"), self.tr("One beside the other")),
            (CompareMode.BLINK, self.tr("Blink"), self.tr("Both in turn")),
            (CompareMode.DIFFERENCE, self.tr("Difference"),
             self.tr("The difference of each pixel; black is equal")),
        ))  # fmt: skip
        self.ways.changed.connect(lambda: self.view.set_way(self.ways.value()))
        back = tool_button("close", self.tr("End comparing"), self.tr("Back to the images (Esc)"))
        back.clicked.connect(self.left)
        self.words = QLabel(wordWrap=True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setContentsMargins(GRID, GRID, GRID, GRID)
        table = QScrollArea(widgetResizable=True)
        table.setWidget(self.words)
        table.setAccessibleName(self.tr("Settings that differ"))
        table.setToolTip(self.tr("Settings that differ"))
        table.setMinimumHeight(60)
        table.setMaximumHeight(190)
        table.viewport().setAutoFillBackground(False)
        top = QHBoxLayout()
        top.setContentsMargins(GRID, GRID, GRID, 0)
        top.addWidget(self.ways)
        top.addStretch(1)
        top.addWidget(back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addWidget(self.view, 3)
        column.addWidget(table, 1)

    def compare(self, one: Details, other: Details, images: tuple[QImage, QImage]) -> None:
        """Shows two images and their differences."""
        self.view.show_images(*images)
        self.words.setText(differences_text(one, other))
        self.view.setFocus()


def differences_text(one: Details, other: Details) -> str:
    """A table of the settings that differ."""
    found = differences(one, other)
    names = [escape(details.listed.path.name) for details in (one, other)]
    if not found:
        words = translate("History", "{one} and {other} have the same settings.")
        return f"<p>{words.format(one=names[0], other=names[1])}</p>"
    rows = "".join(
        f"<tr><td><b>{escape(setting(row.name))}</b>&nbsp;&nbsp;</td><td>{escape(row.one) or '–'}"
        f"&nbsp;&nbsp;&nbsp;&nbsp;</td><td>{escape(row.other) or '–'}</td></tr>"
        for row in found
    )
    gap = "&nbsp;" * 4
    head = f"<tr><td></td><td><b>A</b> {names[0]}{gap}</td><td><b>B</b> {names[1]}</td></tr>"
    return f'<table cellspacing="4">{head}{rows}</table>'
