"""The image that a request made. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..request.request import Request


@dataclass(frozen=True, eq=False)
class GeneratedImage:
    """The pixels of a finished image, and the request that makes them again."""

    rgb: np.ndarray
    """uint8 [H, W, 3], on white where it is transparent."""
    alpha: np.ndarray | None
    """uint8 [H, W]; None if only a part was redrawn, or the model draws no transparency."""
    request: Request
    """The request of this one image, count 1, with the model's digest."""
    changed: int | None = None
    """How many pixels differ from the init image, all of them inside the mask; None: no mask."""
    replayable: bool = True
    """Whether the request makes the image again; false if the sampler has no name."""

    def rgba(self) -> np.ndarray:
        """uint8 [H, W, 4] with straight alpha: a sticker without its white background."""
        if self.alpha is None:
            return np.dstack([self.rgb, np.full(self.rgb.shape[:2], 255, np.uint8)])
        alpha = self.alpha.astype(np.float32)[..., None] / 255
        on_white = self.rgb.astype(np.float32)
        colour = (on_white - 255 * (1 - alpha)) / np.maximum(alpha, 1e-6)
        colour = np.where(alpha > 0, colour.clip(0, 255), 255)
        return np.dstack([colour.round().astype(np.uint8), self.alpha])
