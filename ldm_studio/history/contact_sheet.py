"""Contact sheets: many images with captions in one.

Text is drawn by Qt, which supports every script that the system has fonts for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QImageWriter,
    QPainter,
    QPen,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QApplication

from core.errors import ImageError
from ldm_studio.translation import translate

from .results import Details
from .thumbnails import small_image

MAX_SIDE = 32_000
"""Pixels; the limit of Qt and JPEG."""
MAX_PIXELS = 200_000_000
GAP = 16
_LINES = {"prompt": 3, "negative": 2}
"""Captions that may wrap."""
_PAPER, _INK, _FAINT = QColor("#ffffff"), QColor("#1c1c22"), QColor("#e9e9ee")

CAPTIONS: dict[str, Callable[[Details], str]] = {
    "name": lambda one: one.listed.path.name,
    "model": lambda one: one.listed.model,
    "sampler": lambda one: " ".join(filter(None, (one.listed.sampler, one.schedule))),
    "steps": lambda one: _named(translate("Contact sheet", "steps {value}"), one.steps),
    "cfg": lambda one: _named(translate("Contact sheet", "CFG {value}"), one.cfg),
    "seed": lambda one: _named(translate("Contact sheet", "seed {value}"), one.listed.seed),
    "size": lambda one: f"{one.listed.width} × {one.listed.height}" if one.listed.width else "",
    "day": lambda one: one.listed.day,
    "rating": lambda one: "★" * one.listed.rating,
    "tags": lambda one: ", ".join(one.tags),
    "prompt": lambda one: " ".join(one.prompt.split()),
    "negative": lambda one: " ".join(one.negative.split()),
}
"""The available captions."""


@dataclass(frozen=True)
class Sheet:
    """The layout of a contact sheet."""

    columns: int = 5
    side: int = 256
    """Longer side of each image in pixels."""
    captions: tuple[str, ...] = ("name", "seed", "prompt")
    """Keys of CAPTIONS, from top to bottom."""

    @property
    def text_height(self) -> int:
        """Font size in pixels."""
        return max(11, self.side // 18)

    @property
    def line(self) -> int:
        """Line height of a caption in pixels."""
        return round(self.text_height * 1.4)

    @property
    def cell(self) -> QSize:
        """The size of an image with its captions."""
        lines = sum(_LINES.get(caption, 1) for caption in self.captions)
        return QSize(self.side, self.side + (lines * self.line + 6 if lines else 0))

    def size(self, images: int) -> QSize:
        """The size of the whole sheet in pixels."""
        columns = max(1, min(self.columns, images))
        rows = -(-images // columns)
        cell = self.cell
        return QSize(GAP + columns * (cell.width() + GAP), GAP + rows * (cell.height() + GAP))

    def check(self, images: int) -> None:
        """Raises ImageError if it would be too large."""
        size = self.size(images)
        sides = max(size.width(), size.height())
        if sides > MAX_SIDE or size.width() * size.height() > MAX_PIXELS:
            raise ImageError(
                "The contact sheet would be too large: {width} × {height} pixels.",
                "Choose fewer or smaller images, or other columns.",
                width=size.width(),
                height=size.height(),
            )


def draw(
    images: Sequence[Details],
    sheet: Sheet,
    on_image: Callable[[], None] = lambda: None,
) -> QImage:
    """Draws the sheet, with an empty frame for unreadable images. `on_image` is called after
    each, and may raise to stop. Raises ImageError if it would be too large.
    """
    sheet.check(len(images))
    _ensure_fonts()
    drawn = QImage(sheet.size(len(images)), QImage.Format.Format_RGB32)
    if drawn.isNull():
        raise ImageError(
            "There is not enough memory for the contact sheet.", "Choose fewer images."
        )
    drawn.fill(_PAPER)
    cell = sheet.cell
    columns = max(1, min(sheet.columns, len(images)))
    painter = QPainter(drawn)
    try:
        font = QFont()
        font.setPixelSize(sheet.text_height)
        painter.setFont(font)
        for number, image in enumerate(images):
            row, column = divmod(number, columns)
            corner = QPoint(GAP + column * (cell.width() + GAP), GAP + row * (cell.height() + GAP))
            _draw_cell(painter, corner, image, sheet)
            on_image()
    finally:
        painter.end()
    return drawn


def packed(image: QImage, suffix: str) -> bytes:
    """The encoded PNG or JPEG file, by the suffix."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"PNG" if suffix == ".png" else b"JPEG"))
    if suffix != ".png":
        writer.setQuality(92)
    if not writer.write(image):
        raise ImageError(
            "The contact sheet could not be compressed.", "Choose fewer or smaller images."
        )
    return bytes(data.data())


def _draw_cell(painter: QPainter, corner: QPoint, image: Details, sheet: Sheet) -> None:
    side = sheet.side
    frame = QRect(corner, QSize(side, side))
    painter.fillRect(frame, _FAINT)
    small = _image(image.listed.path, side)
    if small is not None:
        place = QRect(QPoint(0, 0), small.size())
        place.moveCenter(frame.center())
        painter.drawImage(place.topLeft(), small)
    painter.setPen(QPen(_INK))
    top = frame.bottom() + 7
    for caption in sheet.captions:
        lines = _LINES.get(caption, 1)
        _draw_lines(
            painter, CAPTIONS[caption](image), QPoint(corner.x(), top), side, sheet.line, lines
        )
        top += lines * sheet.line


def _draw_lines(
    painter: QPainter, text: str, corner: QPoint, width: int, line_height: int, most: int
) -> None:
    """At most `most` lines, the last one elided."""
    layout = QTextLayout(text[:2_000], painter.font())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    for number in range(most):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        box = QRect(corner.x(), corner.y() + number * line_height, width, line_height)
        start, length = line.textStart(), line.textLength()
        shown = text[start : start + length]
        if number == most - 1 and start + length < len(text):
            metrics = QFontMetrics(painter.font())
            shown = metrics.elidedText(text[start:2_000], Qt.TextElideMode.ElideRight, width)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
    layout.endLayout()


def _image(path: Path, side: int) -> QImage | None:
    try:
        small = small_image(path, side)
    except ImageError:
        return None
    paper = Image.new("RGB", small.size, "white")
    paper.paste(small, mask=small.getchannel("A") if small.mode == "RGBA" else None)
    data = paper.tobytes()
    width, height = paper.size
    return QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _ensure_fonts() -> None:
    """Fonts need a QGuiApplication: on the command line, one without a window."""
    if QApplication.instance() is None:
        windowless = sys.platform not in ("win32", "darwin")  # they have no fonts otherwise
        _applications.append(
            QApplication(["ldm-studio", *(("-platform", "offscreen") if windowless else ())])
        )


_applications: list[QApplication] = []
"""Kept alive, because fonts depend on it."""


def _named(words: str, value: float | None) -> str:
    """`words` with the value filled in; empty if it is unknown."""
    if value is None:
        return ""
    return words.format(value=value if isinstance(value, int) else f"{value:g}")
