"""Previews of an image while it is generated. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Preview:
    """A preview of a whole image, or of the part that is generated."""

    rgb: np.ndarray
    """uint8 [h, w, 3]"""
    ground: np.ndarray | None = None
    """The image it is a part of, uint8 [H, W, 3], read-only; None: the preview is the whole
    image."""
    left: int = 0
    top: int = 0

    def whole(self) -> np.ndarray:
        """The image with this part in it: uint8 [H, W, 3]."""
        if self.ground is None:
            return self.rgb
        height, width = self.rgb.shape[:2]
        image = self.ground.copy()
        image[self.top : self.top + height, self.left : self.left + width] = self.rgb
        return image
