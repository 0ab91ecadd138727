"""The control image: from files, drops and the canvas into requests."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from core.errors import Message, RequestError, StudioError
from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images.control_images import (
    CONTROL_KINDS,
    NEEDS_SOURCE_IMAGE,
    control_of,
    output_size,
)
from ldm_studio.images.image_files import load_image
from ldm_studio.main_window import MainWindow
from ldm_studio.store.store import Mode, StudioStore

from .live_controller import LiveController


class ControlImageController(QObject):
    """Holds the image. It is kept while models without a control image are loaded."""

    def __init__(
        self, store: StudioStore, window: MainWindow, live: LiveController, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._store, self._window, self._live = store, window, live
        self._view = window.canvas.view
        self._image: np.ndarray | None = None
        panel = self._panel = window.sampler.control
        panel.open_requested.connect(self._ask)
        panel.canvas_requested.connect(self._use_canvas)
        panel.cleared.connect(lambda: self._set_image(None))
        panel.dropped.connect(self.open)

    @property
    def image(self) -> np.ndarray | None:
        """uint8 [H, W, 3] or [H, W]."""
        return self._image

    def restore(self, image: np.ndarray | None) -> None:
        """Restores the control image of a recipe, in its size."""
        self._image = image
        self._panel.show_image(image)

    def with_control_image(
        self, request: Request, inputs: Inputs, *, starts: bool
    ) -> tuple[Request, Inputs]:
        """The request and its images with the control image for the loaded model.

        `starts`: there is an init image, which some models use instead. Raises RequestError if it
        is missing.
        """
        model = self._store.run.model
        if model is None or model.input_kind not in CONTROL_KINDS:
            return request, inputs
        if self._image is None:
            if model.input_kind == "unCLIP" or (starts and model.input_kind in NEEDS_SOURCE_IMAGE):
                return request, inputs
            raise self._missing(model)
        pixels = control_of(self._image, request, model)
        named = inputs.digest(pixels)
        return replace(request, control=named), inputs.with_images({named: pixels})

    def open(self, source: str | QImage) -> None:
        """Opens a file, or a dropped image."""
        background = self._view.document.background
        if isinstance(source, QImage):
            background.run(lambda: from_qimage(source), self._opened)
        else:
            background.run(lambda: load_image(Path(source)), self._opened)

    def _opened(self, done: Future[np.ndarray]) -> None:
        try:
            self._set_image(done.result())
        except StudioError as error:
            self._window.notice.show_error(error.message, error.hint)

    def _use_canvas(self) -> None:
        image = self._view.image()
        if image is None:
            self._window.status.showMessage(self.tr("There is no image on the canvas."), 4000)
        else:
            self._set_image(image)

    def _set_image(self, image: np.ndarray | None) -> None:
        """Sets an image chosen by the user; the output takes its shape."""
        self.restore(image)
        store = self._store
        model = store.run.model
        if image is not None and model is not None and store.mode is Mode.TEXT:
            height, width = image.shape[:2]
            store.width, store.height = output_size((width, height), model)
        store.changes = ()
        self._live.touch()

    def _ask(self) -> None:
        window = self._window
        filters = self.tr("Images (*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff);;All files (*)")
        dialog = QFileDialog(window, self.tr("Open Image"), "", filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _missing(self, model: ModelInfo) -> RequestError:
        if model.input_kind == "depth":
            return RequestError(
                "control",
                "{model} needs a depth map.",
                "Open or drop one under Start from, or use the canvas image.",
                model=model.name,
            )
        if model.input_kind == "upscaling":
            message = Message(
                "{model} enlarges images; it needs one to start from.", model=model.name
            )
        else:
            message = Message("{model} edits images; it needs one to start from.", model=model.name)
        return RequestError(
            "control",
            message,
            "Open or drop one under Start from, or choose Image.",
        )
