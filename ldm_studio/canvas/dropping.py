"""Which dropped or pasted data holds a picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage, QImageReader


def offers_picture(data: QMimeData) -> bool:
    return data.hasImage() or _picture_file(data) is not None


def dropped_picture(data: QMimeData) -> str | QImage | None:
    """The path of the first picture file, else the image itself, else None. Files are not opened
    here.
    """
    if path := _picture_file(data):
        return path
    image = data.imageData()
    return image if isinstance(image, QImage) and not image.isNull() else None


def _picture_file(data: QMimeData) -> str | None:
    readable = {bytes(suffix.data()).decode() for suffix in QImageReader.supportedImageFormats()}
    paths = (url.toLocalFile() for url in data.urls() if url.isLocalFile())
    return next((p for p in paths if Path(p).suffix.lower().removeprefix(".") in readable), None)
