"""What an image looks like while it is made. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Preview:
    """All of an image, or the part of it that is drawn anew."""

    rgb: np.ndarray
    """uint8 [h, w, 3]"""
    ground: np.ndarray | None = None
    """The image it is a part of, uint8 [H, W, 3], not to be changed; None: it is all there is."""
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
