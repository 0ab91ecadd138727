"""The tools: a tool is one gesture class and one row in TOOLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Protocol

from PySide6.QtCore import Qt

from ldm_studio.canvas.words import QT_TRANSLATE_NOOP


class Tool(Enum):
    BRUSH = "brush"
    ERASER = "eraser"
    PAN = "pan"


@dataclass(frozen=True, slots=True)
class Sample:
    """One report of the mouse or pen: the place in the picture (pixels), in the widget, and the
    pressure 0..1.
    """

    x: float
    y: float
    widget_x: float
    widget_y: float
    pressure: float = 1.0


class Surface(Protocol):
    """What a gesture may do to the canvas."""

    def begin_stroke(self, erase: bool) -> None: ...
    def stroke_to(self, x: float, y: float, pressure: float) -> None: ...
    def end_stroke(self) -> None: ...
    def cancel_stroke(self) -> None: ...
    def pan_by(self, dx: float, dy: float) -> None: ...


class Gesture(Protocol):
    """From press (the constructor) to release: `move` any number of times, then `finish` or
    `cancel`.
    """

    def move(self, sample: Sample) -> None: ...
    def finish(self) -> None: ...
    def cancel(self) -> None: ...


class Paint:
    """Brush and eraser."""

    def __init__(self, surface: Surface, sample: Sample, erase: bool = False) -> None:
        self._surface = surface
        surface.begin_stroke(erase)
        self.move(sample)

    def move(self, sample: Sample) -> None:
        self._surface.stroke_to(sample.x, sample.y, sample.pressure)

    def finish(self) -> None:
        self._surface.end_stroke()

    def cancel(self) -> None:
        self._surface.cancel_stroke()


class Pan:
    """Drag the picture about."""

    def __init__(self, surface: Surface, sample: Sample) -> None:
        self._surface = surface
        self._last = sample

    def move(self, sample: Sample) -> None:
        dx, dy = sample.widget_x - self._last.widget_x, sample.widget_y - self._last.widget_y
        self._last = sample
        self._surface.pan_by(dx, dy)

    def finish(self) -> None:
        pass

    def cancel(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class ToolRow:
    """`text` and `hint` are for `tr` in the context CanvasPanel; `ring`: shows the brush circle at
    the pointer.
    """

    text: str
    hint: str
    icon: str
    key: str
    begin: Callable[[Surface, Sample], Gesture]
    cursor: Qt.CursorShape
    ring: bool = False


TOOLS: dict[Tool, ToolRow] = {
    Tool.BRUSH: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Brush"),
        QT_TRANSLATE_NOOP("CanvasPanel", "Paint where the picture shall be drawn anew."),
        icon="brush",
        key="B",
        begin=Paint,
        cursor=Qt.CursorShape.CrossCursor,
        ring=True,
    ),
    Tool.ERASER: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Eraser"),
        QT_TRANSLATE_NOOP("CanvasPanel", "Take the mask away again."),
        icon="eraser",
        key="E",
        begin=partial(Paint, erase=True),
        cursor=Qt.CursorShape.CrossCursor,
        ring=True,
    ),
    Tool.PAN: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Hand"),
        QT_TRANSLATE_NOOP(
            "CanvasPanel", "Move the view. Space or the middle button does so with any tool."
        ),
        icon="hand",
        key="H",
        begin=Pan,
        cursor=Qt.CursorShape.OpenHandCursor,
    ),
}
