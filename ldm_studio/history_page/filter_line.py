"""Paints a line of the filters: a heading, or a name with its count at the right."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from .history_texts import digits
from .image_list_model import Index

Role = QPalette.ColorRole

TERM = int(Qt.ItemDataRole.UserRole)
"""A term of the query, or a whole saved query."""
COUNT = TERM + 1
CHOSEN = TERM + 2
TARGET = TERM + 3
"""Whether dragged images would be dropped here."""


class FilterLine(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box: QRect = option.rect  # type: ignore[attr-defined]  # a QStyleOption has it
        colours: QPalette = option.palette  # type: ignore[attr-defined]
        hover = bool(option.state & QStyle.StateFlag.State_MouseOver)  # type: ignore[attr-defined]
        group = QPalette.ColorGroup.Active
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = Qt.AlignmentFlag.AlignVCenter
        if not index.parent().isValid():
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(colours.color(group, Role.PlaceholderText))
            painter.drawText(box.adjusted(12, 8, -8, 0), middle, index.data())
            painter.restore()
            return
        chosen = bool(index.data(CHOSEN))
        line = box.adjusted(6, 1, -6, -1)
        if chosen or hover:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(group, Role.Highlight if chosen else Role.Midlight))
            painter.drawRoundedRect(line, 5, 5)
        if index.data(TARGET):
            painter.setPen(QPen(colours.color(group, Role.Highlight), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(line, 5, 5)
        front = Role.HighlightedText if chosen else Role.Text
        faint = Role.HighlightedText if chosen else Role.PlaceholderText
        left = line.left() + 8
        sign = index.data(Qt.ItemDataRole.DecorationRole)
        if sign is not None:
            place = QRect(left, line.center().y() - 7, 15, 15)
            mode = sign.Mode.Selected if chosen else sign.Mode.Normal
            sign.paint(painter, place, Qt.AlignmentFlag.AlignCenter, mode)
            left += 22
        count = index.data(COUNT)
        right = line.right() - 6
        if count is not None:
            words = digits(count)
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.setPen(colours.color(group, faint))
            painter.drawText(QRect(right - width, line.top(), width, line.height()), middle, words)
            right -= width + 8
        is_name = index.data(TERM) is not None
        painter.setPen(colours.color(group, front if is_name else Role.Link))
        where = QRect(left, line.top(), max(0, right - left), line.height())
        elided = painter.fontMetrics().elidedText(
            index.data(), Qt.TextElideMode.ElideRight, where.width()
        )
        painter.drawText(where, middle, elided)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = option.fontMetrics.height()  # type: ignore[attr-defined]
        return QSize(0, line + (10 if index.parent().isValid() else 20))
