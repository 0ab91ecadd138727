"""The panel of the control image: depth map, image to edit, to upscale or to vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from core.request.parameters import MAX_UPSCALING_NOISE_LEVEL, PARAMETERS, in_panel
from ldm_studio.canvas.tools.drop_data import dropped_image, offers_image
from ldm_studio.draw.sampling.parameter_rows import ParameterRows
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate
from ldm_studio.widgets.fields import tool_button

THUMB = 44


@dataclass(frozen=True)
class _Texts:
    """The texts for a kind of model."""

    name: str
    """Of the image."""
    invitation: str
    """Shown while there is no image."""
    tip: str


def _texts_for(extra: str) -> _Texts | None:
    """By `ModelInfo.input_kind`; None for models without a control image."""
    match extra:
        case "depth":
            return _Texts(
                translate("ControlImagePanel", "Depth map"),
                translate("ControlImagePanel", "Open or drop a depth map."),
                translate(
                    "ControlImagePanel",
                    "The model follows the depth map: brighter is nearer.",
                ),
            )
        case "instruct-pix2pix":
            return _Texts(
                translate("ControlImagePanel", "Image to edit"),
                translate("ControlImagePanel", "Open or drop the image to edit."),
                translate("ControlImagePanel", "The model edits it as the prompt says."),
            )
        case "upscaling":
            return _Texts(
                translate("ControlImagePanel", "Image to upscale"),
                translate("ControlImagePanel", "Open or drop the small image to upscale."),
                translate("ControlImagePanel", "The model upscales it four times."),
            )
        case "unCLIP":
            return _Texts(
                translate("ControlImagePanel", "Image to vary"),
                translate("ControlImagePanel", "Open or drop an image to vary; it is optional."),
                translate(
                    "ControlImagePanel",
                    "The model varies what it sees in the square centre of the image. Without an "
                    "image it uses the prompt alone.",
                ),
            )
        case _:
            return None


_NOISE = {"upscaling": (MAX_UPSCALING_NOISE_LEVEL, 100), "unCLIP": (None, 999)}
"""The highest level, where that is below the parameter's, and the highest on the slider."""


class ControlImagePanel(QWidget):
    """Visible while such a model is loaded. Requests images by signals."""

    open_requested = Signal()
    canvas_requested = Signal()
    """Use the image on the canvas."""
    cleared = Signal()
    dropped = Signal(object)
    """The path of a file, or a QImage."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self._image: np.ndarray | None = None
        self._texts: _Texts | None = None
        self._thumb = PlainLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._thumb.setFixedSize(THUMB, THUMB)
        self.label = PlainLabel(wordWrap=True)
        self.label.setObjectName("caption")
        self.open = tool_button("folder", self.tr("Open control image"), "")
        self.canvas = tool_button(
            "image",
            self.tr("Use the image on the canvas"),
            self.tr("Use the image on the canvas."),
        )
        self.clear = tool_button("close", self.tr("Remove control image"), self.tr("Remove it."))
        self.open.setToolTip(self.tr("Open an image, or drop one here."))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self._thumb)
        line.addWidget(self.label, 1)
        for button in (self.open, self.canvas, self.clear):
            line.addWidget(button)
        self._grid = QGridLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(line)
        column.addLayout(self._grid)
        self.rows = ParameterRows(store, self._grid, in_panel("control"))
        self.setAcceptDrops(True)
        self.open.clicked.connect(self.open_requested)
        self.canvas.clicked.connect(self.canvas_requested)
        self.clear.clicked.connect(self.cleared)
        store.run_changed.connect(self._run_changed)
        self._run_changed(store.run)

    def caption_width(self) -> int:
        return self.rows.caption_width()

    def set_caption_width(self, width: int) -> None:
        self._grid.setColumnMinimumWidth(0, width)

    def show_image(self, image: np.ndarray | None) -> None:
        """uint8 [H, W, 3] or [H, W]."""
        self._image = image
        self.clear.setEnabled(image is not None)
        words = self._texts
        if words is None:
            return
        if image is None:
            self._thumb.setPixmap(icon("image").pixmap(QSize(24, 24)))
            self.label.setText(words.invitation)
            return
        height, width = image.shape[:2]
        self._thumb.setPixmap(thumbnail(image, self.devicePixelRatioF()))
        self.label.setText("\n".join((words.name, f"{width} × {height}")))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "rows"):
            self.show_image(self._image)  # the icon for a missing image is a pixmap

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if offers_image(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        source = dropped_image(event.mimeData())
        if source is not None:
            event.acceptProposedAction()
            self.dropped.emit(source)

    def _run_changed(self, run: RunState) -> None:
        words = _texts_for(run.model.input_kind) if run.model else None
        self.setVisible(words is not None)
        if words == self._texts or words is None:
            return
        self._texts = words
        if run.model and run.model.input_kind in _NOISE:
            row, field = PARAMETERS["noise_level"], self.rows.fields["noise_level"]
            most, useful = _NOISE[run.model.input_kind]
            field.number.setMaximum(int(row.high) if most is None else most)
            field.set_useful(0, useful)
        self.rows.refresh()
        for label in (self._thumb, self.label):
            label.setToolTip(words.tip)
        self.show_image(self._image)


def thumbnail(pixels: np.ndarray, ratio: float) -> QPixmap:
    """Of uint8 [H, W, 3] or [H, W]; `ratio`: device pixel ratio."""
    height, width = pixels.shape[:2]
    packed = np.ascontiguousarray(pixels)
    grey = pixels.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    thumb = QImage(packed.data, width, height, packed.strides[0], kind)
    pixmap = QPixmap.fromImage(thumb).scaled(
        round(THUMB * ratio),
        round(THUMB * ratio),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
