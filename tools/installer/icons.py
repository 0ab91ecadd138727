"""Renders the application's SVG icon in the formats of each system."""

from __future__ import annotations

from pathlib import Path

from .desktop import ICON, ICON_SIZES

ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
LARGEST = 1024
"""Pixels, of the one that macOS's icon is made from."""


def draw(folder: Path) -> None:
    """`<size>.png` for each size, `ldm-studio.ico` and `ldm-studio.icns`."""
    from PIL import Image
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    folder.mkdir(parents=True, exist_ok=True)
    drawing = QSvgRenderer(str(ICON))
    for size in sorted({*ICON_SIZES, *ICO_SIZES, LARGEST}):
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawing.render(painter)
        painter.end()
        image.save(str(folder / f"{size}.png"))
    small = [Image.open(folder / f"{size}.png") for size in ICO_SIZES]
    small[-1].save(
        folder / "ldm-studio.ico",
        sizes=[(size, size) for size in ICO_SIZES],
        append_images=small[:-1],
    )
    Image.open(folder / f"{LARGEST}.png").save(folder / "ldm-studio.icns")
