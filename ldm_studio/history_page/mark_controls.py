"""Controls for the user's marks: stars, favourite, tags."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from ldm_studio.history.user_journal import MAX_RATING
from ldm_studio.widgets.fields import FlowLayout, tool_button

from .search_link import SearchLink
from .thumbnail_tile import heart, star

Role = QPalette.ColorRole
_LINE = 28
"""Height of a line of tags, in logical pixels."""
GOLD, ROSE = QColor("#e0a100"), QColor("#e5484d")


class StarRating(QWidget):
    """A rating: click a star, or type 0 to 5; clicking the current star removes it."""

    rated = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stars = 0
        self._pointed: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(self.tr("Rate with a click, or with the keys 0 to 5 in the grid."))
        self.show_stars(0)

    def show_stars(self, stars: int) -> None:
        self._stars = stars
        words = self.tr("Rating: {stars} of {most} stars")
        self.setAccessibleName(words.format(stars=stars, most=MAX_RATING))
        self.update()

    @property
    def stars(self) -> int:
        return self._stars

    def sizeHint(self) -> QSize:
        return QSize(MAX_RATING * 22, 24)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointed = self._star_at(event.position().x())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointed = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        star = self._star_at(event.position().x())
        self.rated.emit(0 if star == self._stars else star)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.text() and event.text() in "012345":
            self.rated.emit(int(event.text()))
        elif (key := Qt.Key(event.key())) in steps:
            self.rated.emit(max(0, min(self._stars + steps[key], MAX_RATING)))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self._stars if self._pointed is None else self._pointed
        line = self.palette().color(Role.Dark)
        for number in range(MAX_RATING):
            on = number < lit
            painter.setPen(QPen(line, 1.3))  # also around gold, which is faint on white
            painter.setBrush(GOLD if on else Qt.BrushStyle.NoBrush)
            painter.drawPolygon(star(QRectF(number * 22 + 2, 3, 18, 18)))
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(Role.Highlight), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _star_at(self, x: float) -> int:
        return max(1, min(int(x // 22) + 1, MAX_RATING))


class Heart(QWidget):
    """Favourite or not."""

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._on = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(self.tr("Favourite (F)"))
        self.show_on(False)

    def show_on(self, on: bool) -> None:
        self._on = on
        self.setAccessibleName(self.tr("Favourite") if on else self.tr("Not a favourite"))
        self.update()

    @property
    def is_on(self) -> bool:
        return self._on

    def sizeHint(self) -> QSize:
        return QSize(24, 24)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.toggled.emit(not self._on)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            self.toggled.emit(not self._on)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            Qt.PenStyle.NoPen if self._on else QPen(self.palette().color(Role.Dark), 1.4)
        )
        painter.setBrush(ROSE if self._on else Qt.BrushStyle.NoBrush)
        painter.drawPath(heart(QRectF(3, 4, 18, 17)))
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(Role.Highlight), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)


class Chip(QFrame):
    """A tag: its name filters, its cross removes it."""

    def __init__(self, tag: str, owner: TagEditor) -> None:
        super().__init__(owner)
        self.setObjectName("chip")
        name = SearchLink("tag", tag, self.tr("Find images tagged “{tag}”").format(tag=tag))
        name.linkActivated.connect(lambda: owner.chosen.emit(tag))
        remove = self.tr("Remove the tag “{tag}”").format(tag=tag)
        cross = tool_button("close", remove, remove)
        cross.setIconSize(QSize(11, 11))
        cross.setObjectName("cross")
        cross.clicked.connect(lambda: owner.removed.emit(tag))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 1, 2, 1)
        self.setFixedHeight(_LINE)
        row.setSpacing(2)
        row.addWidget(name)
        row.addWidget(cross)


class TagEditor(QWidget):
    """Tags as chips, and a field for more."""

    added = Signal(list)
    removed = Signal(str)
    chosen = Signal(str)
    """Find images with this tag."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tags: tuple[str, ...] | None = None
        self.chips: list[Chip] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Add tags…"))
        self.field.setAccessibleName(self.tr("Add tags, separated by commas"))
        self.field.setToolTip(self.tr("Tags are separated by commas."))
        self.field.setFixedSize(110, _LINE)
        self.field.returnPressed.connect(self._add)
        self._flow = FlowLayout(6)
        self.setLayout(self._flow)
        self._flow.addWidget(self.field)

    def show_tags(self, tags: Sequence[str]) -> None:
        if self._tags == tuple(tags):
            return
        self._tags = tuple(tags)
        while self._flow.count():
            self._flow.takeAt(0)
        for chip in self.chips:
            chip.hide()
            chip.deleteLater()
        self.chips = [Chip(tag, self) for tag in self._tags]
        for chip in self.chips:
            self._flow.addWidget(chip)
            chip.show()
        self._flow.addWidget(self.field)
        self._flow.invalidate()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as its lines: its column does not request a new height by itself."""
        self._flow.setGeometry(self.rect())
        self.setMinimumHeight(max(_LINE, self._flow.heightForWidth(self.width())))

    def _add(self) -> None:
        tags = [tag.strip() for tag in self.field.text().split(",") if tag.strip()]
        self.field.clear()
        if tags:
            self.added.emit(tags)
