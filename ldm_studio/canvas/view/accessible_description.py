"""Describes the canvas for screen readers."""

from __future__ import annotations

from ldm_studio.canvas.document.canvas_document import CanvasDocument
from ldm_studio.canvas.tools.tools import KeyboardMode, ToolRow
from ldm_studio.translation import translate


def describe(document: CanvasDocument) -> str:
    frame, mask = document.frame, document.mask
    if frame is None:
        return translate("CanvasView", "Canvas, no image yet")
    width, height = frame
    if mask is None or mask.is_empty:
        words = translate("CanvasView", "Canvas {width} by {height}, nothing masked")
        return words.format(width=width, height=height)
    percent = max(round(mask.coverage() * 100), 1)
    words = translate("CanvasView", "Canvas {width} by {height}, mask covers {percent} %")
    return words.format(width=width, height=height, percent=percent)


def describe_view(document: CanvasDocument, zoom: float, tool: str) -> str:
    """With zoom and tool. `zoom`: 1.0 is one device pixel per image pixel."""
    what = describe(document)
    if document.frame is None:
        return what
    seen = translate("CanvasView", "zoom {percent} %").format(percent=round(100 * zoom))
    return ", ".join((what, seen, translate("CanvasView", "tool: {tool}").format(tool=tool)))


def describe_keys(document: CanvasDocument, tool: ToolRow) -> str:
    """How to use it by keyboard; empty if arrow keys only move the view."""
    if not document.paintable or tool.by_keys is None:
        return ""
    if tool.by_keys is KeyboardMode.EDGES:
        return translate("CanvasView", "Arrow keys widen, Shift narrows")
    return translate(
        "CanvasView", "Arrow keys move a crosshair, Space puts the tool down and lifts it"
    )
