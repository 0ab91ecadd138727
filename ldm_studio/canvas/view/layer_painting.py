"""Paints parts of the canvas: plain functions over a QPainter, with colours of the palette."""

from __future__ import annotations

from math import ceil, floor

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
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

from ldm_studio.look.tokens import tokens

# Device pixels per image pixel. Above the first value pixels show as squares, from the second on
# with lines between them. An image that is fitted into the window stays smooth: small ones (128 x
# 128) then show at 500 % and more, and can be zoomed to see pixels.
SMOOTH_UP_TO = 2.0
GRID_FROM = 8.0
CHECKER = 10  # logical pixels a square of the transparency pattern
RING_WIDTH = 1.25  # logical pixels


def paint_surround(painter: QPainter, region: QRegion, palette: QPalette) -> None:
    """The background around the image."""
    painter.fillRect(region.boundingRect(), QColor(tokens(palette).canvas))


def paint_edge(painter: QPainter, target: QRectF, color: QColor | None = None) -> None:
    """A hairline around the image, so that white images have an edge on a light background; a bold
    line in `color` if there is one.
    """
    width = 2.0 if color else 1 / painter.device().devicePixelRatioF()
    edge = target.adjusted(-width, -width, width, width)
    painter.fillRect(edge, color or QColor(128, 128, 128, 110))


def paint_checkerboard(painter: QPainter, target: QRectF, palette: QPalette) -> None:
    """The transparency pattern; it moves with the image but does not scale with it."""
    light, dark = map(QColor, tokens(palette).checker)
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


def choose_filter(painter: QPainter, zoom: float, *, fitting: bool) -> None:
    """Sets how images are scaled."""
    smooth = (fitting or zoom <= SMOOTH_UP_TO) and zoom != 1.0
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)


def paint_grid(painter: QPainter, target: QRectF, clip: QRect, scale: float) -> None:
    """A hairline between pixels within `clip`. `scale`: logical pixels per image pixel."""
    seen = target.intersected(QRectF(clip))
    line = 1 / painter.device().devicePixelRatioF()
    color = QColor(52, 52, 52)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)  # on anything
    for i in range(
        _first(seen.left() - target.left(), scale), _last(seen.right() - target.left(), scale)
    ):
        painter.fillRect(QRectF(target.left() + i * scale, seen.top(), line, seen.height()), color)
    for i in range(
        _first(seen.top() - target.top(), scale), _last(seen.bottom() - target.top(), scale)
    ):
        painter.fillRect(QRectF(seen.left(), target.top() + i * scale, seen.width(), line), color)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)


def _first(distance: float, scale: float) -> int:
    return max(1, floor(distance / scale))


def _last(distance: float, scale: float) -> int:
    return ceil(distance / scale)


def paint_outline(painter: QPainter, outline: QPainterPath) -> None:
    """An outline in widget coordinates, visible on any image."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in outline_pens():
        painter.setPen(pen)
        painter.drawPath(outline)


def outline_pens() -> tuple[QPen, QPen]:
    """White dashes, drawn over a black line."""
    dashes = QPen(QColor(255, 255, 255, 235), RING_WIDTH)
    dashes.setDashPattern([4, 3])
    return QPen(QColor(0, 0, 0, 200), RING_WIDTH + 1.5), dashes


def mask_zone(area: QRect) -> QRect:
    """The area where a dropped image becomes the mask: the lowest quarter."""
    return QRect(area.left(), area.bottom() - area.height() // 4, area.width(), area.height() // 4)


def paint_mask_zone(
    painter: QPainter, zone: QRectF, text: str, font: QFont, palette: QPalette, chosen: bool
) -> None:
    color = palette.color(
        QPalette.ColorRole.Highlight if chosen else QPalette.ColorRole.ToolTipBase
    )
    color.setAlphaF(0.92 if chosen else 0.8)
    box = zone.adjusted(8, 0, -8, -8)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(box, 8, 8)
    painter.setPen(palette.color(QPalette.ColorRole.HighlightedText))
    painter.setFont(font)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


def fitted(image: QImage, area: QRectF) -> QRectF:
    """The largest centred rectangle with the image's proportions in `area`."""
    size = image.size().toSizeF().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRectF(QPointF(0, 0), size)
    place.moveCenter(area.center())
    return place


def paint_focus(painter: QPainter, area: QRectF, palette: QPalette) -> None:
    """The focus frame."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))


def paint_ring(painter: QPainter, centre: QPointF, radius: float) -> None:
    """The brush at its true size: white within black, visible on any image; a small cross if it is
    too small for a circle.
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


def paint_crosshair(painter: QPainter, at: QPointF, *, pressed: bool) -> None:
    """The keyboard crosshair: four lines around the point, closer while the tool is pressed."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    near, far = (2.0, 14.0) if pressed else (5.0, 18.0)
    for color, width in (
        (QColor(0, 0, 0, 220), RING_WIDTH + 3.0),
        (QColor(255, 255, 255), RING_WIDTH + 0.5),
    ):
        pen = QPen(color, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            painter.drawLine(at + QPointF(x, y) * near, at + QPointF(x, y) * far)


def paint_badge(
    painter: QPainter, corner: QPointF, text: str, font: QFont, palette: QPalette
) -> None:
    """A small label on the image, inside `corner`."""
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
