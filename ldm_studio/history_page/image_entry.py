"""An image of the history with pixels and request, as the canvas needs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from core.images.image_digest import digest
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.images import image_files, recipe_inputs
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.trajectory_store import SUFFIX

if TYPE_CHECKING:
    from core.pipeline.text_to_image import Picture


@dataclass(frozen=True, eq=False)
class SavedPicture:
    """Like `core.pipeline.text_to_image.Picture`, but without torch, which the window does not
    import.
    """

    rgb: np.ndarray
    """uint8 [H, W, 3]"""
    alpha: np.ndarray | None
    """uint8 [H, W] of an image that was saved with a transparent background."""
    request: Request
    changed: int | None = None

    def rgba(self) -> np.ndarray:
        """uint8 [H, W, 4] with straight alpha."""
        alpha = self.alpha
        if alpha is None:
            alpha = np.full(self.rgb.shape[:2], 255, np.uint8)
        return np.dstack([self.rgb, alpha])


def entry_of_file(path: Path) -> StripEntry:
    """Raises PictureError, and NoRecipe if the file is not one of this program."""
    request = recipe_inputs.recipe(path)
    record = image_files.read_record(path)
    rgb, pixels = image_files.load_image(path), image_files.read_pixels(path)
    alpha = pixels[..., 3].copy() if pixels.shape[2] == 4 else None
    found = recipe_inputs.find_kept(request, InputStore(paths.inputs_dir()))
    kept = paths.trajectories_dir() / f"{record.pixels if record else digest(rgb)}{SUFFIX}"
    picture = cast("Picture", SavedPicture(rgb, alpha, request))
    return StripEntry(
        picture, path, found.image, found.mask, found.later, record,
        kept if kept.exists() else None,
    )  # fmt: skip
