"""The empty canvas: a drawing, and a line of advice."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPalette, QPen


def paint_empty(
    painter: QPainter, area: QRectF, text: str, font: QFont, palette: QPalette, invited: bool
) -> None:
    """A dashed frame, a drawing of an image, a line of advice. `invited`: a file is being dragged
    over it.
    """
    ink = palette.color(QPalette.ColorRole.Link if invited else QPalette.ColorRole.WindowText)
    faint, quiet = QColor(ink), QColor(ink)
    faint.setAlphaF(0.9 if invited else 0.28)
    quiet.setAlphaF(0.9 if invited else 0.72)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    unit = QFontMetricsF(font).height()

    frame = area.adjusted(unit * 1.5, unit * 1.5, -unit * 1.5, -unit * 1.5)
    pen = QPen(faint, 1.5)
    pen.setDashPattern([5, 4])
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(frame, unit * 0.75, unit * 0.75)

    inner = frame.adjusted(unit, unit, -unit, -unit)
    width = inner.width()
    if QFontMetricsF(font).horizontalAdvance(text) > width:
        text = text.replace(" — ", " —\n")  # a good place to break, if it must be broken
    lines = QFontMetricsF(font).boundingRect(
        QRectF(0, 0, width, 10_000),
        int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap),
        text,
    )
    size = min(unit * 4.5, max(inner.height() - lines.height() - unit, 0))
    top = inner.center().y() - (size + unit + lines.height()) / 2
    if size > unit:
        pen = QPen(faint, max(1.5, size / 36))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(_drawing(QRectF(inner.center().x() - size / 2, top, size, size)), pen)
    painter.setPen(quiet)
    painter.setFont(font)
    place = QRectF(inner.center().x() - width / 2, top + size + unit, width, lines.height() + unit)
    painter.drawText(place, int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap), text)


def _drawing(box: QRectF) -> QPainterPath:
    """An image with hills, and a spark in its corner."""

    def at(x: float, y: float) -> QPointF:  # on a grid of 24 x 24
        return QPointF(box.x() + x * box.width() / 24, box.y() + y * box.height() / 24)

    path = QPainterPath(at(13, 3.5))
    path.lineTo(at(5, 3.5))
    path.quadTo(at(2, 3.5), at(2, 6.5))
    path.lineTo(at(2, 18.5))
    path.quadTo(at(2, 21.5), at(5, 21.5))
    path.lineTo(at(18, 21.5))
    path.quadTo(at(21, 21.5), at(21, 18.5))
    path.lineTo(at(21, 12))
    path.moveTo(at(2.2, 17.5))
    path.lineTo(at(7, 12.5))
    path.quadTo(at(8, 11.6), at(9, 12.5))
    path.lineTo(at(17.5, 21.2))
    path.moveTo(at(12.4, 16.2))
    path.lineTo(at(14.5, 14.2))
    path.quadTo(at(15.5, 13.3), at(16.5, 14.2))
    path.lineTo(at(20.8, 18.2))
    path.addEllipse(at(7.5, 8), box.width() / 24 * 1.5, box.height() / 24 * 1.5)
    path.moveTo(at(19, 0.5))
    path.quadTo(at(19.6, 4.4), at(23.5, 5))
    path.quadTo(at(19.6, 5.6), at(19, 9.5))
    path.quadTo(at(18.4, 5.6), at(14.5, 5))
    path.quadTo(at(18.4, 4.4), at(19, 0.5))
    return path
