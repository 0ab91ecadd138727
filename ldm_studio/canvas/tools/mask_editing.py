"""Mask editing on a canvas: commands, and the surface for gestures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from core.images import mask_morphology, outpainting
from ldm_studio.canvas.document import selections
from ldm_studio.canvas.document.canvas_document import CanvasDocument
from ldm_studio.canvas.document.mask import Mask
from ldm_studio.canvas.document.selections import Corner, Selection
from ldm_studio.canvas.view.zoomable import ZoomableWidget

from .outpaint_frame import GRIP, OutpaintFrame
from .tool_options import ToolOptions
from .tools import TOOLS, Tool


class MaskEditingView(ZoomableWidget):
    """Holds the document, the tool and its options. Paints nothing."""

    mask_changed = Signal()
    image_restored = Signal()  # by undo or redo
    about_to_extend = Signal()  # the visible image, before it is extended
    extended = Signal()  # the image was made larger, and what was added is masked
    options_changed = Signal()
    tool_changed = Signal(Tool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = CanvasDocument(self)
        self.outpaint_frame = OutpaintFrame(self)
        self._extension_before = self.outpaint_frame.extension
        self._tool, self._painter_tool = Tool.BRUSH, Tool.BRUSH
        self._options = ToolOptions()
        self.document.mask_changed.connect(self.mask_changed)
        self.document.image_restored.connect(self.image_restored)
        self.document.replaced.connect(self._warm_up)
        self._warm: Mask | None = None

    @property
    def undo_stack(self) -> QUndoStack:
        return self.document.undo_stack

    def undo(self) -> None:
        self.document.undo()

    def redo(self) -> None:
        self.document.redo()

    # --- tools ---

    @property
    def tool(self) -> Tool:
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        if tool != self._tool:
            self._tool = tool
            if TOOLS[tool].ring:
                self._painter_tool = tool
            self.tool_changed.emit(tool)

    def swap_tool(self) -> None:
        """Switches between brush and eraser."""
        self.set_tool(Tool.BRUSH if self._painter_tool is Tool.ERASER else Tool.ERASER)

    @property
    def options(self) -> ToolOptions:
        return self._options

    @options.setter
    def options(self, options: ToolOptions) -> None:
        if options != self._options:
            self._options = options
            self._warm_up()
            self.options_changed.emit()

    def adjust(self, **changes: Any) -> None:
        """Changes options by name."""
        self.options = replace(self._options, **changes)

    def _warm_up(self) -> None:
        """Once for each mask, if the brush needs it."""
        mask = self.document.mask
        if mask is not self._warm and self._options.brush(erase=False).builds_up:
            self._warm = mask
            self.document.warm_up()

    # --- the mask ---

    @property
    def masked(self) -> bool:
        """Whether anything is masked."""
        mask = self.document.mask
        return mask is not None and not mask.is_empty

    # QWidget.mask is the outline of a window, which this is not.
    def mask(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A copy, uint8 [H, W], 255 = inpaint; None if nothing is masked."""
        mask = self.document.mask
        return mask.pixels.copy() if mask is not None and self.masked else None

    def set_mask(self, pixels: np.ndarray) -> None:
        """Undoable. Raises ValueError unless it is uint8 [H, W] of the image's size."""
        self.document.set_mask(pixels, self.tr("Set mask"))

    def clear_mask(self) -> None:
        self.document.clear_mask(self.tr("Clear mask"))

    def fill_mask(self) -> None:
        self.document.fill_mask(self.tr("Mask everything"))

    def invert_mask(self) -> None:
        self.document.invert_mask(self.tr("Invert mask"))

    def grow_mask(self) -> None:
        radius = self._options.radius
        self.document.transform(
            lambda mask: mask_morphology.grow(mask, radius), self.tr("Grow mask")
        )

    def shrink_mask(self) -> None:
        radius = self._options.radius
        work, text = mask_morphology.shrink, self.tr("Shrink mask")
        self.document.transform(lambda mask: work(mask, radius), text)

    def feather_mask(self) -> None:
        radius = self._options.radius
        work, text = mask_morphology.feather, self.tr("Feather mask")
        self.document.transform(lambda mask: work(mask, radius), text)

    def mask_transparent(self) -> None:
        """Masks exactly the transparent pixels."""
        alpha = self.document.alpha
        if alpha is not None:
            self.document.set_mask(255 - alpha, self.tr("Mask transparent pixels"))

    # --- the surface that gestures work on ---

    def begin_stroke(self, erase: bool) -> None:
        text = self.tr("Erase") if erase else self.tr("Brush stroke")
        self.document.begin_stroke(self._options.brush(erase=erase), text)

    def stroke_to(self, x: float, y: float, pressure: float) -> None:
        self.document.stroke_to(x, y, pressure)

    def end_stroke(self) -> None:
        self.document.end_stroke()

    def cancel_stroke(self) -> None:
        self.document.cancel_stroke()

    def select_rectangle(self, a: Corner, b: Corner, invert: bool) -> None:
        if size := self._size():
            self._select(lambda: selections.rectangle(a, b, *size), self.tr("Rectangle"), invert)

    def select_polygon(self, corners: list[Corner], invert: bool) -> None:
        if size := self._size():
            outline = tuple(corners)
            self._select(lambda: selections.polygon(outline, *size), self.tr("Lasso"), invert)

    def select_colour(self, at: Corner, invert: bool) -> None:
        rgb = self.document.image
        if rgb is not None and 0 <= at[0] <= rgb.shape[1] and 0 <= at[1] <= rgb.shape[0]:
            x, y = min(int(at[0]), rgb.shape[1] - 1), min(int(at[1]), rgb.shape[0] - 1)
            tolerance, connected = self._options.tolerance / 100, self._options.connected
            self._select(
                lambda: selections.same_colour(rgb, x, y, tolerance, connected=connected),
                self.tr("Fill by colour"),
                invert,
            )

    def select_gradient(self, a: Corner, b: Corner, invert: bool) -> None:
        if size := self._size():
            radial = self._options.radial
            self._select(
                lambda: selections.gradient(a, b, *size, radial=radial),
                self.tr("Gradient"),
                invert,
            )

    # --- extending the image ---

    def begin_extending(self, at: Corner) -> None:
        if size := self._size():
            self._extension_before = self.outpaint_frame.extension
            self.outpaint_frame.begin(*at, size, GRIP / self.scale)

    def extend_to(self, at: Corner) -> None:
        if size := self._size():
            self.outpaint_frame.drag(*at, size)

    def end_extending(self, keep: bool) -> None:
        self.outpaint_frame.end()
        if not keep:
            self.outpaint_frame.change(border=self._extension_before.border)

    def extend(self) -> None:
        """Extends the image as chosen, and masks the new area: one undo step."""
        self.about_to_extend.emit()
        image, extension = self.document.image, self.outpaint_frame.extension
        if image is None or extension.is_none or not self.document.paintable:
            return
        self.outpaint_frame.clear()

        def take(done: Future[tuple[np.ndarray, np.ndarray]]) -> None:
            if self.document.image is image:  # otherwise it has changed in the meantime
                rgb, mask = done.result()
                self.set_tool(Tool.BRUSH)
                self.document.set_image(rgb, None, self.tr("Extend the image"), mask)
                self.extended.emit()

        fill, overlap = extension.fill, extension.overlap
        work = partial(outpainting.extended, image, extension.border, fill, overlap=overlap)
        self.document.background.run(work, take)

    # --- helpers ---

    def _select(self, find: Callable[[], Selection | None], text: str, invert: bool) -> None:
        self.document.select(find, text, subtract=self._options.subtract != invert)

    def _size(self) -> tuple[int, int] | None:
        return self.document.frame if self.document.paintable else None
