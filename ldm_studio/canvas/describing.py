"""What the canvas shows, in words, for those who cannot see it."""

from __future__ import annotations

from ldm_studio.canvas.document import CanvasDocument
from ldm_studio.translation import translate


def describe(document: CanvasDocument) -> str:
    frame, mask = document.frame, document.mask
    if frame is None:
        return translate("CanvasView", "Canvas, no picture yet")
    width, height = frame
    if mask is None or mask.is_empty:
        words = translate("CanvasView", "Canvas {width} by {height}, nothing masked")
        return words.format(width=width, height=height)
    percent = max(round(mask.coverage() * 100), 1)
    words = translate("CanvasView", "Canvas {width} by {height}, mask covers {percent} %")
    return words.format(width=width, height=height, percent=percent)
