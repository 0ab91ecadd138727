"""Slow operations on the whole mask, computed on a copy in the background."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from ldm_studio.threads.background import Background

from .mask import Mask
from .undo_tiles import Differences

AT_ONCE = 512 * 512  # pixels: up to here no change takes as long as a frame

Transform = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False, slots=True)
class _QueuedTransform:
    mask: Mask
    work: Transform
    text: str


class MaskTransforms:
    """Runs one transform after the other. If the mask is painted on in the meantime, the transform
    is computed again, so neither change is lost.
    """

    def __init__(
        self,
        background: Background,
        make: Callable[[Differences, str], None],
        busy_changed: Callable[[], None],
    ) -> None:
        """`make` applies the result to the mask and adds an undo step with a text."""
        self._background, self._make, self._busy_changed = background, make, busy_changed
        self._queued: deque[_QueuedTransform] = deque()
        self._running: Future[Differences] | None = None
        self._held = False  # a stroke is under way
        self._outdated = False

    @property
    def busy(self) -> bool:
        return bool(self._queued)

    def make(self, mask: Mask, work: Transform, text: str) -> None:
        if mask.pixels.size <= AT_ONCE and not self._queued:
            self._make(_apply_transform(mask.pixels.copy(), work), text)
            return
        self._queued.append(_QueuedTransform(mask, work, text))
        if len(self._queued) == 1:
            self._busy_changed()
        self._start()

    def hold(self) -> None:
        """Suspends results during a stroke, until `resume`."""
        self._held = self._outdated = True

    def resume(self) -> None:
        self._held = False
        self._start()

    def mark_outdated(self) -> None:
        """The mask has changed: the running transform must be computed again."""
        self._outdated = True

    def forget(self) -> None:
        """Discards all of them."""
        if self._queued:
            self._stop()
            self._queued.clear()
            self._busy_changed()

    def forget_last(self) -> bool:
        """Discards the last one; False if there is none."""
        if not self._queued:
            return False
        if len(self._queued) == 1:
            self.forget()
        else:
            self._queued.pop()
        return True

    def _stop(self) -> None:
        if self._running:
            self._background.forget(self._running)
            self._running = None

    def _start(self) -> None:
        if self._queued and not self._running and not self._held:
            wanted, self._outdated = self._queued[0], False
            pixels = wanted.mask.pixels
            # The copy is made in the background too: painting meanwhile makes it outdated.
            self._running = self._background.run(
                lambda: _apply_transform(pixels.copy(), wanted.work), self._finish
            )

    def _finish(self, done: Future[Differences]) -> None:
        self._running = None
        try:
            if not self._outdated:
                wanted = self._queued.popleft()
                if not self._queued:
                    self._busy_changed()
                self._make(done.result(), wanted.text)
        finally:
            self._start()


def _apply_transform(pixels: np.ndarray, work: Transform) -> Differences:
    """Runs on any thread; it owns `pixels`."""
    mask = Mask(pixels.shape[1], pixels.shape[0])
    mask.pixels[...] = pixels
    return mask.become(work(pixels))
