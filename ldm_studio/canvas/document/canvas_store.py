"""Saves and restores the canvas between sessions: image and mask, written as they change."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor

from core.atomic_write import replacing
from core.errors import StudioError
from core.untrusted_files import open_file
from ldm_studio.canvas.tools.tool_options import ToolOptions
from ldm_studio.images import image_files

from .canvas_document import CanvasDocument

if TYPE_CHECKING:
    from ldm_studio.canvas.view.canvas_view import CanvasView

log = logging.getLogger(__name__)

DELAY_MS = 1000
RETRY_MS = 5000
IMAGE, ALPHA, MASK = "picture.png", "alpha.png", "mask.png"
DIGEST_KEY = "of"
"""Names the image that a mask belongs to: a crash may happen between writing the two."""


@dataclass(frozen=True, eq=False, slots=True)
class SavedCanvas:
    """`rgb` uint8 [H, W, 3]; `alpha` uint8 [H, W], None if opaque; `mask` uint8 [H, W], None if
    nothing is masked.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    mask: np.ndarray | None = None


def save_canvas(folder: Path, kept: SavedCanvas | None, *, image: bool = True) -> None:
    """Writes the files that `load_canvas` reads, each atomically; removes files for None. Without
    `image` only the mask is written, because the image is already saved. Raises OSError.
    """
    from PIL.PngImagePlugin import PngInfo

    planes = {ALPHA: kept.alpha if kept else None, MASK: kept.mask if kept else None}
    if image:
        planes = {IMAGE: kept.rgb if kept else None, **planes}
    info = PngInfo()
    if kept is not None:
        info.add_text(DIGEST_KEY, _name_of(kept.rgb))
    for name, pixels in planes.items():
        if pixels is None:
            (folder / name).unlink(missing_ok=True)
        elif image or name == MASK:
            with replacing(folder / name) as file:
                Image.fromarray(pixels).save(file, "PNG", compress_level=1, pnginfo=info)


def load_canvas(folder: Path) -> SavedCanvas | None:
    """The saved canvas; None if there is none. Parts that do not fit the image are left out. Raises
    ImageError for damaged files.
    """
    rgb = _plane(folder / IMAGE, 3)
    if rgb is None:
        return None
    planes = {name: _plane(folder / name, 2) for name in (ALPHA, MASK)}
    for name, pixels in planes.items():
        if pixels is None:
            continue
        if pixels.shape != rgb.shape[:2] or _belongs_to(folder / name) not in ("", _name_of(rgb)):
            log.warning("%s is of another image and is ignored", folder / name)
            planes[name] = None
    return SavedCanvas(rgb, planes[ALPHA], planes[MASK])


def _plane(path: Path, ndim: int) -> np.ndarray | None:
    pixels = image_files.read_exact(path) if path.exists() else None
    return pixels if pixels is not None and pixels.ndim == ndim else None


def _name_of(rgb: np.ndarray) -> str:
    return f"{zlib.crc32(np.ascontiguousarray(rgb).data):08x}"


def _belongs_to(path: Path) -> str:
    """Empty if the file does not say."""
    with open_file(path) as file, Image.open(file, formats=("PNG",)) as image:
        return str(image.info.get(DIGEST_KEY, ""))


class CanvasStore(QObject):
    """Writes a document into a folder shortly after each change, in the background."""

    restored = Signal()
    """The saved canvas is shown again."""
    failed = Signal(str, str)
    """It could not be written: message and hint. Emitted once until it succeeds again."""

    def __init__(
        self, document: CanvasDocument, folder: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._folder = document, folder
        self._image: np.ndarray | None = None  # the one that is written
        self._mask_is_new = False
        self._reported = False
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self.save)
        document.replaced.connect(self._on_replaced)
        document.mask_changed.connect(self._on_mask_changed)

    def restore(self) -> None:
        """Restores the saved canvas, unless there is something else on the canvas by then."""
        self._document.background.run(lambda: load_canvas(self._folder), self._restored)

    def _restored(self, done: Future[SavedCanvas | None]) -> None:
        try:
            kept = done.result()
        except StudioError as error:
            log.warning("the canvas could not be restored: %s", error)
            return
        document = self._document
        if kept is None or document.frame is not None:
            return
        document.restoring = True
        document.set_image(kept.rgb, kept.alpha)
        if kept.mask is not None:
            document.set_mask(kept.mask, "")
        document.restoring = False
        document.undo_stack.clear()
        self._image, self._mask_is_new = document.image, False
        self._timer.stop()
        self.restored.emit()

    def save(self) -> None:
        """Writes changes now. Errors are reported, and it is tried again."""
        self._timer.stop()
        document = self._document
        rgb, mask = document.image, document.mask
        new = rgb is not self._image
        if not new and not self._mask_is_new:
            return
        self._image, self._mask_is_new = rgb, False
        kept = None
        if rgb is not None and mask is not None:
            pixels = None if mask.is_empty else mask.pixels.copy()
            kept = SavedCanvas(rgb, document.alpha, pixels)
        document.background.run(lambda: save_canvas(self._folder, kept, image=new), self._on_saved)

    def close(self) -> None:
        """Writes remaining changes and waits for it."""
        self.save()
        self._document.background.wait()

    def _on_saved(self, done: Future[None]) -> None:
        try:
            done.result()
        except OSError as error:
            log.warning("the canvas could not be kept: %s", error)
            self._image, self._mask_is_new = None, True  # all of it, the next time
            self._timer.start(RETRY_MS)
            if not self._reported:
                self._reported = True
                self.failed.emit(
                    self.tr("The canvas cannot be saved in {folder}: {reason}.").format(
                        folder=self._folder, reason=error.strerror or error
                    ),
                    self.tr(
                        "Saving is tried again; until it succeeds, closing LDM Studio would lose "
                        "it."
                    ),
                )
        else:
            self._reported = False

    def _on_replaced(self) -> None:
        if self._document.image is not self._image:
            self._plan()

    def _on_mask_changed(self) -> None:
        self._mask_is_new = True
        self._plan()

    def _plan(self) -> None:
        if not self._timer.isActive():  # so that it is also written during long painting
            self._timer.start(DELAY_MS)


def settings_of(view: CanvasView) -> dict[str, Any]:
    """The options of tools and tint, for JSON."""
    color, opacity = view.tint
    return {"options": asdict(view.options), "tint": color.name(), "opacity": opacity}


def restore_settings(view: CanvasView, data: Mapping[str, Any]) -> None:
    """Applies the result of `settings_of`; missing or damaged values stay unchanged."""
    options, opacity = data.get("options"), data.get("opacity")
    if isinstance(options, dict):
        view.options = ToolOptions.restored(options)
    color = QColor(str(data.get("tint", "")))
    if color.isValid() and isinstance(opacity, float):
        view.tint = color, opacity
