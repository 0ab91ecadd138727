"""Gestures of the tools: from the press of a button to the finished change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from ldm_studio.canvas.document.selections import Corner

CLICK = 4.0  # logical pixels that a click may move


@dataclass(frozen=True, slots=True)
class Sample:
    """One report of mouse, pen or keys: the position in the image (pixels) and in the widget, and
    the pressure 0..1. `constrain`: Shift is held. `invert`: Ctrl is held, or the pen is turned
    round. `scale`: logical pixels per image pixel.
    """

    x: float
    y: float
    widget_x: float
    widget_y: float
    pressure: float = 1.0
    constrain: bool = False
    invert: bool = False
    scale: float = 1.0

    @property
    def corner(self) -> Corner:
        return self.x, self.y

    def distance(self, other: Sample) -> float:
        """In logical pixels in the current view."""
        return hypot(self.x - other.x, self.y - other.y) * self.scale


class Surface(Protocol):
    """The operations on the canvas that gestures use."""

    def begin_stroke(self, erase: bool) -> None: ...
    def stroke_to(self, x: float, y: float, pressure: float) -> None: ...
    def end_stroke(self) -> None: ...
    def cancel_stroke(self) -> None: ...
    def pan_by(self, dx: float, dy: float) -> None: ...
    def show_outline(self, outline: QPainterPath | None) -> None: ...
    def show_lasso(self, corners: Sequence[Corner], pointer: Corner) -> None: ...
    def select_rectangle(self, a: Corner, b: Corner, invert: bool) -> None: ...
    def select_polygon(self, corners: list[Corner], invert: bool) -> None: ...
    def select_colour(self, at: Corner, invert: bool) -> None: ...
    def select_gradient(self, a: Corner, b: Corner, invert: bool) -> None: ...
    def begin_extending(self, at: Corner) -> None: ...
    def extend_to(self, at: Corner) -> None: ...
    def end_extending(self, keep: bool) -> None: ...
    def begin_drag_out(self) -> None: ...
    def end_drag_out(self) -> None: ...


class Hand(Protocol):
    """The state of mouse, pen and keys; and presses by other means."""

    @property
    def mouse(self) -> QPointF | None:
        """Its position; None if it is elsewhere."""
        ...

    @property
    def hover(self) -> QPointF | None:
        """The position of the tool: the crosshair, or the mouse."""
        ...

    @property
    def panning(self) -> bool:
        """Whether a press pans, or panning is in progress."""
        ...

    @property
    def pressed(self) -> bool: ...
    @property
    def gesturing(self) -> bool: ...
    def press_by_key(self, sample: Sample) -> None: ...
    def move_by_key(self, sample: Sample) -> None: ...
    def release_by_key(self, sample: Sample) -> None: ...


class Gesture(Protocol):
    """The constructor is the press. `move` any number of times, then `release`, which returns
    whether the gesture ended; if not, the pointer moves without a button until the next `press`.
    `finish` ends it early, as Enter does; `cancel` reverts it; `step_back` removes the last part.
    """

    def move(self, sample: Sample) -> None: ...
    def release(self, sample: Sample) -> bool: ...
    def press(self, sample: Sample) -> bool: ...
    def finish(self) -> None: ...
    def cancel(self) -> None: ...
    def step_back(self) -> None: ...


class _Drag:
    """A gesture that ends with the release."""

    def __init__(self, surface: Surface, sample: Sample) -> None:
        self._surface, self._start, self._last = surface, sample, sample

    def move(self, sample: Sample) -> None:
        self._last = sample

    def release(self, sample: Sample) -> bool:
        self.move(sample)
        self.finish()
        return True

    def press(self, sample: Sample) -> bool:
        return False

    def finish(self) -> None:
        self.cancel()

    def cancel(self) -> None:
        self._surface.show_outline(None)

    def step_back(self) -> None:
        return


class Paint(_Drag):
    """Brush and eraser; `invert` swaps them."""

    def __init__(self, surface: Surface, sample: Sample, erase: bool = False) -> None:
        super().__init__(surface, sample)
        surface.begin_stroke(erase != sample.invert)
        self.move(sample)

    def move(self, sample: Sample) -> None:
        self._last = sample
        self._surface.stroke_to(sample.x, sample.y, sample.pressure)

    def release(self, sample: Sample) -> bool:
        if sample.corner != self._last.corner:
            self.move(sample)
        self.finish()
        return True

    def finish(self) -> None:
        self._surface.end_stroke()

    def cancel(self) -> None:
        self._surface.cancel_stroke()


class Pan(_Drag):
    """Pans the image."""

    def move(self, sample: Sample) -> None:
        dx, dy = sample.widget_x - self._last.widget_x, sample.widget_y - self._last.widget_y
        self._last = sample
        self._surface.pan_by(dx, dy)


class DragImage(_Drag):
    """Drags the image to another program."""

    def __init__(self, surface: Surface, sample: Sample) -> None:
        super().__init__(surface, sample)
        self._carried = False

    def move(self, sample: Sample) -> None:
        if not self._carried and sample.distance(self._start) >= CLICK:
            self._carried = True
            self._surface.begin_drag_out()

    def cancel(self) -> None:
        self._surface.end_drag_out()


class Rectangle(_Drag):
    """From corner to corner; Shift makes a square."""

    def move(self, sample: Sample) -> None:
        self._last = sample
        outline = QPainterPath()
        (x0, y0), (x1, y1) = self._corners()
        outline.addRect(QRectF(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)))
        self._surface.show_outline(outline)

    def finish(self) -> None:
        self._surface.show_outline(None)
        if self._last.distance(self._start) >= CLICK:
            self._surface.select_rectangle(*self._corners(), self._start.invert)

    def _corners(self) -> tuple[Corner, Corner]:
        (x0, y0), (x1, y1) = self._start.corner, self._last.corner
        if self._last.constrain:
            side = max(abs(x1 - x0), abs(y1 - y0))
            x1, y1 = x0 + (side if x1 >= x0 else -side), y0 + (side if y1 >= y0 else -side)
        return (x0, y0), (x1, y1)


class Gradient(_Drag):
    """From full to empty."""

    def move(self, sample: Sample) -> None:
        self._last = sample
        line = QPainterPath()
        line.moveTo(*self._start.corner)
        line.lineTo(*sample.corner)
        self._surface.show_outline(line)

    def finish(self) -> None:
        self._surface.show_outline(None)
        if self._last.distance(self._start) >= CLICK:
            ends = self._start.corner, self._last.corner
            self._surface.select_gradient(*ends, self._start.invert)


class Fill(_Drag):
    """A click."""

    def finish(self) -> None:
        self._surface.select_colour(self._start.corner, self._start.invert)


class Extend(_Drag):
    """Drags an edge or a corner of the frame outwards."""

    def __init__(self, surface: Surface, sample: Sample) -> None:
        super().__init__(surface, sample)
        surface.begin_extending(sample.corner)

    def move(self, sample: Sample) -> None:
        self._last = sample
        self._surface.extend_to(sample.corner)

    def finish(self) -> None:
        self._surface.end_extending(True)

    def cancel(self) -> None:
        self._surface.end_extending(False)


class Lasso:
    """A freehand outline, or corner by corner: a drag draws, a click sets a corner. It closes at
    its start, with a double click, or at the end of a drag that was more than one side.
    """

    def __init__(self, surface: Surface, sample: Sample) -> None:
        self._surface, self._invert = surface, sample.invert
        self._first = self._pressed = sample
        self._corners = [sample.corner]
        self._fixed_corners = [1]  # how many corners there were at each press
        self._dragging, self._by_clicks = True, False

    def move(self, sample: Sample) -> None:
        if self._dragging and sample.distance(self._pressed) >= CLICK:
            self._corners.append(sample.corner)
        self._show(sample.corner)

    def release(self, sample: Sample) -> bool:
        self._dragging = False
        if sample.distance(self._pressed) >= CLICK and not self._by_clicks:
            self.finish()
            return True
        self._by_clicks = True
        return False

    def press(self, sample: Sample) -> bool:
        """Whether this closes the outline."""
        closes = sample.distance(self._first) < 2 * CLICK and len(self._corners) > 2
        if closes or sample.distance(self._pressed) < CLICK:  # where it began; or a double click
            self.finish()
            return True
        self._pressed, self._dragging = sample, True
        self._corners.append(sample.corner)
        self._fixed_corners.append(len(self._corners))
        self._show(sample.corner)
        return False

    def finish(self) -> None:
        self.cancel()
        if len(self._corners) > 2:
            self._surface.select_polygon(self._corners, self._invert)

    def cancel(self) -> None:
        self._surface.show_lasso((), self._first.corner)

    def step_back(self) -> None:
        """Removes the last corner, with anything drawn since the one before."""
        if len(self._fixed_corners) > 1:
            self._fixed_corners.pop()
            del self._corners[self._fixed_corners[-1] :]
            self._show(self._corners[-1])

    def _show(self, pointer: Corner) -> None:
        self._surface.show_lasso(self._corners, pointer)
