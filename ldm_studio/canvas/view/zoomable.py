"""A widget that shows a frame of a given size, zoomed and panned."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from .viewport import Viewport

NOTCHES_TO_DOUBLE = 4  # clicks of the wheel, or steps of zoom_in, that double the zoom


class ZoomableWidget(QWidget):
    """Shows a frame, measured in its own pixels. Without one, zoom and pan do nothing."""

    zoom_changed = Signal(float)  # 1.0 = one pixel of the frame per device pixel

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewport = Viewport()
        self._framed = False

    def set_frame(self, size: tuple[int, int] | None) -> None:
        """Width and height of the frame. A new size is fitted."""
        view = self._viewport
        self._framed = size is not None
        if size and size != (view.image_width, view.image_height):
            self._move(lambda: view.show(*size))

    @property
    def zoom(self) -> float:
        """Device pixels per pixel of the frame."""
        return self._viewport.zoom

    @property
    def fitting(self) -> bool:
        """Whether the frame follows the size of the widget."""
        return self._viewport.fitting

    def fit(self) -> None:
        """Shows the whole frame, also when the widget is resized."""
        self._move(self._viewport.fit)

    def actual_size(self) -> None:
        """100 %: one pixel of the frame per device pixel."""
        self.zoom_to(1.0)

    def zoom_in(self) -> None:
        self.zoom_to(self.zoom * 2 ** (1 / NOTCHES_TO_DOUBLE))

    def zoom_out(self) -> None:
        self.zoom_to(self.zoom / 2 ** (1 / NOTCHES_TO_DOUBLE))

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Keeps the point under `at` (widget coordinates; the middle if None) in place."""
        at = at or QPointF(self.width() / 2, self.height() / 2)
        self._move(lambda: self._viewport.zoom_to(zoom, at.x(), at.y()))

    def pan_by(self, dx: float, dy: float) -> None:
        """Moves the frame by logical pixels."""
        self._move(lambda: self._viewport.pan_by(dx, dy))

    def to_image(self, position: QPointF) -> tuple[float, float]:
        """Widget position -> pixels of the frame."""
        return self._viewport.to_image(position.x(), position.y())

    def to_widget(self, x: float, y: float) -> QPointF:
        """Pixels of the frame -> widget position."""
        return QPointF(*self._viewport.to_widget(x, y))

    def target(self) -> QRectF:
        """The rectangle of the frame in the widget."""
        view = self._viewport
        return QRectF(view.x, view.y, view.image_width * view.scale, view.image_height * view.scale)

    @property
    def scale(self) -> float:
        """Logical pixels per pixel of the frame."""
        return self._viewport.scale

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resize()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resize()
        return super().event(event)

    def _resize(self) -> None:
        size = self.width(), self.height(), self.devicePixelRatioF()
        self._change(lambda: self._viewport.resize(*size))

    def _move(self, move: Callable[[], None]) -> None:
        if self._framed:
            self._change(move)

    def _change(self, change: Callable[[], None]) -> None:
        zoom = self._viewport.zoom
        change()
        if self._framed and self._viewport.zoom != zoom:
            self.zoom_changed.emit(self._viewport.zoom)
        self.update()
