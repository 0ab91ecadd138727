"""What the canvas shows, in words, for those who cannot see it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ldm_studio.canvas.document import CanvasDocument


def describe(document: CanvasDocument) -> str:
    frame, mask = document.frame, document.mask
    if frame is None:
        return _tr("Canvas, no picture yet")
    size = _tr("Canvas {width} by {height}").format(width=frame[0], height=frame[1])
    if mask is None or mask.is_empty:
        return _tr("{canvas}, nothing masked").format(canvas=size)
    percent = max(round(mask.coverage() * 100), 1)
    return _tr("{canvas}, mask covers {percent} %").format(canvas=size, percent=percent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("CanvasView", text)
