"""How the canvas looks: plain functions over a QPainter, colours from the palette."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QPixmap,
    QRegion,
)

# Up to this zoom the picture is interpolated, above it pixels show as squares. Small pictures (128
# x 128) fill a window at 500 to 700 %, twice that on a screen of double resolution, and look far
# better smooth; whoever goes beyond that wants to see pixels.
SMOOTH_UP_TO = 16.0
CHECKER = 8  # logical pixels a square of the transparency pattern
RING_WIDTH = 1.25  # logical pixels


def is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def paint_surround(painter: QPainter, region: QRegion, palette: QPalette) -> None:
    """The table the picture lies on: a little darker than the window."""
    window = palette.color(QPalette.ColorRole.Window)
    painter.fillRect(region.boundingRect(), window.darker(130 if is_dark(palette) else 106))


def paint_edge(painter: QPainter, target: QRectF, color: QColor | None = None) -> None:
    """A hairline around where the picture will be painted, so that white pictures end somewhere on
    a light table; a bold line in `color` if there is one.
    """
    width = 2.0 if color else 1 / painter.device().devicePixelRatioF()
    edge = target.adjusted(-width, -width, width, width)
    painter.fillRect(edge, color or QColor(128, 128, 128, 110))


def paint_checkerboard(painter: QPainter, target: QRectF, palette: QPalette) -> None:
    """The pattern that stands for transparency; it moves with the picture but does not grow with
    it.
    """
    light, dark = (
        (QColor(92, 92, 92), QColor(70, 70, 70))
        if is_dark(palette)
        else (QColor(255, 255, 255), QColor(226, 226, 226))
    )
    squares = QPixmap(2 * CHECKER, 2 * CHECKER)
    squares.fill(light)
    with QPainter(squares) as tile:
        tile.fillRect(0, 0, CHECKER, CHECKER, dark)
        tile.fillRect(CHECKER, CHECKER, CHECKER, CHECKER, dark)
    brush = QBrush(squares)
    painter.save()
    painter.setBrushOrigin(target.topLeft())
    painter.fillRect(target, brush)
    painter.restore()


def paint_image(painter: QPainter, target: QRectF, image: QImage, zoom: float) -> None:
    """`zoom`: device pixels per pixel of `image`, for the choice of filter."""
    smooth = zoom <= SMOOTH_UP_TO and zoom != 1.0
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(target, image)


def fitted(image: QImage, area: QRectF) -> QRectF:
    """The largest rectangle of the image's proportions in the middle of `area`."""
    size = image.size().toSizeF().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRectF(QPointF(0, 0), size)
    place.moveCenter(area.center())
    return place


def paint_focus(painter: QPainter, area: QRectF, palette: QPalette) -> None:
    """The canvas has the keyboard."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))


def paint_ring(painter: QPainter, centre: QPointF, radius: float) -> None:
    """The brush at its true size: white within black, seen on anything; a small cross when too
    small for a circle.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in (
        (QColor(0, 0, 0, 200), RING_WIDTH + 2.25),
        (QColor(255, 255, 255, 235), RING_WIDTH),
    ):
        painter.setPen(QPen(color, width))
        if radius >= 3:
            painter.drawEllipse(centre, radius, radius)
        else:
            painter.drawLine(centre - QPointF(4, 0), centre + QPointF(4, 0))
            painter.drawLine(centre - QPointF(0, 4), centre + QPointF(0, 4))


def paint_badge(
    painter: QPainter, corner: QPointF, text: str, font: QFont, palette: QPalette
) -> None:
    """A small label on the picture, inside `corner`."""
    metrics = QFontMetricsF(font)
    pad = metrics.height() / 3
    box = QRectF(
        corner.x() + pad,
        corner.y() + pad,
        metrics.horizontalAdvance(text) + 3 * pad,
        metrics.height() + pad,
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.ToolTipBase))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    painter.setPen(palette.color(QPalette.ColorRole.ToolTipText))
    painter.setFont(font)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_empty(
    painter: QPainter, area: QRectF, text: str, font: QFont, palette: QPalette, invited: bool
) -> None:
    """Nothing here yet: a dashed frame, a drawing of a picture, a line of advice. `invited`: a file
    hovers above.
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
    """A picture with hills, and a spark where its corner would be: something is about to appear."""

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
