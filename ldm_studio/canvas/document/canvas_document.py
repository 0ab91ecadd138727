"""The canvas document: image, preview, previous image, and mask. No widgets."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import ceil, sqrt

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage, QUndoStack

from core.errors import InvalidError
from core.images.preview import Preview
from ldm_studio.canvas.view.mask_overlay import MaskOverlay
from ldm_studio.threads.background import Background

from .brush import Brush, Stroke
from .canvas_image import CanvasImage, RedrawStep, ReplaceStep
from .mask import Mask
from .mask_operations import MaskTransforms, Transform
from .qimage import Pyramid, cut_out, to_qimage
from .selections import Selection
from .undo import UNDO_BYTES, MaskStep, UndoHistory
from .undo_tiles import Differences, Rect, tile_rect, unite

Size = tuple[int, int]  # width, height

PREVIEW_PIXELS = 1 << 22  # larger previews are reduced: they arrive many times a second
MAX_REPAINTED_TILES = 32  # tiles repainted one by one; more are repainted as one rectangle


class CanvasDocument(QObject):
    """Layers over one frame. `changed(Rect)`: these pixels of the frame changed; `replaced()`: all
    may have changed, or the frame has another size; `mask_changed()`: a stroke or command is
    complete, or undone, or a new mask is there; `image_restored()`: undo or redo changed the
    image; `busy_changed()`: work on the mask started or ended.
    """

    changed = Signal(object)
    replaced = Signal()
    mask_changed = Signal()
    image_restored = Signal()
    busy_changed = Signal()

    def __init__(self, parent: QObject | None = None, *, undo_bytes: int = UNDO_BYTES) -> None:
        super().__init__(parent)
        self.background = Background(self)
        self.history = UndoHistory(self.background, self, budget=undo_bytes)
        self.opaque: Pyramid | None = None  # the image on white
        self.transparent: Pyramid | None = None  # without the white; None if it has no alpha
        self.preview: QImage | None = None
        self.preview_pixels = PREVIEW_PIXELS
        self._preview_size: Size = (0, 0)
        self.part: Rect | None = (
            None  # the part of the image that the preview shows; None: all of it
        )
        self._preview_ground: tuple[np.ndarray, np.ndarray, Rect] | None = None
        self.before: QImage | None = None
        self.restoring = False  # the changes restore the last session
        self.mask: Mask | None = None
        self.overlay: MaskOverlay | None = None
        self._image: CanvasImage | None = None
        self._tint = QColor(255, 20, 175), 0.55
        self._stroke: Stroke | None = None
        self._stroke_text = ""
        self._changes = MaskTransforms(self.background, self._change, self.busy_changed.emit)

    @property
    def undo_stack(self) -> QUndoStack:
        return self.history.stack

    # --- layers ---

    @property
    def image(self) -> np.ndarray | None:
        """uint8 [H, W, 3], read only."""
        return self._image.rgb if self._image else None

    @property
    def alpha(self) -> np.ndarray | None:
        """uint8 [H, W], read only; None if the image is opaque."""
        return self._image.alpha if self._image else None

    @property
    def frame(self) -> Size | None:
        """The size shown: that of the image, or of a preview with other proportions."""
        image = self._image.size if self._image else None
        if self.preview is None or self.part:
            return image
        preview = self._preview_size
        if image and image[0] * preview[1] == image[1] * preview[0]:
            return image
        return preview

    @property
    def paintable(self) -> bool:
        """Whether the frame shows the image's own pixels."""
        return self._image is not None and self.frame == self._image.size

    def set_image(
        self,
        rgb: np.ndarray | None,
        alpha: np.ndarray | None,
        text: str = "",
        mask: np.ndarray | None = None,
    ) -> None:
        """`text` is the name in the undo list. The first image cannot be undone. A `mask` belongs
        to an image of another size, and is part of the same change. Raises ValueError for other
        arrays.
        """
        old, new = self._image, None if rgb is None else CanvasImage.of(rgb, alpha)
        self.preview = self.part = None
        had_mask = self.mask is not None and not self.mask.is_empty
        if new is None or old is None:
            self.cancel_stroke()
            self._changes.forget()
            self.undo_stack.clear()
            self._lay(new, Mask(*new.size) if new else None)
        elif old.size == new.size:
            had_mask = False  # it stays
            if not old.equals(new):
                step = RedrawStep(old, new, self._current_image, self._restore_image)
                self.history.push(text, step)
                self._lay(new, self.mask)
        else:
            self.cancel_stroke()
            self._changes.forget()
            assert self.mask is not None
            fresh = Mask(*new.size)
            if mask is not None:
                fresh.check(mask)
                fresh.touch(fresh.bounds)[...] = mask
            sides = (old, self.mask.pixels), (new, fresh.pixels.copy())
            self.history.push(text, ReplaceStep(*sides, self._restore_both))
            self._lay(new, fresh)
        self.replaced.emit()
        if had_mask or mask is not None:
            self.mask_changed.emit()

    def _lay(self, image: CanvasImage | None, mask: Mask | None) -> None:
        self._image, self.opaque, self.transparent = image, None, None
        if image:
            self.opaque = Pyramid(to_qimage(image.rgb))
            if image.alpha is not None:
                self.transparent = Pyramid(cut_out(image.rgb, image.alpha))
        if mask is not self.mask:
            self.mask = mask
            self._tint_mask()

    def _current_image(self) -> CanvasImage:
        assert self._image is not None  # an undo step is about to change it
        return self._image

    def _restore_image(self, image: CanvasImage) -> None:
        self.preview = self.part = None
        self._lay(image, self.mask)
        self.replaced.emit()
        self.image_restored.emit()

    def _restore_both(self, image: CanvasImage, pixels: np.ndarray) -> None:
        self.preview = self.part = None
        mask = Mask(*image.size)
        mask.touch(mask.bounds)[...] = pixels
        self._lay(image, mask)
        self.replaced.emit()
        self.image_restored.emit()
        self.mask_changed.emit()

    def set_preview(self, rgb: np.ndarray | None) -> None:
        """uint8 [H, W, 3] over the whole image; None ends the preview."""
        self._set_preview(None if rgb is None else Preview(rgb))

    def show_preview(self, preview: Preview) -> None:
        """If it covers a part of the image, the rest of the image stays visible."""
        if preview.ground is not None and not self._is_part(preview, preview.ground):
            preview = Preview(preview.whole())
        self._set_preview(preview)

    def _set_preview(self, preview: Preview | None) -> None:
        frame, shown, part = self.frame, self.preview is not None, self.part
        self.preview = self.part = None
        if preview is None:
            self._preview_ground = None
        else:
            height, width = preview.rgb.shape[:2]
            self._preview_size = width, height
            step = ceil(sqrt(height * width / self.preview_pixels))
            self.preview = to_qimage(preview.rgb[::step, ::step])
            if preview.ground is not None:
                self.part = preview.left, preview.top, width, height
        if frame is None or frame != self.frame:
            self.replaced.emit()
        elif shown and part and self.part:
            for rect in {part, self.part}:
                self.changed.emit(rect)
        else:  # the tint comes or goes as well
            self.changed.emit((0, 0, *frame))

    def _is_part(self, preview: Preview, ground: np.ndarray) -> bool:
        """Whether the image equals the preview's ground outside the preview."""
        image, (height, width) = self.image, preview.rgb.shape[:2]
        if image is None or image.shape != ground.shape:
            return False
        x, y = preview.left, preview.top
        found = ground, image, (x, y, width, height)
        known = self._preview_ground
        if known and known[0] is ground and known[1] is image and known[2] == found[2]:
            return True
        around = (np.s_[:y], np.s_[y + height :], np.s_[:, :x], np.s_[:, x + width :])
        alike = image is ground or all(np.array_equal(image[a], ground[a]) for a in around)
        self._preview_ground = found if alike else None
        return alike

    def set_before(self, rgb: np.ndarray | None) -> None:
        self.before = None if rgb is None else to_qimage(rgb)
        self.replaced.emit()

    # --- the tint of the mask ---

    @property
    def tint(self) -> tuple[QColor, float]:
        """Colour and opacity 0..1 of fully masked pixels."""
        return self._tint

    def set_tint(self, color: QColor, opacity: float) -> None:
        self._tint = QColor(color), min(max(opacity, 0.0), 1.0)
        self._tint_mask()
        self.replaced.emit()

    def _tint_mask(self) -> None:
        self.overlay = MaskOverlay(self.mask, *self._tint) if self.mask else None

    # --- strokes ---

    @property
    def stroking(self) -> bool:
        return self._stroke is not None

    def begin_stroke(self, brush: Brush, text: str) -> None:
        """`text` is the name of the stroke in the undo list."""
        self.cancel_stroke()
        if self.mask and self.paintable:
            self.mask.record()
            self._stroke, self._stroke_text = Stroke(self.mask, brush), text
            self._changes.hold()

    def warm_up(self) -> None:
        """Allocates the memory for a stroke that builds up."""
        if self.mask:
            self.background.run(self.mask.warm_up)

    def stroke_to(self, x: float, y: float, pressure: float = 1.0) -> None:
        if self._stroke:
            self._touched(self._stroke.move_to(x, y, pressure))

    def end_stroke(self) -> None:
        if self._stroke:
            self._touched(self._stroke.finish())
            self._stroke = None
            self._commit(self._stroke_text)
            self._changes.resume()

    def cancel_stroke(self) -> None:
        """Reverts the unfinished stroke."""
        if self.mask and self._stroke:
            self._stroke = None
            for index, tile in self.mask.recorded().items():
                rect = tile_rect(self.mask.pixels, index)
                self.mask.touch(rect)[...] = tile
                self._touched(rect)
            self._changes.resume()

    def _commit(self, text: str) -> None:
        """Makes the recorded changes one undo step; nothing if no pixel differs."""
        if self.mask:
            self._remember(self.mask.since(self.mask.recorded()), text)

    def _touched(self, rect: Rect | None) -> None:
        if self.overlay and rect:
            self.overlay.touched(rect)
            self.changed.emit(rect)

    # --- commands on the whole mask ---

    @property
    def busy(self) -> bool:
        """Whether a change of the mask is being computed."""
        return self._changes.busy

    def select(
        self, find: Callable[[], Selection | None], text: str, *, subtract: bool = False
    ) -> None:
        """Adds an area to the mask, or subtracts it. `find` runs like the work of `transform`."""
        self.transform(lambda pixels: _combined(pixels, find(), subtract), text)

    def transform(self, work: Transform, text: str) -> None:
        """Replaces the mask by `work(mask)`: immediately if it is small, otherwise in the
        background. `work` gets a copy, uint8 [H, W], which it may change, and must not touch Qt. It
        may run again if the mask is painted on in the meantime.
        """
        self.cancel_stroke()
        if self.mask and self.paintable:
            self._changes.make(self.mask, work, text)

    def clear_mask(self, text: str) -> None:
        self._fill(0, text)

    def fill_mask(self, text: str) -> None:
        self._fill(255, text)

    def invert_mask(self, text: str) -> None:
        self.cancel_stroke()
        if self.mask:
            self._change(self.mask.inversion(), text)

    def set_mask(self, pixels: np.ndarray, text: str) -> None:
        """uint8 [H, W] of the image's size. Raises ValueError otherwise."""
        if self.mask is None:
            raise InvalidError("there is no image to mask")
        self.mask.check(pixels)
        self.cancel_stroke()
        self._changes.forget()
        self._remember(self._shown(self.mask.become(pixels)), text)

    def _fill(self, value: int, text: str) -> None:
        self.cancel_stroke()
        self._changes.forget()  # whatever it would have been
        if self.mask:
            self._remember(self._shown(self.mask.become(value)), text)

    def _change(self, differences: Differences, text: str) -> None:
        if differences:
            self._flip(differences)
            self._remember(differences, text)

    def _remember(self, differences: Differences, text: str) -> None:
        if differences:
            self.history.push(text, MaskStep(differences, self._restore_mask))
            self.mask_changed.emit()

    # --- undo ---

    def undo(self) -> None:
        """Reverts the current stroke, a change that is being computed, or the last one."""
        if self.stroking:
            self.cancel_stroke()
        elif not self._changes.forget_last():
            self.undo_stack.undo()

    def redo(self) -> None:
        self.cancel_stroke()
        self.undo_stack.redo()

    def _restore_mask(self, differences: Differences) -> None:
        self.cancel_stroke()
        self._flip(differences)
        self.mask_changed.emit()

    def _flip(self, differences: Differences) -> None:
        if self.mask is None or self.overlay is None:
            return
        self.mask.apply(differences)
        self._shown(differences)

    def _shown(self, differences: Differences) -> Differences:
        """Updates overlay and view; returns the same differences."""
        if self.mask is None or self.overlay is None:
            return differences
        self._changes.mark_outdated()
        if self.mask.is_inversion(differences):
            self.overlay.inverted()
            self.changed.emit(self.mask.bounds)
            return differences
        rects = [tile_rect(self.mask.pixels, index) for index in differences]
        for rect in rects:
            self.overlay.touched(rect)
        if len(rects) > MAX_REPAINTED_TILES:
            self.changed.emit(reduce(unite, rects))
        else:
            for rect in rects:
                self.changed.emit(rect)
        return differences

    def close(self) -> None:
        """Ends the background thread."""
        self._changes.forget()
        self.background.close()


def _combined(pixels: np.ndarray, selection: Selection | None, subtract: bool) -> np.ndarray:
    if selection is None:
        return pixels
    x, y, width, height = selection.rect
    area = pixels[y : y + height, x : x + width]
    if subtract:
        np.minimum(area, 255 - selection.values, out=area)
    else:
        np.maximum(area, selection.values, out=area)
    return pixels
