"""What the canvas shows and edits: picture, preview, the picture before, and the mask with its
undo. No widgets.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage, QUndoStack

from ldm_studio.canvas.compose import MaskOverlay, Pyramid, cut_out, to_qimage
from ldm_studio.canvas.mask import Brush, Mask, Rect, Stroke
from ldm_studio.canvas.undo import UNDO_LIMIT, Change, MaskCommand, Tiles, unpack

Size = tuple[int, int]  # width, height


class CanvasDocument(QObject):
    """Layers over one frame. `changed(Rect)`: these pixels of the frame look different;
    `replaced()`: all may, or the frame has another size; `mask_changed()`: a stroke or command is
    complete, or undone, or a new mask is there.
    """

    changed = Signal(object)
    replaced = Signal()
    mask_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.opaque: Pyramid | None = None  # the picture on white
        self.transparent: Pyramid | None = (
            None  # the picture without the white; None if it has no alpha
        )
        self.preview: QImage | None = None
        self.before: QImage | None = None
        self.mask: Mask | None = None
        self.overlay: MaskOverlay | None = None
        self._picture: np.ndarray | None = None
        self._tint = QColor(255, 20, 175), 0.55
        self._stroke: Stroke | None = None
        self._stroke_text = ""

    # --- layers ---

    @property
    def picture(self) -> np.ndarray | None:
        """uint8 [H, W, 3], read only."""
        return self._picture

    @property
    def frame(self) -> Size | None:
        """The size of what is shown: the picture's; a preview of other proportions brings its own
        frame.
        """
        picture = (self.mask.width, self.mask.height) if self.mask else None
        if self.preview is None:
            return picture
        preview = self.preview.width(), self.preview.height()
        if picture and picture[0] * preview[1] == picture[1] * preview[0]:
            return picture
        return preview

    @property
    def paintable(self) -> bool:
        """Whether the picture's own pixels are what the frame shows."""
        return self.mask is not None and self.frame == (self.mask.width, self.mask.height)

    def set_picture(self, rgb: np.ndarray | None, alpha: np.ndarray | None) -> None:
        self.preview = None
        if rgb is None:
            self._picture = self.opaque = self.transparent = None
            self._new_mask(None)
        else:
            opaque = to_qimage(rgb)
            if rgb.shape[2] != 3 or (alpha is not None and alpha.shape != rgb.shape[:2]):
                raise ValueError("a picture is uint8 [H, W, 3] with alpha uint8 [H, W]")
            self._picture = rgb.copy()
            self._picture.setflags(write=False)
            self.opaque = Pyramid(opaque)
            has_alpha = alpha is not None and int(alpha.min()) < 255
            self.transparent = (
                Pyramid(cut_out(rgb, alpha)) if alpha is not None and has_alpha else None
            )
            if self.mask is None or self.mask.pixels.shape != rgb.shape[:2]:
                self._new_mask((rgb.shape[1], rgb.shape[0]))
        self.replaced.emit()

    def set_preview(self, rgb: np.ndarray | None) -> None:
        frame, self.preview = self.frame, None if rgb is None else to_qimage(rgb)
        if frame is not None and frame == self.frame:
            self.changed.emit((0, 0, *frame))
        else:
            self.replaced.emit()

    def set_before(self, rgb: np.ndarray | None) -> None:
        self.before = None if rgb is None else to_qimage(rgb)
        self.replaced.emit()

    # --- the tint of the mask ---

    @property
    def tint(self) -> tuple[QColor, float]:
        """Colour and opacity 0..1 of the fully masked."""
        return self._tint

    def set_tint(self, color: QColor, opacity: float) -> None:
        self._tint = QColor(color), min(max(opacity, 0.0), 1.0)
        self._tint_all()
        self.replaced.emit()

    def _tint_all(self) -> None:
        self.overlay = None
        if self.mask:
            self.overlay = MaskOverlay(self.mask.width, self.mask.height, *self._tint)
            if not self.mask.is_empty:
                self.overlay.update(self.mask.pixels, self.mask.bounds)

    def _new_mask(self, size: Size | None) -> None:
        self.cancel_stroke()
        had_mask = self.mask is not None and not self.mask.is_empty
        self.mask = Mask(*size) if size else None
        self.undo_stack.clear()
        self._tint_all()
        if had_mask:
            self.mask_changed.emit()

    # --- strokes ---

    @property
    def stroking(self) -> bool:
        return self._stroke is not None

    def begin_stroke(self, brush: Brush, text: str) -> None:
        """`text` names the stroke in the undo list."""
        self.cancel_stroke()
        if self.mask and self.paintable:
            self.mask.record()
            self._stroke, self._stroke_text = Stroke(self.mask, brush), text

    def stroke_to(self, x: float, y: float, pressure: float = 1.0) -> None:
        if self._stroke:
            self._touched(self._stroke.move_to(x, y, pressure))

    def end_stroke(self) -> None:
        if self.mask and self._stroke:
            self._stroke = None
            self._commit(self._stroke_text)

    def cancel_stroke(self) -> None:
        """Take the unfinished stroke back, as if it had not begun."""
        if self.mask and self._stroke:
            self._stroke = None
            for index, tile in self.mask.recorded().items():
                self.mask.tile(index)[...] = tile
                self._touched(self.mask.tile_rect(index))

    # --- whole-mask commands ---

    def clear_mask(self, text: str) -> None:
        self._command(Mask.clear, text)

    def fill_mask(self, text: str) -> None:
        self._command(Mask.fill, text)

    def invert_mask(self, text: str) -> None:
        self._command(Mask.invert, text)

    def set_mask(self, pixels: np.ndarray, text: str) -> None:
        """uint8 [H, W] of the picture's size. Raises ValueError if it is not."""
        if self.mask is None:
            raise ValueError("there is no picture to mask")
        self._command(lambda mask: mask.replace(pixels), text)

    def _command(self, change: Callable[[Mask], Rect], text: str) -> None:
        self.cancel_stroke()
        if self.mask:
            self.mask.record()
            try:
                self._touched(change(self.mask))
            finally:
                self._commit(text)

    def _touched(self, rect: Rect | None) -> None:
        if self.mask and self.overlay and rect:
            self.overlay.update(self.mask.pixels, rect)
            self.changed.emit(rect)

    def _commit(self, text: str) -> None:
        """Make what was recorded one step of undo; nothing if no pixel differs."""
        if self.mask:
            change = Change.between(self.mask.recorded(), self.mask)
            if change.before:
                self.undo_stack.push(MaskCommand(text, change, self._restore))
                self.mask_changed.emit()

    def _restore(self, tiles: Tiles) -> None:
        self.cancel_stroke()
        if self.mask:
            unpack(tiles, self.mask)
            for index in tiles:
                self._touched(self.mask.tile_rect(index))
            self.mask_changed.emit()
