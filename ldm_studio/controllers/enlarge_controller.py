"""Upscales an image: image-to-image in tiles that share one trajectory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject

from core.errors import RequestError
from core.request.inputs import Inputs
from core.request.request import Inpaint, Request
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.main_window import MainWindow
from ldm_studio.prompts.wildcard_files import Wildcards, with_resolved_wildcards
from ldm_studio.store.model_limits import enlarged_size, tile_side
from ldm_studio.store.store import StudioStore

from .order import Order


class EnlargeController(QObject):
    """Asks for the factor and queues the job. The panels stay unchanged."""

    def __init__(
        self,
        store: StudioStore,
        window: MainWindow,
        wildcards: Wildcards,
        submit: Callable[[Order], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._store, self._window = store, window
        self._view = window.canvas.view
        self._wildcards, self._submit = wildcards, submit

    def ask(self) -> None:
        """Opens the dialog for the image on the canvas, if there is one."""
        from ldm_studio.draw.sampling.enlarge_dialog import EnlargeDialog

        image, model = self._view.image(), self._store.run.model
        if image is None or model is None:
            return
        size = (image.shape[1], image.shape[0])
        dialog = EnlargeDialog(size, model, self._window)
        dialog.chosen.connect(lambda factor, strength: self.enlarge(image, model, factor, strength))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def enlarge(self, image: np.ndarray, model: ModelInfo, factor: int, strength: float) -> None:
        """Upscales `image` (uint8 [H, W, 3]) by a factor."""
        size = enlarged_size((image.shape[1], image.shape[0]), factor, model)

        def take(done: Future[np.ndarray]) -> None:
            try:
                panels = with_resolved_wildcards(self._store.snapshot(), self._wildcards)
                request = request_for(panels, size, model, strength)
            except RequestError as error:
                self._window.notice.show_error(error.message, error.hint)
                return
            self._submit(Order(request, Inputs(done.result())))

        self._view.document.background.run(lambda: scaled(image, size), take)


def request_for(
    panels: Request, size: tuple[int, int], model: ModelInfo, strength: float
) -> Request:
    """The request of the panels for an init image of `size` (width, height)."""
    width, height = size
    side = tile_side(model)
    return replace(
        panels, width=width, height=height, strength=strength, count=1, init="", mask="",
        inpaint=Inpaint(), changes=(), tile=0 if max(size) <= side else side,
    )  # fmt: skip


def scaled(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)).copy()
