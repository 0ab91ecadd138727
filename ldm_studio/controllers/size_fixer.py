"""Offers fixes for an init image whose size the model does not support."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
from PySide6.QtCore import QObject, Signal

from ldm_studio.draw.run.notice_bar import Action
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.main_window import MainWindow
from ldm_studio.store.model_limits import fit, tile_side
from ldm_studio.store.store import Mode, StudioStore


class SizeFixer(QObject):
    """Shows the possible fixes as buttons, and applies the chosen one."""

    fitted = Signal(object)
    """uint8 [H, W, 3]: the new init image."""

    def __init__(self, store: StudioStore, window: MainWindow, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._window = store, window
        self._refused = ""
        window.notice.shown.connect(self._on_shown)
        for changed in (
            store.width_changed,
            store.height_changed,
            store.mode_changed,
            store.area_changed,
            store.tile_changed,
        ):
            changed.connect(self._on_changed)

    def refuse(self, problem: str, start: np.ndarray | None) -> None:
        """Explains why nothing can be generated, with possible fixes, until it can."""
        hint, offers = self._offers(start)
        self._window.notice.show_error(problem, hint, *offers)
        self._refused = self._window.notice.text()

    def _on_shown(self, text: str) -> None:
        if text != self._refused:
            self._refused = ""  # another notice has taken its place

    def _on_changed(self) -> None:
        if self._refused and not self._store.problem():
            self._refused = ""
            self._window.notice.dismiss()

    def explain(self, start: np.ndarray) -> None:
        """Explains that the image on the canvas is larger than the model's maximum."""
        model = self._store.run.model
        height, width = start.shape[:2]
        if model is None or max(width, height) <= model.max_side:
            return
        _, offers = self._offers(start)
        self._window.notice.show_info(
            self.tr(
                "The image has {width} × {height} pixels; {model} supports at most {most} per side."
            ).format(width=width, height=height, model=model.name, most=model.max_side),
            self.tr(
                "Paint a mask to inpaint only that area at the model's size, or process the whole "
                "image:"
            ),
            *offers,
        )

    def _offers(self, start: np.ndarray | None) -> tuple[str, tuple[Action, ...]]:
        store, model = self._store, self._store.run.model
        if model is None:
            return "", ()
        if store.mode is Mode.TEXT:
            return self._at_its_size(model)
        if start is None:
            return "", ()
        if store.mode is Mode.INPAINT and store.area == "masked":
            return self.tr("Change the size under Advanced mask options."), ()
        if store.mode is Mode.INPAINT:
            hint = self.tr(
                "The masked part can be inpainted at the model's size, in an image of any size."
            )
            return hint, ((self.tr("Inpaint Only Masked"), self._only_masked),)
        small = max(start.shape[:2]) <= model.max_side
        smaller = self.tr("Pad It") if small else self.tr("Scale It Down")
        scale = (smaller, lambda: self._fit(start, model, tiled=False))
        if small:
            return "", (scale,)
        hint = self.tr("Overlapping tiles work at any size; scaling down loses detail.")
        return hint, (
            (self.tr("Process in Tiles"), lambda: self._fit(start, model, tiled=True)),
            scale,
        )

    def _at_its_size(self, model: ModelInfo) -> tuple[str, tuple[Action, ...]]:
        store = self._store
        if max(store.width, store.height) <= model.max_side:
            return "", ()

        def take() -> None:
            store.width, store.height = model.width, model.height

        return (
            self.tr(
                "Beyond that, this model repeats objects. Generate at its own size, then enlarge "
                "the image."
            ),
            (
                (
                    self.tr("Use {width} × {height}").format(
                        width=model.width, height=model.height
                    ),
                    take,
                ),
            ),
        )

    def _only_masked(self) -> None:
        self._store.area = "masked"

    def _fit(self, start: np.ndarray, model: ModelInfo, *, tiled: bool) -> None:
        if tiled:
            self._store.tile = tile_side(model)

        def take(done: Future[tuple[np.ndarray, str]]) -> None:
            rgb, note = done.result()
            if note:
                self.fitted.emit(rgb)
                self._window.notice.show_info(note)

        background = self._window.canvas.view.document.background
        background.run(lambda: fit(start, model, tiled=tiled), take)
