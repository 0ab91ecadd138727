"""Stores the input images of recipes by digest, so that every recipe can be replayed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from core.atomic_write import replacing
from core.errors import ImageError, InvalidError, quoted
from core.images.image_digest import digest as pixel_digest

from .image_files import Pixels, read_exact


class InputStore:
    """A folder of lossless PNGs, named by the `image_digest` of their pixels."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, digest: str, pixels: Pixels) -> Path:
        """Writes [H, W, 3] or [H, W] pixels, unless they exist. Raises OSError."""
        path = self.path(digest)
        try:
            os.utime(path)  # its time marks it as used, see `input_cleanup`
        except FileNotFoundError:
            with replacing(path) as file:
                Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
        return path

    def find(self, digest: str) -> Pixels | None:
        """The image with this digest; None if there is none. Raises ImageError if it is damaged."""
        path = self.path(digest)
        if not path.exists():
            return None
        pixels = read_exact(path)
        if pixel_digest(pixels) != digest:
            raise ImageError("{path} does not match its name, a digest: it is damaged.", path=path)
        return pixels

    def path(self, digest: str) -> Path:
        """Raises ValueError unless it is a digest, because it could be a path out of the folder."""
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise InvalidError("{digest} is not a SHA-256 digest in hex.", digest=quoted(digest))
        return self._folder / digest[:2] / f"{digest}.png"
