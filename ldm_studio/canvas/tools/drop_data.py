"""Finds images in dropped or pasted data."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QUrl
from PySide6.QtGui import QImage, QImageReader

ENCODED = "application/octet-stream"  # what browsers give the file of an image as
DATA = "data:image/"


def offers_image(data: QMimeData) -> bool:
    return data.hasImage() or _image_file(data) is not None or _is_encoded(data)


def dropped_image(data: QMimeData | None) -> str | QImage | None:
    """The path of the first image file, else the image itself, else None. Opens no files.

    `data`: None on some systems if the clipboard is empty.
    """
    if data is None:
        return None
    if path := _image_file(data):
        return path
    image = data.imageData()
    if isinstance(image, QImage) and not image.isNull():
        return image
    return _decoded(data) if _is_encoded(data) else None


def is_address(data: QMimeData) -> bool:
    """Whether it is only the address of something on the web."""
    return not offers_image(data) and any(
        url.scheme() in ("http", "https") for url in _addresses(data)
    )


def _image_file(data: QMimeData) -> str | None:
    readable = {bytes(suffix.data()).decode() for suffix in QImageReader.supportedImageFormats()}
    paths = (url.toLocalFile() for url in _addresses(data) if url.isLocalFile())
    return next((p for p in paths if Path(p).suffix.lower().removeprefix(".") in readable), None)


def _addresses(data: QMimeData) -> list[QUrl]:
    """Addresses that are dropped as such, or as plain text."""
    if data.urls():
        return data.urls()
    text = data.text().strip() if data.hasText() else ""
    if not text or "\n" in text:
        return []
    if Path(text).is_absolute():
        return [QUrl.fromLocalFile(text)]
    return [QUrl(text)] if text.startswith(("file:", "http:", "https:")) else []


def _is_encoded(data: QMimeData) -> bool:
    return _data_url(data) != "" or any(name.startswith(ENCODED) for name in data.formats())


def _decoded(data: QMimeData) -> QImage | None:
    if url := _data_url(data):
        head, _, body = url.partition(",")
        if not head.endswith(";base64"):
            return None
        image = QImage.fromData(QByteArray.fromBase64(body.encode()))
        return None if image.isNull() else image
    for name in data.formats():
        if name.startswith(ENCODED):
            image = QImage.fromData(data.data(name))
            if not image.isNull():
                return image
    return None


def _data_url(data: QMimeData) -> str:
    texts = (*(url.toString() for url in data.urls()), data.text() if data.hasText() else "")
    return next((text.strip() for text in texts if text.startswith(DATA)), "")
