"""The table of tools: a tool is one gesture and one row in TOOLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from PySide6.QtCore import Qt

from ldm_studio.translation import QT_TRANSLATE_NOOP

from .gestures import Extend, Fill, Gesture, Gradient, Lasso, Paint, Pan, Rectangle, Sample, Surface


class KeyboardMode(Enum):
    """How a tool is used by keyboard."""

    HOLD = "arrow keys move a crosshair, Space puts the tool down there, and up again"
    CLICK = "there Space clicks"
    EDGES = "arrow keys move the edges of the image"


class Tool(Enum):
    BRUSH = "brush"
    ERASER = "eraser"
    RECTANGLE = "rectangle"
    LASSO = "lasso"
    FILL = "fill"
    GRADIENT = "gradient"
    EXTEND = "extend"
    PAN = "pan"


@dataclass(frozen=True, slots=True)
class ToolRow:
    """`text`, `hint` (of the button) and `usage` (next to the options) are translated in the
    context CanvasPanel; `ring`: shows the brush circle at the pointer; `by_keys`: None if arrow
    keys move the view.
    """

    text: str
    hint: str
    icon: str
    key: str
    begin: Callable[[Surface, Sample], Gesture]
    usage: str = ""
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    ring: bool = False
    by_keys: KeyboardMode | None = None


TOOLS: dict[Tool, ToolRow] = {
    Tool.BRUSH: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Brush"),
        QT_TRANSLATE_NOOP("CanvasPanel", "Paint the area to inpaint."),
        icon="brush",
        key="B",
        begin=Paint,
        ring=True,
        by_keys=KeyboardMode.HOLD,
    ),
    Tool.ERASER: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Eraser"),
        QT_TRANSLATE_NOOP("CanvasPanel", "Erase the mask."),
        icon="eraser",
        key="E",
        begin=partial(Paint, erase=True),
        ring=True,
        by_keys=KeyboardMode.HOLD,
    ),
    Tool.RECTANGLE: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Rectangle"),
        QT_TRANSLATE_NOOP("CanvasPanel", "Mask a rectangle."),
        icon="rectangle",
        key="R",
        begin=Rectangle,
        by_keys=KeyboardMode.HOLD,
        usage=QT_TRANSLATE_NOOP("CanvasPanel", "Drag; Shift makes a square"),
    ),
    Tool.LASSO: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Lasso"),
        QT_TRANSLATE_NOOP("CanvasPanel", "Mask an outlined area, freehand or with corners."),
        icon="lasso",
        key="L",
        begin=Lasso,
        by_keys=KeyboardMode.CLICK,
        usage=QT_TRANSLATE_NOOP("CanvasPanel", "Drag, or click corners; Enter closes"),
    ),
    Tool.FILL: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Fill by colour"),
        QT_TRANSLATE_NOOP("CanvasPanel", "Mask everything of the colour you click."),
        icon="bucket",
        key="F",
        begin=Fill,
        by_keys=KeyboardMode.CLICK,
    ),
    Tool.GRADIENT: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Gradient"),
        QT_TRANSLATE_NOOP("CanvasPanel", "A mask that fades from where you press."),
        icon="gradient",
        key="G",
        begin=Gradient,
        by_keys=KeyboardMode.HOLD,
        usage=QT_TRANSLATE_NOOP("CanvasPanel", "Drag from full to none"),
    ),
    Tool.EXTEND: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Extend"),
        QT_TRANSLATE_NOOP(
            "CanvasPanel", "Extend the image, then generate the new part (outpainting)."
        ),
        icon="extend",
        key="O",
        begin=Extend,
        by_keys=KeyboardMode.EDGES,
        usage=QT_TRANSLATE_NOOP(
            "CanvasPanel", "Drag an edge, or press arrow keys; Enter to extend"
        ),
        cursor=Qt.CursorShape.ArrowCursor,
    ),
    Tool.PAN: ToolRow(
        QT_TRANSLATE_NOOP("CanvasPanel", "Hand"),
        QT_TRANSLATE_NOOP(
            "CanvasPanel",
            "Move the view. With any other tool, hold Space or drag with the middle button.",
        ),
        icon="hand",
        key="H",
        begin=Pan,
        usage=QT_TRANSLATE_NOOP("CanvasPanel", "Drag; Ctrl drags the image out"),
        cursor=Qt.CursorShape.OpenHandCursor,
    ),
}
