"""An image of the history with pixels and request, as the canvas needs it."""

from __future__ import annotations

from pathlib import Path

from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from ldm_studio import paths
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.images import image_files, recipe_inputs
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.trajectory_store import SUFFIX


def entry_of_file(path: Path) -> StripEntry:
    """Raises ImageError, and NoRecipe if the file is not one of this program."""
    request = recipe_inputs.recipe(path)
    record = image_files.read_record(path)
    rgb, pixels = image_files.load_image(path), image_files.read_pixels(path)
    alpha = pixels[..., 3].copy() if pixels.shape[2] == 4 else None
    found = recipe_inputs.find_kept(request, InputStore(paths.inputs_dir()))
    kept = paths.trajectories_dir() / f"{record.pixels if record else digest(rgb)}{SUFFIX}"
    image = GeneratedImage(rgb, alpha, request)
    return StripEntry(
        image, path, found, record,
        kept if kept.exists() else None,
    )  # fmt: skip
