"""Conversions between numpy and QImage, and reduced copies of images."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColorSpace, QImage

from core.errors import InvalidError


def to_qimage(pixels: np.ndarray) -> QImage:
    """uint8 [H, W, 3] RGB -> Format_RGB32, uint8 [H, W, 4] RGBA with straight alpha ->
    Format_ARGB32.

    The image owns its buffer, so the array may change or be freed. Raises ValueError for other
    arrays.
    """
    if (
        pixels.dtype != np.uint8
        or pixels.ndim != 3
        or pixels.shape[2] not in (3, 4)
        or not pixels.size
    ):
        raise InvalidError(
            "expected uint8 [H, W, 3 or 4], got {dtype} {shape}",
            dtype=pixels.dtype,
            shape=list(pixels.shape),
        )
    height, width, channels = pixels.shape
    bgra = np.full((height, width, 4), 255, np.uint8)
    for channel in range(3):  # one at a time: five times as fast as reversing them at once
        bgra[..., 2 - channel] = pixels[..., channel]
    if channels == 3:
        return _wrap(bgra, QImage.Format.Format_RGB32)
    bgra[..., 3] = pixels[..., 3]
    return _wrap(bgra, QImage.Format.Format_ARGB32)


def cut_out(rgb: np.ndarray, alpha: np.ndarray) -> QImage:
    """An image on white (uint8 [H, W, 3]) and its alpha (uint8 [H, W]) -> the image without the
    white, premultiplied.

    On white, a colour c of opacity a shows as c a + 255 (1 - a): subtracting 255 - alpha leaves c
    a.
    """
    white = 255 - alpha
    bgra = np.empty((*alpha.shape, 4), np.uint8)
    bgra[..., 3] = alpha
    premultiplied = np.maximum(rgb, white[..., None]) - white[..., None]
    bgra[..., 2::-1] = np.minimum(premultiplied, alpha[..., None])
    return _wrap(bgra, QImage.Format.Format_ARGB32_Premultiplied)


def in_srgb(image: QImage) -> QImage:
    """The image with the colours that its embedded profile describes, in sRGB."""
    srgb = QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    if not image.colorSpace().isValid() or image.colorSpace() == srgb:
        return image
    converted = image.convertedToColorSpace(srgb, QImage.Format.Format_ARGB32)
    return image if converted.isNull() else converted


def from_qimage(image: QImage) -> np.ndarray:
    """Any QImage -> uint8 [H, W, 3], in sRGB, on white. Raises ValueError on a null image."""
    if image.isNull():
        raise InvalidError("the image is empty or could not be read")
    has_alpha = image.hasAlphaChannel()
    image = in_srgb(image).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    bgra = rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4)
    rgb = np.empty((image.height(), image.width(), 3), np.uint8)
    for channel in range(3):
        rgb[..., channel] = bgra[..., 2 - channel]
    if has_alpha:
        rgb += 255 - bgra[..., 3:]  # premultiplied colours are at most alpha: no overflow
    return rgb


class Pyramid:
    """An image and its halves, created on demand: smooth and quick at any reduction."""

    def __init__(self, image: QImage) -> None:
        self._levels = [image]

    def at(self, zoom: float) -> QImage:
        """The smallest level that is still reduced, by at most half, when shown at `zoom`."""
        level = 0
        while zoom < 0.5 and min(self._levels[level].width(), self._levels[level].height()) > 1:
            zoom, level = zoom * 2, level + 1
            if level == len(self._levels):
                self._levels.append(_half(self._levels[-1]))
        return self._levels[level]


def _half(image: QImage) -> QImage:
    return image.scaled(
        max(image.width() // 2, 1),
        max(image.height() // 2, 1),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _wrap(buffer: np.ndarray, layout: QImage.Format) -> QImage:
    height, width = buffer.shape[:2]
    return QImage(buffer.data, width, height, width * 4, layout)  # the image keeps the buffer alive
