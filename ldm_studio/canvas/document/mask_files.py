"""Reads masks from image files and from the clipboard, and writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from core.atomic_write import replacing
from core.errors import ImageError
from ldm_studio.images import image_files

Size = tuple[int, int]  # width, height


def read_mask(source: str | QImage, size: Size) -> np.ndarray:
    """uint8 [H, W] of `size`: white is inpainted, black and transparent pixels are kept, grey is
    blended. An image of another size is stretched. Raises ImageError.
    """
    pixels = (
        _luminance(source) if isinstance(source, QImage) else image_files.load_mask(Path(source))
    )
    if pixels.shape != (size[1], size[0]):
        scaled = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
        pixels = np.asarray(scaled).copy()
    return pixels


def _luminance(image: QImage) -> np.ndarray:
    flat = QImage(image.size(), QImage.Format.Format_RGB32)
    flat.fill(Qt.GlobalColor.black)
    with QPainter(flat) as painter:
        painter.drawImage(0, 0, image)
    grey = flat.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return rows[:, : grey.width()].copy()


def write_mask(path: Path, pixels: np.ndarray) -> None:
    """Writes a grey PNG that `read_mask` reads back exactly. Raises ImageError."""
    try:
        with replacing(path) as file:
            Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    except OSError as error:
        raise ImageError(
            "{path} cannot be saved: {error}.",
            "Choose another folder or disk.",
            path=path,
            error=error,
        ) from error
