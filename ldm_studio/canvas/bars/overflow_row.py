"""A row or column that hides optional controls if there is too little room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget


class OverflowRow(QWidget):
    """Lays controls out in `line`; controls that can also be reached elsewhere may be optional."""

    def __init__(self, direction: QBoxLayout.Direction) -> None:
        super().__init__()
        self.line = QBoxLayout(direction, self)
        self._groups: Sequence[Sequence[QWidget]] = ()
        self._instead: QWidget | None = None
        self._absent: frozenset[QWidget] = frozenset()
        self._along = Qt.Orientation.Horizontal
        if direction in (QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.BottomToTop):
            self._along = Qt.Orientation.Vertical

    def widgets(self) -> list[QWidget]:
        """All controls in order."""
        items = (self.line.itemAt(index) for index in range(self.line.count()))
        return [widget for item in items if item and (widget := item.widget())]

    def set_optional(self, *groups: Sequence[QWidget], instead: QWidget | None = None) -> None:
        """Groups that are hidden together, the first one first. `instead`: laid out too, and shown
        while any of them is hidden.
        """
        self._groups, self._instead = groups, instead

    @property
    def absent(self) -> frozenset[QWidget]:
        """Controls that are excluded at the moment."""
        return self._absent

    def set_absent(self, widgets: Iterable[QWidget]) -> None:
        """Excludes these controls, however much room there is, and includes all others."""
        self._absent = frozenset(widgets)
        for widget in self.widgets():
            widget.setVisible(widget not in self._absent)
        self._fold(self._extent(self.size()))
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Room for everything that is not optional."""
        hint = super().minimumSizeHint()
        least = self.need(len(self._groups))
        if self._along is Qt.Orientation.Horizontal:
            return QSize(least, hint.height())
        return QSize(hint.width(), least)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold(self._extent(event.size()))

    def _fold(self, room: int) -> None:
        folded = 0
        while folded < len(self._groups) and self.need(folded) > room:
            folded += 1
        for number, group in enumerate(self._groups):
            for widget in group:
                widget.setVisible(number >= folded and widget not in self._absent)
        if self._instead is not None:
            self._instead.setVisible(folded > 0)
        self.line.invalidate()  # while the window is being shown, nobody else says so
        self.line.activate()

    def need(self, folded: int) -> int:
        """The minimum extent with this many groups hidden."""
        gone = {widget for group in self._groups[:folded] for widget in group}
        if self._instead is not None and not folded:
            gone.add(self._instead)
        margins = self.line.contentsMargins()
        total = self._extent(
            QSize(margins.left() + margins.right(), margins.top() + margins.bottom())
        )
        shown = 0
        for index in range(self.line.count()):
            item = self.line.itemAt(index)
            widget = item.widget() if item else None
            if item is None:
                continue
            if widget is None:
                total += self._extent(item.minimumSize())
            elif widget not in gone and widget not in self._absent:
                total += self._extent(_least(widget))
                shown += 1
        return total + max(0, shown - 1) * self.line.spacing()

    def _extent(self, size: QSize) -> int:
        return size.width() if self._along is Qt.Orientation.Horizontal else size.height()


def _least(widget: QWidget) -> QSize:
    """The least that a layout gives it, also while it is hidden."""
    policy, hint, least = widget.sizePolicy(), widget.sizeHint(), widget.minimumSizeHint()
    width = least.width() if _shrinks(policy.horizontalPolicy()) else hint.width()
    height = least.height() if _shrinks(policy.verticalPolicy()) else hint.height()
    return QSize(width, height).expandedTo(widget.minimumSize()).boundedTo(widget.maximumSize())


def _shrinks(policy: QSizePolicy.Policy) -> bool:
    return bool(policy.value & QSizePolicy.PolicyFlag.ShrinkFlag.value)
