"""The row of the init image."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ldm_studio.draw.guides.control_image_panel import THUMB, thumbnail
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.widgets.fields import tool_button


class StartRow(QWidget):
    """Shows the init image, and requests another."""

    open_requested = Signal()
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._image: np.ndarray | None = None
        self._built = False
        self._thumb = PlainLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._thumb.setFixedSize(THUMB, THUMB)
        self._words = PlainLabel(wordWrap=True)
        self._words.setObjectName("caption")
        self.open = tool_button(
            "folder", self.tr("Open an initial image"), self.tr("Open an image to start from.")
        )
        self.clear = tool_button(
            "close", self.tr("No initial image"), self.tr("Start from the prompt alone.")
        )
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self._thumb)
        line.addWidget(self._words, 1)
        line.addWidget(self.open)
        line.addWidget(self.clear)
        self.open.clicked.connect(self.open_requested)
        self.clear.clicked.connect(self.cleared)
        self.show_image(None)
        self._built = True

    def show_image(self, image: np.ndarray | None) -> None:
        """uint8 [H, W, 3]"""
        self._image = image
        if image is None:
            self._thumb.setPixmap(icon("image").pixmap(QSize(24, 24)))
            self._words.setText(self.tr("Open an image, or paint on the canvas."))
        else:
            height, width = image.shape[:2]
            self._thumb.setPixmap(thumbnail(image, self.devicePixelRatioF()))
            self._words.setText("\n".join((self.tr("Initial image"), f"{width} × {height}")))
        self.clear.setEnabled(image is not None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._built:
            self.show_image(self._image)  # the icon for a missing image is a pixmap
