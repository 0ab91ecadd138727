"""Which finished image is on the canvas, and which image the next one starts from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.events import Saved
from ldm_studio.main_window import MainWindow
from ldm_studio.store.store import StudioStore


class CanvasController(QObject):
    """Puts images on the canvas, and knows which.

    Image-to-image and inpainting start from the *init image*: the one that was opened, or the one
    that was on the canvas when the mask was last painted. Results do not change it, so another
    press makes a variation of the same image; painting on a result makes it the next init image.
    """

    changed = Signal()
    """`shown` has changed."""

    def __init__(self, store: StudioStore, window: MainWindow, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._strip, self._start_row = store, window.strip, window.sampler.start
        self._view = window.canvas.view
        self._start: np.ndarray | None = None
        self._shown: StripEntry | None = None
        self._applying = False

    @property
    def start(self) -> np.ndarray | None:
        """The init image, uint8 [H, W, 3]."""
        return self._start

    @property
    def shown(self) -> StripEntry | None:
        """The finished image on the canvas; None if it is another image."""
        return self._shown

    @property
    def is_applying(self) -> bool:
        """Whether changes of the canvas are made by the program, not by the user."""
        return self._applying

    @contextmanager
    def applying(self) -> Iterator[None]:
        """Changes of the canvas inside this context are made by the program."""
        self._applying = True
        try:
            yield
        finally:
            self._applying = False

    def show(self, entry: StripEntry) -> None:
        """Shows it on the canvas."""
        self._view.set_image(entry.image.rgb, entry.image.alpha)
        self._view.set_before(entry.start_at())
        self._set_canvas(entry)

    def preview(self, entry: StripEntry) -> None:
        """Shows one of several results, without choosing it."""
        self._view.set_preview(entry.image.rgb)
        self._strip.mark(entry)
        self._set_canvas(entry)

    def continue_from(self, entry: StripEntry) -> None:
        """Makes the previewed image the image on the canvas, and the init image."""
        with self.applying():
            self._view.set_image(entry.image.rgb, entry.image.alpha)
            self._view.set_before(entry.start_at())
        self.start_from(entry.image.rgb)

    def start_from(self, image: np.ndarray | None) -> None:
        """Sets the init image; None: there is none."""
        self._start = image
        self._start_row.show_image(image)
        if image is not None:
            self._store.height, self._store.width = image.shape[:2]

    def forget(self) -> None:
        """The canvas shows no finished image, nor one made from another."""
        self._set_canvas(None)
        self._strip.forget_current()
        self._view.set_before(None)

    def show_live(self, entry: StripEntry) -> None:
        """Shows a live image over the image, so that painting continues on that; if there is none
        of its size, instead of it.
        """
        under = self._view.image()
        self._set_canvas(entry)
        self._strip.forget_current()
        self._view.set_preview(entry.image.rgb)
        if under is None or under.shape != entry.image.rgb.shape:
            self.adopt_live()

    def adopt_live(self) -> None:
        """Makes a visible live image the image on the canvas."""
        entry = self._shown
        if entry is None or not entry.is_live or self._view.image() is entry.image.rgb:
            return
        with self.applying():
            self._view.set_image(entry.image.rgb, entry.image.alpha)

    def saved(self, event: Saved) -> None:
        """An image was saved after it had finished."""
        entry = self._strip.entries.of_image(event.image)
        if entry is None:
            return
        saved = replace(entry, path=event.path, trajectory=event.trajectory)
        self._strip.entries.replace(entry, saved)
        if self._shown is entry:
            self._set_canvas(saved)

    def renamed(self, old: Path, new: Path) -> None:
        """An image's file was renamed: updates canvas and strip."""
        strip, shown = self._strip.entries, self._shown
        for row in range(strip.rowCount()):
            entry = strip.entry(row)
            if entry.path == old:
                renamed = replace(entry, path=new)
                strip.replace(entry, renamed)
                if self._shown is entry:
                    self._set_canvas(renamed)
        if self._shown is shown and shown is not None and shown.path == old:
            self._set_canvas(replace(shown, path=new))

    def _set_canvas(self, entry: StripEntry | None) -> None:
        self._shown = entry
        self._view.file = None if entry is None else entry.path
        self.changed.emit()
