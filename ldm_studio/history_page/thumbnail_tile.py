"""Paints a tile of the grid."""

from __future__ import annotations

from datetime import date
from math import cos, pi, sin

from PySide6.QtCore import QDate, QLocale, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)

from ldm_studio.history.database_schema import State
from ldm_studio.history.results import ListedImage
from ldm_studio.look.icons import icon
from ldm_studio.translation import translate

from .history_texts import digits
from .section_layout import Section

Role = QPalette.ColorRole
_RADIUS = 4
_SMALL = 96
"""Smaller tiles have no room for text."""


def heading(section: Section, today: date | None = None) -> str:
    """The day as text."""
    today = today or date.today()
    try:
        day = date.fromisoformat(section.day)
    except ValueError:
        return section.day or translate("History", "No date")
    ago = (today - day).days
    if ago == 0:
        return translate("History", "Today")
    if ago == 1:
        return translate("History", "Yesterday")
    if day.year == today.year:
        form = translate("History", "dddd, d MMMM")
    else:
        form = translate("History", "dddd, d MMMM yyyy")
    return QLocale().toString(QDate(day.year, day.month, day.day), form)


def paint_heading(
    painter: QPainter, where: QRect, words: str, count: int, colours: QPalette
) -> None:
    """The day, and its number of images."""
    painter.save()
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    line = where.adjusted(0, 8, 0, 0)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.setPen(colours.color(QPalette.ColorGroup.Active, Role.Text))
    drawn = painter.boundingRect(line, flags, words)
    painter.drawText(line, flags, words)
    font.setWeight(QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(colours.color(QPalette.ColorGroup.Active, Role.PlaceholderText))
    painter.drawText(line.adjusted(drawn.width() + 10, 0, 0, 0), flags, digits(count))
    painter.restore()


def paint_tile(
    painter: QPainter,
    where: QRect,
    image: ListedImage | None,
    thumbnail: QImage | None,
    colours: QPalette,
    *,
    bad: bool,
    selected: bool,
    current: bool,
    hovered: bool,
) -> None:
    """The whole image, centred in a square."""
    group = QPalette.ColorGroup.Active
    gone = image is not None and image.state is not State.HERE
    painter.save()
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.color(group, Role.AlternateBase))
    painter.drawRoundedRect(where, _RADIUS, _RADIUS)
    place = where
    if thumbnail is not None:
        place = _fitted(thumbnail.size(), where)
        painter.setOpacity(0.3 if gone else 1.0)
        painter.drawImage(place, thumbnail)
        painter.setOpacity(1.0)
    if bad and thumbnail is None:
        _paint_words(painter, where, "warning", translate("History", "Damaged"), colours)
    elif gone and image is not None:
        deleted = image.state is State.DELETED
        missing, in_trash = translate("History", "Missing"), translate("History", "In the trash")
        name, words = ("trash", in_trash) if deleted else ("warning", missing)
        _paint_words(painter, where, name, words, colours)
    if image is not None and (image.favourite or image.rating):
        _paint_marks(painter, where, image)
    if selected or current or hovered:
        role = Role.Highlight if selected or current else Role.Dark
        colour = colours.color(group, role)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if selected:
            painter.setPen(QPen(colour, 3))
            painter.drawRoundedRect(QRectF(where).adjusted(-1, -1, 1, 1), _RADIUS, _RADIUS)
        else:
            style = Qt.PenStyle.DotLine if current else Qt.PenStyle.SolidLine
            painter.setPen(QPen(colour, 1.5, style))
            painter.drawRoundedRect(QRectF(where).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
    painter.restore()


def dragged(image: QImage, count: int, colours: QPalette) -> QPixmap:
    """An image under the pointer, with the number of dragged images."""
    side = 72
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    place = _fitted(image.size(), QRect(0, 0, side, side))
    painter.setOpacity(0.85)
    painter.drawImage(place, image)
    painter.setOpacity(1.0)
    if count > 1:
        words = digits(count)
        width = max(22, painter.fontMetrics().horizontalAdvance(words) + 12)
        badge = QRectF(place.right() - width - 2, place.bottom() - 22, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.color(QPalette.ColorGroup.Active, Role.Highlight))
        painter.drawRoundedRect(badge, 10, 10)
        painter.setPen(colours.color(QPalette.ColorGroup.Active, Role.HighlightedText))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, words)
    painter.end()
    return pixmap


def _fitted(size: QSize, where: QRect) -> QRect:
    fitted = size.scaled(where.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(where.topLeft(), fitted)
    place.moveCenter(where.center())
    return place


def _paint_words(painter: QPainter, where: QRect, name: str, words: str, colours: QPalette) -> None:
    size = 22
    line = painter.fontMetrics().height() if where.height() >= _SMALL else 0
    top = where.center().y() - (size + line) // 2
    icon(name, Role.PlaceholderText).paint(
        painter, QRect(where.center().x() - size // 2, top, size, size)
    )
    if line:
        painter.setPen(colours.color(QPalette.ColorGroup.Active, Role.Text))
        below = QRect(where.left(), top + size + 2, where.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)


def _paint_marks(painter: QPainter, where: QRect, image: ListedImage) -> None:
    """Heart and stars on a dark shade, readable on any image."""
    size = 12 if where.width() >= _SMALL else 9
    count = image.rating + (1 if image.favourite else 0)
    pad = size / 2
    shade = QRectF(0, 0, count * (size + 2) + pad, size + pad)
    shade.moveBottomLeft(QPointF(where.left() + 5, where.bottom() - 4))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 150))
    painter.drawRoundedRect(shade, shade.height() / 2, shade.height() / 2)
    x, y = shade.left() + pad / 2 + 1, shade.top() + pad / 2
    if image.favourite:
        paint_heart(painter, QRectF(x, y, size, size), QColor("#ff6b81"))
        x += size + 2
    for _ in range(image.rating):
        paint_star(painter, QRectF(x, y, size, size), QColor("#ffd257"))
        x += size + 2


def paint_star(painter: QPainter, box: QRectF, colour: QColor) -> None:
    """A star filled with a colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(star(box))


def paint_heart(painter: QPainter, box: QRectF, colour: QColor) -> None:
    """A heart filled with a colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPath(heart(box))


def star(box: QRectF) -> QPolygonF:
    """The outline of a star that fills the box."""
    middle, outer = box.center(), box.width() / 2
    points = []
    for corner in range(10):
        radius = outer if corner % 2 == 0 else outer * 0.45
        angle = pi * corner / 5 - pi / 2
        points.append(QPointF(middle.x() + radius * cos(angle), middle.y() + radius * sin(angle)))
    return QPolygonF(points)


def heart(box: QRectF) -> QPainterPath:
    """The outline of a heart that fills the box."""
    x, y, w, h = box.x(), box.y(), box.width(), box.height()
    path = QPainterPath(QPointF(x + w / 2, y + 0.92 * h))
    path.cubicTo(x - 0.15 * w, y + 0.5 * h, x + 0.05 * w, y, x + 0.27 * w, y + 0.06 * h)
    path.cubicTo(x + 0.4 * w, y + 0.08 * h, x + 0.48 * w, y + 0.17 * h, x + w / 2, y + 0.28 * h)
    path.cubicTo(x + 0.52 * w, y + 0.17 * h, x + 0.6 * w, y + 0.08 * h, x + 0.73 * w, y + 0.06 * h)
    path.cubicTo(x + 0.95 * w, y, x + 1.15 * w, y + 0.5 * h, x + w / 2, y + 0.92 * h)
    return path
